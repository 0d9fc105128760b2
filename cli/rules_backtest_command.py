"""``fengsui rules backtest``: what other rules would have said of the past, beside what the present ones say."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from backbone.client import Backbone
from cli.backtest_plot import draw
from cli.backtest_sources import from_log, from_store, log_begins_ns
from cli.check_command import Language
from cli.rule_files import load_ruleset
from cli.rules_change_commands import AWAY, JsonOption, LangOption, StateOption, refused
from cli.rules_running import RunningRules
from cli.session import Session, open_session
from domain.clock import NS_PER_S
from domain.errors import ConfigurationError, FengsuiError, LinkError
from rules import RuleSet
from rules.backtest_report import Change, Load, Report, report

MOST_SHOWN = 40
"""Changes that a person's table shows; JSON has all of them."""
LATE_S = 60
"""The log goes back far enough when it begins at most this long after the time that is asked for."""
_AGO = re.compile(r"(\d{1,6})\s*(min|h|d)")
_KINDS = {
    "new": ("新增", "new", "green"),
    "gone": ("消失", "gone", "red"),
    "earlier": ("提前", "earlier", "cyan"),
    "later": ("推迟", "later", "yellow"),
}
_VERDICTS = {
    "acceptable": ("可接受（≤6/小时）", "acceptable (≤ 6/h)"),
    "manageable": ("可管理（≤12/小时）", "manageable (≤ 12/h)"),
    "too many": ("过多（>12/小时）", "too many (> 12/h)"),
}


class Source(StrEnum):
    """Where the past is read."""

    AUTO = "auto"
    LOG = "log"
    STORE = "store"


def backtest(
    site: Annotated[Path, typer.Option("--site", exists=True, file_okay=False, help="站点文件夹 / the site folder")],
    start: Annotated[
        str, typer.Option("--from", help="起始：2026-11-01T08:00，或 24h、7d 之前 / a time, or so long ago")
    ],
    end: Annotated[str, typer.Option("--to", help="终止，默认现在 / a time, or so long ago; now by default")] = "",
    *,
    rules: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="拟用的规则文件夹，默认 SITE/rules / the other rules"),
    ] = None,
    source: Annotated[Source, typer.Option(help="数据来源 / where the past is read")] = Source.AUTO,
    plot: Annotated[Path | None, typer.Option(help="负荷图 PNG / draw the load on operators as PNG")] = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """在历史数据上回测规则，与运行中的规则比较 / Try rules on the past, and compare with the rules that run.

    The very engine reads the log (or the store's readings, where the log is too short; those know nothing of silent
    gateways, whose rules are left out). Shown are alarms that are new, gone, earlier or later, and the load on
    operators before and after by the yardsticks of ISA-18.2.

    fengsui rules backtest --site SITE --from 24h --rules NEW --plot load.png

    Exit codes: 0 done; 1 problems in the rules; 2 wrong usage; 3 nothing runs.
    """
    try:
        session = open_session(site, state)
        after = load_ruleset(session.registry, rules or site / "rules")
    except ConfigurationError as error:
        raise refused(error, lang, as_json=as_json) from None
    zone = ZoneInfo(session.registry.site.timezone)
    span = moment(start, zone), moment(end, zone) if end else time.time_ns()
    if span[1] <= span[0]:
        raise typer.BadParameter("--to is not after --from")

    async def work(backbone: Backbone, progress: Callable[[float], None]) -> tuple[Source, Report]:
        before = (await RunningRules(backbone, session.registry).current())[1]
        sets = (before or load_ruleset(session.registry, session.site / "rules"), after)
        return await tried(backbone, session, sets, span, source, progress)

    chosen, found = _with_progress(session, work, lang, quiet=as_json)
    if plot is not None:
        draw(found, plot, zone, chinese=lang is Language.ZH)
    if as_json:
        print(json.dumps({"source": chosen.value, **found.as_data()}, ensure_ascii=False, indent=1))  # noqa: T201  # for a pipe
        return
    show(Console(), found, chosen, zone, lang)


async def tried(
    backbone: Backbone,
    session: Session,
    sets: tuple[RuleSet, RuleSet],
    span: tuple[int, int],
    source: Source,
    progress: Callable[[float], None],
) -> tuple[Source, Report]:
    """Run two sets of rules over a span [ns] and compare; ``auto`` takes the log when it goes back far enough."""
    start_ns, end_ns = span
    if source is Source.AUTO:
        begins = await log_begins_ns(backbone)
        reaches = begins is not None and begins <= start_ns + LATE_S * NS_PER_S
        source = Source.LOG if reaches else Source.STORE
    if source is Source.LOG:
        said = await from_log(backbone, session.registry, sets, end_ns, progress)
    else:
        said = await from_store(backbone, session.registry, sets, span, progress)
    return source, report(said[0], said[1], start_ns, end_ns)


def moment(text: str, zone: tzinfo) -> int:
    """Return a time [ns] that a person wrote: a date and time in the site's zone, or ``24h``, ``7d`` ago."""
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        size = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[ago[2]]
        return time.time_ns() - int(ago[1]) * round(size.total_seconds()) * NS_PER_S
    try:
        written = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is no time: write 2026-11-01T08:00, 2026-11-01, or 24h, 7d, 30min"
        ) from None
    return round((written if written.tzinfo else written.replace(tzinfo=zone)).timestamp()) * NS_PER_S


def _with_progress(
    session: Session,
    work: Callable[[Backbone, Callable[[float], None]], Awaitable[tuple[Source, Report]]],
    lang: Language,
    *,
    quiet: bool,
) -> tuple[Source, Report]:
    bar = Progress(
        TextColumn("回测" if lang is Language.ZH else "backtest"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )

    async def main() -> tuple[Source, Report]:
        async with await session.connect("rules-backtest", timeout_s=5) as backbone:
            task = bar.add_task("", total=1.0)
            return await work(backbone, lambda share: bar.update(task, completed=share))

    try:
        with bar:
            return asyncio.run(main())
    except ConfigurationError as error:
        raise refused(error, lang, as_json=quiet) from None
    except FengsuiError as error:
        text = "无法读取历史数据" if lang is Language.ZH else "the past can't be read"
        Console(stderr=True).print(Text(f"{text}: {error}", style="red"), soft_wrap=True)
        raise typer.Exit(AWAY if isinstance(error, LinkError) else 1) from None


def show(console: Console, found: Report, source: Source, zone: tzinfo, lang: Language) -> None:
    """Write the report for a person."""
    at = 0 if lang is Language.ZH else 1
    counts = {kind: sum(one.kind == kind for one in found.changes) for kind in _KINDS}
    title = ", ".join(f"{_KINDS[kind][at]} {count}" for kind, count in counts.items())
    table = Table(title=Text(f"{title} ({source.value})"), title_style="bold")
    for heading in (("时间", "变化", "规则", "对象", "相差"), ("time", "change", "rule", "entity", "by"))[at]:
        table.add_column(heading, overflow="fold")
    for change in found.changes[:MOST_SHOWN]:
        table.add_row(*_cells(change, zone, at))
    console.print(table)
    if len(found.changes) > MOST_SHOWN:
        more = len(found.changes) - MOST_SHOWN
        console.print((f"另有 {more} 项，见 --json", f"{more} more: see --json")[at])
    console.print(_load_table(found.load_before, found.load_after, at))


def _cells(change: Change, zone: tzinfo, at: int) -> tuple[Text, ...]:
    one = change.occurrence
    when = datetime.fromtimestamp(one.raised_ns / NS_PER_S, zone).strftime("%m-%d %H:%M:%S")
    style = _KINDS[change.kind][2]
    by = f"{change.by_s:+g} s" if change.by_s else ""
    return (Text(when), Text(_KINDS[change.kind][at], style=style), Text(one.rule), Text(one.entity), Text(by))


def _load_table(before: Load, after: Load, at: int) -> Table:
    table = Table(title=("操作员负荷（ISA-18.2）", "load on operators (ISA-18.2)")[at], title_style="bold")
    for heading in (("", "现行", "拟用"), ("", "before", "after"))[at]:
        table.add_column(heading)
    lines: list[tuple[str, Callable[[Load], str]]] = [
        (("告警数", "alarms")[at], lambda one: str(one.alarms)),
        (("每小时", "per hour")[at], lambda one: f"{one.per_hour:g}"),
        (("10分钟峰值", "peak in 10 min")[at], lambda one: str(one.peak_10_min)),
        (("泛滥时间占比", "time in flood")[at], lambda one: f"{one.flooded:.1%}"),
        (("评价", "verdict")[at], lambda one: _VERDICTS[one.verdict][at]),
    ]
    classes = dict.fromkeys([*before.by_class, *after.by_class])
    lines += [(name, partial(_of_class, name)) for name in classes]
    for name, value in lines:
        table.add_row(name, value(before), value(after))
    return table


def _of_class(name: str, one: Load) -> str:
    return str(one.by_class.get(name, 0))
