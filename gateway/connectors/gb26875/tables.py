"""The code tables of GB/T 26875.3-2011, with their words: commands, types, systems, components, analog values.

A code outside a table is named for what it is: reserved, user-defined or undefined, with its number. The
bits of state and operation words are in `domain.words`, which rules and screens read as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from domain.quantity import Quantity
from domain.site.labels import Labels
from domain.words import (
    BITS,
    COMPONENT_STATE,
    SYSTEM_OPERATION,
    SYSTEM_STATE,
    TRANSMITTER_OPERATION,
    TRANSMITTER_STATE,
    spoken,
)
from gateway.connectors.gb26875.components import COMPONENT_TYPES

FIRST_OF_MAKER = 128
"""Codes from here on are user-defined, in every table."""

_RESERVED = ("保留", "reserved")
_OF_MAKER = ("用户自定义", "user-defined")


def table(*rows: tuple[int, str, str]) -> Mapping[int, Labels]:
    """Return a code table from rows of code, zh, en."""
    return MappingProxyType({code: Labels(zh=zh, en=en) for code, zh, en in rows})


COMMANDS = table(
    (1, "控制命令", "control"),
    (2, "发送数据", "send data"),
    (3, "确认", "confirm"),
    (4, "请求", "request"),
    (5, "应答", "response"),
    (6, "否认", "deny"),
)

TYPES = table(
    (1, "上传建筑消防设施系统状态", "facility system state"),
    (2, "上传建筑消防设施部件运行状态", "facility component state"),
    (3, "上传建筑消防设施部件模拟量值", "facility component analog value"),
    (4, "上传建筑消防设施操作信息", "facility operation"),
    (5, "上传建筑消防设施软件版本", "facility software version"),
    (6, "上传建筑消防设施系统配置情况", "facility system configuration"),
    (7, "上传建筑消防设施部件配置情况", "facility component configuration"),
    (8, "上传建筑消防设施系统时间", "facility system time"),
    (21, "上传用户信息传输装置运行状态", "transmitter state"),
    (24, "上传用户信息传输装置操作信息", "transmitter operation"),
    (25, "上传用户信息传输装置软件版本", "transmitter software version"),
    (26, "上传用户信息传输装置配置情况", "transmitter configuration"),
    (28, "上传用户信息传输装置系统时间", "transmitter time"),
    (61, "读建筑消防设施系统状态", "read facility system state"),
    (62, "读建筑消防设施部件运行状态", "read facility component state"),
    (63, "读建筑消防设施部件模拟量值", "read facility component analog value"),
    (64, "读建筑消防设施操作信息", "read facility operations"),
    (65, "读建筑消防设施软件版本", "read facility software version"),
    (66, "读建筑消防设施系统配置情况", "read facility system configuration"),
    (67, "读建筑消防设施部件配置情况", "read facility component configuration"),
    (68, "读建筑消防设施系统时间", "read facility system time"),
    (81, "读用户信息传输装置运行状态", "read transmitter state"),
    (84, "读用户信息传输装置操作信息记录", "read transmitter operation records"),
    (85, "读用户信息传输装置软件版本", "read transmitter software version"),
    (86, "读用户信息传输装置配置情况", "read transmitter configuration"),
    (88, "读用户信息传输装置系统时间", "read transmitter time"),
    (89, "初始化用户信息传输装置", "initialise the transmitter"),
    (90, "同步用户信息传输装置时钟", "synchronise the transmitter's clock"),
    (91, "查岗命令", "duty roll-call"),
)

SYSTEM_TYPES = table(
    (0, "通用", "general"),
    (1, "火灾报警系统", "fire alarm system"),
    (10, "消防联动控制器", "fire linkage controller"),
    (11, "消火栓系统", "hydrant system"),
    (12, "自动喷水灭火系统", "sprinkler system"),
    (13, "气体灭火系统", "gas extinguishing system"),
    (14, "水喷雾灭火系统(泵启动方式)", "water spray system (pump)"),
    (15, "水喷雾灭火系统(压力容器启动方式)", "water spray system (pressure vessel)"),
    (16, "泡沫灭火系统", "foam system"),
    (17, "干粉灭火系统", "dry powder system"),
    (18, "防烟排烟系统", "smoke control and exhaust system"),
    (19, "防火门及卷帘系统", "fire door and shutter system"),
    (20, "消防电梯", "fire lift"),
    (21, "消防应急广播", "emergency broadcast"),
    (22, "消防应急照明和疏散指示系统", "emergency lighting and evacuation signs"),
    (23, "消防电源", "fire power supply"),
    (24, "消防电话", "fire telephone"),
)


@dataclass(frozen=True, slots=True)
class AnalogType:
    """One kind of analog value: ``value(count)`` brings the signed 16-bit count to its canonical quantity.

    ``scale`` is the quantity per count (exact), ``low`` and ``high`` the standard's range in that quantity,
    None where it gives none.
    """

    labels: Labels
    quantity: Quantity
    scale: Fraction
    low: float | None = None
    high: float | None = None

    def value(self, count: int) -> float:
        """Return the value of a count: 253 tenths of a degree are 25.3 °C, not 25.300000000000004."""
        return count * self.scale.numerator / self.scale.denominator

    def count(self, value: float) -> int:
        """Return the count nearest to a value; raises ValueError when it does not fit 16 bits signed."""
        count = round(Fraction(value) / self.scale)
        if not -0x8000 <= count <= 0x7FFF:
            lowest, highest = self.value(-0x8000), self.value(0x7FFF)
            raise ValueError(f"value {value:g} does not fit two bytes → write {lowest:g} to {highest:g}")
        return count


_ONE, _TENTH, _HUNDREDTH = Fraction(1), Fraction(1, 10), Fraction(1, 100)
_M3_PER_MIN = Fraction(1_000, 60)

_ANALOG_ROWS: tuple[tuple[int, str, str, Quantity, Fraction, int, Fraction | int], ...] = (
    (1, "事件计数", "event count", Quantity.COUNT, _ONE, 0, 32_000),
    (2, "高度", "height", Quantity.METRE, _HUNDREDTH, 0, 320),
    (3, "温度", "temperature", Quantity.CELSIUS, _TENTH, -273, 3_200),
    (4, "压力(MPa)", "pressure (MPa)", Quantity.KPA, Fraction(100), 0, 3_200_000),
    (5, "压力(kPa)", "pressure (kPa)", Quantity.KPA, _TENTH, 0, 3_200),
    (6, "气体浓度", "gas concentration", Quantity.PERCENT_LEL, _TENTH, 0, 100),
    (7, "时间", "time", Quantity.SECOND, _ONE, 0, 32_000),
    (8, "电压", "voltage", Quantity.VOLT, _TENTH, 0, 3_200),
    (9, "电流", "current", Quantity.AMPERE, _TENTH, 0, 3_200),
    (10, "流量", "flow", Quantity.LITRE_PER_SECOND, _TENTH, 0, 3_200),
    (11, "风量", "air volume", Quantity.LITRE_PER_SECOND, _M3_PER_MIN / 10, 0, 3_200 * _M3_PER_MIN),
    (12, "风速", "wind speed", Quantity.METRE_PER_SECOND, _ONE, 0, 20),
)

ANALOG_TYPES: Mapping[int, AnalogType] = MappingProxyType(
    {
        code: AnalogType(Labels(zh=zh, en=en), quantity, scale, float(low), float(high))
        for code, zh, en, quantity, scale, low, high in _ANALOG_ROWS
    }
)
"""Table of analog values, in canonical quantities: 0.1 MPa is 100 kPa, 0.1 m³/min is 1,000/600 L/s."""

WORDS: Mapping[int, str] = MappingProxyType(
    {
        1: SYSTEM_STATE,
        2: COMPONENT_STATE,
        4: SYSTEM_OPERATION,
        21: TRANSMITTER_STATE,
        24: TRANSMITTER_OPERATION,
    }
)
"""Type flag -> the word of `domain.words` that says what its bits mean."""


def command_name(code: int, language: str) -> str:
    """Return the name of a command in ``zh`` or ``en``."""
    return _named(COMMANDS, code, language)


def type_name(code: int, language: str) -> str:
    """Return the name of a type flag; 255 is undefined, not the maker's."""
    if code == 0xFF:
        return "未定义 255" if language == "zh" else "undefined 255"
    return _named(TYPES, code, language)


def system_type_name(code: int, language: str) -> str:
    """Return the name of a facility system type."""
    return _named(SYSTEM_TYPES, code, language)


def component_type_name(code: int, language: str) -> str:
    """Return the name of a component type."""
    return _named(COMPONENT_TYPES, code, language)


def analog_type_name(code: int, language: str) -> str:
    """Return the name of an analog type; 0 is unused."""
    if code == 0:
        return "未用" if language == "zh" else "unused"
    return _named({known: analog.labels for known, analog in ANALOG_TYPES.items()}, code, language)


def bit_names(type_flag: int, value: int, language: str) -> list[str]:
    """Return what the set bits of a state or operation word of type 1, 2, 4, 21 or 24 say, lowest first.

    Bit 0 of a state word is told when it is 0 as well, because 0 means test.
    """
    words = spoken(WORDS[type_flag], value, language)
    if type_flag in (4, 24) or value & 1:
        return words
    return ["测试" if language == "zh" else "test", *words]


def bit_count(type_flag: int) -> int:
    """Return how many bits the standard names in the word of a type."""
    return len(BITS[WORDS[type_flag]])


def _named(names: Mapping[int, Labels], code: int, language: str) -> str:
    if code in names:
        return names[code].of(language)
    zh, en = _OF_MAKER if code >= FIRST_OF_MAKER else _RESERVED
    return f"{zh if language == 'zh' else en} {code}"
