"""What to do about bytes that are no frame: the reason in one sentence, the mend in another."""

from __future__ import annotations

from gateway.connectors.gb26875.explain import ERROR_LABELS
from gateway.connectors.gb26875.field_words import Said
from gateway.connectors.gb26875.protocol import LEAST_FRAME, MOST_DATA, FrameError, Rejected

_LENGTH_AT = 24


def reason(rejected: Rejected) -> Said:
    """Return why bytes were refused."""
    labels = ERROR_LABELS[rejected.error]
    return Said(labels.zh, labels.en)


def mend(rejected: Rejected) -> Said:
    """Return what to look for, or to write instead."""
    match rejected.error:
        case FrameError.START:
            return Said(
                "若在记录开头，请在装置连接之前开始记录；否则检查线路干扰，或连接上是否混有其他协议",
                "at the beginning: start recording before the device connects; "
                "elsewhere: look for noise, or another protocol on this line",
            )
        case FrameError.LENGTH:
            return _length(rejected.raw)
        case FrameError.OVERSIZE:
            return Said("请用 --profile 选择允许此长度的型号档案", "choose a --profile that allows this length")
        case FrameError.END:
            return _end(rejected.raw)
        case FrameError.CHECKSUM:
            return _checksum(rejected.raw)
        case FrameError.HALF:
            return _half(rejected.raw)
        case FrameError.REGISTRATION:
            return Said("传输模块的注册包，可在模块上关闭", "the modem's registration packet: switch it off there")
        case FrameError.HEX_TEXT:
            return Said("将传输模块设为透明（二进制）传输", "set the modem to transparent (binary) mode")


def _length(raw: bytes) -> Said:
    swapped = int.from_bytes(raw[_LENGTH_AT : _LENGTH_AT + 2], "big")
    if swapped <= MOST_DATA:
        return Said(
            f"第 25–26 字节应低位在前；高位在前读作 {swapped}，可能是装置写反了",
            f"bytes 25-26 are low byte first; high byte first they would be {swapped}: swapped by the device?",
        )
    return Said(
        f"第 25–26 字节最大 {MOST_DATA}；可能前面丢了字节",
        f"bytes 25-26 are at most {MOST_DATA}; bytes may be lost before",
    )


def _end(raw: bytes) -> Said:
    end = raw[-2:]
    if end == b"\x35\x35":
        return Said("结束符是十进制 35，即十六进制 23 23", "the end is decimal 35, which is 23 23 in hexadecimal")
    return Said(
        f"按长度结束处是 {end.hex(' ')}；检查第 25–26 字节的长度，或是否丢了字节",
        f"where the length ends stands {end.hex(' ')}: check the length in bytes 25-26, or look for lost bytes",
    )


def _checksum(raw: bytes) -> Said:
    right = sum(raw[2:-3]) & 0xFF
    return Said(
        f"应为 {right:02x}：第 3 字节至应用数据末尾之和，取低 8 位",
        f"should be {right:02x}: the sum of byte 3 to the end of the application data, its low 8 bits",
    )


def _half(raw: bytes) -> Said:
    if len(raw) < _LENGTH_AT + 2:
        return Said(f"至少还差 {LEAST_FRAME - len(raw)} 字节", f"at least {LEAST_FRAME - len(raw)} bytes are missing")
    missing = LEAST_FRAME + int.from_bytes(raw[_LENGTH_AT : _LENGTH_AT + 2], "little") - len(raw)
    return Said(f"还差 {missing} 字节", f"{missing} bytes are missing")
