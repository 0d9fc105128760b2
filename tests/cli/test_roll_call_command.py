"""A roll-call from a terminal: who is called, what is waited for, and the exit codes a script relies on."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import Result

from cli.check_command import Language
from cli.gb26875_service import GatewayFace
from cli.roll_call_command import exit_code
from cli.roll_call_tables import call_table, calls_csv
from cli.roll_call_wait import RollCallWait
from domain.errors import LinkError
from tests.cli.gateway_desk import SECOND_NS, START_NS, Desk, desk, refusal

DEADLINE_NS = START_NS + 180 * SECOND_NS


def call(transmitter: str, result: str, **more: Any) -> dict[str, Any]:
    """Return a call as a gateway tells it."""
    answered = {"answered_ns": START_NS + 42 * SECOND_NS, "operator": 7} if result in {"present", "late"} else {}
    cause = "line_lost" if result == "line_down" else ""
    return {
        "id": f"call-{transmitter}", "unit": "hotel", "transmitter": transmitter, "by": "lin", "called_ns": START_NS,
        "minutes": 3, "deadline_ns": DEADLINE_NS, "result": result, "cause": cause,
        "answered_ns": None, "operator": None,
    } | answered | more  # fmt: skip


def answering(site: Desk, results: Mapping[str, str]) -> None:
    """Let each transmitter wait when it is called, and have its result when somebody looks."""
    site.answers["roll_call"] = lambda request: {"call": call(request["transmitter"], "waiting", by=request["by"])}
    site.answers["roll_calls"] = lambda _: {"calls": [call(name, result) for name, result in results.items()]}


async def roll_call(site: Desk, *arguments: str) -> Result:
    return await site.fengsui("roll-call", *arguments, "--lang", "en")


@pytest.mark.parametrize(
    ("east", "west", "code", "words"),
    [
        ("present", "present", 0, "✓ present"),
        ("present", "late", 1, "! late"),
        ("no_answer", "line_down", 1, "✗ no answer"),
        ("present", "line_down", 3, "line down, not the person's fault (line lost during the call)"),
    ],
)
async def test_everybody_on_duty_is_called_and_the_worst_answer_is_the_exit_code(
    tmp_path: Path, east: str, west: str, code: int, words: str
) -> None:
    async with desk(tmp_path) as site:
        answering(site, {"east-utd": east, "west-utd": west})
        done = await roll_call(site, "hotel", "--minutes", "3", "--by", "lin")
    assert done.exit_code == code
    assert words in done.stdout
    called = [one for one in site.asked if one["command"] == "roll_call"]
    assert sorted(one["transmitter"] for one in called) == ["east-utd", "west-utd"]
    assert {(one["minutes"], one["by"]) for one in called} == {(3, "lin")}


async def test_the_answer_shows_when_and_by_which_operator(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        answering(site, {"east-utd": "present"})
        shown = await roll_call(site, "hotel", "--transmitter", "east-utd")
        as_json = await roll_call(site, "hotel", "--transmitter", "east-utd", "--json")
    assert "0:42" in shown.stdout
    assert "│ 7 " in shown.stdout
    (told,) = json.loads(as_json.stdout)
    assert (told["result"], told["operator"], told["host"]) == ("present", 7, "hotel/gw-east")


async def test_without_waiting_the_calls_are_shown_as_they_were_made(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        answering(site, {})
        done = await roll_call(site, "hotel", "--no-wait")
    assert done.exit_code == 0
    assert done.stdout.count("… waiting") == 2
    assert "roll_calls" not in {one["command"] for one in site.asked}


async def test_a_refused_call_is_told_and_when_all_are_refused_nobody_was_called(tmp_path: Path) -> None:
    async with desk(tmp_path) as site:
        answering(site, {"east-utd": "present"})
        made = site.answers["roll_call"]
        busy = refusal("a call already runs")
        site.answers["roll_call"] = lambda request: (busy if request["transmitter"] == "west-utd" else made)(request)
        one = await roll_call(site, "hotel")
        site.answers["roll_call"] = busy
        both = await roll_call(site, "hotel")
        nobody = await roll_call(site, "mill")
        unnamed = await roll_call(site)
    assert (one.exit_code, both.exit_code, nobody.exit_code, unnamed.exit_code) == (3, 2, 2, 2)
    assert "hotel/west-utd: roll_call: a call already runs" in one.stderr
    assert "no transmitter with somebody on duty" in nobody.stderr


async def test_a_gateway_that_is_away_for_a_moment_does_not_end_the_wait(tmp_path: Path) -> None:
    def away(_: dict[str, Any]) -> Mapping[str, Any]:
        answering(site, {"east-utd": "late"})
        raise LinkError("restarting")

    async with desk(tmp_path) as site:
        answering(site, {})
        site.answers["roll_calls"] = away
        calling = RollCallWait(GatewayFace(site.backbone), Console(quiet=True), Language.EN)
        async with asyncio.timeout(30):
            made, refused = await calling.call("hotel", "east-utd", None, "lin")
            (answered,) = await calling.answers(made)
    assert refused == 0
    assert answered["result"] == "late"


async def test_past_calls_are_listed_newest_first_as_table_csv_and_json(tmp_path: Path) -> None:
    past = [
        call("east-utd", "late", called_ns=START_NS),
        call("west-utd", "no_answer", called_ns=DEADLINE_NS, by="plan"),
    ]
    async with desk(tmp_path) as site:
        site.answers["roll_calls"] = lambda _: {"calls": past}
        table = await roll_call(site, "hotel", "--results")
        as_csv = await roll_call(site, "--results", "--csv")
        as_json = await roll_call(site, "--results", "--json", "--limit", "1")
    assert table.exit_code == 0
    assert table.stdout.index("west-utd") < table.stdout.index("east-utd")
    assert [row["transmitter"] for row in csv.DictReader(as_csv.stdout.splitlines())] == ["west-utd", "east-utd"]
    assert [one["transmitter"] for one in json.loads(as_json.stdout)] == ["west-utd"]
    assert site.asked[0] == {"command": "roll_calls", "unit": "hotel", "limit": 50}


def test_a_waiting_call_counts_down_and_then_says_that_time_is_up() -> None:
    def shown(now_ns: int, language: Language) -> str:
        console = Console(width=200)
        with console.capture() as capture:
            console.print(call_table([call("east-utd", "waiting")], language, now_ns))
        return capture.get()

    assert "2:07 left" in shown(DEADLINE_NS - 127 * SECOND_NS, Language.EN)
    assert "剩 0:01" in shown(DEADLINE_NS - SECOND_NS, Language.ZH)
    assert "time is up" in shown(DEADLINE_NS, Language.EN)


def test_results_of_a_later_version_and_rows_without_times_are_shown_as_they_are() -> None:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(call_table([{"unit": "hotel", "transmitter": "east-utd", "result": "ill"}], Language.EN))
    assert "ill" in capture.get()
    assert calls_csv([{"id": "a", "host": "hotel/gw"}]).splitlines()[1].startswith("a,")
    assert exit_code([{"result": "ill"}]) == 0
