"""A receiver of MQTT messages that acknowledges when it is told to, and not before.

Written for one thing that the usual clients do not give together: messages by the hundred with few microseconds each,
and the ack after the caller's commit (decision record on the receive path). Speaks 3.1.1 and 5, plain or in TLS.
It does not connect again by itself: whoever owns it does, with a back-off.

| what comes | what becomes of it |
|---|---|
| messages | wait for `messages`; reading stops while 20,000 wait, so that QoS 0 can't fill the memory |
| nothing for one and a half keepalives | LinkError, as when the broker closes |
| bytes that are no MQTT | LinkError that says so |
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from domain.errors import LinkError, RefusedError, WireError
from gateway.connectors.mqtt_wire import (
    GOODBYE,
    PING,
    Connected,
    Farewell,
    Message,
    Packet,
    PacketReader,
    Pong,
    Subscribed,
    ack_packet,
    connect_packet,
    subscribe_packet,
)

ROOM = 65_536
"""Bytes taken off the socket at once."""

MOST_WAITING = 20_000
"""Messages that wait for the caller before reading stops."""

ANSWER_S = 10.0
"""How long a broker may take to answer CONNECT or SUBSCRIBE."""

LEAST_REFUSED = 0x80
"""From here on a code of version 5, and of any SUBACK, is a refusal."""

_REFUSALS = {
    1: "it does not speak this version of MQTT", 2: "it does not like our client id", 3: "it is not ready",
    4: "wrong user or password", 5: "this user may not connect", 0x84: "it does not speak this version of MQTT",
    0x85: "it does not like our client id", 0x86: "wrong user or password", 0x87: "this user may not connect",
    0x88: "it is not ready", 0x89: "it is busy", 0x8A: "this client is banned", 0x8B: "it is shutting down",
    0x8D: "it heard nothing from us in time", 0x8E: "another client took over our session",
}  # fmt: skip
"""Why a broker says no (MQTT 3.1.1, table 3.1; MQTT 5.0, table 2-6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How to connect. ``version`` is 4 (3.1.1) or 5; the last two are for 5, whose broker keeps to them."""

    host: str
    port: int
    identifier: str
    version: int = 4
    user: str = ""
    password: str = ""
    keepalive_s: int = 30
    session_expiry_s: int = 0
    receive_maximum: int = 65_535


class MqttClient(asyncio.BufferedProtocol):
    """One connection with a session that is kept; make it with `connect`, end it with `close`."""

    def __init__(self, account: Account) -> None:
        """Use `connect`."""
        self._account = account
        self._loop = asyncio.get_running_loop()
        self._reader = PacketReader(version=account.version)
        self._room = memoryview(bytearray(ROOM))
        self._line: asyncio.Transport | None = None
        self._lost: BaseException | None = None
        self._waiting: list[Message] = []
        self._wanted: asyncio.Future[None] | None = None
        self._answer: asyncio.Future[Connected | Subscribed] | None = None
        self._mid = 0
        self._heard_s = self._loop.time()
        self._is_paused = False
        self._keepalive_s = account.keepalive_s
        self._timer: asyncio.TimerHandle | None = None
        self.session_present = False
        """The broker has kept our session from before."""

    @classmethod
    async def connect(cls, account: Account, *, tls: ssl.SSLContext | None = None) -> Self:
        """Return a client that the broker has taken.

        Raises LinkError when it does not answer, RefusedError when it says no, OSError as sockets and TLS do.
        """
        client = cls(account)
        try:
            async with asyncio.timeout(ANSWER_S):
                name = account.host if tls is not None else None
                await client._loop.create_connection(
                    lambda: client, account.host, account.port, ssl=tls, server_hostname=name
                )
                await client._greet()
        except TimeoutError as error:
            client.close()
            if isinstance(error, LinkError):
                raise
            raise LinkError(f"no answer within {ANSWER_S:.0f} s") from error
        except BaseException:
            client.close()
            raise
        return client

    async def _greet(self) -> None:
        account = self._account
        answer = await self._asked(
            connect_packet(
                account.identifier, version=account.version, keepalive_s=account.keepalive_s, user=account.user,
                password=account.password, session_expiry_s=account.session_expiry_s,
                receive_maximum=account.receive_maximum,
            )
        )  # fmt: skip
        if not isinstance(answer, Connected):
            raise LinkError("an answer that is none to a connection")
        if answer.code:
            raise _refused(answer.code)
        self.session_present = answer.session_present
        self._keepalive_s = account.keepalive_s if answer.keepalive_s is None else answer.keepalive_s
        if self._keepalive_s:
            self._timer = self._loop.call_later(self._keepalive_s / 2, self._look)

    async def subscribe(self, topic: str, *, qos: int = 1) -> int:
        """Subscribe to a topic filter; returns the QoS that was granted.

        Raises RefusedError when the broker does not let us, LinkError when it does not answer.
        """
        self._mid = self._mid % 65_535 + 1
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._asked(subscribe_packet(self._mid, topic, qos, version=self._account.version))
        except TimeoutError as error:
            raise LinkError(f"no answer to a subscription within {ANSWER_S:.0f} s") from error
        if not isinstance(answer, Subscribed) or answer.mid != self._mid or len(answer.codes) != 1:
            raise LinkError("an answer that is none to a subscription")
        code = answer.codes[0]
        if code >= LEAST_REFUSED:
            raise RefusedError(
                f"the broker does not let this user subscribe to {topic}: look at its access list", code=code
            )
        return code

    async def messages(self, most: int) -> list[Message]:
        """Return what came, at least one and at most so many; raises LinkError, or what `close` was told, at the end.

        What came before the end is returned before.
        """
        while not self._waiting:
            if self._lost is not None:
                raise self._lost
            self._wanted = self._loop.create_future()
            await self._wanted
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        if len(self._waiting) < MOST_WAITING:
            self._read_on()
        return taken

    def ack(self, messages: Iterable[Message]) -> None:
        """Tell the broker that messages are safe here, in the order in which they came; of QoS 0 nothing is told."""
        if self._line is not None and self._lost is None:
            self._line.write(b"".join([ack_packet(message.mid) for message in messages if message.mid]))

    def close(self, error: BaseException | None = None) -> None:
        """Hang up; the broker keeps the session. Whoever waits for messages gets ``error``; harmless when closed."""
        if self._line is not None and self._lost is None:
            self._line.write(GOODBYE)
            self._line.close()
        self._end(error or LinkError("closed"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # streams only are connected to this
        self._line = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Let whoever waits know."""
        self._end(exc if isinstance(exc, ssl.SSLError) else LinkError("the broker closed the connection"))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport is to put what comes."""
        del sizehint
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came."""
        self._heard_s = self._loop.time()
        try:
            packets = self._reader.feed(self._room[:nbytes])
        except WireError as error:
            self._hang_up(LinkError(f"what answers is no MQTT broker: {error.reason}"))
            return
        self._waiting += [packet for packet in packets if type(packet) is Message]
        for packet in packets:
            if type(packet) is not Message:
                self._take(packet)
        if self._waiting:
            self._wake()
            self._hold_back()

    def _hold_back(self) -> None:
        """Stop reading while too much waits; an answer that we wait for ourselves may stand behind it."""
        asked = self._answer is not None and not self._answer.done()
        if len(self._waiting) >= MOST_WAITING and self._line is not None and not asked and not self._is_paused:
            self._is_paused = True
            self._line.pause_reading()

    def _read_on(self) -> None:
        if self._is_paused and self._line is not None:
            self._is_paused = False
            self._line.resume_reading()

    def _take(self, packet: Packet) -> None:
        if isinstance(packet, Farewell):
            self._hang_up(_refused(packet.code) if packet.code else LinkError("the broker closed the connection"))
        elif isinstance(packet, Connected | Subscribed):
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(packet)
        elif not isinstance(packet, Pong):
            self._hang_up(LinkError("a packet that nobody asked for"))

    async def _asked(self, packet: bytes) -> Connected | Subscribed:
        if self._line is None or self._lost is not None:
            raise self._lost or LinkError("not connected")
        self._answer = self._loop.create_future()
        self._read_on()
        self._line.write(packet)
        return await self._answer

    def _look(self) -> None:
        """Send a ping, or give the broker up."""
        silent_s = self._loop.time() - self._heard_s
        if silent_s > 1.5 * self._keepalive_s and not self._is_paused:
            self._hang_up(LinkError(f"the broker has said nothing for {silent_s:.0f} s"))
        elif self._line is not None:
            self._line.write(PING)
            self._timer = self._loop.call_later(self._keepalive_s / 2, self._look)

    def _hang_up(self, error: BaseException) -> None:
        if self._line is not None:
            self._line.abort()
        self._end(error)

    def _end(self, error: BaseException) -> None:
        if self._lost is not None:
            return
        self._lost = error
        if self._timer is not None:
            self._timer.cancel()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self._wake()

    def _wake(self) -> None:
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)


def _refused(code: int) -> RefusedError:
    return RefusedError(f"the broker refuses us: {_REFUSALS.get(code, 'it does not say why')} (code {code})", code=code)
