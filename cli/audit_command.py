"""``fengsui audit``: prove that the record is as it was written, from the database itself or through the service."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from alerts import audit
from alerts.audit_face import AuditFace
from alerts.audit_reading import database_url, entries_of, reading
from backbone.layout import ALERTS
from cli.alerts_commands import JsonOption, LangOption
from cli.alerts_tables import local, plain
from cli.audit_anchors import read_anchors
from cli.check_command import Language
from cli.running_site import SiteOption, StateFolderOption, find_session
from cli.session import ASK_S, Session
from cli.state import latest_state
from domain.errors import FengsuiError, LinkError, RefusedError

BROKEN = 1
AWAY = 3
SHORT_HASH = 12

app = typer.Typer(no_args_is_help=True)

DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", help="SQLite 文件或数据库地址 / a SQLite file or a database URL; that of the site here"),
]
_HEADINGS = {
    Language.ZH: ("序号", "时间", "操作人", "动作", "详情", "哈希"),
    Language.EN: ("no.", "time", "who", "what", "details", "hash"),
}


@app.callback()
def _audit() -> None:
    """审计链 / The audit: every change of the record is a link of a hash chain. Verify it, and read it."""


@app.command()
def verify(
    *,
    database: DatabaseOption = None,
    running: Annotated[
        bool, typer.Option("--running", help="由运行中的服务校验 / let the running service do it")
    ] = False,
    anchors: Annotated[
        bool,
        typer.Option(help="与 ALERTS 流中的锚比对 / compare with the anchors in the ALERTS stream, if it is there"),
    ] = True,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """校验审计链 / Verify the whole chain: nothing changed, removed, inserted or cut off.

    Works on the database alone, the services may be down. With the ALERTS stream at hand, every message of the feed is
    an anchor: its hash must be in the chain, so one that was cut off or written anew is found, too.

    Example: fengsui audit verify --database /var/lib/fengsui/alerts.db
    Exit codes: 0 whole; 1 broken (the place is told), or refused; 3 no database, or the service is away.
    """
    try:
        report, compared, took_s = _verified(database, site, state, running=running, anchors=anchors)
    except (RefusedError, FengsuiError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BROKEN if isinstance(error, RefusedError) else AWAY) from None
    rate = report.entries / took_s if took_s > 0 else 0.0
    if as_json:
        figures = {"intact": report.intact, "anchors": compared, "seconds": took_s, "entries_per_s": rate}
        typer.echo(json.dumps({**asdict(report), **figures}, ensure_ascii=False, indent=1))
    else:
        typer.echo(_sentence(report, compared, took_s, rate, lang))
    if not report.intact:
        raise typer.Exit(BROKEN)


@app.command()
def show(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="告警编号或其开头 / the alert's id or its beginning")],
    *,
    database: DatabaseOption = None,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """查看一条告警的审计 / Show the links of one alert, each with what was done, by whom, when, and its hash.

    Example: fengsui audit show 3f2a
    Exit codes: 0; 1 no such alert; 3 no database.
    """
    try:
        with reading(database_url(_database(database, site, state))) as session:
            entries = entries_of(session, alert)
    except (RefusedError, FengsuiError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BROKEN if isinstance(error, RefusedError) else AWAY) from None
    if as_json:
        rows = [{**entry._asdict(), "details": json.loads(entry.details)} for entry in entries]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table(*_HEADINGS[lang], box=box.SIMPLE)
    for entry in entries:
        details = ", ".join(f"{name}={value}" for name, value in json.loads(entry.details).items() if value is not None)
        cells = (plain(entry.actor), plain(entry.action), plain(details), entry.hash[:SHORT_HASH])
        table.add_row(str(entry.number), local(entry.at_ns), *cells)
    Console().print(table)


def _verified(
    database: str | None, site: Path | None, state: Path | None, *, running: bool, anchors: bool
) -> tuple[audit.AuditReport, int, float]:
    """Return the report, how many anchors it was compared with, and how long the walk took, seconds."""
    known: dict[int, str] = {}
    session: Session | None = None
    if running or (anchors and (database is None or site is not None)):
        try:
            session = find_session(site, state)
            known = asyncio.run(_anchors(session)) if anchors else {}
        except LinkError:
            if running:
                raise
    begun = time.monotonic()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("审计链 / audit", total=max(known, default=None))
        if running and session is not None:
            report = asyncio.run(
                _through_the_service(session, known, lambda number: bar.update(task, completed=number))
            )
        else:
            with reading(database_url(_database(database, site, state))) as rows:
                report = audit.verify(rows, known, lambda number: bar.update(task, completed=number))
    return report, len(known), time.monotonic() - begun


async def _anchors(session: Session) -> dict[int, str]:
    async with await session.connect("audit", ASK_S) as backbone:
        return await read_anchors(backbone, ALERTS)


async def _through_the_service(
    session: Session, known: dict[int, str], told: Callable[[int], None]
) -> audit.AuditReport:
    async with await session.connect("audit", ASK_S) as backbone:
        async for piece in AuditFace(backbone).walk(audit.GENESIS, known):
            told(piece.number)
    return audit.AuditReport(piece.number, piece.head, piece.broken_at, piece.reason)


def _database(database: str | None, site: Path | None, state: Path | None) -> str:
    """Return where the record is: as named, or that of the site that ran last here."""
    if database is not None:
        return database
    if site is not None:
        return find_session(site, state).state.alerts_url
    folder = latest_state() if state is None else find_session(site, state).state
    if folder is None:
        raise LinkError("这里没有运行过站点，请用 --database / no site has run here: name the record with --database")
    return folder.alerts_url


def _sentence(report: audit.AuditReport, compared: int, took_s: float, rate: float, language: Language) -> str:
    zh = language is Language.ZH
    figures = f"{took_s:.1f} s, {rate:,.0f}/s"
    if report.intact:
        if zh:
            return f"审计链完整：{report.entries} 条，锚 {compared} 个，末端 {report.head[:SHORT_HASH]}（{figures}）"
        head = report.head[:SHORT_HASH]
        return f"the chain is whole: {report.entries} entries, {compared} anchors, head {head} ({figures})"
    if zh:
        return f"审计链断裂：第 {report.broken_at} 条，{report.reason}（此前 {report.entries} 条完好，{figures}）"
    return f"the chain is broken at entry {report.broken_at}: {report.reason} ({report.entries} before hold, {figures})"
