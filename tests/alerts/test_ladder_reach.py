"""Whom a step means: policies, rosters, deputies, quiet hours; on the clock of the site (Asia/Shanghai)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts.directory import Directory
from alerts.ladders.defaults import ALERT_UNANSWERED
from alerts.schema import StepKind
from domain.alarm import AlarmClass, Level, Place, TransitionKind
from domain.clock import NS_PER_S
from domain.site import Registry
from tests.alerts.alerts_scene import EXIT, PUMPS, fire, hotel, labels, scene, transition
from tests.alerts.ladder_steps import acknowledge, audit, later, reasons, waiting

# FakeClock begins on Friday 2027-01-15 at 16:00 in Shanghai.
START_NS = 1_800_000_000 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S


def step(*to: str, after_s: float = 0, **more: Any) -> dict[str, Any]:
    return {"after_s": after_s, "to": list(to), **more}


def watch(*shifts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "watch", "labels": labels("值班", "Watch"), "shifts": list(shifts), **more}


DAY = {"id": "day", "from": "08:00", "to": "20:00", "people": ["p-chen"]}
NIGHT = {"id": "night", "from": "20:00", "to": "08:00", "people": ["p-night"]}


def told(registry: Registry, *targets: str, hours: float = 0, urgent: bool = False, place: Place = EXIT) -> list[str]:
    now_ns = START_NS + round(hours * HOUR_NS)
    return list(Directory(registry).reach(targets, place, now_ns, urgent=urgent).people)


POLICIES: list[dict[str, Any]] = [
    {"id": "exit-night", "zone_kinds": ["exit"], "when": {"from": "22:00", "to": "06:00"}, "steps": [step("p-lin")]},
    {"id": "fires", "classes": ["fire"], "levels": ["critical"], "steps": [step("supervisors")]},
    {"id": "inn", "units": ["hotel"], "classes": ["hazard"], "when": {"days": ["day_off"]}, "steps": [step("p-chen")]},
    {"classes": ["hazard"], "steps": [step("responsible")], "acknowledged_within_s": 60, "answer_within_s": 5},
]


@pytest.mark.parametrize(
    ("alarm_class", "level", "place", "hours", "policy"),
    [
        (AlarmClass.HAZARD, Level.WARNING, EXIT, 0, "#4"),
        (AlarmClass.HAZARD, Level.WARNING, EXIT, 6, "exit-night"),
        (AlarmClass.HAZARD, Level.WARNING, PUMPS, 6, "#4"),
        (AlarmClass.HAZARD, Level.WARNING, PUMPS, 24, "inn"),  # a Saturday
        (AlarmClass.FIRE, Level.CRITICAL, PUMPS, 6, "fires"),
        (AlarmClass.FIRE, Level.CRITICAL, EXIT, 6, "exit-night"),  # the first that fits
        (AlarmClass.FIRE, Level.WARNING, PUMPS, 0, "default:fire"),
    ],
)
def test_the_first_policy_that_fits_counts(
    alarm_class: AlarmClass, level: Level, place: Place, hours: float, policy: str
) -> None:
    now_ns = START_NS + round(hours * HOUR_NS)
    found = Directory(hotel(escalation=POLICIES)).plan("any", alarm_class, level, place, now_ns)
    assert found.policy == policy


def test_opening_hours_are_those_of_the_zone_or_its_unit_and_without_any_nothing_is_closed() -> None:
    closed = [{"when": {"opening": "closed"}, "steps": [step("p-lin")]}]
    directory = Directory(hotel(escalation=closed))
    assert directory.plan("any", AlarmClass.HAZARD, Level.WARNING, EXIT, START_NS).policy == "default:hazard"


def test_what_a_policy_does_not_say_is_the_default_of_the_class() -> None:
    plan = Directory(hotel(escalation=POLICIES)).plan("any", AlarmClass.FIRE, Level.CRITICAL, PUMPS, START_NS)
    assert (plan.answer_within_s, plan.acknowledged_within_s) == (180, 180)
    plan = Directory(hotel(escalation=POLICIES)).plan("any", AlarmClass.HAZARD, Level.WARNING, EXIT, START_NS)
    assert (plan.answer_within_s, plan.acknowledged_within_s) == (5, 60)


def test_the_silence_has_a_ladder_of_its_own_whatever_the_site_says_of_duty() -> None:
    site = hotel(escalation=[{"classes": ["duty"], "steps": [step("p-chen")]}])
    plan = Directory(site).plan(ALERT_UNANSWERED, AlarmClass.DUTY, Level.WARNING, EXIT, START_NS)
    assert plan.steps[0].to == ("supervisors",)


def test_a_roster_means_who_is_on_duty_when_the_step_comes() -> None:
    site = hotel(rosters=[watch(DAY, NIGHT)], persons={"p-night": {}})
    assert told(site, "roster:watch") == ["p-chen"]
    assert told(site, "roster:watch", hours=4) == ["p-night"]  # 20:00
    assert told(site, "roster:watch", "responsible", hours=16) == ["p-chen"]  # each person once


def test_a_gap_falls_to_the_deputies_then_the_manager_then_the_supervisors() -> None:
    assert told(hotel(rosters=[watch(DAY, deputies=["s-wang"])]), "roster:watch", hours=6) == ["s-wang"]
    assert told(hotel(rosters=[watch(DAY)]), "roster:watch", hours=6) == ["p-lin"]
    away = {"absences": [{"from": "2027-01-01", "until": "2027-02-01"}]}
    site = hotel(rosters=[watch(DAY, deputies=["p-mute"])], persons={"p-lin": away})
    assert told(site, "roster:watch", hours=6) == ["s-wang"]
    found = Directory(site).reach(["roster:watch"], EXIT, START_NS + 6 * HOUR_NS, urgent=False)
    assert found.words() == {"away": ["p-mute", "p-lin"], "gaps": ["watch"]}


def test_who_is_absent_is_stood_in_for() -> None:
    away = {"absences": [{"from": "2027-01-15 12:00", "until": "2027-01-15 18:00"}], "deputies": ["p-mute", "p-lin"]}
    site = hotel(persons={"p-chen": away})
    found = Directory(site).reach(["responsible"], EXIT, START_NS, urgent=True)
    assert (list(found.people), found.instead) == (["p-lin"], {"p-lin": "p-chen"})
    assert told(site, "responsible", hours=2) == ["p-chen"]


def test_groups_are_those_of_the_unit() -> None:
    persons: dict[str, dict[str, Any]] = {
        "s-other": {"role": "supervisor", "units": ["hotel"]},
        "o-1": {"role": "operator"},
    }
    assert told(hotel(persons=persons), "supervisors") == ["s-wang", "s-other"]
    elsewhere = Place(unit="elsewhere")
    assert told(hotel(persons=persons), "supervisors", place=elsewhere) == ["s-wang"]
    assert told(hotel(persons=persons), "operator") == ["o-1"]


QUIET = {"from": "22:00", "to": "07:00"}


def test_quiet_hours_go_to_a_deputy_who_is_awake_and_else_wait_for_the_morning() -> None:
    night = 8.0  # midnight
    asleep = hotel(persons={"p-chen": {"quiet": QUIET}})
    found = Directory(asleep).reach(["responsible"], EXIT, START_NS + round(night * HOUR_NS), urgent=False)
    assert found.anybody
    assert found.people == {}
    assert found.later == {"p-chen": START_NS + 15 * HOUR_NS}  # 07:00
    assert told(asleep, "responsible", hours=night, urgent=True) == ["p-chen"]
    assert told(asleep, "responsible", hours=15) == ["p-chen"]
    deputy = hotel(
        persons={"p-chen": {"quiet": QUIET, "deputies": ["p-lin", "p-2"]}, "p-lin": {"quiet": QUIET}, "p-2": {}}
    )
    assert told(deputy, "responsible", hours=night) == ["p-2"]


async def test_a_message_that_waits_for_the_morning_comes_once_and_the_ladder_does_not_wait(tmp_path: Path) -> None:
    steps = [step("responsible", repeat={"every_s": 60, "times": 2}), step("safety_manager", after_s=600)]
    site = hotel(escalation=[{"steps": steps, "answer_within_s": 86_400}], persons={"p-chen": {"quiet": QUIET}})
    async with scene(tmp_path, site) as bench:
        bench.clock.advance(8 * 3600)
        alert = await bench.say(transition())
        assert await bench.told(alert) == []
        assert (StepKind.DELAYED, 7 * 3600) in await waiting(bench, alert)
        await later(bench, 600)
        assert await reasons(bench, alert) == [("p-lin", "step")]
        await later(bench, 7 * 3600)
        assert [person for person, _ in await reasons(bench, alert)] == ["p-lin", "p-chen"]
        await later(bench, 3600)
        assert len(await reasons(bench, alert)) == 2


async def test_who_has_answered_is_not_woken_by_what_waited(tmp_path: Path) -> None:
    site = hotel(persons={"p-chen": {"quiet": QUIET}})
    async with scene(tmp_path, site) as bench:
        bench.clock.advance(8 * 3600)
        alert = await bench.say(transition())
        await acknowledge(bench, alert, "p-lin")
        assert [kind for kind, _ in await waiting(bench, alert)] == [StepKind.LAPSE]


async def test_what_becomes_critical_in_the_night_wakes_whom_it_let_sleep(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(persons={"p-chen": {"quiet": QUIET}})) as bench:
        bench.clock.advance(8 * 3600)
        alert = await bench.say(transition())
        assert await bench.told(alert) == []
        await bench.say(transition(kind=TransitionKind.LEVEL, level=Level.CRITICAL))
        assert await bench.told(alert) == ["p-chen"]


async def test_a_fire_knows_no_quiet_hours(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(persons={"p-chen": {"quiet": QUIET}})) as bench:
        bench.clock.advance(8 * 3600)
        alert = await bench.say(fire(place=EXIT))
        assert await bench.told(alert) == ["p-chen"]


async def test_a_step_is_repeated_while_nobody_answers_and_no_longer(tmp_path: Path) -> None:
    steps = [step("responsible", repeat={"every_s": 60, "times": 3}), step("safety_manager", after_s=600)]
    async with scene(tmp_path, hotel(escalation=[{"steps": steps}])) as bench:
        alert = await bench.say(transition())
        await later(bench, 60)
        await later(bench, 60)
        assert [person for person, _ in await reasons(bench, alert)] == ["p-chen"] * 3
        assert (await bench.alert(alert)).escalation_step == 0
        await acknowledge(bench, alert)
        await later(bench, 60)
        assert len(await reasons(bench, alert)) == 3
        assert [entry["step"] for entry in await audit(bench, alert, "told_repeat")] == [0, 0]


async def test_a_running_ladder_keeps_its_steps_and_who_left_the_site_makes_way(tmp_path: Path) -> None:
    before = [step("p-gone"), step("p-left", "p-mute", after_s=600), step("p-lin", after_s=1200)]
    both: dict[str, dict[str, Any]] = {"p-gone": {}, "p-left": {}}
    async with scene(tmp_path, hotel(escalation=[{"steps": before}], persons=both)) as bench:
        alert = await bench.say(transition())
        bench.office.directory = Directory(hotel(escalation=[{"steps": [step("s-wang")]}]))  # the process started anew
        await later(bench, 600)
        assert await bench.told(alert) == ["p-gone", "p-lin"]  # not those of the new policy
        assert (await audit(bench, alert, "nobody_to_tell"))[0]["gone"] == ["p-left"]
        assert await bench.told(await bench.say(transition("another"))) == ["s-wang"]


async def test_when_no_step_reaches_anybody_the_silence_is_told_at_once(tmp_path: Path) -> None:
    steps = [step("p-mute"), step("p-mute", after_s=600)]
    async with scene(tmp_path, hotel(escalation=[{"steps": steps}])) as bench:
        alert = await bench.say(transition())
        assert await reasons(bench, alert) == [("s-wang", "unanswered")]
