"""``fengsui alerts kpi``: the load that alarms put on people, beside the limits of ISA-18.2 and our own."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alerts.kpi_face import Figures, KpiFace
from cli.alerts_commands import JsonOption, LangOption
from cli.alerts_kpi_plot import draw
from cli.alerts_kpi_tables import kpi_tables
from cli.check_command import Language
from cli.running_site import ask
from cli.session import connect_service
from domain.clock import NS_PER_S

DEFAULT_DAYS = 7

PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", dir_okay=False, help="每10分钟告警图 / draw the alarms of each ten minutes (PNG)"),
]


def kpi(
    *,
    unit: Annotated[str | None, typer.Option(help="单位 / only this unit")] = None,
    position: Annotated[str | None, typer.Option(help="值班席位 / only this operator position")] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="起，如 2027-01-15 或 2027-01-15T08:00 / from; 7 days ago by default")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="止，默认现在 / until; now by default")] = None,
    plot: PlotOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """告警绩效 / Figures of the alarm load with their limits: rates, floods, bad actors, times to answer, delivery.

    Example: fengsui alerts kpi --unit hotel --from 2027-01-01 --to 2027-02-01 --plot january.png

    What each figure is, and who says its limit: docs/alarm-performance.md. Exit codes: 0; 1 refused; 2 wrong usage;
    3 the service is away.
    """
    until = _time(end, "--to") or datetime.now().astimezone()
    since = _time(begin, "--from") or until - timedelta(days=DEFAULT_DAYS)
    if since >= until:
        raise typer.BadParameter("--from 应早于 --to / --from must be before --to")

    async def work() -> Figures:
        async with await connect_service() as backbone:
            return await KpiFace(backbone).figures(
                from_ns=_ns(since), until_ns=_ns(until), unit=unit, position=position
            )

    found = ask(work)
    if plot is not None:
        draw(found, plot, chinese=lang is Language.ZH)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    console = Console()
    for table in kpi_tables(found, lang):
        console.print(table)
    if plot is not None:
        console.print(f"{'图' if lang is Language.ZH else 'plot'}: {plot}", soft_wrap=True)


def _time(text: str | None, option: str) -> datetime | None:
    """Read a date or time of this machine's time zone, unless it says another."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        message = f"{option}: '{text[:40]}' 不是日期 / is no date: write 2027-01-15 or 2027-01-15T08:00"
        raise typer.BadParameter(message) from None


def _ns(moment: datetime) -> int:
    return round(moment.timestamp() * NS_PER_S)
