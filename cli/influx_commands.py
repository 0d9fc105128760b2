"""``fengsui influx setup``: database, retention, roll-ups and the mapping for InfluxQL, and what became of each.

Exit codes: 0 all is as it should be; 1 something is undecided or the server refuses; 2 wrong usage; 3 no answer.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.alerts_commands import AWAY, REFUSED, JsonOption, LangOption
from cli.check_command import Language
from cli.gb26875_output import print_json
from cli.site_files import load_registry
from cli.store_url import TOKEN_VARIABLE, store_of
from domain.errors import ConfigurationError
from domain.site import StoreSettings
from ingest.setup_report import Outcome, Part, Step
from ingest.store import StoreDeniedError, StoreDownError

USAGE = 2

app = typer.Typer(no_args_is_help=True, help="时序库：建库、保留期、汇总 / The store: database, retention, roll-ups.")

_PARTS = {
    Part.DATABASE: ("数据库", "database"),
    Part.RETENTION: ("原始数据保留期", "retention of readings"),
    Part.ROLL_UP_STORE: ("汇总的存放", "place of a roll-up"),
    Part.ROLL_UP: ("汇总", "roll-up"),
    Part.MAPPING: ("InfluxQL 映射", "mapping for InfluxQL"),
}
_OUTCOMES = {
    Outcome.CREATED: ("已创建", "created", "green"),
    Outcome.CHANGED: ("已更改", "changed", "yellow"),
    Outcome.UNCHANGED: ("未变", "unchanged", "dim"),
    Outcome.UNDECIDED: ("待确认", "undecided", "bold red"),
    Outcome.NOT_POSSIBLE: ("不支持", "not possible", "red"),
}
_PLANNED = {
    Outcome.CREATED: ("将创建", "would be created", "green"),
    Outcome.CHANGED: ("将更改", "would be changed", "yellow"),
}
_HEADINGS = {Language.ZH: ("项目", "名称", "结果", "说明"), Language.EN: ("what", "name", "outcome", "detail")}
_UNDECIDED = "缩短保留期会删除数据：确认后加 --shorten / a shorter retention deletes data: add --shorten to allow it"


@app.callback()
def influx() -> None:
    """时序库 / The store."""


@app.command()
def setup(
    *,
    site: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="站点文件夹 / the site folder, whose store it is")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="不用站点文件 / without a site: influxdb://USER:PASSWORD@HOST:8086/DATABASE, influxdb2://HOST:8086/"
            "BUCKET?org=ORG, influxdb3://HOST:8181/DATABASE; token: FENGSUI_STORE_TOKEN or ?token_file=PATH",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说不做 / tell what would be done, do nothing")] = False,
    shorten: Annotated[
        bool, typer.Option("--shorten", help="允许缩短保留期（会删数据）/ allow shorter retention, which deletes data")
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """建库、保留期、汇总、InfluxQL 映射；可重复执行 / Set the store up; doing it again changes nothing.

    Readings are kept 90 days, roll-ups of a minute and of an hour longer: 'store: retention:' in site.yaml.
    """
    from ingest.influx_setup import set_up

    settings = chosen_store(site, store)
    try:
        steps = set_up(settings, dry_run=dry_run, shorten=shorten)
    except StoreDownError as error:
        typer.echo(f"时序库无应答 / the store does not answer: {error}", err=True)
        raise typer.Exit(AWAY) from error
    except StoreDeniedError as error:
        typer.echo(f"时序库拒绝 / the store refuses: {error}", err=True)
        raise typer.Exit(REFUSED) from error
    if as_json:
        print_json([asdict(step) for step in steps])
    else:
        Console().print(step_table(steps, lang, dry_run=dry_run))
    outcomes = {step.outcome for step in steps}
    if Outcome.UNDECIDED in outcomes:
        typer.echo(_UNDECIDED, err=True)
    if outcomes & {Outcome.UNDECIDED, Outcome.NOT_POSSIBLE}:
        raise typer.Exit(REFUSED)


def chosen_store(site: Path | None, address: str | None) -> StoreSettings:
    """Return the store of a site, or the one that an address names; one of the two must be given."""
    if (site is None) == (address is None):
        raise typer.BadParameter("给出 --site 或 --store 之一 / give one of --site and --store")
    try:
        if site is not None:
            return load_registry(site).site.store
        return StoreSettings(**store_of(address or "", os.environ.get(TOKEN_VARIABLE)))
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USAGE if site is None else REFUSED) from error
    except ValidationError as error:
        raise typer.BadParameter(f"--store: {error.errors()[0]['msg']}") from error


def step_table(steps: list[Step], lang: Language, *, dry_run: bool = False) -> Table:
    """Return one row a step."""
    table = Table()
    for heading in _HEADINGS[lang]:
        table.add_column(heading, overflow="fold")
    words = _OUTCOMES | _PLANNED if dry_run else _OUTCOMES
    for step in steps:
        zh, en, style = words[step.outcome]
        outcome = Text(en if lang is Language.EN else zh, style)
        table.add_row(_PARTS[step.part][lang is Language.EN], Text(step.name), outcome, Text(step.detail))
    return table
