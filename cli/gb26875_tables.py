"""Transmitters and strangers as tables on a terminal; times are those of the machine that shows them.

Rows come from gateways as JSON: a field that is absent is shown as nothing, never as a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.alerts_tables import local, plain
from cli.check_command import Language
from domain.site import Labels

Row = Mapping[str, Any]

CLOCK_LIMIT_S = 5.0
"""Largest error of a clock, seconds (GB 50440-2007)."""

_LINES = {
    "up": ("● ", Labels(zh="在线", en="up"), "green"),
    "down": ("○ ", Labels(zh="离线", en="down"), "bold red"),
    "never": ("– ", Labels(zh="从未连接", en="never seen"), "yellow"),
}
_TRANSMITTERS = {
    Language.ZH: ("装置", "线路", "对端", "自", "最近报文", "型号档案", "依据", "报文", "拒收", "重复", "时钟误差"),
    Language.EN: (
        "transmitter", "line", "peer", "since", "last frame", "profile", "because", "frames", "refused", "doubled",
        "clock error",
    ),
}  # fmt: skip
_STRANGERS = {
    Language.ZH: ("网关", "地址", "线上字节", "对端", "首次", "最近", "报文", "类型", "火警", "型号档案", "最近报文"),
    Language.EN: (
        "gateway", "address", "on the wire", "peer", "first", "last", "frames", "types", "fire", "profile",
        "last frame",
    ),
}  # fmt: skip
_FIRE = Labels(zh="▲ 火警", en="▲ FIRE")


def transmitter_table(rows: Iterable[Row], language: Language) -> Table:
    """Return transmitters, those that are down first."""
    table = table_of(_TRANSMITTERS[language])
    for row in sorted(rows, key=_by_line):
        table.add_row(
            plain(f"{row.get('unit', '')}/{row.get('id', '')}"),
            line_text(str(row.get("state", "")), language),
            plain(words(row.get("peer"))),
            when(row.get("since_ns")),
            when(row.get("last_ns")),
            plain(words(row.get("profile"))),
            plain(reasons(row.get("profile_reasons"), language)),
            plain(words(row.get("frames"))),
            plain(words(row.get("refused"))),
            plain(words(row.get("duplicates"))),
            clock_text(row.get("clock_error_s"), language),
        )
    return table


def stranger_table(rows: Iterable[Row], language: Language) -> Table:
    """Return strangers, those that reported a fire first."""
    table = table_of(_STRANGERS[language])
    for row in sorted(rows, key=lambda row: (not row.get("fire"), -number(row.get("last_ns")))):
        table.add_row(
            plain(words(row.get("host"))),
            plain(words(row.get("address"))),
            plain(words(row.get("address_hex"))),
            plain(words(row.get("peer"))),
            when(row.get("first_ns")),
            when(row.get("last_ns")),
            plain(words(row.get("frames"))),
            plain(types(row.get("types"))),
            Text(_FIRE.of(language) if row.get("fire") else "", style="bold red"),
            plain(words(row.get("profile"))),
            plain(words(row.get("last_hex"))),
        )
    return table


def object_table(objects: Sequence[Row], title: str) -> Table:
    """Return the objects that a transmitter answered, one row each, a column for every field that occurs."""
    names = list(dict.fromkeys(name for one in objects for name in one))
    table = table_of(tuple(names), title=title)
    for one in objects:
        table.add_row(*(plain(words(one.get(name))) for name in names))
    return table


def line_text(state: str, language: Language) -> Text:
    """Return the state of a line as a sign, a word and a colour."""
    if state not in _LINES:
        return plain(state)
    sign, labels, style = _LINES[state]
    return Text(sign + labels.of(language), style=style)


def clock_text(error_s: Any, language: Language) -> Text:
    """Write a clock's error; beyond `CLOCK_LIMIT_S` it is marked, with a word beside the colour."""
    if not isinstance(error_s, int | float):
        return Text("")
    if abs(error_s) <= CLOCK_LIMIT_S:
        return Text(f"{error_s:+.0f} s")
    return Text(f"{error_s:+.0f} s {'超差' if language is Language.ZH else 'too much'}", style="yellow")


def reasons(value: Any, language: Language) -> str:
    """Write the reasons of a profile: a list of sentences, or of ``{zh, en}``."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return words(value)
    return "; ".join(words(one.get(language.value)) if isinstance(one, Mapping) else words(one) for one in value)


def types(value: Any) -> str:
    """Write type flags with their counts: ``1×3 21×40``, or a plain list of flags."""
    if isinstance(value, Mapping):
        return " ".join(f"{flag}×{count}" for flag, count in value.items())
    return " ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else words(value)


def words(value: Any) -> str:
    """Write a value of a JSON row; nothing for none."""
    return "" if value is None else str(value)


def number(value: Any) -> int:
    """Return a time or count for sorting; 0 for anything else."""
    return value if isinstance(value, int) else 0


def when(time_ns: Any) -> str:
    """Write a time; nothing for none."""
    return local(time_ns) if isinstance(time_ns, int) and time_ns > 0 else ""


def table_of(headings: tuple[str, ...], title: str | None = None) -> Table:
    """Return an empty table that folds long words instead of cutting them."""
    table = Table(title=plain(title) if title else None)
    for heading in headings:
        table.add_column(plain(heading), overflow="fold")
    return table


def _by_line(row: Row) -> tuple[int, str, str]:
    order = {"down": 0, "never": 1, "up": 2}
    return order.get(str(row.get("state")), 0), str(row.get("unit")), str(row.get("id"))
