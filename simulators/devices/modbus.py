"""A Modbus TCP server with many unit ids on one socket: a serial line behind a converter.

Requests of one connection are answered one after the other, as a serial line does it: a late device
holds the line up, a silent one costs the master its own time-out. Units that nobody has get exception
11 (gateway target failed to respond). Faults are asked for at each answer, by unit id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping

from domain.errors import WireError
from simulators.devices.modbus_pdu import ExceptionCode, RegisterBank, Request, answer, exception, frame, take_request
from simulators.faults import Fault, FaultKind
from simulators.listener import Listener

FaultOf = Callable[[int], Fault | None]

MOST_GARBAGE = 40


class ModbusServer(Listener):
    """Serves ``units`` (unit id → registers); the banks may be changed at any time by their owner."""

    def __init__(
        self, units: Mapping[int, RegisterBank], *, fault_of: FaultOf = lambda _unit: None, seed: int = 0
    ) -> None:
        """``fault_of`` names the fault of a unit id at this moment; ``seed`` makes garbage repeatable."""
        self._units = units
        self._fault_of = fault_of
        self._random = random.Random(seed)
        super().__init__(self._serve)
        self.answered = 0
        self.refused_bytes = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
        fault = self._fault_of(request.unit)
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
        right = frame(request.transaction, request.unit, pdu)
        if fault is None:
            return right
        match fault.kind:
            case FaultKind.SILENT:
                return b""
            case FaultKind.EXCEPTION:
                return frame(request.transaction, request.unit, exception(request.pdu[0], fault.code))
            case FaultKind.SHORT_FRAME:
                return frame(request.transaction, request.unit, pdu[:-1])
            case FaultKind.FOREIGN_FRAME:
                return frame(request.transaction, request.unit % 247 + 1, pdu)
            case FaultKind.WRONG_TRANSACTION:
                return frame(request.transaction ^ 0x5555, request.unit, pdu)
            case FaultKind.GARBAGE:
                return self._random.randbytes(self._random.randint(1, MOST_GARBAGE))
            case _:
                return right
