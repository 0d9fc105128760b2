"""What becomes of a task when its helper answers, refuses, dies, is slow or talks nonsense."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from domain.errors import LinkError, RefusedError, WireError
from rules.cards_face import RuleState
from rules.face import decode_states, together
from rules.helper import helped
from rules.job_shelf import JobShelf
from rules.jobs import Jobs, asked_of
from rules.trial import LEAST_MEMORY_S, MOST_MEMORY_S, memory_s
from rules.trials_face import Backtest, JobState
from tests.rules.rules_scene import ruleset
from tests.rules.rules_traffic import until
from tests.servers import connected, embedded_server

HOUR_NS = 3600 * 10**9


def command(script: str) -> tuple[str, ...]:
    """Return a helper that runs a script."""
    return (sys.executable, "-c", f"import json, sys, time\ntask = json.loads(sys.stdin.readline())\n{script}")


async def test_a_helper_says_how_far_it_is_and_what_came_of_it() -> None:
    shares: list[float] = []
    script = "print(json.dumps({'share': 0.5}), flush=True)\nprint(json.dumps({'result': task['rule']}))"
    assert await helped(command(script), {"rule": "规则"}, 30, shares.append) == "规则"
    assert shares == [0.5]


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ("print(json.dumps({'error': '不行 / no', 'kind': 'refused'}))", RefusedError, "不行 / no"),
        ("print(json.dumps({'error': 'away', 'kind': 'unavailable'}))", LinkError, "away"),
        ("sys.exit('what a mess')", LinkError, "without an answer"),
        ("print('no json')", WireError, "not ours"),
        ("time.sleep(60)", LinkError, "longer than"),
    ],
)
async def test_a_task_that_is_not_done_says_why(script: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        await helped(command(script), {}, 1.5 if "sleep" in script else 30)


async def test_a_helper_whose_task_is_given_up_ends(tmp_path: Path) -> None:
    script = f"open({str(tmp_path / 'began')!r}, 'w').close()\ntime.sleep(600)"
    task = asyncio.create_task(helped(command(script), {}, 600))
    while not (tmp_path / "began").exists():
        await asyncio.sleep(0.02)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 60, "it was not waited for"


async def test_backtests_are_one_at_a_time_and_a_few_are_remembered(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await few_are_remembered(JobShelf(backbone), tmp_path / "gate")


async def few_are_remembered(shelf: JobShelf, gate: Path) -> None:
    """While there is no ``gate``, a backtest runs: how quick a helper is decides nothing."""
    helper = command(f"import os\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nsys.exit('no')")
    jobs = Jobs(helper, shelf)
    await jobs.take_over()
    asked = Backtest(rule="r", unit="u", start_ns=0, end_ns=HOUR_NS)
    ids = []
    for _ in range(7):
        ids.append(await jobs.begin(asked))
        with pytest.raises(RefusedError, match="wait for it"):
            await jobs.begin(asked)
        await asyncio.to_thread(gate.touch)
        while (job := jobs.job(ids[-1])) is not None and job.state is JobState.RUNNING:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(gate.unlink)
    newest = jobs.job("")
    assert newest is not None
    assert (newest.id, newest.state, "without an answer" in newest.error) == (ids[-1], JobState.FAILED, True)
    with pytest.raises(RefusedError, match="no such backtest"):
        jobs.job(ids[0])
    await until(lambda: _all_kept(shelf))
    lost = await jobs.begin(asked)
    await jobs.end()
    after = Jobs(helper, shelf)
    await after.take_over()
    told = after.job("")
    assert told is not None
    assert (told.id, told.state, told.result) == (lost, JobState.LOST, None)
    assert after.job(newest.id) == newest
    assert await after.begin(asked) != lost, "what is lost is in nobody's way"
    await after.end()


async def _all_kept(shelf: JobShelf) -> bool:
    kept = await shelf.kept()
    return len(kept) == 5 and all(job.state is JobState.FAILED for job in kept)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rule": "a b", "unit": "u", "start_ns": 0, "end_ns": HOUR_NS},
        {"rule": "r", "unit": "u", "start_ns": HOUR_NS, "end_ns": 0},
        {"rule": "r", "unit": "u", "start_ns": 0, "end_ns": 2**70},
        {"rule": "r", "unit": "u", "start_ns": 0, "end_ns": HOUR_NS, "by": "x" * 65},
        {"rule": "r", "unit": "u", "start_ns": 0, "end_ns": HOUR_NS, "more": 1},
    ],
)
def test_a_malformed_request_is_refused_in_both_languages(body: dict[str, object]) -> None:
    with pytest.raises(RefusedError, match=" / "):
        asked_of(body)


def test_states_of_partitions_are_added_up_and_junk_is_refused() -> None:
    one, other = {"r": RuleState(2, 1, 1, 5, "raised")}, {"r": RuleState(3, 0, 2, 9, "cleared"), "s": RuleState(1)}
    assert together([one, other]) == {"r": RuleState(5, 1, 3, 9, "cleared"), "s": RuleState(1)}
    for junk in (b"", b"[]", b'{"rules": {"r": 1}}', b'{"rules": {"r": [1, 2, 3, 4, 5, 6]}}'):
        with pytest.raises(WireError):
            decode_states(junk)


def test_a_rule_begins_as_early_as_it_remembers() -> None:
    rules = ruleset().rules
    assert memory_s(rules["pressure_low"]) == LEAST_MEMORY_S
    assert memory_s(rules["nuisance_alarms"]) >= 86_400
    assert 14 * 86_400 < memory_s(rules["pressure_unusual"]) <= MOST_MEMORY_S
