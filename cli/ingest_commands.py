"""``fengsui ingest``: the process that stores, and what it could not store.

Exit codes: 0 done, or no dead letters; 1 there are dead letters, or some are letters still after a retry; 2 wrong
usage; 3 the service is away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.alerts_commands import REFUSED, JsonOption, LangOption
from cli.alerts_tables import local, plain
from cli.check_command import Language
from cli.gateways_command import ask
from cli.gb26875_output import print_json
from cli.process_commands import StateOption, ingest
from ingest.letter_service import SUBJECT

MOST_SHOWN = 200
"""Characters of the evidence in a table; ``--json`` has all that is kept."""
TIMEOUT_S = 120.0

_HEADINGS = {
    Language.ZH: ("编号", "时间", "种类", "原因", "证据"),
    Language.EN: ("id", "time", "kind", "reason", "evidence"),
}

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    help="存储进程（--site），及未能入库的数据 / The process that stores (--site), and what could not be stored.",
)
letters_app = typer.Typer(
    invoke_without_command=True,
    help="死信：列出、重试、丢弃 / Dead letters: list them with reason and evidence, retry, drop.",
)
app.add_typer(letters_app, name="dead-letters")

IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]…", help="编号或其开头 / ids of letters or their beginnings")
]
AllOption = Annotated[bool, typer.Option("--all", help="全部 / all letters")]


@app.callback()
def run_process(
    context: typer.Context,
    site: Annotated[Path | None, typer.Option(help="站点目录：运行存储进程 / run the process of this site")] = None,
    state: StateOption = None,
) -> None:
    """Write the telemetry log into the store (DuckDB, InfluxDB, VictoriaMetrics) and answer queries about it.

    With --site this is the process itself; `fengsui up` starts it. The variable FENGSUI_STORE names another store than
    site.yaml does (see `fengsui up --help`). Without --site: commands that talk to the process that runs here.
    """
    if context.invoked_subcommand is None and site is not None:
        ingest(site, state)
    elif site is not None:
        raise typer.BadParameter("--site starts the process; commands talk to the one that runs here")


@letters_app.callback()
def list_letters(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=1, max=200, help="最多列出几条 / how many, the newest")] = 50,
    *,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出死信：原因、证据、数量 / What was set aside: reason, evidence, count."""
    if context.invoked_subcommand is not None:
        return
    found = _asked({"command": "list", "most": most})
    if as_json:
        print_json(found)
    else:
        out = Console()
        out.print(letter_table(found["letters"], lang))
        out.print(_counted(found, lang))
    if found["letters"]:
        raise typer.Exit(REFUSED)


@letters_app.command()
def retry(
    ids: IdsArgument = None,
    *,
    everything: AllOption = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """重试：原因排除之后再次入库 / Try them again, once what was wrong is mended (a field's type, a retention)."""
    found = _asked({"command": "retry", "ids": _chosen(ids, everything=everything)})
    if as_json:
        print_json(found)
    elif lang is Language.ZH:
        typer.echo(f"已了结 {found['dropped']} 条死信，入库 {found['stored']} 个读数；仍为死信 {len(found['kept'])} 条")
    else:
        typer.echo(
            f"{found['dropped']} letters settled, {found['stored']} readings stored; {len(found['kept'])} remain"
        )
    if found["kept"]:
        if not as_json:
            for reason, count in Counter(found["kept"].values()).most_common():
                Console().print(plain(f"  {count} × {reason}"))
        raise typer.Exit(REFUSED)


@letters_app.command()
def drop(
    ids: IdsArgument = None,
    *,
    everything: AllOption = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """丢弃：不再保留这些死信 / Give them up: they are gone from the file and from the counts."""
    found = _asked({"command": "drop", "ids": _chosen(ids, everything=everything)})
    if as_json:
        print_json(found)
    else:
        typer.echo(f"已丢弃 {found['dropped']} 条" if lang is Language.ZH else f"{found['dropped']} letters dropped")


def letter_table(letters: list[Mapping[str, Any]], lang: Language) -> Table:
    """Return one row a letter."""
    table = Table()
    for heading in _HEADINGS[lang]:
        table.add_column(heading, overflow="fold")
    for one in letters:
        evidence = str(one["evidence"])
        where = f" ({one['stream']} {one['seq']} {one['subject']})" if one["seq"] else ""
        table.add_row(
            plain(one["id"]),
            local(int(one["parked_ns"])),
            plain(one["kind"]),
            plain(f"{one['reason']}{where}"),
            plain(evidence if len(evidence) <= MOST_SHOWN else f"{evidence[:MOST_SHOWN]}…"),
        )
    return table


def _counted(found: Mapping[str, Any], lang: Language) -> str:
    """Return how many there are, by kind, and how many of them are shown."""
    counts: Mapping[str, int] = found["counts"]
    total, shown = sum(counts.values()), len(found["letters"])
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(counts.items())) or "–"
    if lang is Language.ZH:
        return f"死信 {total:,} 条（{kinds}），列出最新 {shown} 条"
    return f"{total:,} dead letters ({kinds}), the newest {shown} shown"


def _chosen(ids: list[str] | None, *, everything: bool) -> list[str] | None:
    if everything == bool(ids):
        raise typer.BadParameter("写出编号，或写 --all / name letters by their ids, or say --all")
    return ids or None


def _asked(body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ask(lambda backbone: backbone.request(SUBJECT, body, timeout_s=TIMEOUT_S))
    return found
