"""The owner of one broker connection: messages in, readings to the spool, then the ack to the broker.

The session is persistent (stable client id, QoS 1): what the gateway has not acknowledged, the
broker sends again. A message is acknowledged when its readings, or its dead letter, are committed,
and not before: killing the gateway at any moment loses no message.

While one group of messages is being committed, the next one is read and decoded: a broker that lets a
thousand messages go unacknowledged would else stand still during each commit.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Sequence

import numpy as np

from domain.cancellation import heed_cancellation
from domain.clock import NS_PER_MS
from domain.errors import RefusedError
from domain.quality import BAD, Reason, pack
from domain.site import Device
from gateway.connectors.broker import check_tls, link_error, receiver_to
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter, Health, Sink, Wiring
from gateway.connectors.json_decoder import MessageDecoder, UnusableError, fields_of
from gateway.connectors.json_listener import Harvest, Listener, Timekeeper, place
from gateway.connectors.mqtt_client import MqttClient
from gateway.connectors.mqtt_json.config import MqttJsonSettings, MqttProfileOptions
from gateway.connectors.mqtt_json.protocol import TopicTemplate
from gateway.connectors.mqtt_wire import Message as MqttMessage
from gateway.connectors.reporter import STALE_MARK, Reporter
from gateway.connectors.text_words import text_words

MOST_TOGETHER = 2000
"""Messages that may go unacknowledged, where a broker asks us."""

MOST_AT_ONCE = 500
"""Messages in one commit: a part of those that a broker sends ahead, so that the others can come meanwhile."""

MOST_COMMITS = 4
"""Commits that are waited for at once; the spool makes one of those that come together."""

LOOK_S = 1.0
"""Between two looks at whether a device has fallen silent."""

SESSION_EXPIRY_S = 7 * 86_400
"""How long a v5 broker keeps our session; v3.1.1 brokers decide themselves."""


class MqttJsonConnector:
    """Listens to the devices of one broker; see `gateway.connectors.contract.Connector`."""

    def __init__(self, wiring: Wiring) -> None:
        """Compile the decoders; connects in `run`."""
        self._wiring = wiring
        self._settings = MqttJsonSettings.model_validate(wiring.connection.settings)
        self._listeners: dict[tuple[TopicTemplate, str], Listener] = {}
        self._templates: dict[TopicTemplate, None] = {}
        decoders: dict[str, tuple[TopicTemplate, MessageDecoder]] = {}
        for device in wiring.devices:
            name = device.profile.profile
            template, decoder = decoders.setdefault(name, _decoder(device))
            rows = wiring.table.of_device(wiring.unit, device.settings.id).tolist()
            self._templates[template] = None
            self._listeners[template, str(device.settings.address)] = Listener(device.settings.id, decoder, rows)
        self._reporter = self._made_reporter()
        self._connected = False
        self._proven = False
        """Tells whether the last connection that was tried came about: its certificates need no look."""
        self._received = 0
        self._errors: Counter[str] = Counter()
        self._times = Timekeeper(wiring.clock, self._settings.clock_tolerance_s, self._errors)
        self._down_since_s: float | None = None

    def _made_reporter(self) -> Reporter:
        """Return what picks the readings to send, over the points of all devices."""
        wiring = self._wiring
        rows = [wiring.table.of_device(wiring.unit, device.settings.id) for device in wiring.devices]
        reports = [device.report_of(point) for device in wiring.devices for point in device.profile.points]
        now_s = asyncio.get_running_loop().time()
        together = np.concatenate([np.empty(0, np.int32), *rows])
        return Reporter(wiring.table, together, reports=reports, push=True, now_s=now_s)

    def health(self) -> Health:
        """Return counts; ``polls`` are messages received."""
        lost = frozenset(listener.device for listener in self._listeners.values() if listener.lost)
        return Health(ok=self._connected, polls=self._received, errors=dict(self._errors), lost=lost)

    def spell(self, raw: bytes, peer: str, *, out: bool) -> tuple[str, str]:
        """Return a payload as the text that it is."""
        del peer, out  # the topic stands beside it
        return text_words(raw)

    async def run(self, sink: Sink) -> None:
        """Connect, subscribe and take messages until cancelled.

        Raises LinkError when the broker is away, or refuses us.
        """
        client: MqttClient | None = None
        try:
            if not self._proven:
                await check_tls(self._settings)
            client = await self._client()
            for template in self._templates:
                await client.subscribe(template.subscription, qos=1)
            heed_cancellation()
            self._connected, self._proven, self._down_since_s = True, True, None
            await self._listen(client, sink)
        except (RefusedError, OSError) as error:  # a LinkError is an OSError
            self._proven = self._connected
            found = await link_error(self._settings, error, self._errors)
            await self._report_cut_off(sink)
            raise found from error
        finally:
            self._connected = False
            if client is not None:
                client.close()

    async def _client(self) -> MqttClient:
        """Return a client whose session the broker keeps; 3.1.1 brokers decide themselves for how long."""
        wiring = self._wiring
        return await receiver_to(
            self._settings,
            f"fengsui-{wiring.unit}-{wiring.gateway}-{wiring.connection.id}",
            session_expiry_s=SESSION_EXPIRY_S,
            receive_maximum=MOST_TOGETHER,
        )

    async def _listen(self, client: MqttClient, sink: Sink) -> None:
        """Take messages, and say of devices that send none that their points are stale."""
        watch = asyncio.create_task(self._watch(client, sink), name="watch")
        try:
            await self._take_messages(client, sink)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _watch(self, client: MqttClient, sink: Sink) -> None:
        loop, table = asyncio.get_running_loop(), self._wiring.table
        while True:
            await asyncio.sleep(LOOK_S)
            lapsed = set(self._reporter.lapsed(loop.time()).tolist())
            harvest = Harvest()
            for listener in self._listeners.values() if lapsed else ():
                rows = [row for row in listener.rows if row in lapsed]
                if rows:
                    time_ns = listener.free_time_ms(self._wiring.clock.now_ns()) * NS_PER_MS
                    harvest.add(time_ns, rows, [math.nan] * len(rows), [STALE_MARK] * len(rows))
            if harvest.point:
                try:
                    await sink.emit(harvest.batch(table))
                except Exception as error:  # whatever the sink told ends the connector too
                    client.close(error)
                    raise

    async def _take_messages(self, client: MqttClient, sink: Sink) -> None:
        storing: deque[asyncio.Task[None]] = deque()
        try:
            while True:
                messages = await client.messages(MOST_AT_ONCE)
                harvest = self._harvest(messages)
                before = storing[-1] if storing else None
                storing.append(asyncio.create_task(self._store(client, sink, messages, harvest, before)))
                while len(storing) >= MOST_COMMITS or (storing and storing[0].done()):
                    await storing.popleft()
        except (RefusedError, OSError):
            await asyncio.gather(*storing, return_exceptions=True)  # stored all the same: what comes again is known
            raise
        finally:
            for task in storing:
                task.cancel()
            await asyncio.gather(*storing, return_exceptions=True)

    async def _store(
        self,
        client: MqttClient,
        sink: Sink,
        messages: Sequence[MqttMessage],
        harvest: Harvest,
        before: asyncio.Task[None] | None,
    ) -> None:
        """Commit, then acknowledge, in the order in which messages came: a broker may count on it (4.6)."""
        try:
            await self._deliver(harvest, sink)
        except BaseException as error:  # cancelled or failed: not stored, so the broker's second copy must count
            harvest.forget()
            self._reporter.forget(np.array(harvest.point, np.int32))
            client.close(error)
            raise
        if before is not None:
            if not before.done():
                await asyncio.wait([before])
            before.result()
        client.ack(messages)

    async def _deliver(self, harvest: Harvest, sink: Sink) -> None:
        """Return when everything that the messages said is on disk."""
        if harvest.point:
            picked = self._reporter.pick(harvest.batch(self._wiring.table), asyncio.get_running_loop().time())
            if len(picked):
                await sink.emit(picked)
        if harvest.letters:
            await asyncio.gather(*(sink.dead_letter(letter) for letter in harvest.letters))

    def _harvest(self, messages: Sequence[MqttMessage]) -> Harvest:
        harvest = Harvest()
        self._received += len(messages)
        if self._wiring.tap.is_on:
            for topic, payload, _ in messages:
                self._wiring.tap.note(payload, out=False, peer=topic)
        for topic, payload, _ in messages:
            try:
                self._take(topic, payload, harvest)
            except UnusableError as error:
                self._errors[error.code] += 1
                letter = DeadLetter(
                    time_ns=self._wiring.clock.now_ns(),
                    connection=self._wiring.connection.id,
                    reason=error.code,
                    detail=f"{topic[:200]}: {error.detail}"[:500],
                    raw=payload[:MOST_RAW_BYTES],
                )
                harvest.letters.append(letter)
        return harvest

    def _take(self, topic: str, payload: bytes, harvest: Harvest) -> None:
        """Add one message's readings; raises UnusableError."""
        listener = self._listener(topic, payload)
        message = listener.decoder.decode(payload)
        listener.lost = False
        if message is None:
            self._errors["left_to_others"] += 1
            return
        expected = listener.decoder.has_time
        time_ns, believed = self._times.time(message.time_ns, expected=expected)
        doubted = expected and not believed
        if not place(
            listener, message, harvest, time_ns=time_ns, believed=believed, doubted=doubted, digest=hash(payload)
        ):
            self._errors["second_copy"] += 1

    def _listener(self, topic: str, payload: bytes) -> Listener:
        matched = False
        for template in self._templates:
            address = template.address(topic)
            if address is None:
                continue
            matched = True
            listener = self._listeners.get((template, address))
            if listener is not None:
                return listener
        code = "unknown_address" if matched else "unknown_topic"
        raise UnusableError(code, "no device of this connection", payload)

    async def _report_cut_off(self, sink: Sink) -> None:
        """Once the broker has been away for the grace time, say so on every point, once."""
        now_s = asyncio.get_running_loop().time()
        if self._down_since_s is None:
            self._down_since_s = now_s
        listeners = [listener for listener in self._listeners.values() if not listener.lost]
        if now_s - self._down_since_s < self._settings.link_grace_s or not listeners:
            return
        harvest = Harvest()
        for listener in listeners:
            listener.lost = True
            time_ms = listener.free_time_ms(self._wiring.clock.now_ns())
            count = len(listener.rows)
            down = [pack(BAD, Reason.LINK_DOWN)] * count
            harvest.add(time_ms * NS_PER_MS, listener.rows, [math.nan] * count, down)
        await sink.emit(self._reporter.pick(harvest.batch(self._wiring.table), now_s))


def _decoder(device: Device) -> tuple[TopicTemplate, MessageDecoder]:
    """Compile a device's profile, which has been checked before."""
    options = MqttProfileOptions.model_validate(device.profile.options)
    return TopicTemplate(options.topic), MessageDecoder(options, fields_of(device.profile.points))
