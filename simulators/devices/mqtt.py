"""`SensorUplink`: the radio bridge of wireless sensors, one MQTT connection for many devices.

Messages wait in a bounded outbox and leave it when the broker has acknowledged them (QoS 1), so a
broker that is away for a while costs nothing but time. When the outbox is full the oldest message goes,
and is counted. Broken-on-purpose messages are sent once: a broker may close the connection over one,
and repeating it would hold up all the healthy ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import aiomqtt

from domain.cancellation import is_cancelled

RETRY_S = 1.0
ACKNOWLEDGE_S = 5.0
MOST_WAITING = 5_000

_VERSIONS = {"3.1.1": aiomqtt.ProtocolVersion.V311, "5": aiomqtt.ProtocolVersion.V5}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where the broker is and who we are to it. ``version``: ``3.1.1`` or ``5``; the files are for ``tls`` only."""

    host: str = "127.0.0.1"
    port: int = 1883
    user: str | None = None
    password: str | None = None
    version: str = "3.1.1"
    tls: bool = False
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def __post_init__(self) -> None:
        """Refuse a version that this client does not speak."""
        if self.version not in _VERSIONS:
            msg = f"MQTT version is one of {', '.join(_VERSIONS)}, not {self.version!r}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes
    keep: bool


class SensorUplink:
    """Publishes to one broker for ever; start it with `run` in a task and end it by cancelling."""

    def __init__(self, settings: BrokerSettings, *, identifier: str, most_waiting: int = MOST_WAITING) -> None:
        """``identifier`` is the MQTT client id: a second client with the same one throws us out."""
        self._settings = settings
        self._identifier = identifier
        self._most_waiting = most_waiting
        self._outbox: deque[_Message] = deque()
        self._filled = asyncio.Event()
        self.connected = False
        self.trouble = ""
        self.acknowledged = 0
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How many messages the broker has not acknowledged yet."""
        return len(self._outbox)

    def send(self, topic: str, payload: bytes, *, keep: bool = True) -> None:
        """Queue a message; with ``keep=False`` it is tried once only."""
        if len(self._outbox) >= self._most_waiting:
            self._outbox.popleft()
            self.dropped += 1
        self._outbox.append(_Message(topic, payload, keep))
        self._filled.set()

    async def run(self) -> None:
        """Connect, publish what waits, connect again; ends only by cancellation."""
        while not is_cancelled():
            try:
                async with self._client() as client:
                    self.connected, self.trouble = True, ""
                    await self._live(client)
            except (aiomqtt.MqttError, OSError) as error:  # a certificate that can't be read is an OSError
                self.trouble = str(error)
            finally:
                self.connected = False
            await asyncio.sleep(RETRY_S)

    def _client(self) -> aiomqtt.Client:
        settings = self._settings
        return aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.user or None,
            password=settings.password or None,
            identifier=self._identifier,
            protocol=_VERSIONS[settings.version],
            timeout=ACKNOWLEDGE_S,
            keepalive=10,
            tls_params=aiomqtt.TLSParameters(settings.ca_file, settings.cert_file, settings.key_file)
            if settings.tls
            else None,
        )

    async def _live(self, client: aiomqtt.Client) -> None:
        """Publish until the connection ends; raises `aiomqtt.MqttError` then.

        No `TaskGroup` here: it leaves the count of cancellations of its own task wrong.
        """
        if is_cancelled():
            return
        tasks = [asyncio.create_task(self._publish_all(client)), asyncio.create_task(_until_lost(client))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        raise next((end for end in ends if isinstance(end, aiomqtt.MqttError)), aiomqtt.MqttError("disconnected"))

    async def _publish_all(self, client: aiomqtt.Client) -> None:
        while not is_cancelled():
            if not self._outbox:
                self._filled.clear()
                await self._filled.wait()
            message = self._outbox[0]
            if not message.keep:
                self._outbox.popleft()
            await client.publish(message.topic, message.payload, qos=1)
            self.acknowledged += 1
            if message.keep and self._outbox and self._outbox[0] is message:
                self._outbox.popleft()


async def _until_lost(client: aiomqtt.Client) -> None:
    """Raise `aiomqtt.MqttError` when the connection ends; nothing is subscribed, so nothing comes in."""
    async for _ in client.messages:
        pass
