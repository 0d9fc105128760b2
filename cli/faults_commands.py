"""``fengsui faults list|run``: what went wrong with other gateways, made to happen to ours, with a verdict each.

Exit codes: 0 all passed (or were skipped), 1 some failed, 2 wrong usage.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language

if TYPE_CHECKING:
    from cli.faults.runner import Result
    from cli.faults.scenario import Scenario

FAILED = 1
JOBS = 4

app = typer.Typer(no_args_is_help=True, help="故障演练 / Faulty devices, links, brokers, stores and disks on demand.")

_VERDICTS = {"passed": ("通过", "green"), "failed": ("未通过", "bold red"), "skipped": ("跳过（需 root）", "yellow")}
_HEADINGS = {
    Language.ZH: ("编号", "主题", "别家的抱怨", "出处", "必须做到"),
    Language.EN: ("id", "theme", "complaint", "peers' issues", "what must hold"),
}
_RESULTS = {
    Language.ZH: ("编号", "结果", "秒", "测得", "未做到"),
    Language.EN: ("id", "result", "s", "measured", "broken"),
}


@app.command("list")
def list_scenarios(*, as_json: JsonOption = False, lang: LangOption = Language.ZH) -> None:
    """列出演练 / List the scenarios: the complaint, whose it was, and what must hold here."""
    from cli.faults.runner import all_scenarios, described
    from cli.faults.scenario import THEMES

    if as_json:
        typer.echo(json.dumps([described(one) for one in all_scenarios()], ensure_ascii=False))
        return
    at = _at(lang)
    table = Table(*_HEADINGS[lang], show_lines=True)
    for one in all_scenarios():
        theme = f"{one.theme.value} {THEMES[one.theme][at]}"
        table.add_row(one.id, theme, one.complaint[at], Text(one.peers), one.holds[at])
    Console().print(table)


@app.command("run")
def run_scenarios(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="编号 / ids, see `faults list`")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="全部 / all of them")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="同时进行几个 / how many at a time")] = JOBS,
    as_json: JsonOption = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="输出文档表格 / print the table of docs/faults.md")
    ] = False,
    lang: LangOption = Language.ZH,
) -> None:
    """演练 / Run scenarios with real processes and sockets, and compare counts: what came in went out, or was counted.

    Nothing outside of this machine's loopback and a temporary folder is touched.
    """
    from cli.faults.runner import run_all

    chosen = _chosen(ids or [], everything=everything)
    logging.getLogger("backbone").setLevel(logging.CRITICAL)  # outages are what this is about
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("演练中" if lang is Language.ZH else "running", total=len(chosen))

        def told(result: Result) -> None:
            progress.console.print(_line(result, lang))
            progress.advance(task)

        results = asyncio.run(run_all(chosen, jobs=jobs, told=told))
    if as_json:
        typer.echo(json.dumps([one.as_dict() for one in results], ensure_ascii=False))
    elif markdown:
        typer.echo(markdown_table(results))
    else:
        Console().print(_table(results, lang))
    raise typer.Exit(FAILED if any(one.verdict == "failed" for one in results) else 0)


def _at(lang: Language) -> int:
    return 0 if lang is Language.ZH else 1


def _chosen(ids: Sequence[str], *, everything: bool) -> list[Scenario]:
    """Return the scenarios to run; refuses ids that there are none of."""
    from cli.faults.runner import all_scenarios

    known = {one.id: one for one in all_scenarios()}
    if everything == bool(ids):
        raise typer.BadParameter("name scenarios, or give --all", param_hint="ID")
    if unknown := [name for name in ids if name not in known]:
        message = f"no scenario '{unknown[0]}': use one of {', '.join(known)}"
        raise typer.BadParameter(message, param_hint="ID")
    return list(known.values()) if everything else [known[name] for name in ids]


def _word(result: Result, lang: Language) -> str:
    return _VERDICTS[result.verdict][0] if lang is Language.ZH else result.verdict.value


def _line(result: Result, lang: Language) -> Text:
    words = f"{result.scenario.id}: {_word(result, lang)}  {_figures(result)}"
    return Text(words, _VERDICTS[result.verdict][1])


def _figures(result: Result) -> str:
    return ", ".join(f"{name} {value}" for name, value in result.outcome.figures.items())


def _table(results: Sequence[Result], lang: Language) -> Table:
    table = Table(*_RESULTS[lang], show_lines=True)
    for one in results:
        verdict = Text(_word(one, lang), _VERDICTS[one.verdict][1])
        broken = Text("\n".join(one.outcome.broken), "red")
        table.add_row(one.scenario.id, verdict, f"{one.seconds:.0f}", Text(_figures(one)), broken)
    return table


def markdown_table(results: Sequence[Result]) -> str:
    """Return the table of the document: complaint, whose, what holds, and what was measured."""
    lines = ["| id | # | complaint | peers | what must hold | result | measured |", "|---|---|---|---|---|---|---|"]
    for one in results:
        scenario = one.scenario
        numbers = ", ".join(map(str, scenario.complaints))
        cells = (scenario.id, numbers, _both(scenario.complaint), scenario.peers, _both(scenario.holds))
        measured = _figures(one) + ("; " + "; ".join(one.outcome.broken) if one.outcome.broken else "")
        lines.append("| " + " | ".join([*cells, one.verdict.value, measured.replace("|", "/")]) + " |")
    return "\n".join(lines)


def _both(words: tuple[str, str]) -> str:
    return " · ".join(words)
