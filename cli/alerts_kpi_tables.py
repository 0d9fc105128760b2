"""Figures of the alarm load as tables: each beside its limit, with a mark in shape and colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from alerts.kpi_face import Figures, Mark, Spread
from cli.alerts_tables import local, plain
from cli.check_command import Language
from domain.glossary import label_of

GOOD, OVER, UNKNOWN = Text("✓", "green"), Text("✗", "bold red"), Text("–", "dim")

NAMES = {
    "per_hour": ("每小时告警", "alarms per hour"),
    "per_day": ("每天告警", "alarms per day"),
    "peak": ("10分钟内最多", "most in ten minutes"),
    "slots_above": ("超过10条的10分钟占比", "ten-minute slots above 10"),
    "flood_share": ("告警泛滥时间占比", "time in flood"),
    "top_share": ("前十占比", "share of the top ten"),
    "stale_most": ("任一天持续超过24小时的告警", "stale alarms on any day"),
    "chattering": ("抖动报警点", "chattering alarms"),
    "critical_share": ("最高级别占比", "share of the highest level"),
    "unauthorised": ("无人负责或无原因的屏蔽", "hidden without person or reason"),
    "acknowledge_p95_s": ("应答用时 p95", "time to acknowledge, p95"),
    "confirm_p95_s": ("确认用时 p95", "time to confirm, p95"),
    "false_share": ("误报率", "false alarms of those confirmed"),
    "delivery": ("推送成功率（最差渠道）", "delivered, worst channel"),
}
SOURCES = {
    "isa-18.2": ("ISA-18.2（二手资料）", "ISA-18.2 (secondary)"),
    "mission": ("值守要求", "duty rules"),
    "assumption": ("假设", "assumption"),
}
KINDS = {
    "chattering": ("抖动", "chattering"),
    "stale": ("长期未恢复", "stale"),
    "hog": ("占比过高", "hog"),
    "false_alarms": ("误报过多", "false alarms"),
}
Rows = list[tuple[str | Text, ...]]
SHARES = frozenset({"slots_above", "flood_share", "top_share", "critical_share", "false_share", "delivery"})


def kpi_tables(found: Figures, lang: Language) -> Iterator[Table]:
    """Yield the tables of a report; those that would be empty are left out."""
    yield _marks(found, lang)
    yield _times(found, lang)
    rows: Rows
    rows = [(plain(one.entity), one.rule, label_of(one.alarm_class, lang.value), f"{one.count}", f"{one.share:.1%}")
            for one in found.top]  # fmt: skip
    yield from _some(lang, ("前十告警", "top ten"), ("对象 规则 类别 条数 占比", "entity rule class count share"), rows)
    rows = [(plain(one.entity), one.rule, f"{one.in_a_minute}", f"{one.in_an_hour}") for one in found.chattering]
    heads = ("对象 规则 1分钟内最多 1小时内最多", "entity rule in-a-minute in-an-hour")
    yield from _some(lang, ("抖动报警", "chattering"), heads, rows)
    rows = [(plain(one.entity), one.rule, local(one.since_ns)) for one in found.stale]
    yield from _some(lang, ("持续超过24小时", "stale"), ("对象 规则 自", "entity rule since"), rows)
    rows = [(plain(one.place), local(one.begun_ns), local(one.ended_ns) if one.ended_ns else "…", f"{one.alarms}",
             f"{one.peak}") for one in found.floods]  # fmt: skip
    heads = ("范围 开始 结束 条数 10分钟最多", "scope begun ended alarms peak")
    yield from _some(lang, ("告警泛滥", "floods"), heads, rows)
    rows = [(plain(one.entity), f"{one.false}", f"{one.found}", f"{one.rate:.0%}") for one in found.detectors]
    yield from _some(lang, ("误报", "false alarms"), ("对象 误报 已确认 误报率", "entity false confirmed rate"), rows)
    rows = [(one.channel, f"{one.messages}", f"{one.accepted}", f"{one.dead}", f"{one.answered}", f"{one.failed_tries}",
             _seconds(one.p95_s)) for one in found.delivery]  # fmt: skip
    heads = ("渠道 消息 已接受 未送达 已回执 失败次数 p95", "channel messages accepted dead answered failed-tries p95")
    yield from _some(lang, ("推送", "delivery"), heads, rows)
    rows = [
        (_of(KINDS, one.kind, lang), plain(one.entity), one.rule or "", local(one.opened_ns))
        for one in found.work_items
    ]
    yield from _some(lang, ("待办", "work items"), ("事项 对象 规则 自", "kind entity rule since"), rows)


def _marks(found: Figures, lang: Language) -> Table:
    zh = lang is Language.ZH
    whose = found.unit or found.position or ("全站" if zh else "whole site")
    title = f"{whose}  {local(found.from_ns)} – {local(found.until_ns)}  {found.alarms} {'条' if zh else 'alarms'}"
    heads = ("指标", "数值", "限值", "", "依据") if zh else ("figure", "value", "limit", "", "source")
    table = Table(*heads, title=plain(title), box=box.SIMPLE)
    for mark in found.marks:
        limit = f"{'≥' if mark.at_least else '≤'} {_value(mark, mark.limit)}"
        sign = UNKNOWN if mark.good is None else GOOD if mark.good else OVER
        table.add_row(
            _of(NAMES, mark.name, lang), _value(mark, mark.value), limit, sign, _of(SOURCES, mark.limit_is, lang)
        )
    return table


def _times(found: Figures, lang: Language) -> Table:
    zh = lang is Language.ZH
    heads = ("用时", "已完成", "未完成", "中位", "p95") if zh else ("time to", "done", "not yet", "median", "p95")
    table = Table(*heads, box=box.SIMPLE)
    spans: dict[tuple[str, str], Spread] = {
        ("应答", "acknowledge"): found.acknowledge,
        ("确认", "confirm"): found.confirm,
        ("关闭", "close"): found.close,
    }
    for words, spread in spans.items():
        cells = (f"{spread.count}", f"{spread.outstanding}", _seconds(spread.p50_s), _seconds(spread.p95_s))
        table.add_row(words[0] if zh else words[1], *cells)
    return table


def _some(
    lang: Language, title: tuple[str, str], heads: tuple[str, str], rows: Iterable[tuple[str | Text, ...]]
) -> Iterator[Table]:
    """Yield one table, if it has rows; headings are one word each."""
    at = 0 if lang is Language.ZH else 1
    table = Table(*heads[at].split(), title=title[at], box=box.SIMPLE)
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        yield table


def _of(words: dict[str, tuple[str, str]], name: str, lang: Language) -> str:
    return words.get(name, (name, name))[0 if lang is Language.ZH else 1]


def _value(mark: Mark, value: float | None) -> str:
    if value is None:
        return "–"
    if mark.name in SHARES:
        return f"{value:.1%}"
    return _seconds(value) if mark.name.endswith("_s") else f"{value:.4g}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
