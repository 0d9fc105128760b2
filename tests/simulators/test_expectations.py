"""Verdicts: what was seen, in which window, how often; and what people are told when it was not."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.expectation_model import Expectation
from simulators.expectations import Observation, Observed, Seen, State, describe, judge
from simulators.scenario import Expected

FIRE = {"rule": "panel_fire", "event": "raised"}


def expected(start_s: float = 10, end_s: float = 20, **fields: Any) -> Expected:
    return Expected(expectation=Expectation.model_validate(fields), start_s=start_s, end_s=end_s, line=1)


def alert(at_s: float, **fields: Any) -> Seen:
    told = {"rule": "panel_fire", "event": "raised", "device": "panel-1", "zone": "east-1-control", "level": "critical"}
    return Seen(at_s, Observation.model_validate({"kind": Observed.ALERT} | told | fields))


@pytest.mark.parametrize(
    ("at_s", "now_s", "state"),
    [(9.9, 20, "failed"), (10, 12, "passed"), (20, 25, "passed"), (20.1, 25, "failed")],
)
def test_only_what_is_seen_in_the_window_counts(at_s: float, now_s: float, state: str) -> None:
    assert judge(expected(alert=FIRE), [alert(at_s)], now_s).state == state


def test_nothing_seen_is_pending_until_the_window_is_over() -> None:
    assert judge(expected(alert=FIRE), [], 15).state is State.PENDING
    verdict = judge(expected(alert=FIRE), [], 20)
    assert (verdict.state, verdict.at_s) == (State.FAILED, 20)
    assert verdict.why == "not seen, nor anything else of this rule"


def test_a_run_that_ends_early_judges_only_what_is_decided() -> None:
    assert judge(expected(alert=FIRE), [], 15, ended=True).state is State.NOT_JUDGED
    assert judge(expected(alert=FIRE), [alert(11)], 15, ended=True).state is State.PASSED
    assert judge(expected(alert=FIRE, never=True), [], 15, ended=True).state is State.NOT_JUDGED
    assert judge(expected(alert=FIRE, never=True), [alert(11)], 15, ended=True).state is State.FAILED


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"device": "panel-1"}, True),
        ({"zone": "east-1-control", "level": "critical"}, True),
        ({"device": "panel-2"}, False),
        ({"zone": "east-1-exit"}, False),
        ({"level": "notice"}, False),
        ({"event": "cleared"}, False),
        ({"rule": "panel_fault"}, False),
        ({"text": "火警"}, False),
    ],
)
def test_every_field_that_is_named_must_fit(wanted: dict[str, str], *, fits: bool) -> None:
    assert (judge(expected(alert=FIRE | wanted), [alert(12)], 20).state is State.PASSED) == fits


def test_never_fails_at_once_and_passes_at_the_end() -> None:
    never = expected(alert=FIRE, never=True)
    assert judge(never, [], 19.9).state is State.PENDING
    assert judge(never, [], 20).state is State.PASSED
    verdict = judge(never, [alert(11.5)], 12)
    assert (verdict.state, verdict.at_s, verdict.why) == (State.FAILED, 11.5, "seen at 11.5 s")
    assert judge(never, [alert(25)], 30).state is State.PASSED


@pytest.mark.parametrize(
    ("moments", "now_s", "state"),
    [
        ([12], 19, "pending"),
        ([12], 20, "passed"),
        ([], 20, "failed"),
        ([12, 13], 14, "failed"),
        ([12, 21], 25, "passed"),
    ],
)
def test_count_is_exact(moments: list[float], now_s: float, state: str) -> None:
    assert judge(expected(alert=FIRE, count=1), [alert(at) for at in moments], now_s).state == state


def test_pushes_are_told_from_alerts() -> None:
    push = Seen(12, Observation(kind=Observed.PUSH, rule="panel_fire", person="p-lin", text="火警"))
    wanted = {"rule": "panel_fire", "person": "p-lin"}
    assert judge(expected(push=wanted), [push], 20).state is State.PASSED
    assert judge(expected(push=wanted), [alert(12)], 20).state is State.FAILED
    assert judge(expected(push=wanted | {"person": "p-chen"}), [push], 20).state is State.FAILED
    assert judge(expected(push=wanted | {"text": "火警"}), [push], 20).state is State.PASSED


def test_what_came_instead_is_told() -> None:
    assert judge(expected(alert=FIRE), [alert(31.25)], 40).why == "not in its window, but at 31.2 s"
    why = judge(expected(alert=FIRE | {"device": "panel-2"}), [alert(12)], 20).why
    assert why == "not seen; of this rule came raised (zone east-1-control, device panel-1, level critical) at 12.0 s"


def test_expectations_read_as_sentences() -> None:
    fire = expected(alert=FIRE | {"device": "panel-1"}, count=1)
    assert describe(fire) == "exactly 1× panel_fire raised (device panel-1), 10–20 s"
    assert describe(expected(push={"rule": "r", "person": "p"}, never=True)) == "never push of r to p, 10–20 s"
