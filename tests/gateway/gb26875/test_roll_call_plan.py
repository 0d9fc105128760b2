"""The plan: as many calls as were asked for, when they may be, at moments nobody can know."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from inspect import signature
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.clock import NS_PER_S, FakeClock
from gateway.connectors.gb26875.roll_call import Asker, Cause, Result, RollCall
from gateway.connectors.gb26875.roll_call_plan import SLOT_S, Occasion, Planner, RollCallPlan, span_at
from tests.gateway.gb26875.roll_call_desk import EAST, SHANGHAI, WEST, desk

MORNING = datetime(2027, 1, 15, 8, tzinfo=SHANGHAI)


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS_PER_S


def made(moment_ns: int, result: Result = Result.PRESENT, asker: Asker = Asker.PLAN) -> RollCall:
    return RollCall(
        id=str(moment_ns), unit="hotel", transmitter="east-utd", by="plan", asker=asker, called_ns=moment_ns, minutes=3,
        deadline_ns=moment_ns, closes_ns=moment_ns, changed_ns=moment_ns, result=result,
    )  # fmt: skip


def lived(planner: Planner, days: int, begin: datetime = MORNING, result: Result = Result.PRESENT) -> list[RollCall]:
    """Return the calls of some days, each of which ends at once with ``result``."""
    calls: list[RollCall] = []
    for slot in range(days * 86_400 // SLOT_S):
        now_ns = ns(begin) + slot * SLOT_S * NS_PER_S
        recent = [call for call in calls[-60:] if call.called_ns > now_ns - 2 * 86_400 * NS_PER_S]
        occasion = planner.wants(planner.moment(now_ns), recent)
        if occasion is not None:
            calls.append(made(now_ns, result, Asker.AGAIN if occasion is Occasion.AGAIN else Asker.PLAN))
    return calls


def hour_of(call: RollCall) -> int:
    return datetime.fromtimestamp(call.called_ns / NS_PER_S, SHANGHAI).hour


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(0, 3))
@settings(max_examples=5)
def test_each_day_has_its_calls_in_their_hours_and_apart(seed: int, per_day: int, at_night: int) -> None:
    at_night = min(at_night, per_day)
    plan = RollCallPlan(per_day=per_day, at_night=at_night, least_gap_s=3600)
    calls = lived(Planner(plan, SHANGHAI, random.Random(seed).randrange), 2)
    days = Counter((call.called_ns - ns(MORNING)) // (86_400 * NS_PER_S) for call in calls)
    assert days == {0: per_day, 1: per_day}
    assert sum(1 for call in calls if not 8 <= hour_of(call) < 22) == 2 * at_night
    assert all(after.called_ns - before.called_ns >= 3600 * NS_PER_S for before, after in pairwise(calls))


def test_the_moments_are_spread_evenly_over_the_hours() -> None:
    planner = Planner(RollCallPlan(per_day=1, hours=(8, 9)), SHANGHAI, random.Random(7).randrange)
    moments = [planner.moment(ns(MORNING) + slot * SLOT_S * NS_PER_S) for slot in range(360)]
    drawn = [next(slot for slot, moment in enumerate(moments) if planner.wants(moment, [])) for _ in range(300)]
    tenths = Counter(slot // 60 for slot in drawn)
    chi_square = sum((tenths[part] - 50) ** 2 / 50 for part in range(6))
    assert chi_square < 20.5  # 5 degrees of freedom, one in a thousand


def test_every_slot_is_drawn_anew_and_nothing_is_drawn_ahead() -> None:
    """With n calls left in m slots the chance of this slot is n/m, so what was drawn says nothing of the next."""
    asked: list[int] = []

    def never(slots: int) -> int:
        asked.append(slots)
        return slots - 1

    lived(Planner(RollCallPlan(per_day=1), SHANGHAI, never), 1)
    assert asked == list(range(14 * 360, 0, -1))


def test_randomness_is_that_of_secrets() -> None:
    assert signature(Planner).parameters["draw"].default is secrets.randbelow


def test_a_planner_keeps_nothing_that_could_be_read() -> None:
    """The record holds calls that were made, and the planner nothing but its settings."""
    planner = Planner(RollCallPlan(per_day=3), SHANGHAI)
    before = dict(vars(planner))
    lived(planner, 1)
    assert vars(planner) == before


def test_without_calls_a_day_the_plan_is_off() -> None:
    assert lived(Planner(RollCallPlan(), SHANGHAI, lambda _: 0), 1) == []


def test_a_call_that_met_a_cut_line_is_made_up_for_but_not_for_ever() -> None:
    planner = Planner(RollCallPlan(per_day=1, most_a_day=3), SHANGHAI, lambda _: 0)
    cut = replace(made(ns(MORNING)), result=Result.LINE_DOWN, cause=Cause.NOT_CONNECTED)
    later = planner.moment(ns(MORNING + timedelta(hours=2)))
    assert planner.wants(later, [cut]) is Occasion.DRAWN
    assert planner.wants(later, [made(ns(MORNING))]) is None
    assert len(lived(planner, 1, result=Result.LINE_DOWN)) == 3


def test_no_answer_calls_again_once() -> None:
    plan = RollCallPlan(per_day=1, again_s=600)
    calls = lived(Planner(plan, SHANGHAI, lambda _: 0), 1, result=Result.NO_ANSWER)
    assert [call.asker for call in calls] == [Asker.PLAN, Asker.AGAIN]
    assert calls[1].called_ns - calls[0].called_ns == 600 * NS_PER_S


def test_a_second_call_that_is_long_overdue_is_not_made() -> None:
    planner = Planner(RollCallPlan(per_day=1, again_s=600), SHANGHAI, lambda _: 0)
    missed = [made(ns(MORNING), Result.NO_ANSWER)]
    assert planner.wants(planner.moment(ns(MORNING + timedelta(minutes=70))), missed) is Occasion.AGAIN
    assert planner.wants(planner.moment(ns(MORNING + timedelta(minutes=71))), missed) is None


def test_a_persons_call_keeps_the_plan_apart_but_is_none_of_its_calls() -> None:
    planner = Planner(RollCallPlan(per_day=1), SHANGHAI, lambda _: 0)
    asked = [made(ns(MORNING), asker=Asker.PERSON)]
    assert planner.wants(planner.moment(ns(MORNING + timedelta(minutes=59))), asked) is None
    assert planner.wants(planner.moment(ns(MORNING + timedelta(minutes=60))), asked) is Occasion.DRAWN


def test_no_call_while_one_waits() -> None:
    planner = Planner(RollCallPlan(per_day=3, least_gap_s=60), SHANGHAI, lambda _: 0)
    waiting = [made(ns(MORNING), Result.WAITING)]
    assert planner.wants(planner.moment(ns(MORNING + timedelta(minutes=9))), waiting) is None


def test_hours_over_midnight_are_one_span() -> None:
    one = span_at(ns(MORNING.replace(hour=23)), (22, 6), SHANGHAI)
    assert one == (ns(MORNING.replace(hour=22)), ns(MORNING.replace(hour=6) + timedelta(days=1)))
    assert span_at(ns(MORNING.replace(hour=5) + timedelta(days=1)), (22, 6), SHANGHAI) == one
    assert span_at(ns(MORNING), (22, 6), SHANGHAI) is None


@pytest.mark.parametrize(
    ("settings", "mend"),
    [
        ({"per_day": 1, "at_night": 2}, "write at most that"),
        ({"per_day": 4}, "raise most_a_day"),
        ({"per_day": 2, "at_night": 1, "hours": [6, 23]}, "let them only touch"),
        ({"per_day": 3, "hours": [8, 10]}, "can be guessed"),
        ({"minutes": 11}, "less than or equal to 10"),
    ],
)
def test_a_plan_that_can_not_be_kept_is_refused_with_its_mend(settings: dict[str, Any], mend: str) -> None:
    with pytest.raises(ValidationError, match=mend):
        RollCallPlan(**settings)


async def test_the_desk_calls_each_transmitter_by_the_plan(tmp_path: Path) -> None:
    clock = FakeClock(ns(MORNING))
    async with desk(tmp_path, RollCallPlan(per_day=1, minutes=5), clock, draw=lambda _: 0) as one:
        await one.wait(30)
        assert sorted(one.sent) == [(EAST, 5), (WEST, 5)]
        assert {call.by for call in one.told} == {"plan"}
        await one.wait(3 * 3600)
        assert len(one.sent) == 2


async def test_a_restart_leaves_the_plan_as_it_was(tmp_path: Path) -> None:
    clock = FakeClock(ns(MORNING))
    async with desk(tmp_path, RollCallPlan(per_day=1), clock, draw=lambda _: 0) as one:
        await one.wait(30)
    async with desk(tmp_path, RollCallPlan(per_day=1), clock, draw=lambda _: 0) as again:
        await again.wait(2 * 3600)
        assert again.sent == []
