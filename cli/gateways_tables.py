"""Gateways on a terminal: what is told is shown as it is; a status that is old is unknown, never fine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.alerts_tables import local, plain
from cli.check_command import Language
from dashboards.console import wording
from dashboards.console.texts import Language as ConsoleLanguage
from dashboards.live.health import SILENT_AFTER_S
from domain.clock import NS_PER_S

Status = Mapping[str, Any]

MOST_SHOWN = 60
"""Characters of a message's bytes, in hex, in a table; ``--json`` has all."""

_GATEWAYS = {
    Language.ZH: ("网关", "上行", "线路", "失联设备", "缓存", "最早", "还可离线", "丢弃", "死信"),
    Language.EN: (
        "gateway", "uplink", "lines", "lost devices", "spool", "oldest", "lasts offline", "dropped", "dead letters",
    ),
}  # fmt: skip
_LINES = {
    Language.ZH: ("线路", "状态", "轮询", "错过", "错误", "失联设备"),
    Language.EN: ("line", "state", "polls", "missed", "errors", "lost devices"),
}
_LETTERS = {
    Language.ZH: ("时间", "网关", "线路", "原因", "说明", "报文"),
    Language.EN: ("time", "gateway", "line", "reason", "detail", "bytes"),
}


def gateway_table(statuses: Mapping[str, Status], lang: Language, now_ns: int) -> Table:
    """Return one row a gateway."""
    table = _table(_GATEWAYS[lang])
    for key, status in statuses.items():
        spool, lines = status.get("spool", {}), status.get("connections", {})
        lost = sum(len(line["lost"]) for line in lines.values())
        oldest_ns = spool.get("oldest_ns")
        oldest_s = None if oldest_ns is None else (now_ns - oldest_ns) / NS_PER_S
        table.add_row(
            plain(key),
            _uplink(status, lang, now_ns),
            f"{sum(bool(line['ok']) for line in lines.values())}/{len(lines)}",
            str(lost),
            f"{spool.get('batches', 0)} · {wording.size_text(spool.get('bytes'))}",
            "–" if oldest_s is None else span(oldest_s, lang),
            span(spool.get("offline_forecast_s"), lang),
            counts(status.get("dropped", {})),
            counts(status.get("dead_letters", {})),
        )
    return table


def line_table(status: Status, lang: Language) -> Table:
    """Return one row a line of a gateway."""
    table = _table(_LINES[lang])
    for name, line in status.get("connections", {}).items():
        words = ("● 正常", "✗ 中断") if lang is Language.ZH else ("● ok", "✗ down")
        state = Text(words[0], "green") if line["ok"] else Text(words[1], "bold red")
        table.add_row(
            plain(name), state, str(line["polls"]), str(line["missed"]), counts(line["errors"]),
            plain(", ".join(line["lost"]) or "–"),
        )  # fmt: skip
    return table


def letter_table(letters: Iterable[Status], lang: Language) -> Table:
    """Return one row a message that could not be used."""
    table = _table(_LETTERS[lang])
    for one in letters:
        raw = str(one["raw"])
        table.add_row(
            local(int(one["time_ns"])),
            plain(str(one["gateway"])),
            plain(str(one["connection"])),
            plain(str(one["reason"])),
            plain(str(one["detail"])),
            raw if len(raw) <= MOST_SHOWN else f"{raw[:MOST_SHOWN]}…",
        )
    return table


def is_silent(status: Status, now_ns: int) -> bool:
    """Tell whether a status is too old to say anything about now."""
    return now_ns - int(status.get("time_ns", 0)) > SILENT_AFTER_S * NS_PER_S


def span(seconds: float | None, lang: Language) -> str:
    """Write a span in its two largest steps."""
    return wording.span_text(seconds, ConsoleLanguage(lang.value))


def counts(numbers: Mapping[str, int]) -> Text:
    """Write counts by reason; a dash where all are zero."""
    return plain(", ".join(f"{name} {count:,}" for name, count in numbers.items() if count) or "–")


def _uplink(status: Status, lang: Language, now_ns: int) -> Text:
    if is_silent(status, now_ns):
        age_s = (now_ns - int(status.get("time_ns", 0))) / NS_PER_S
        words = ("不明，静默 ", "unknown, silent for ")[lang is Language.EN]
        return Text(f"? {words}{span(age_s, lang)}", "bold yellow")
    if status.get("uplink") != "up":
        return Text(("✗ 中断", "✗ down")[lang is Language.EN], "bold red")
    return Text(("● 正常", "● up")[lang is Language.EN], "green")


def _table(headings: Iterable[str]) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
