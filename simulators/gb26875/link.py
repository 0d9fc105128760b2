"""`Link`: a transmitter's line to its centre on a real socket, TCP or UDP; comes back when it breaks.

What stands between transmitter and wire happens here: faults of the line and of what is on it. One task a link; it
sleeps until the centre speaks, a button is pressed (`wake`) or the transmitter has something due.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from simulators.faults import Fault, FaultKind
from simulators.gb26875.buttons import Push, push
from simulators.gb26875.frames import Command
from simulators.gb26875.orders import answer
from simulators.gb26875.outbox import Entry
from simulators.gb26875.presses import Press
from simulators.gb26875.transmitter import Event, Transmitter

CONNECT_S = 10.0
RETRY_S, LONGEST_RETRY_S = 1.0, 5.0
"""Pauses between attempts, doubling, with jitter (assumption: two hundred devices must not call in one moment)."""

GARBAGE_BYTES, GARBAGE_PAUSE_S = 4096, 0.02
"""A flood: 200 kB/s (assumption: a serial line gone mad behind a fast modem)."""

DRIP_PAUSE_S = 0.2
MOST_UNSENT = 65_536
"""Bytes that may wait in the socket before a flood pauses: a peer that does not read must not fill our memory."""

BROKEN_CHECKSUM, BROKEN_END = -3, -1
MUTE = frozenset({FaultKind.SILENT, FaultKind.HALF_FRAME, FaultKind.GARBAGE})
"""Faults under which no frame is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreAddress:
    """Where the centre listens. ``local``: address to call from, any when None."""

    host: str = "127.0.0.1"
    port: int = 5900
    udp: bool = False
    local: str | None = None


class Link:
    """Keeps one transmitter connected; start it with `run` in a task and end it by cancelling."""

    def __init__(
        self,
        transmitter: Transmitter,
        centre: CentreAddress,
        *,
        fault_of: Callable[[], Fault | None] = lambda: None,
        seed: int | str = 0,
        retry_s: float = RETRY_S,
    ) -> None:
        """``fault_of``: what is wrong at the moment; ``seed`` decides jitter and garbage."""
        self.transmitter, self.centre = transmitter, centre
        self._fault_of = fault_of
        self._chance = random.Random(f"{seed}/{transmitter.name}")
        self._retry_s = retry_s
        self._woken = asyncio.Event()
        self._wire: _Wire | None = None
        self._half_sent = False
        self.connected = False
        self.trouble = ""

    def wake(self) -> None:
        """Look at once at what is due: something happened, a fault began or ended."""
        self._notice_fault()
        self._woken.set()

    def push(self, button: Push) -> None:
        """Press a button of the transmitter; raises `SimulationError` saying what is missing."""
        self._notice_fault()
        push(self.transmitter, button, asyncio.get_running_loop().time())
        if button.press is Press.REBOOT:
            self.hang_up("reboot")
        self.wake()

    def hang_up(self, reason: str) -> None:
        """Drop the line; it comes back by itself."""
        if self._wire is not None:
            self._wire.drop(reason)

    async def run(self) -> None:
        """Connect, talk, connect again; ends only by cancellation."""
        pause_s = self._retry_s
        while True:
            if self._fault() is FaultKind.CUT:
                self.trouble = "cut"
                await self._pause(self._retry_s)
                continue
            try:
                await self._talk()
                pause_s = self._retry_s
            except OSError as error:
                self.trouble = error.strerror or str(error) or "no answer"
                pause_s = min(2 * pause_s, LONGEST_RETRY_S)
            self._woken.clear()
            await self._pause(pause_s * self._chance.uniform(0.5, 1.5))

    async def _talk(self) -> None:
        """Hold one connection until it ends; raises OSError when it can't be had."""
        wire = self._wire = await self._connect()
        transmitter, loop = self.transmitter, asyncio.get_running_loop()
        self.connected, self.trouble, self._half_sent = True, "", False
        transmitter.connected(loop.time())
        try:
            while not wire.ended:
                await self._work(wire, loop.time())
                await self._pause(self._idle_s(loop.time()))
        finally:
            self.connected, self._wire = False, None
            self.trouble = wire.reason
            wire.drop("ended")
            transmitter.lost(wire.reason)

    async def _connect(self) -> _Wire:
        loop, centre = asyncio.get_running_loop(), self.centre
        local = (centre.local, 0) if centre.local else None
        async with asyncio.timeout(CONNECT_S):
            if centre.udp:
                _, made = await loop.create_datagram_endpoint(
                    self._new_wire, remote_addr=(centre.host, centre.port), local_addr=local
                )
            else:
                _, made = await loop.create_connection(self._new_wire, centre.host, centre.port, local_addr=local)
        return made

    def _new_wire(self) -> _Wire:
        return _Wire(self._on_data, self.wake, udp=self.centre.udp)

    async def _work(self, wire: _Wire, now_s: float) -> None:
        """Send what is due, as the fault of the moment lets it."""
        kind = self._notice_fault()
        if kind is FaultKind.CUT:
            wire.drop("cut")
        elif kind is FaultKind.GARBAGE:
            if wire.waiting < MOST_UNSENT:
                wire.write(self._chance.randbytes(GARBAGE_BYTES))
        elif kind is FaultKind.HALF_FRAME:
            self._send_half(wire, now_s)
        elif kind is not FaultKind.SILENT:
            self._half_sent = False
            while (raw := self.transmitter.due(now_s)) is not None:
                await self._send(wire, raw, kind)
            if self.transmitter.outbox.failed:
                self.transmitter.note(Event.FAILED)
                wire.drop("no confirm")

    async def _send(self, wire: _Wire, raw: bytes, kind: FaultKind | None) -> None:
        match kind:
            case FaultKind.BAD_CHECKSUM:
                wire.write(_spoilt(raw, BROKEN_CHECKSUM))
            case FaultKind.BAD_END:
                wire.write(_spoilt(raw, BROKEN_END))
            case FaultKind.TWICE:
                wire.write(raw + raw)
            case FaultKind.DRIP:
                for byte in raw:
                    wire.write(bytes((byte,)))
                    await asyncio.sleep(DRIP_PAUSE_S)
                    if wire.ended or self._fault() is not FaultKind.DRIP:
                        break
            case _:
                wire.write(raw)

    def _send_half(self, wire: _Wire, now_s: float) -> None:
        """Begin a frame and say no more; a sign of life, when nothing else is due."""
        if self._half_sent:
            return
        self._half_sent = True
        if self.transmitter.outbox.idle:
            self.transmitter.outbox.push(Entry(b"", Command.SEND, keep=False))
        raw = self.transmitter.due(now_s)
        if raw is not None:
            wire.write(raw[: len(raw) // 2])

    def _on_data(self, data: bytes) -> None:
        """Take what the centre says, answer it, and look what else is due."""
        wire, kind = self._wire, self._fault()
        if wire is None or kind in MUTE or kind is FaultKind.CUT:
            return
        loop = asyncio.get_running_loop()
        for order in self.transmitter.received(data):
            raw = answer(self.transmitter, order, loop.time())
            wire.write(raw)
            self.transmitter.note(Event.SENT, raw)
        self.wake()

    def _idle_s(self, now_s: float) -> float | None:
        """Return how long nothing needs to be done, None for until something happens."""
        kind = self._fault()
        if kind is FaultKind.GARBAGE:
            return GARBAGE_PAUSE_S
        if kind in MUTE:
            return self._retry_s
        due_s = self.transmitter.next_s()
        wait_s = None if due_s is None else max(due_s - now_s, 0.0)
        return wait_s if kind is None else min(self._retry_s, wait_s if wait_s is not None else self._retry_s)

    async def _pause(self, pause_s: float | None) -> None:
        """Sleep until woken, at most ``pause_s``."""
        if pause_s is not None and pause_s <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(pause_s):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    def _notice_fault(self) -> FaultKind | None:
        """Let the transmitter's ears and clock be as the fault of the moment has them."""
        fault = self._fault_of()
        transmitter, kind = self.transmitter, fault.kind if fault is not None else None
        transmitter.deaf = kind is FaultKind.IGNORE_CONFIRM
        transmitter.zero_time = kind is FaultKind.ZERO_TIME
        transmitter.off_s = fault.off_s if fault is not None and kind is FaultKind.CLOCK else 0.0
        return kind

    def _fault(self) -> FaultKind | None:
        fault = self._fault_of()
        return fault.kind if fault is not None else None


class _Wire(asyncio.Protocol, asyncio.DatagramProtocol):
    """One connection or datagram endpoint, alike to the link."""

    def __init__(self, on_data: Callable[[bytes], None], wake: Callable[[], None], *, udp: bool) -> None:
        self._on_data, self._wake, self._udp = on_data, wake, udp
        self._transport: asyncio.BaseTransport | None = None
        self.ended = False
        self.reason = ""

    @property
    def waiting(self) -> int:
        """Bytes that the socket has not taken yet; datagrams do not wait."""
        if self._transport is None or self._udp:
            return 0
        return cast("asyncio.Transport", self._transport).get_write_buffer_size()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._on_data(data)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 -- asyncio's signature
        self._on_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.reason = self.reason or (str(exc) if exc else "the centre closed the line")
        self.ended = True
        self._wake()

    def write(self, raw: bytes) -> None:
        """Send; a line that has ended takes nothing."""
        if self._transport is None or self.ended:
            return
        if self._udp:
            cast("asyncio.DatagramTransport", self._transport).sendto(raw)
        else:
            cast("asyncio.Transport", self._transport).write(raw)

    def drop(self, reason: str) -> None:
        """End the line; bytes that were not sent yet are thrown away."""
        if not self.ended and self._transport is not None:
            self.reason = self.reason or reason
            self.ended = True
            cast("asyncio.Transport | asyncio.DatagramTransport", self._transport).abort()


def _spoilt(raw: bytes, at: int) -> bytes:
    """Return a frame with one byte wrong."""
    spoilt = bytearray(raw)
    spoilt[at] ^= 0x5A
    return bytes(spoilt)
