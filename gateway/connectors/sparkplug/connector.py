"""The host of one broker; see `gateway.connectors.contract.Connector` and the README beside this.

A host's session is clean (Sparkplug 3.0.0 §5): what edges say at QoS 0 while we are away is lost to MQTT, so every edge
is asked for its births when we are back. What comes at QoS 1 is acknowledged after the spool's commit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import aiomqtt

from backbone.services import NOT_FOUND
from backbone.sparkplug import encode_rebirth
from domain.cancellation import heed_cancellation
from domain.clock import NS_PER_MS
from domain.errors import RefusedError
from gateway.connectors.broker import check_tls, client_to, link_error, subscribe
from gateway.connectors.contract import Health, Sink, Wiring
from gateway.connectors.sparkplug.config import SparkplugSettings
from gateway.connectors.sparkplug.host import Host
from gateway.connectors.sparkplug.protocol import NAMESPACE, says_offline, state_payload, state_topic, topic_of
from gateway.connectors.sparkplug.spelling import message_words

MOST_TOGETHER = 500
"""Messages in one commit."""

MOST_QUEUED = 10_000
"""Messages that wait for the disk; more are dropped, which their seq tells."""

TEND_S = 1.0
GOODBYE_S = 2.0


class SparkplugConnector:
    """Listens to the edges of one broker; hosts those that the site names."""

    def __init__(self, wiring: Wiring) -> None:
        """Know the edges; connects in `run`. Raises ValueError for wiring without hosting."""
        if wiring.hosting is None:
            raise ValueError(f"connection '{wiring.connection.id}' needs a hosting gateway")
        self._wiring = wiring
        self._hosting = wiring.hosting
        self._settings = SparkplugSettings.model_validate(wiring.connection.settings)
        self._errors: Counter[str] = Counter()
        self._host = Host(wiring, wiring.hosting, self._settings, self._errors)
        name = f"fengsui-{wiring.unit}-{wiring.gateway}"
        self._state_topic = state_topic(self._settings.host_id or name[:64])
        self._identifier = f"{name}-{wiring.connection.id}"
        self._connected = False
        self._proven = False
        """Tells whether the last connection that was tried came about: its certificates need no look."""
        self._down_since_s: float | None = None

    def health(self) -> Health:
        """Return counts; ``polls`` are messages of edges that the site names."""
        return Health(
            ok=self._connected, polls=self._host.messages, errors=dict(self._errors), figures=self._host.figures()
        )

    async def command(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Show the edges, or those that nobody registered; raises RefusedError for anything else."""
        match request.get("command"):
            case "edges":
                return {"edges": self._host.documents()}
            case "unregistered":
                return {"unregistered": self._host.unregistered.documents()}
            case _:
                raise RefusedError("sparkplug takes the commands 'edges' and 'unregistered'", code=NOT_FOUND)

    def spell(self, raw: bytes, peer: str, *, out: bool) -> tuple[str, str]:
        """Say in words what a message is: its kind, and how many metrics it tells."""
        del out  # the topic says who speaks
        return message_words(raw, peer)

    async def run(self, sink: Sink) -> None:
        """Be a host until cancelled; raises LinkError when the broker is away, or refuses us."""
        try:
            if not self._proven:
                await check_tls(self._settings)
            since_ms = self._wiring.clock.now_ns() // NS_PER_MS
            client = self._client(since_ms)
            client._client.manual_ack_set(on=True)  # noqa: SLF001  # aiomqtt acknowledges by itself otherwise
            async with client:
                groups = self._settings.groups or ("+",)
                await subscribe(client, {self._state_topic: 1, **{f"{NAMESPACE}/{group}/#": 1 for group in groups}})
                await self._say_online(client, since_ms)
                heed_cancellation()
                self._connected, self._proven, self._down_since_s = True, True, None
                self._host.begin(asyncio.get_running_loop().time())
                try:
                    await self._serve(client, sink, since_ms)
                finally:
                    await self._say_offline(client, since_ms)
        except (aiomqtt.MqttError, RefusedError, OSError) as error:
            self._proven = self._connected
            found = await link_error(self._settings, error, self._errors)
            self._lose()
            raise found from error
        finally:
            self._connected = False

    def _client(self, since_ms: int) -> aiomqtt.Client:
        v5 = self._settings.is_v5
        offline = state_payload(online=False, time_ms=since_ms)
        return client_to(
            self._settings,
            self._identifier,
            will=aiomqtt.Will(self._state_topic, offline, qos=1, retain=True),
            clean_session=None if v5 else True,
            max_queued_incoming_messages=MOST_QUEUED,
        )

    async def _serve(self, client: aiomqtt.Client, sink: Sink, since_ms: int) -> None:
        """Take and tend until one of them fails; raises what it raised."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take(client, sink, since_ms), name="sparkplug-take")
                group.create_task(self._tend(client, sink), name="sparkplug-tend")
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def _take(self, client: aiomqtt.Client, sink: Sink, since_ms: int) -> None:
        """Store messages as they come, many with one commit, and acknowledge them after it."""
        paho, queue = client._client, client._queue  # noqa: SLF001  # as in `mqtt_json.connector`
        while True:
            together = [await anext(client.messages)]
            while not queue.empty() and len(together) < MOST_TOGETHER:
                together.append(queue.get_nowait())
            if any(self._is_our_death(message) for message in together):
                await self._say_online(client, since_ms)
            if self._wiring.tap.is_on:
                for message in together:
                    topic, payload = _bare(message)
                    self._wiring.tap.note(payload, out=False, peer=topic)
            await self._host.store([_bare(one) for one in together if self._is_of_now(one)], sink)
            for message in together:
                if message.qos:
                    paho.ack(message.mid, message.qos)

    async def _tend(self, client: aiomqtt.Client, sink: Sink) -> None:
        """Ask for births that are due, and say of edges what time tells of them."""
        loop = asyncio.get_running_loop()
        while True:
            for edge in self._host.due_for_rebirth(loop.time()):
                topic = f"{NAMESPACE}/{edge.group}/NCMD/{edge.edge}"
                rebirth = encode_rebirth(self._wiring.clock.now_ns())
                await client.publish(topic, rebirth, qos=0)
                self._wiring.tap.note(rebirth, out=True, peer=topic)
            await self._host.tend(loop.time(), sink)
            await asyncio.sleep(TEND_S)

    def _is_of_now(self, message: aiomqtt.Message) -> bool:
        """Tell whether a message may be taken: one that a broker kept tells nothing of now."""
        if message.retain and topic_of(message.topic.value) is not None:
            self._errors["retained"] += 1
        return not message.retain

    def _is_our_death(self, message: aiomqtt.Message) -> bool:
        """Tell whether somebody, such as our own will of an earlier life, says that we are away."""
        payload = message.payload
        return message.topic.value == self._state_topic and isinstance(payload, bytes) and says_offline(payload)

    async def _say_online(self, client: aiomqtt.Client, since_ms: int) -> None:
        online = state_payload(online=True, time_ms=since_ms)
        await client.publish(self._state_topic, online, qos=1, retain=True)

    async def _say_offline(self, client: aiomqtt.Client, since_ms: int) -> None:
        """Say it ourselves at a clean end: a broker publishes no will then."""
        offline = state_payload(online=False, time_ms=since_ms)
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await client.publish(self._state_topic, offline, qos=1, retain=True)

    def _lose(self) -> None:
        """Once the broker has been away for the grace time, its edges are down: nobody would hear them die."""
        now_s = asyncio.get_running_loop().time()
        if self._down_since_s is None:
            self._down_since_s = now_s
        if now_s - self._down_since_s >= self._settings.link_grace_s:
            self._host.all_down()


def _bare(message: aiomqtt.Message) -> tuple[str, bytes]:
    payload = message.payload
    return message.topic.value, payload if isinstance(payload, bytes) else bytes(payload or b"")
