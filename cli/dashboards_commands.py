"""``fengsui dashboards``: the Grafana boards are built, checked, and brought to a Grafana.

Exit codes: 0 all right; 1 findings, or somebody else's board under our name; 2 wrong usage; 3 nobody answers.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cli.alerts_commands import AWAY, REFUSED, JsonOption, LangOption
from cli.check_command import Language
from cli.gb26875_output import print_json
from domain.errors import ConfigurationError, LinkError, RefusedError

if TYPE_CHECKING:
    from dashboards.grafana.asked import Counted, Server
    from dashboards.grafana.check import Asked, Finding
    from domain.site.models import Profile, StoreSettings

app = typer.Typer(
    no_args_is_help=True,
    help="Grafana 看板：生成、检查、推送 / Grafana boards: build, check, push.",
)

SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site", exists=True, file_okay=False, help="站点文件夹 / the site: its device kinds, time zone, store"
    ),
]
ConsoleOption = Annotated[
    str | None, typer.Option("--console", help="值班台地址，供链接使用 / address of the console, for links")
]
StoreOption = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="InfluxDB 地址 / address of InfluxDB, http://host:8086")
]
DatabaseOption = Annotated[str, typer.Option("--database", help="数据库或桶 / database or bucket")]
StoreTokenOption = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="存放 InfluxDB 用户:口令或令牌的文件 / file with InfluxDB's user:password or token",
    ),
]


@app.command()
def build(
    out: Annotated[Path | None, typer.Option("--out", help="输出文件夹 / folder to write to")] = None,
    site: SiteOption = None,
    console: ConsoleOption = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """生成 JSON 文件，中英文各一套 / Write the boards as JSON, in Chinese and English; says what changed."""
    from dashboards.grafana.build import GOLDEN, write

    changed = write(_built(site, console), out or GOLDEN)
    if as_json:
        print_json(changed)
        return
    words = ("已更新", "未变") if lang is Language.ZH else ("changed", "unchanged")
    for name, is_new in changed.items():
        typer.echo(f"{words[0] if is_new else words[1]:10s} {(out or GOLDEN) / name}")


@app.command()
def check(
    site: SiteOption = None,
    store: StoreOption = None,
    database: DatabaseOption = "fengsui",
    store_token_file: StoreTokenOption = None,
    folder: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="检查此文件夹 / check the JSON files of this folder"),
    ] = None,
    span: Annotated[str, typer.Option(help="向存储查询的时段 / how far back the store is asked, e.g. 24h")] = "6h",
    *,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """检查看板，列出每条查询；给出存储时并列出行数 / Check the boards; list every query.

    With a store (--store, or that of --site when it is an InfluxDB) the rows of each are counted.
    """
    from dashboards.grafana.build import GOLDEN
    from dashboards.grafana.check import check as findings_of
    from dashboards.grafana.check import statements
    from dashboards.grafana.columns import known

    files = _read(folder or GOLDEN)
    profiles, settings = _site(site)
    findings = findings_of(files, known(profiles))
    asked = [one for name, text in files.items() for one in statements(name, json.loads(text))]
    server = _server(store, database, store_token_file, settings)
    counted = _counted(server, asked, span) if server is not None else None
    if as_json:
        rows = [asdict(one) for one in (counted if counted is not None else asked)]
        print_json({"findings": [asdict(one) for one in findings], "queries": rows})
    else:
        _show(asked if counted is None else counted, findings, lang)
    if findings or any(one.error for one in counted or ()):
        raise typer.Exit(REFUSED)


@app.command()
def push(
    url: Annotated[str, typer.Option("--url", help="Grafana 地址 / address of Grafana, http://host:3000")],
    token_file: Annotated[
        Path,
        typer.Option(
            "--token-file", exists=True, dir_okay=False, help="服务账号令牌文件 / file with a service account's token"
        ),
    ],
    site: SiteOption = None,
    console: ConsoleOption = None,
    store: StoreOption = None,
    database: DatabaseOption = "fengsui",
    store_token_file: StoreTokenOption = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """推送文件夹、数据源、看板；只动自己的，从不删除 / Push boards and data source; only ours, never deletes."""
    from dashboards.grafana.push import Outcome, connected
    from dashboards.grafana.push import push as pushed

    server = _server(store, database, store_token_file, _site(site)[1])
    try:
        with connected(url, token_file.read_text("utf-8").strip()) as api:
            done = list(pushed(api, _built(site, console), server))
    except (LinkError, RefusedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(AWAY if isinstance(error, LinkError) else REFUSED) from error
    if as_json:
        print_json([asdict(one) for one in done])
    else:
        words = {
            Outcome.CREATED: "已新建",
            Outcome.UPDATED: "已更新",
            Outcome.UNCHANGED: "未变",
            Outcome.FOREIGN: "他人所有，未动",
        }
        for one in done:
            word = words[one.outcome] if lang is Language.ZH else one.outcome.value
            typer.echo(f"{word:10s} {one.kind:8s} {one.name}")
    if any(one.outcome is Outcome.FOREIGN for one in done):
        raise typer.Exit(REFUSED)


T = TypeVar("T")


def _or_exit(work: Callable[[], T]) -> T:
    """Do it; a site with problems is told as `fengsui check` tells it, and ends the command."""
    try:
        return work()
    except ConfigurationError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(REFUSED) from error


def _built(site: Path | None, console: str | None) -> dict[str, str]:
    """Build for a site: its time zone; for nobody's site as the boards are shipped."""
    from dashboards.grafana.build import built
    from dashboards.grafana.frame import CONSOLE, Site

    if site is None:
        return built(Site(console=console or CONSOLE))
    from cli.site_files import load_registry

    return built(Site(timezone=_or_exit(lambda: load_registry(site)).site.timezone, console=console or CONSOLE))


def _site(site: Path | None) -> tuple[Sequence[Profile], StoreSettings | None]:
    """Return the profiles and the store of a site; those that come with the gateway without one."""
    from cli.site_files import built_in_profiles, load_registry

    if site is None:
        return built_in_profiles(), None
    registry = _or_exit(lambda: load_registry(site))
    return list(registry.profiles.values()), registry.site.store


def _server(store: str | None, database: str, token_file: Path | None, settings: StoreSettings | None) -> Server | None:
    """Return where to ask: what the options name, or the site's own server."""
    from dashboards.grafana.asked import Server

    token = token_file.read_text("utf-8").strip() if token_file is not None else None
    if store is None:
        if settings is None or settings.url is None:
            return None
        store, database, token = settings.url, settings.database, token or settings.token
        if token is None and settings.token_file is not None:
            token = settings.token_file.read_text("utf-8").strip()
    return Server(url=store, database=database, authorization=_authorization(token))


def _authorization(token: str | None) -> str | None:
    """Return the header: user:password as InfluxDB 1 wants it, a token as 2 and 3 do."""
    if not token:
        return None
    return f"Basic {base64.b64encode(token.encode()).decode()}" if ":" in token else f"Token {token}"


def _read(folder: Path) -> dict[str, str]:
    found = {str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*.json"))}
    if not found:
        typer.echo(f"{folder}: 没有 JSON 文件 / no JSON files", err=True)
        raise typer.Exit(2)
    return found


def _counted(server: Server, asked: Sequence[Asked], span: str) -> list[Counted]:
    from dashboards.grafana.asked import count

    try:
        return list(
            track(count(server, asked, span=span), total=len(asked), console=Console(stderr=True), transient=True)
        )
    except (LinkError, RefusedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(AWAY if isinstance(error, LinkError) else REFUSED) from error


def _show(rows: Sequence[Asked | Counted], findings: Sequence[Finding], lang: Language) -> None:
    """Print every query, then what is wrong."""
    from dashboards.grafana.asked import Counted

    zh = lang is Language.ZH
    table = Table("看板" if zh else "board", "图" if zh else "panel", "行" if zh else "rows", "查询" if zh else "query")
    for row in rows:
        one = row.asked if isinstance(row, Counted) else row
        count = "–" if not isinstance(row, Counted) else row.error or str(row.rows)
        table.add_row(one.board, f"{one.panel} {one.ref}".strip(), count, one.query)
    console = Console()
    console.print(table)
    for finding in findings:
        console.print(f"[bold red]✗[/] {finding.board} {finding.panel}: {finding.what}", highlight=False, markup=True)
    if not findings:
        console.print("✓ 没有问题" if zh else "✓ nothing wrong")
