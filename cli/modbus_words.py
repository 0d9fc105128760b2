"""What Modbus says, for an installer: exceptions and silence in words, and what to try next.

The codes are those of the Modbus Application Protocol V1.1b3, 7.
"""

from __future__ import annotations

from domain.errors import RefusedError
from domain.site import Labels

ILLEGAL_ADDRESS = 2

_EXCEPTIONS = {
    1: Labels(zh="不支持该功能码，换一个寄存器区再试", en="function not supported: try another table"),
    2: Labels(zh="没有该地址", en="no such address"),
    3: Labels(zh="数量或数值不允许，减少 --count", en="count or value not allowed: try a smaller --count"),
    4: Labels(zh="设备故障", en="device failure"),
    5: Labels(zh="已收到，处理中", en="taken, working on it"),
    6: Labels(zh="设备忙", en="device busy"),
    10: Labels(zh="转换器没有通路", en="the converter has no path"),
    11: Labels(zh="转换器后面没有应答", en="nobody answered behind the converter"),
}
_HINTS = {"0 or not installed": Labels(zh="0 或未安装", en="0 or not installed")}

NOBODY = Labels(
    zh="没有单元应答。请检查：A、B 线是否接反；速率与校验（--baud 9600,19200 --parity none,even）；单元号范围",
    en="Nobody answered. Check: A and B swapped; speed and parity (--baud 9600,19200 --parity none,even); unit ids",
)
SLOW = Labels(
    zh="慢设备用 --timeout 1；网关占用串口时先停网关", en="slow devices: --timeout 1; stop a gateway that has the port"
)


def exception_words(code: int, language: str) -> str:
    """Say what an exception code means; a code that the standard lacks is said as such."""
    known = _EXCEPTIONS.get(code)
    return known.of(language) if known else Labels(zh="厂家自定义", en="the maker's own").of(language)


def said_words(said: str, language: str) -> str:
    """Say what a unit answered while scanning: a register's value, or a refusal, which proves that it is there."""
    kind, _, code = said.partition(" ")
    if kind != "exception" or not code.isdecimal():
        return Labels(zh=f"寄存器 {said}", en=f"register {said}").of(language)
    words = exception_words(int(code), language)
    return Labels(zh=f"在线，异常 {code}：{words}", en=f"there; exception {code}: {words}").of(language)


def trouble_words(error: Exception, language: str) -> str:
    """Say why a read brought nothing, and what to try."""
    if isinstance(error, RefusedError) and error.code is not None:
        words = exception_words(error.code, language)
        return f"exception {error.code}（{words}）" if language == "zh" else f"exception {error.code} ({words})"
    if isinstance(error, TimeoutError):
        return Labels(
            zh="没有应答：检查单元号、速率与校验，或加大 --timeout（no reply in time）",
            en="no reply in time: check unit id, speed and parity, or try a longer --timeout",
        ).of(language)
    return str(error)


def neighbour_words(address: int, language: str) -> str:
    """Say that the address beside the one that was refused answers: the manual may count from 1."""
    return Labels(
        zh=f"地址 {address} 有应答：手册可能从 1 起计数，请用 --at {address}",
        en=f"address {address} answers: the manual may count from 1, try --at {address}",
    ).of(language)


def hint_words(hint: str, language: str) -> str:
    """Say what a register looks like."""
    known = _HINTS.get(hint)
    return known.of(language) if known else hint
