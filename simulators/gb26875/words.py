"""Frames in words, Chinese and English, for a screen that an installer reads."""

from __future__ import annotations

from domain.site import Labels
from domain.words import BITS, COMPONENT_STATE, SYSTEM_OPERATION, SYSTEM_STATE, TRANSMITTER_OPERATION, TRANSMITTER_STATE
from simulators.gb26875 import objects
from simulators.gb26875.dialect import Dialect
from simulators.gb26875.frames import Frame
from simulators.gb26875.stamps import component_key

COMMANDS = {
    1: ("控制命令", "control"),
    2: ("发送数据", "send data"),
    3: ("确认", "confirm"),
    4: ("请求", "request"),
    5: ("应答", "response"),
    6: ("否认", "deny"),
}
TYPES = {
    1: ("系统状态", "system state"),
    2: ("部件运行状态", "component state"),
    3: ("部件模拟量值", "component analog value"),
    4: ("系统操作信息", "system operation"),
    5: ("系统软件版本", "system software version"),
    6: ("系统配置情况", "system configuration"),
    7: ("部件配置情况", "component configuration"),
    8: ("系统时间", "system time"),
    21: ("装置运行状态", "transmitter state"),
    24: ("装置操作信息", "transmitter operation"),
    25: ("装置软件版本", "transmitter software version"),
    26: ("装置配置情况", "transmitter configuration"),
    28: ("装置系统时间", "transmitter time"),
    61: ("读系统状态", "read system state"),
    62: ("读部件运行状态", "read component state"),
    63: ("读部件模拟量值", "read component analog value"),
    64: ("读系统操作信息", "read system operations"),
    65: ("读系统软件版本", "read system software version"),
    66: ("读系统配置情况", "read system configuration"),
    67: ("读部件配置情况", "read component configuration"),
    68: ("读系统时间", "read system time"),
    81: ("读装置运行状态（巡检）", "read transmitter state (inspection)"),
    84: ("读装置操作信息", "read transmitter operations"),
    85: ("读装置软件版本", "read transmitter software version"),
    86: ("读装置配置情况", "read transmitter configuration"),
    88: ("读装置系统时间", "read transmitter time"),
    89: ("初始化装置", "initialise the transmitter"),
    90: ("同步装置时钟", "set the transmitter's clock"),
    91: ("查岗命令", "roll-call"),
}
"""Type flags of the standard's table of types."""

_BITS = {1: SYSTEM_STATE, 2: COMPONENT_STATE, 4: SYSTEM_OPERATION, 21: TRANSMITTER_STATE, 24: TRANSMITTER_OPERATION}


def spoken(frame: Frame, dialect: Dialect) -> Labels:
    """Return what a frame says, as far as its first object; its number, command and type always."""
    zh, en = COMMANDS.get(frame.command, (f"命令 {frame.command}", f"command {frame.command}"))
    zh, en = f"#{frame.sequence} {zh}", f"#{frame.sequence} {en}"
    if not frame.data:
        return (
            Labels(zh=f"{zh}（心跳）", en=f"{en} (heartbeat)") if frame.command not in (3, 6) else Labels(zh=zh, en=en)
        )
    if len(frame.data) == 1:
        return Labels(zh=f"{zh} {frame.data.hex()}", en=f"{en} {frame.data.hex()}")
    kind = {own: standard for standard, own in dialect.types.items()}.get(frame.data[0], frame.data[0])
    kind_zh, kind_en = TYPES.get(kind, (f"类型 {kind}", f"type {kind}"))
    count = f" ×{frame.data[1]}" if frame.data[1] != 1 else ""
    said = _object(kind, frame.data[2:], dialect)
    return Labels(zh=_cut(f"{zh} {kind_zh}{count} {said.zh}"), en=_cut(f"{en} {kind_en}{count} {said.en}"))


def _object(kind: int, body: bytes, dialect: Dialect) -> Labels:
    """Return the first object; a dash where there is no more to say than its type."""
    nothing = Labels(zh="-", en="-")
    if kind == objects.ROLL_CALL and body:
        return Labels(zh=f"{body[0]} 分钟内应答", en=f"answer within {body[0]} min")
    if kind in (objects.COMPONENT_STATE, objects.COMPONENT_ANALOG) and len(body) >= 9:
        at = f"{body[0]}-{body[1]} c{body[2]}-{component_key(body[3:7], dialect.component)}"
        if kind == objects.COMPONENT_ANALOG:
            value = f"{at} a{body[7]} = {int.from_bytes(body[8:10], 'little', signed=True)}"
            return Labels(zh=value, en=value)
        return _bits(kind, int.from_bytes(body[7:9], "little"), dialect, at)
    if kind == objects.SYSTEM_STATE and len(body) >= 4:
        return _bits(kind, int.from_bytes(body[2:4], "little"), dialect, f"{body[0]}-{body[1]}")
    if kind == objects.STATE and body:
        return _bits(kind, body[0], dialect, "")
    if kind == objects.OPERATION and len(body) >= 2:
        return _bits(kind, body[0], dialect, f"{body[1]}")
    if kind == objects.SYSTEM_OPERATION and len(body) >= 4:
        return _bits(kind, body[2], dialect, f"{body[0]}-{body[1]} {body[3]}")
    return nothing


def _bits(kind: int, word: int, dialect: Dialect, where: str) -> Labels:
    """Spell the set bits of a word; state words are brought to the standard's bit 0 first."""
    names = BITS[_BITS[kind]]
    if kind not in (objects.SYSTEM_OPERATION, objects.OPERATION):
        word = dialect.state(word)
    found = [names.get(bit, Labels(zh=f"位{bit}", en=f"bit {bit}")) for bit in range(16) if word >> bit & 1]
    zh = "、".join(label.zh for label in found) or "-"
    en = ", ".join(label.en for label in found) or "-"
    return Labels(zh=f"{where} {zh}".strip(), en=f"{where} {en}".strip())


def _cut(text: str) -> str:
    return text if len(text) <= 110 else f"{text[:109]}…"
