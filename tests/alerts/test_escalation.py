"""The ladder, on a clock moved by hand; and causes that hide their consequences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import actions, escalation, timers
from alerts.directory import Directory
from alerts.schema import FeedEvent, LadderStep, StepState
from domain.alarm import AlarmClass, EntityKind, Level, Place, TransitionKind
from domain.site import EscalationStep
from tests.alerts.alerts_scene import EXIT, Scene, fire, hotel, scene, transition


async def later(scene: Scene, seconds: float) -> None:
    """Let time pass and run what is due."""
    scene.clock.advance(seconds)
    await scene.office.change(timers.escalate)


async def acknowledge(scene: Scene, alert: str) -> None:
    await scene.do(alert, lambda desk, record: actions.acknowledge(desk, record, "p-chen"))


async def feed(scene: Scene, alert: str) -> list[str]:
    """Return what the feed tells of an alert: subjects with outcomes."""
    query = select(FeedEvent).where(FeedEvent.alert_id == alert).order_by(FeedEvent.number)
    events = await scene.office.database.read(lambda session: session.scalars(query).all())
    outcomes = [json.loads(event.payload).get("outcome") for event in events]
    return [
        f"{event.subject} {outcome}" if outcome else event.subject
        for event, outcome in zip(events, outcomes, strict=True)
    ]


async def test_unanswered_it_goes_up_step_by_step_each_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        assert await bench.told(alert) == ["p-chen"]
        await later(bench, 29.9)
        assert await bench.told(alert) == ["p-chen"]
        await later(bench, 0.1)
        await later(bench, 0)
        assert await bench.told(alert) == ["p-chen", "p-lin"]
        assert (await bench.alert(alert)).escalation_step == 1
        await later(bench, 60)
        assert await bench.told(alert) == ["p-chen", "p-lin", "s-wang"]
        await later(bench, 60)
        assert (await feed(bench, alert))[-1] == "alert.hotel.duty.escalated unanswered"
        assert (await bench.alert(alert)).next_escalation_ns is None


async def test_after_an_outage_every_step_that_was_missed_runs_once_in_order(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await later(bench, 3600)
        await later(bench, 3600)
        assert await bench.told(alert) == ["p-chen", "p-lin", "s-wang", "s-wang"]  # the last: nobody has answered
        assert sum("escalated" in subject for subject in await feed(bench, alert)) == 3


async def test_acknowledgement_stops_it_for_good(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await acknowledge(bench, alert)
        await later(bench, 3600)
        await later(bench, 3599)
        assert await bench.told(alert) == ["p-chen"]
        query = select(LadderStep.state).where(LadderStep.alert_id == alert).order_by(LadderStep.step)
        states = await bench.office.database.read(lambda session: session.scalars(query).all())
        assert list(states) == [StepState.DONE, *[StepState.STOPPED] * 3, StepState.PENDING]  # the last: it may lapse


async def test_a_step_that_reaches_nobody_passes_to_the_next_at_once(tmp_path: Path) -> None:
    steps = [{"after_s": 0, "to": ["p-mute"]}, {"after_s": 600, "to": ["safety_manager"]}]
    async with scene(tmp_path, hotel(escalation=[{"classes": ["hazard"], "steps": steps}])) as bench:
        alert = await bench.say(transition())
        assert await bench.told(alert) == ["p-lin"]


async def test_what_clears_by_itself_rests_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await later(bench, 20)
        await bench.say(transition(kind=TransitionKind.CLEARED))
        await later(bench, 3600)
        await bench.say(transition())
        assert await bench.told(alert) == ["p-chen"]  # chattering does not push again
        await later(bench, 10)
        assert await bench.told(alert) == ["p-chen", "p-lin"]


async def test_a_fire_that_clears_is_still_a_fire(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(fire(place=EXIT), fire(TransitionKind.CLEARED, place=EXIT))
        await later(bench, 30)
        assert await bench.told(alert) == ["p-chen", "p-lin"]


async def test_a_rising_level_is_told_to_all_who_know_of_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition(level=Level.NOTICE))
        await bench.say(transition(kind=TransitionKind.LEVEL, level=Level.CRITICAL))
        assert await bench.told(alert) == ["p-chen", "p-chen"]
        await bench.say(transition(kind=TransitionKind.LEVEL, level=Level.NOTICE))
        assert await bench.told(alert) == ["p-chen", "p-chen"]


def default_steps(alarm_class: AlarmClass) -> tuple[EscalationStep, ...]:
    return Directory(hotel(escalation=[])).plan("any", alarm_class, Level.WARNING, EXIT, 0).steps


def test_a_missed_duty_is_the_managers_matter_at_once_and_then_the_supervisors() -> None:
    steps = default_steps(AlarmClass.DUTY)
    assert [(step.after_s, step.to) for step in steps] == [(0, ("safety_manager",)), (600, ("supervisors",))]


@pytest.mark.parametrize("alarm_class", sorted(set(AlarmClass) - {AlarmClass.DUTY}))
def test_every_class_has_a_ladder_without_any_policy(alarm_class: AlarmClass) -> None:
    steps = default_steps(alarm_class)
    assert [step.to for step in steps] == [("responsible",), ("safety_manager",), ("supervisors",)]
    assert steps[0].after_s == 0


async def test_charging_hides_parking_and_gives_it_back_when_it_ends(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        parked = await bench.say(transition("ebike-parked"))
        await later(bench, 10)
        charging = await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        assert (await bench.alert(parked)).suppressed_by == charging
        await later(bench, 600)
        assert await bench.told(parked) == ["p-chen"]
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        assert (await bench.alert(parked)).suppressed_by is None
        assert await bench.told(parked) == ["p-chen", "p-chen"]  # it still stands, and its cause is gone
        await later(bench, 19)
        assert await bench.told(parked) == ["p-chen", "p-chen"]
        await later(bench, 1)
        assert await bench.told(parked) == ["p-chen", "p-chen", "p-lin"]
        subjects = await feed(bench, parked)
        assert "alert.hotel.hazard.suppressed begins" in subjects
        assert "alert.hotel.hazard.suppressed ends" in subjects


async def test_what_comes_under_a_standing_cause_is_hidden_from_the_start(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        charging = await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        parked = await bench.say(transition("ebike-parked"))
        assert (await bench.alert(parked)).suppressed_by == charging
        assert await bench.told(parked) == []


async def test_answering_the_cause_answers_for_its_consequences(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        parked = await bench.say(transition("ebike-parked"))
        charging = await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        await acknowledge(bench, charging)
        await bench.say(transition("ebike-parked", TransitionKind.CLEARED))
        assert (await bench.alert(parked)).closed_at_ns is not None
        assert (await bench.alert(parked)).acknowledged_by is None  # closed, and nobody claims to have seen it
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        assert (await bench.alert(charging)).closed_at_ns is not None


async def test_consequences_that_are_gone_close_when_their_cause_is_answered(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        parked = await bench.say(transition("ebike-parked"))
        charging = await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        await bench.say(transition("ebike-parked", TransitionKind.CLEARED))
        assert (await bench.alert(parked)).closed_at_ns is None
        await acknowledge(bench, charging)
        assert (await bench.alert(parked)).closed_at_ns is not None


async def test_nothing_less_than_a_fire_hides_a_fire_and_other_zones_are_left_alone(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        other = Place(unit="hotel", building="east", floor=2, zone="east-2-corridor")
        smoke = await bench.say(fire(place=EXIT))
        far = await bench.say(transition("ebike-parked", place=other))
        await bench.say(transition("ebike-charging", hides=("panel-fire", "ebike-parked")))
        assert (await bench.alert(smoke)).suppressed_by is None
        assert (await bench.alert(far)).suppressed_by is None


async def test_a_gateway_that_is_away_hides_the_silence_behind_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        behind = EXIT.model_copy(update={"gateway": "gw-east", "device": "meter-1"})
        silent = await bench.say(
            transition("device-silent", place=behind, entity_kind=EntityKind.DEVICE, entity="hotel/meter-1")
        )
        away = await bench.say(
            transition(
                "gateway-offline",
                place=Place(unit="hotel", gateway="gw-east"),
                entity_kind=EntityKind.GATEWAY,
                entity="hotel/gw-east",
                hides=("device-silent",),
            )
        )
        assert (await bench.alert(silent)).suppressed_by == away


async def test_a_second_cause_keeps_it_hidden(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        parked = await bench.say(transition("ebike-parked"))
        await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        smoke = await bench.say(transition("ebike-smoke", hides=("ebike-parked",)))
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        assert (await bench.alert(parked)).suppressed_by == smoke


async def test_due_timers_come_fire_first(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        hazard = await bench.say(transition())
        bench.clock.advance(1)
        burning = await bench.say(fire(place=EXIT))
        bench.clock.advance(600)
        now = bench.clock.now_ns()
        waiting = await bench.office.database.read(lambda session: escalation.due(session, now, 10))
        assert [alert.id for alert in waiting] == [burning, hazard]
