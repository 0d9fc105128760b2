"""``fengsui roll-call UNIT``: ask the people on duty of a unit to answer at their transmitters (查岗)."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from cli.gb26875_output import print_json, say_silent
from cli.gb26875_service import GatewayFace, ask_gateways
from cli.roll_call_tables import call_table, calls_csv
from cli.roll_call_wait import RollCallWait
from gateway.connectors.gb26875.roll_call import Result

NOT_ANSWERED = 1
NOBODY_CALLED = 2
COULD_NOT_ASK = 3

MOST_LISTED = 1000

_JUDGED: Mapping[str, int] = MappingProxyType(
    {
        Result.LATE: NOT_ANSWERED,
        Result.NO_ANSWER: NOT_ANSWERED,
        Result.LINE_DOWN: COULD_NOT_ASK,
        Result.WAITING: COULD_NOT_ASK,
    }
)


def roll_call(
    unit: Annotated[str | None, typer.Argument(metavar="UNIT", help="单位 / the unit (premises)")] = None,
    *,
    transmitter: Annotated[str | None, typer.Option(help="只查此装置 / this transmitter only")] = None,
    minutes: Annotated[
        int | None, typer.Option(min=1, max=10, help="应答时限，分钟 / minutes to answer; the site's by default")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="发起人 / who calls; the login name by default")] = "",
    wait: Annotated[bool, typer.Option(help="等待结果 / wait for the results")] = True,
    results: Annotated[bool, typer.Option("--results", help="列出以往结果 / list past calls, newest first")] = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="最多几条 / at most, with --results")] = 50,
    as_csv: Annotated[bool, typer.Option("--csv", help="输出 CSV / write CSV")] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """查岗：呼叫单位内的值班装置并等待应答 / Call every duty transmitter of UNIT and wait for the answers.

    The transmitter rings; whoever is on duty presses its answer key. A line that is down is no one's absence.
    Leaving early (Ctrl-C) ends no call: its result comes with --results.

    Exit codes: 0 everybody present; 1 an answer was late or missing; 2 nobody was called (wrong usage, or
    refused: a call already runs); 3 somebody could not be asked (line down, gateway away) and nobody missed.
    With --no-wait: 0 when all were called, else 3. With --results: 0.
    """
    if results:
        _show_results(unit, limit, lang, as_csv=as_csv, as_json=as_json)
        return
    if unit is None:
        raise typer.BadParameter("写明单位 / name the unit: fengsui roll-call UNIT, or list past calls with --results")
    console = Console(stderr=True)

    async def work(face: GatewayFace) -> tuple[tuple[Mapping[str, Any], ...], int]:
        calling = RollCallWait(face, console, lang)
        calls, refused = await calling.call(unit, transmitter, minutes, by or getpass.getuser())
        return await calling.answers(calls) if wait else calls, refused

    calls, refused = ask_gateways(work, refused=NOBODY_CALLED)
    _write(calls, lang, as_csv=as_csv, as_json=as_json)
    raise typer.Exit(exit_code(calls if wait else (), refused))


def exit_code(calls: Sequence[Mapping[str, Any]], refused: int = 0) -> int:
    """Return 1 when somebody was late or missing, else 3 when somebody could not be asked, else 0."""
    codes = {_JUDGED.get(str(call.get("result")), 0) for call in calls} | ({COULD_NOT_ASK} if refused else set())
    return next((code for code in (NOT_ANSWERED, COULD_NOT_ASK) if code in codes), 0)


def _show_results(unit: str | None, limit: int, lang: Language, *, as_csv: bool, as_json: bool) -> None:
    answers = ask_gateways(lambda face: face.rows("roll_calls", "calls", unit=unit, limit=limit))
    say_silent(answers)
    newest = sorted(answers.rows, key=lambda call: int(call.get("called_ns") or 0), reverse=True)
    _write(newest[:limit], lang, as_csv=as_csv, as_json=as_json)


def _write(calls: Sequence[Mapping[str, Any]], lang: Language, *, as_csv: bool, as_json: bool) -> None:
    if as_json:
        print_json(calls)
    elif as_csv:
        typer.echo(calls_csv(calls), nl=False)
    else:
        Console().print(call_table(calls, lang))
