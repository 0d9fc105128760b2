"""Modbus devices on a serial line: a pseudo-terminal that a gateway opens as its port, or RTU frames through TCP.

| limit | value | source |
|---|---|---|
| CRC-16 | polynomial 0xA001, start 0xFFFF, low byte first | Modbus over Serial Line V1.02, 6.2.2 |
| request | 8 bytes, FC15 and FC16 9 and their data | Modbus Application Protocol V1.1b3, 6 |

A unit that nobody has keeps silent, as on a real line. Bytes that are no request are thrown away up to the next
that is one. Each answer takes its characters' time at the line's speed.
"""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from simulators.devices.modbus_pdu import RegisterBank, answer, exception
from simulators.faults import Fault, FaultKind
from simulators.listener import Listener

FaultOf = Callable[[int], Fault | None]

BITS_A_CHARACTER = 10
_COUNTED = (15, 16)


class RtuDevices:
    """What hangs on one line: request bytes in, answer bytes out."""

    def __init__(self, units: Mapping[int, RegisterBank], *, fault_of: FaultOf = lambda _unit: None) -> None:
        """``fault_of`` names the fault of a unit id at this moment: silent, exception, garbage or delay."""
        self._units = units
        self._fault_of = fault_of
        self._buffer = bytearray()
        self.answered = 0

    def feed(self, data: bytes) -> list[tuple[float, bytes]]:
        """Take bytes off the line; returns each answer with the delay of the device that gives it."""
        self._buffer += data
        del self._buffer[:-512]
        answers = []
        while request := take_rtu(self._buffer):
            fault = self._fault_of(request[0])
            sent = self._answer(request, fault)
            if sent:
                self.answered += 1
                late = fault is not None and fault.kind is FaultKind.DELAY
                answers.append((fault.delay_s if fault is not None and late else 0.0, sent))
        return answers

    def _answer(self, request: bytes, fault: Fault | None) -> bytes:
        bank = self._units.get(request[0])
        if bank is None or (fault is not None and fault.kind is FaultKind.SILENT):
            return b""
        pdu = answer(bank, request[1:])
        if fault is not None and fault.kind is FaultKind.EXCEPTION:
            pdu = exception(request[1], fault.code)
        if not pdu:
            return b""
        right = with_crc(request[:1] + pdu)
        if fault is not None and fault.kind is FaultKind.GARBAGE:
            return right[:-1] + bytes((right[-1] ^ 0x5A,))
        return right


class SerialLine:
    """The devices' end of a pseudo-terminal; ``path`` is the port that a master opens."""

    def __init__(self, devices: RtuDevices, *, baud: int = 0) -> None:
        """``baud`` makes answers as slow as on a real line; 0 answers at once."""
        self._devices = devices
        self._character_s = BITS_A_CHARACTER / baud if baud else 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Open the pair."""
        self._file, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._file, False)
        self.path = os.ttyname(self._slave)
        asyncio.get_running_loop().add_reader(self._file, self._readable)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Pull the plug: the master sees its port go away."""
        asyncio.get_running_loop().remove_reader(self._file)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        os.close(self._file)
        os.close(self._slave)

    def noise(self, data: bytes) -> None:
        """Put bytes on the line that nobody asked for."""
        os.write(self._file, data)

    def _readable(self) -> None:
        data = os.read(self._file, 512)
        for delay_s, sent in self._devices.feed(data):
            task = asyncio.create_task(self._send(delay_s + (len(data) + len(sent)) * self._character_s, sent))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, delay_s: float, sent: bytes) -> None:
        if delay_s:
            await asyncio.sleep(delay_s)
        os.write(self._file, sent)


class RtuOverTcp(Listener):
    """The same line behind a converter that passes bytes through."""

    def __init__(self, devices: RtuDevices) -> None:
        """Serve ``devices`` on a TCP port."""
        self._devices = devices
        super().__init__(self._serve)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(512):
            for delay_s, sent in self._devices.feed(data):
                await asyncio.sleep(delay_s)
                writer.write(sent)
                await writer.drain()


def take_rtu(buffer: bytearray) -> bytes | None:
    """Take the first whole request off ``buffer``, without its checksum; None when there is none yet."""
    for at in range(len(buffer)):
        size = _request_size(buffer, at)
        if size is None:
            return None
        body = bytes(buffer[at : at + size - 2])
        if len(buffer) >= at + size and with_crc(body) == buffer[at : at + size]:
            del buffer[: at + size]
            return body
    return None


def _request_size(buffer: bytearray, at: int) -> int | None:
    """Return how long the request at ``at`` would be, checksum included; None when more bytes are needed."""
    if len(buffer) < at + 8:
        return None
    return 9 + buffer[at + 6] if buffer[at + 1] in _COUNTED else 8


def with_crc(body: bytes) -> bytes:
    """Put the checksum behind unit id and PDU."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return body + crc.to_bytes(2, "little")
