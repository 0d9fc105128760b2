"""Modbus TCP, the server's half, as pure functions: request bytes and registers → response bytes.

| limit | value | source |
|---|---|---|
| MBAP length field | 2..254 | Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (PDU ≤ 253) |
| registers a read / write | 125 / 123 | Modbus Application Protocol V1.1b3, 6.3 and 6.12 |
| bits a read / write | 2000 / 1968 | the same, 6.1 and 6.11 |

Many devices allow fewer registers a request than the standard (`RegisterBank.most_registers`).
Function codes: 01–06, 15, 16. No socket, no clock, no fault: those are `simulators.devices.modbus`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

from domain.errors import WireError

MBAP = struct.Struct(">HHHB")
MOST_PDU = 253
MOST_READ_BITS = 2000
MOST_READ_REGISTERS = 125
MOST_WRITE_REGISTERS = 123
MOST_WRITE_BITS = 1968
COIL_ON = 0xFF00

Table = dict[int, int]


class ExceptionCode(IntEnum):
    """Exception codes that this server gives by itself (V1.1b3, 7)."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3
    NO_TARGET = 11


class _Refusal(Exception):  # noqa: N818 -- an answer of the protocol, not an error of ours
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True, kw_only=True)
class RegisterBank:
    """What one unit id holds. Tables are sparse: address → word (registers) or 0/1 (bits).

    An address outside a table gets exception ``illegal``; None: the request is not answered at all, as some meters
    do it. An address in ``broken`` makes any read over it an exception of that code. ``writable=False`` answers
    writes with exception 1, as fire panels do.
    """

    coils: Table = field(default_factory=dict)
    discrete: Table = field(default_factory=dict)
    holding: Table = field(default_factory=dict)
    inputs: Table = field(default_factory=dict)
    most_registers: int = MOST_READ_REGISTERS
    writable: bool = False
    illegal: int | None = ExceptionCode.ILLEGAL_ADDRESS
    broken: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: MBAP transaction and unit id, then the PDU."""

    transaction: int
    unit: int
    pdu: bytes


def take_request(buffer: bytearray) -> Request | None:
    """Take the first whole request off ``buffer``; None when more bytes are needed.

    Raises `WireError` when the header can't be Modbus: there is no way to find the next frame then.
    """
    if len(buffer) < MBAP.size:
        return None
    transaction, protocol, length, unit = MBAP.unpack_from(buffer)
    if protocol != 0 or not 2 <= length <= MOST_PDU + 1:
        raise WireError(f"MBAP protocol {protocol}, length {length}: not Modbus TCP", bytes(buffer))
    end = MBAP.size - 1 + length
    if len(buffer) < end:
        return None
    pdu = bytes(buffer[MBAP.size : end])
    del buffer[:end]
    return Request(transaction, unit, pdu)


def frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    """Put the MBAP header before a response PDU."""
    return MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu


def exception(function: int, code: int) -> bytes:
    """Return an exception response PDU."""
    return bytes((function & 0x7F | 0x80, code))


def answer(bank: RegisterBank, pdu: bytes) -> bytes:
    """Carry a request out on ``bank`` and return the response PDU, an exception one if need be; empty for silence."""
    function = pdu[0]
    try:
        match function:
            case 1 | 2:
                return _read_bits(bank.coils if function == 1 else bank.discrete, pdu)
            case 3 | 4:
                return _read_registers(bank.holding if function == 3 else bank.inputs, pdu, bank)
            case 5 | 6 | 15 | 16 if bank.writable:
                return _write(bank, pdu)
            case _:
                return exception(function, ExceptionCode.ILLEGAL_FUNCTION)
    except _Refusal as refusal:
        if refusal.code == ExceptionCode.ILLEGAL_ADDRESS:
            return exception(function, bank.illegal) if bank.illegal is not None else b""
        return exception(function, refusal.code)


def _span(pdu: bytes, most: int) -> tuple[int, int]:
    """Return address and count of a request, checked as V1.1b3 asks: count first, then addresses."""
    if len(pdu) < 5:
        raise _Refusal(ExceptionCode.ILLEGAL_VALUE)
    address, count = struct.unpack_from(">HH", pdu, 1)
    if not 1 <= count <= most:
        raise _Refusal(ExceptionCode.ILLEGAL_VALUE)
    return address, count


def _values(table: Table, address: int, count: int) -> list[int]:
    try:
        return [table[at] for at in range(address, address + count)]
    except KeyError:
        raise _Refusal(ExceptionCode.ILLEGAL_ADDRESS) from None


def _exact(pdu: bytes, length: int) -> None:
    if len(pdu) != length:
        raise _Refusal(ExceptionCode.ILLEGAL_VALUE)


def _read_bits(table: Table, pdu: bytes) -> bytes:
    _exact(pdu, 5)
    address, count = _span(pdu, MOST_READ_BITS)
    packed = sum(bit << at for at, bit in enumerate(_values(table, address, count)))
    body = packed.to_bytes((count + 7) // 8, "little")
    return bytes((pdu[0], len(body))) + body


def _read_registers(table: Table, pdu: bytes, bank: RegisterBank) -> bytes:
    _exact(pdu, 5)
    address, count = _span(pdu, bank.most_registers)
    if code := next((bank.broken[at] for at in range(address, address + count) if at in bank.broken), 0):
        raise _Refusal(code)
    return bytes((pdu[0], 2 * count)) + struct.pack(f">{count}H", *_values(table, address, count))


def _write(bank: RegisterBank, pdu: bytes) -> bytes:
    match pdu[0]:
        case 5 | 6:
            return _write_one(bank, pdu)
        case 15:
            address, count = _span(pdu, MOST_WRITE_BITS)
            body = _counted(pdu, (count + 7) // 8)
            packed = int.from_bytes(body, "little")
            _store(bank.coils, address, [packed >> at & 1 for at in range(count)])
        case _:
            address, count = _span(pdu, MOST_WRITE_REGISTERS)
            _store(bank.holding, address, list(struct.unpack(f">{count}H", _counted(pdu, 2 * count))))
    return pdu[:5]


def _write_one(bank: RegisterBank, pdu: bytes) -> bytes:
    _exact(pdu, 5)
    address, value = struct.unpack_from(">HH", pdu, 1)
    if pdu[0] == 6:
        _store(bank.holding, address, [value])
    elif value in {0, COIL_ON}:
        _store(bank.coils, address, [int(value == COIL_ON)])
    else:
        raise _Refusal(ExceptionCode.ILLEGAL_VALUE)
    return pdu


def _counted(pdu: bytes, length: int) -> bytes:
    """Return the data bytes of a multiple write, whose own count must agree with the quantity."""
    _exact(pdu, 6 + length)
    if pdu[5] != length:
        raise _Refusal(ExceptionCode.ILLEGAL_VALUE)
    return pdu[6:]


def _store(table: Table, address: int, values: list[int]) -> None:
    _values(table, address, len(values))
    table.update(enumerate(values, start=address))
