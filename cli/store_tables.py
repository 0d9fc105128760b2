"""The embedded store in tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.check_command import Language
from ingest.duckdb_layout import moment

MOST_SHOWN = 40

_HEADINGS = {
    Language.ZH: ("分区 (UTC 日)", "状态", "读数", "字节", "字节/读数"),
    Language.EN: ("partition (UTC day)", "state", "readings", "bytes", "bytes/reading"),
}
_NEW = {Language.ZH: ("新读数", "未压缩"), Language.EN: ("new readings", "not compacted")}
_COMPACTED = {Language.ZH: "已压缩", Language.EN: "compacted"}
_WHOLE = {Language.ZH: "合计", Language.EN: "together"}
_EARLIER = {Language.ZH: "更早的 {0} 日", Language.EN: "{0} earlier days"}
_SPAN = {
    Language.ZH: "{path}\n最早 {first}  最新 {last}  点位 {points}",
    Language.EN: "{path}\noldest {first}  newest {last}  points {points}",
}
_DAMAGED = {
    Language.ZH: "已损坏并隔离：{name}，{rows} 条读数：{reason}",
    Language.EN: "damaged and set aside: {name}, {rows} readings: {reason}",
}
_UNKNOWN = {Language.ZH: "目录中未登记的文件：{0}", Language.EN: "files that the store does not know: {0}"}


def status_table(found: Mapping[str, Any], lang: Language) -> Group:
    """Return where the store is, one row a partition, and what is wrong."""
    table = Table()
    for number, heading in enumerate(_HEADINGS[lang]):
        table.add_column(heading, justify="right" if number >= 2 else "left")
    parts = found["partitions"]
    earlier = parts[:-MOST_SHOWN]
    if earlier:
        rows, size = (sum(part[key] for part in earlier) for key in ("rows", "bytes"))
        table.add_row(_EARLIER[lang].format(len(earlier)), _COMPACTED[lang], *_figures(rows, size, size / rows))
    for part in parts[-MOST_SHOWN:]:
        figures = _figures(part["rows"], part["bytes"], part["bytes_per_reading"])
        table.add_row(part["day"], _COMPACTED[lang], *figures)
    new = found["new"]
    table.add_row(*_NEW[lang], *_figures(new["rows"], new["bytes"], new["bytes_per_reading"]))
    each = found["bytes"] / found["rows"] if found["rows"] else None
    table.add_row(_WHOLE[lang], "", *_figures(found["rows"], found["bytes"], each), style="bold")
    head = _SPAN[lang].format(
        path=found["path"], first=_time(found["first_ns"]), last=_time(found["last_ns"]), points=found["points"]
    )
    return Group(Text(head), table, *(Text(line, style="red") for line in _complaints(found, lang)))


def _complaints(found: Mapping[str, Any], lang: Language) -> list[str]:
    lines = [_DAMAGED[lang].format(**one) for one in found["damaged"]]
    if found["unknown_files"]:
        lines.append(_UNKNOWN[lang].format(", ".join(found["unknown_files"])))
    return lines


def _figures(rows: int, size: int, each: float | None) -> tuple[str, str, str]:
    return f"{rows:,}", f"{size:,}", "–" if each is None else f"{each:.2f}"


def _time(time_ns: int | None) -> str:
    return "–" if time_ns is None else moment(time_ns).strftime("%Y-%m-%d %H:%M:%SZ")
