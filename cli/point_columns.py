"""The columns of a point list: their names in both languages, what they hold, and which must be there.

A list has one row for each point of each device. A heading may be the name, or its Chinese or English words, in any
case and order; columns that are not needed may be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.points import PointKind
from domain.quantity import Quantity


class Holds(StrEnum):
    """What the cells of a column hold."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    YES = "yes"
    JSON = "json"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``words`` are the only values allowed, where there are any; ``needed`` in every row."""

    name: str
    zh: str
    en: str
    holds: Holds = Holds.TEXT
    needed: bool = False
    words: tuple[str, ...] = ()
    help_zh: str = ""
    help_en: str = ""

    def heading(self, language: str) -> str:
        """Return what stands in the first row."""
        return self.en if language == "en" else self.zh


COLUMNS: tuple[Column, ...] = (
    Column("unit", "单位", "unit", Holds.ID, needed=True),
    Column("gateway", "网关", "gateway", Holds.ID, needed=True),
    Column("connection", "连接", "connection", Holds.ID, needed=True),
    Column("protocol", "协议", "protocol", Holds.ID, help_zh="空：modbus_tcp", help_en="empty: modbus_tcp"),
    Column(
        "line", "线路", "line",
        help_zh="主机:端口，或串口；站点里已有的连接可空", help_en="host:port or serial port; empty for a known line",
    ),
    Column("device", "设备", "device", Holds.ID, needed=True),
    Column("address", "设备地址", "address", needed=True, help_zh="从站地址，如 3 或 3+40", help_en="as 3 or 3+40"),
    Column("parts", "组成部分地址", "parts", Holds.PAIRS, help_zh="如 pump=7; tank=9+40", help_en="pump=7; tank=9+40"),
    Column("zone", "部位", "zone", Holds.ID, needed=True),
    Column("device_zh", "设备名称", "device name zh", help_zh="空：设备编号", help_en="empty: the device's id"),
    Column("device_en", "设备英文名称", "device name en"),
    Column("tags", "标签", "tags", help_zh="以分号隔开", help_en="separated by semicolons"),
    Column("profile", "档案", "profile", Holds.ID, needed=True, help_zh="同型号同名", help_en="one name a model"),
    Column("device_kind", "设备类别", "device kind", Holds.ID),
    Column("options", "档案选项", "profile options", Holds.JSON, help_zh="每个档案写一次", help_en="once a profile"),
    Column("point", "测点", "point", Holds.ID, needed=True),
    Column("kind", "测点类型", "kind", words=tuple(PointKind), help_zh="空：measure", help_en="empty: measure"),
    Column("zh", "测点名称", "name zh", help_zh="空：测点编号", help_en="empty: the point's id"),
    Column("en", "测点英文名称", "name en"),
    Column("quantity", "量", "quantity", words=tuple(Quantity), help_zh="空：none", help_en="empty: none"),
    Column("word", "状态字", "word", Holds.ID),
    Column("part", "所属部分", "part", Holds.ID),
    Column("function", "寄存器区", "function", words=("holding", "input", "coil", "discrete")),
    Column("register", "寄存器", "register", Holds.WHOLE, help_zh="从 0 数起，或 0x0101", help_en="from 0"),
    Column("path", "JSON 路径", "path"),
    Column("type", "数据类型", "type"),
    Column("order", "字节序", "order", words=("ABCD", "CDAB", "BADC", "DCBA")),
    Column("bits", "位", "bits", help_zh="如 0-3", help_en="as 0-3"),
    Column("scale", "比例", "scale", Holds.NUMBER),
    Column("offset", "偏移", "offset", Holds.NUMBER),
    Column("raw_quantity", "原始单位", "raw quantity", help_zh="如 MPa，换算为“量”", help_en="as MPa; converted"),
    Column("read_more", "其他读取设置", "other read settings", Holds.JSON),
    Column("low", "下限", "low", Holds.NUMBER),
    Column("high", "上限", "high", Holds.NUMBER),
    Column("floor", "量程下界", "floor", Holds.NUMBER),
    Column("ceiling", "量程上界", "ceiling", Holds.NUMBER),
    Column("max_silence_s", "最长静默秒数", "max silence s", Holds.NUMBER),
    Column("period_s", "读取周期秒数", "period s", Holds.NUMBER),
    Column("on_change", "变化才报", "on change", Holds.YES),
    Column("deadband", "死区", "deadband", Holds.NUMBER),
    Column("deadband_percent", "死区百分比", "deadband percent", Holds.NUMBER),
    Column("report_period_s", "上报周期秒数", "report period s", Holds.NUMBER),
    Column("heartbeat_s", "重报周期秒数", "heartbeat s", Holds.NUMBER),
)  # fmt: skip

BY_NAME = {column.name: column for column in COLUMNS}
NEEDED = tuple(column.name for column in COLUMNS if column.needed)
LINE_BY_LINE = ("low", "high", "max_silence_s", "period_s")
REPORT = {"on_change": "on_change", "deadband": "deadband", "deadband_percent": "deadband_percent",
          "report_period_s": "period_s", "heartbeat_s": "heartbeat_s"}  # fmt: skip
"""Column -> field of ``report``."""

READ = {"function": "function", "register": "address", "path": "path", "type": "type", "order": "order",
        "scale": "scale", "offset": "offset", "raw_quantity": "quantity"}  # fmt: skip
"""Column -> key of ``read``; ``bits`` and ``read_more`` are made of several."""

_FORMS = {form.casefold().replace("_", " "): one.name for one in COLUMNS for form in (one.name, one.zh, one.en)}


def column_named(heading: str) -> str | None:
    """Return the column that a heading names, or None."""
    return _FORMS.get(" ".join(heading.casefold().replace("_", " ").split()))


def headings(language: str) -> Sequence[str]:
    """Return all headings in one language."""
    return [column.heading(language) for column in COLUMNS]
