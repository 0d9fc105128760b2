"""Modbus requests and replies as bytes: PDUs, the MBAP header of TCP, the checksum of RTU.

| limit | value | source |
|---|---|---|
| MBAP length field of a reply | 3..254 | Modbus Messaging on TCP/IP V1.0b, 3.1.3: unit id and PDU |
| RTU frame | 4..256 bytes | Modbus over Serial Line V1.02, 2.5.1 |
| CRC-16 | polynomial 0xA001, start 0xFFFF, low byte first | the same, 6.2.2 |

What a reply *means* is told by `payload_of`; which request it belongs to, by its transaction id (MBAP)
or by unit, function and checksum (RTU, where only one request is under way).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from domain.errors import RefusedError, WireError

MBAP = struct.Struct(">HHHB")
READ = struct.Struct(">BHH")
FEWEST_LENGTH, MOST_LENGTH = 3, 254
MOST_RTU = 256
COIL_ON = 0xFF00
_EXCEPTION = 0x80
_SHORT_REPLY = 8
"""Bytes of the RTU reply to a write: unit, function, address, value, checksum."""


class MbapFrame(NamedTuple):
    """One frame of Modbus TCP as it came."""

    transaction: int
    unit: int
    pdu: bytes


def read_pdu(function: int, address: int, count: int) -> bytes:
    """Return the request for ``count`` registers or bits (FC01 to FC04)."""
    return READ.pack(function, address, count)


def write_pdu(function: int, address: int, value: int) -> bytes:
    """Return the request to write one coil (FC05, 0 or 1) or one register (FC06)."""
    return READ.pack(function, address, (COIL_ON if value else 0) if function == 5 else value)


def payload_of(pdu: bytes, function: int, count: int) -> bytes:
    """Return the data of a reply to `read_pdu`; registers high byte first, bits widened to registers.

    Raises RefusedError with the exception code, WireError for anything that is no answer to that request.
    """
    _check_function(pdu, function)
    size = 2 * count if function > 2 else (count + 7) // 8
    if pdu[1] != size or len(pdu) != size + 2:
        raise WireError(f"asked for {size} bytes of data, got a reply of {len(pdu) - 2} that says {pdu[1]}", pdu)
    return pdu[2:] if function > 2 else _widened(pdu[2:], count)


def check_written(pdu: bytes, request: bytes) -> None:
    """Check the reply to `write_pdu`, which repeats the request; raises as `payload_of` does."""
    _check_function(pdu, request[0])
    if pdu != request:
        raise WireError(f"wrote {request.hex()}, the reply confirms something else", pdu)


def _check_function(pdu: bytes, function: int) -> None:
    if len(pdu) < 2:
        raise WireError("a reply of one byte", pdu)
    if pdu[0] == function:
        return
    if pdu[0] == function | _EXCEPTION and len(pdu) == 2:
        raise RefusedError(f"exception {pdu[1]}", code=pdu[1])
    raise WireError(f"asked with function {function}, answered with {pdu[0]}", pdu)


def _widened(packed: bytes, count: int) -> bytes:
    """Return each bit as a register of its own, so that one decoder does for all tables."""
    bits = int.from_bytes(packed, "little")
    return b"".join((b"\x00\x01" if bits >> at & 1 else b"\x00\x00") for at in range(count))


def mbap_request(transaction: int, unit: int, pdu: bytes) -> bytes:
    """Put the MBAP header before a PDU."""
    return MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu


def take_mbap(buffer: bytearray) -> MbapFrame | None:
    """Take the first whole frame off ``buffer``; None when more bytes are needed.

    Raises WireError when the header can't be Modbus: there is no way to find the next frame then.
    """
    if len(buffer) < MBAP.size:
        return None
    transaction, protocol, length, unit = MBAP.unpack_from(buffer)
    if protocol != 0:
        raise WireError(f"protocol id {protocol} is not Modbus", bytes(buffer))
    if not FEWEST_LENGTH <= length <= MOST_LENGTH:
        raise WireError(f"length field {length} is outside {FEWEST_LENGTH}..{MOST_LENGTH}", bytes(buffer))
    end = MBAP.size - 1 + length
    if len(buffer) < end:
        return None
    pdu = bytes(buffer[MBAP.size : end])
    del buffer[:end]
    return MbapFrame(transaction, unit, pdu)


def _crc_table() -> tuple[int, ...]:
    table = []
    for start in range(256):
        value = start
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc16(data: bytes | bytearray | memoryview) -> int:
    """Return the checksum of ``data``; on the wire its low byte goes first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def rtu_request(unit: int, pdu: bytes) -> bytes:
    """Put the unit id before a PDU and the checksum behind it."""
    body = bytes((unit,)) + pdu
    return body + crc16(body).to_bytes(2, "little")


def find_rtu(buffer: bytes | bytearray, unit: int, function: int) -> bytes | None:
    """Return the PDU of the first right reply of ``unit`` to ``function`` anywhere in ``buffer``, or None.

    Noise before it, the echo of our own request and frames of other units are passed over.
    """
    for at in range(len(buffer) - 4):
        if buffer[at] != unit or buffer[at + 1] & ~_EXCEPTION != function:
            continue
        end = at + _reply_size(buffer, at)
        if end <= len(buffer) and crc16(buffer[at : end - 2]) == int.from_bytes(buffer[end - 2 : end], "little"):
            return bytes(buffer[at + 1 : end - 2])
    return None


def is_whole_rtu(buffer: bytes | bytearray) -> bool:
    """Tell whether ``buffer`` is nothing but frames with right checksums: of other units, not noise."""
    at = 0
    while at + 4 < len(buffer):
        end = at + _reply_size(buffer, at)
        if end > len(buffer) or crc16(buffer[at : end - 2]) != int.from_bytes(buffer[end - 2 : end], "little"):
            return False
        at = end
    return at == len(buffer)


def _reply_size(buffer: bytes | bytearray, at: int) -> int:
    """Return how long the reply that begins at ``at`` is, checksum included."""
    function = buffer[at + 1]
    if function & _EXCEPTION:
        return 5
    return _SHORT_REPLY if function > 4 else 5 + buffer[at + 2]
