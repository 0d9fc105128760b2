"""``fengsui faults``: the catalogue is whole, its document is true to it, and a handful of scenarios are run here.

`fengsui faults run --all` runs every one; here stand those that showed most: one of each theme, and the far end.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.faults.runner import Verdict, all_scenarios, run_all, run_one
from cli.faults.scenario import Outcome, Scenario, Theme
from cli.faults_commands import markdown_table
from tests.servers import require

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
COMPLAINTS = range(1, 41)
RUN_HERE = (
    "restart-in-outage", "broker-killed", "store-poison", "disk-full", "link-is-kept", "illegal-address",
    "late-answers", "never-reached", "gateway-clock-jumps",
)  # fmt: skip


def scenario(name: str, play: object) -> Scenario:
    return Scenario(
        id=name, theme=Theme.LOSS, complaints=(1,), peers="-", complaint=("甲", "a"), holds=("乙", "b"),
        play=play,  # type: ignore[arg-type]  # each test gives a coroutine function
    )  # fmt: skip


def test_every_complaint_has_a_scenario_and_ids_are_names() -> None:
    answered = {number for one in all_scenarios() for number in one.complaints}
    assert answered == set(COMPLAINTS)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id) for one in all_scenarios())
    assert [one.theme for one in all_scenarios()] == sorted(one.theme for one in all_scenarios())


def test_the_document_has_the_very_scenarios() -> None:
    head, dashes = markdown_table([]).splitlines()
    _, table = DOCUMENT.read_text("utf-8").split(f"{head}\n{dashes}\n")
    told = [line.split(" | ") for line in table.splitlines()]
    expected = [
        (
            f"| {one.id}",
            ", ".join(map(str, one.complaints)),
            " · ".join(one.complaint),
            one.peers,
            " · ".join(one.holds),
        )
        for one in all_scenarios()
    ]
    assert [tuple(row[:5]) for row in told] == expected, "run the command that the document names"


def test_list_is_told_to_people_and_to_pipes() -> None:
    listed = json.loads(CliRunner().invoke(app, ["faults", "list", "--json"]).stdout)
    assert [one["id"] for one in listed] == [one.id for one in all_scenarios()]
    for language, heading in (("zh", "别家的抱怨"), ("en", "complaint")):
        shown = CliRunner().invoke(app, ["faults", "list", "--lang", language], env={"COLUMNS": "200"})
        assert shown.exit_code == 0
        assert heading in shown.stdout


@pytest.mark.parametrize("words", [["no-such-scenario"], [], ["reconnects", "--all"]])
def test_what_can_not_be_run_is_refused(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["faults", "run", *words]).exit_code == 2


async def test_a_broken_expectation_and_an_error_fail_and_the_others_go_on() -> None:
    async def bad(_folder: Path) -> Outcome:
        outcome = Outcome(figures={"in": 2, "out": 1})
        outcome.hold(outcome.figures["in"] == outcome.figures["out"], "one is missing")
        return outcome

    async def worse(_folder: Path) -> Outcome:
        raise OSError("no socket")

    async def well(_folder: Path) -> Outcome:
        return Outcome()

    results = await run_all(
        [scenario("bad", bad), scenario("worse", worse), scenario("well", well)], jobs=2, run=run_one
    )
    assert [one.verdict for one in results] == [Verdict.FAILED, Verdict.FAILED, Verdict.PASSED]
    assert results[0].as_dict()["broken"] == ["one is missing"]
    assert "no socket" in results[1].outcome.broken[0]
    table = markdown_table(results)
    assert "| failed | in 2, out 1; one is missing |" in table


async def test_without_root_what_needs_it_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    disk = next(one for one in all_scenarios() if one.needs_root)
    assert (await run_one(disk)).verdict is Verdict.SKIPPED


@pytest.mark.timeout(400)
def test_scenarios_pass() -> None:
    require("mosquitto")
    chosen = {one.id: one for one in all_scenarios()}
    results = asyncio.run(run_all([chosen[name] for name in RUN_HERE], jobs=4))
    assert {one.scenario.id: one.outcome.broken for one in results if one.verdict is Verdict.FAILED} == {}
