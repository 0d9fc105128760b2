"""A Modbus TCP server with many unit ids on one socket: a serial line behind a converter.

Requests of one connection are answered one after the other, as a serial line does it: a late device
holds the line up, a silent one costs the master its own time-out. Units that nobody has get exception
11 (gateway target failed to respond). Faults are asked for at each answer, by unit id.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping

from domain.errors import WireError
from simulators.devices.modbus_pdu import ExceptionCode, RegisterBank, Request, answer, exception, frame, take_request
from simulators.faults import Fault, FaultKind
from simulators.listener import MOST_CONNECTIONS, Listener

FaultOf = Callable[[int], Fault | None]

MOST_GARBAGE = 40


class ModbusServer(Listener):
    """Serves ``units`` (unit id → registers); the banks may be changed at any time by their owner."""

    def __init__(
        self,
        units: Mapping[int, RegisterBank],
        *,
        fault_of: FaultOf = lambda _unit: None,
        seed: int = 0,
        most_sessions: int = MOST_CONNECTIONS,
        turnaround_s: float = 0.0,
    ) -> None:
        """``fault_of`` names the fault of a unit id at this moment; ``seed`` makes garbage repeatable.

        ``most_sessions``: further connections are closed at once. ``turnaround_s``: how long each answer takes.
        """
        self._units = units
        self._most_sessions = most_sessions
        self._turnaround_s = turnaround_s
        self._fault_of = fault_of
        self._random = random.Random(seed)
        super().__init__(self._serve)
        self.answered = 0
        self.refused_bytes = 0
        self.requests: Counter[int] = Counter()
        """Requests by unit id, answered or not."""
        self.sessions = 0
        """Connections that were served, ever."""
        self.turned_away = 0
        """Connections that came when all sessions were taken."""
        self.overlaps = 0
        """Requests that came before the one before them was answered: on a serial line they would collide."""
        self._busy = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.connections > self._most_sessions:
            self.turned_away += 1
            return
        self.sessions += 1
        buffer = bytearray()
        while data := await reader.read(4096):
            buffer += data
            try:
                while request := take_request(buffer):
                    if not await self._reply(request, writer):
                        return
            except WireError:
                self.refused_bytes += len(buffer)
                return

    async def _reply(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request, or misbehave; False ends the connection."""
        self.requests[request.unit] += 1
        self.overlaps += self._busy > 0
        self._busy += 1
        try:
            return await self._answered(request, writer)
        finally:
            self._busy -= 1

    async def _answered(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        fault = self._fault_of(request.unit)
        if self._turnaround_s:
            await asyncio.sleep(self._turnaround_s)
        if fault is not None and fault.kind is FaultKind.DELAY:
            await asyncio.sleep(fault.delay_s)
        if fault is not None and fault.kind is FaultKind.DROP:
            return False
        sent = self._answer(request, fault)
        if sent:
            writer.write(sent)
            await writer.drain()
            self.answered += 1
        return True

    def _answer(self, request: Request, fault: Fault | None) -> bytes:
        """Return the bytes of the answer, spoilt as ``fault`` says; empty for silence."""
        bank = self._units.get(request.unit)
        pdu = answer(bank, request.pdu) if bank else exception(request.pdu[0], ExceptionCode.NO_TARGET)
        if not pdu or (fault is not None and fault.kind is FaultKind.SILENT):
            return b""
        right = frame(request.transaction, request.unit, pdu)
        if fault is None:
            return right
        match fault.kind:
            case FaultKind.EXCEPTION:
                return frame(request.transaction, request.unit, exception(request.pdu[0], fault.code))
            case FaultKind.SHORT_FRAME:
                return frame(request.transaction, request.unit, pdu[:-1])
            case FaultKind.FOREIGN_FRAME | FaultKind.STRAY_FRAME:
                foreign = frame(request.transaction, request.unit % 247 + 1, pdu)
                return foreign + right if fault.kind is FaultKind.STRAY_FRAME else foreign
            case FaultKind.WRONG_TRANSACTION:
                return frame(request.transaction ^ 0x5555, request.unit, pdu)
            case FaultKind.GARBAGE:
                return self._random.randbytes(self._random.randint(1, MOST_GARBAGE))
            case _:
                return right
