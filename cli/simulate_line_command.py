"""``fengsui simulate line``: a serial line on which units die, a real gateway that reads it, and the periods of both.

Exit codes: 0 no living unit's period grew by a tenth, 1 one did, 2 wrong usage.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from domain.site import Labels

if TYPE_CHECKING:
    from cli.line_periods import LineReport

MOST_UNITS = 247
TOO_SLOW = 1


def line(
    *,
    units: Annotated[int, typer.Option(min=1, max=MOST_UNITS, help="从站数 / units on the line")] = 32,
    dead: Annotated[int, typer.Option(min=0, help="其中掉线的 / how many of them die")] = 4,
    baud: Annotated[int, typer.Option(min=300, max=230400, help="波特率 / speed of the line")] = 9600,
    registers: Annotated[int, typer.Option(min=1, max=125, help="每站寄存器数 / registers of each unit")] = 1,
    period: Annotated[
        float | None, typer.Option(min=0.05, help="轮询周期（秒） / period; the shortest that fits by default")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.02, max=30, help="应答超时（秒） / longest wait for a reply")] = 0.5,
    seconds: Annotated[float, typer.Option(min=1, help="掉线前后各测多久 / length of each of the two phases")] = 45,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """串口线路与掉线从站 / Let units of a serial line die, and measure how often a real gateway reads the others.

    The line is a pseudo-terminal on which every byte takes its time; gateway and backbone are processes of their own.
    """
    from cli.line_periods import LineOptions, measure_line

    if dead >= units:
        raise typer.BadParameter(f"{dead} of {units} units: leave one alive", param_hint="--dead")
    options = LineOptions(
        units=units, dead=dead, baud=baud, registers=registers, period_s=period, timeout_s=timeout, seconds=seconds
    )
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(Labels(zh="测量中", en="measuring").of(lang), total=2 * seconds)
        report = asyncio.run(measure_line(options, lambda passed_s: progress.advance(task, passed_s)))
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        show(report, lang)
    raise typer.Exit(0 if report.passed else TOO_SLOW)


def show(report: LineReport, lang: Language) -> None:
    """Print the table of units and what came of it."""
    console = Console()
    words = Labels(
        zh="从站 状态 掉线前p50 掉线前p99 掉线后p50 掉线后p99 周期增长 漏读",
        en="unit state before_p50 before_p99 after_p50 after_p99 growth missed",
    ).of(lang)
    table = Table(*(word.replace("_", " ") for word in words.split()))
    alive, gone = Labels(zh="正常", en="alive"), Labels(zh="掉线", en="dead")
    for one in report.units:
        cells = [
            f"{at:.3f} s" if phase.readings else "–"
            for phase in (one.before, one.after)
            for at in (phase.p50_s, phase.p99_s)
        ]
        growth = "–" if one.growth is None else f"{one.growth:+.1f} %"
        missed = f"{one.before.missed} → {one.after.missed}"
        state = (gone if one.dead else alive).of(lang)
        table.add_row(str(one.unit), state, *cells, growth, missed, style="dim" if one.dead else "")
    console.print(table)
    console.print(verdict(report, lang), style="green" if report.passed else "bold red", highlight=False)


def verdict(report: LineReport, lang: Language) -> str:
    """Say what came of it."""
    options, most = report.options, report.as_dict()["most_growth"]
    living, period, gap = options.units - options.dead, f"{report.period_s:g}", f"{report.longest_gap_s:.2f}"
    mean, worst = f"{report.growth:.1f} %", f"{report.worst_growth:.1f} %"
    if lang is Language.ZH:
        passed = "通过" if report.passed else "未通过"
        return (
            f"{passed}：{options.units} 个从站、{options.baud} 波特，周期 {period} 秒；"
            f"{options.dead} 个掉线后，其余 {living} 个的周期平均增长 {mean}，最大 {worst}"
            f"（要求小于 {most:g} %），最长间隔 {gap} 秒"
        )
    passed = "passed" if report.passed else "failed"
    return (
        f"{passed}: {options.units} units at {options.baud} baud, period {period} s; with {options.dead} dead the "
        f"period of the other {living} grew by {mean} on average, {worst} at most (wanted: less than {most:g} %), "
        f"longest gap {gap} s"
    )
