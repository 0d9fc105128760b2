"""Modbus frames in words, for people who look at a line: who is asked for what, and what was answered.

Bytes that came may hold several frames, or a part of one: each whole frame is told, and what is left is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.errors import WireError
from gateway.connectors.modbus_tcp.wire import READ, crc16, take_mbap

MOST_FRAMES = 8
_ERROR = 0x80
_FUNCTIONS = {
    1: ("读线圈", "read coils"),
    2: ("读离散输入", "read discrete inputs"),
    3: ("读保持寄存器", "read holding registers"),
    4: ("读输入寄存器", "read input registers"),
    5: ("写单个线圈", "write one coil"),
    6: ("写单个寄存器", "write one register"),
}
_EXCEPTIONS = {
    1: ("非法功能", "illegal function"),
    2: ("非法数据地址", "illegal data address"),
    3: ("非法数据值", "illegal data value"),
    4: ("设备故障", "device failure"),
    5: ("已接受，处理中", "acknowledged, working on it"),
    6: ("设备忙", "device busy"),
    10: ("网关路径不可用", "gateway path unavailable"),
    11: ("网关目标设备无响应", "gateway target does not answer"),
}
"""Modbus Application Protocol V1.1b3, section 7."""

Words = tuple[str, str]


def frame_words(raw: bytes, *, is_rtu: bool, out: bool) -> Words:
    """Return what bytes of a line say; never raises."""
    told = list(_rtu(raw, out=out) if is_rtu else _mbap(raw, out=out))[:MOST_FRAMES]
    return "；".join(zh for zh, _ in told), "; ".join(en for _, en in told)


def _mbap(raw: bytes, *, out: bool) -> Iterator[Words]:
    buffer = bytearray(raw)
    try:
        while frame := take_mbap(buffer):
            yield _told(frame.unit, frame.pdu, out=out)
    except WireError as error:
        yield f"不是 Modbus：{error.reason}", f"no Modbus: {error.reason}"
        return
    if buffer:
        yield f"{len(buffer)} 字节未完", f"{len(buffer)} bytes of an unfinished frame"


def _rtu(raw: bytes, *, out: bool) -> Iterator[Words]:
    if len(raw) < 4 or crc16(raw[:-2]) != int.from_bytes(raw[-2:], "little"):
        yield f"{len(raw)} 字节，无正确校验", f"{len(raw)} bytes without a right checksum"
        return
    yield _told(raw[0], raw[1:-2], out=out)


def _told(unit: int, pdu: bytes, *, out: bool) -> Words:
    function = pdu[0] & ~_ERROR
    zh, en = _FUNCTIONS.get(function, (f"功能码 {function}", f"function {function}"))
    if pdu[0] & _ERROR:
        code = pdu[1] if len(pdu) > 1 else 0
        why_zh, why_en = _EXCEPTIONS.get(code, ("", ""))
        told = f"从站 {unit} {zh}：异常 {code} {why_zh}", f"unit {unit} {en}: exception {code} {why_en}"
        return told[0].rstrip(), told[1].rstrip()
    if out and len(pdu) == READ.size:
        _, address, count = READ.unpack(pdu)
        span = f"{address}…{address + count - 1}" if function < 5 else f"{address} = {count}"
        return f"从站 {unit} {zh} {span}", f"unit {unit} {en} {span}"
    if function in (3, 4):
        values = " ".join(str(int.from_bytes(pdu[at : at + 2], "big")) for at in range(2, len(pdu) - 1, 2))
        return f"从站 {unit} {zh}：{values}", f"unit {unit} {en}: {values}"
    return f"从站 {unit} {zh}：{pdu[1:].hex(' ')}", f"unit {unit} {en}: {pdu[1:].hex(' ')}"
