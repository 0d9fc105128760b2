"""A reset at the panel: what it resets, what it waits for, and what it leaves to a person."""

from __future__ import annotations

from pathlib import Path

from alerts import actions
from alerts.schema import Alert
from domain.alarm import AlarmClass, EntityKind, Place, Transition, TransitionKind
from tests.alerts.alerts_scene import EXIT, Scene, fire, scene, transition

FAS = EXIT.model_copy(update={"device": "fas"})


def at(point: str, place: Place = FAS) -> Place:
    return place.model_copy(update={"point": point})


def burning(kind: TransitionKind = TransitionKind.RAISED, point: str = "smoke-1") -> Transition:
    return fire(kind, rule="component_fire", place=at(point), entity=f"hotel/fas/{point}", entity_kind=EntityKind.POINT)


def reset(point: str = "operation") -> Transition:
    return transition(
        "panel_reset",
        place=at(point),
        entity=f"hotel/fas/{point}",
        entity_kind=EntityKind.POINT,
        alarm_class=AlarmClass.DUTY,
        resets=True,
    )


async def acknowledge(told: Scene, alert: str) -> None:
    await told.do(alert, lambda desk, one: actions.acknowledge(desk, one, "op"))


async def test_a_fire_that_is_over_is_reset_at_the_panel_and_closes_when_somebody_acknowledged_it(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as told:
        alert = await told.say(burning())
        await told.say(burning(TransitionKind.CLEARED))
        await told.say(reset())
        view = await told.alert(alert)
        assert (view.reset_by, view.closed_at_ns) == ("panel", None)
        await acknowledge(told, alert)
        assert (await told.alert(alert)).closed_at_ns is not None


async def test_the_reset_itself_is_no_alert(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        said = reset()
        await told.say(burning(), said)
        assert await told.office.database.read(lambda session: session.get(Alert, said.id)) is None


async def test_components_that_clear_after_the_reset_are_reset_and_those_that_burn_on_are_not(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        soon, late, on = (
            await told.say(burning()),
            await told.say(burning(point="b")),
            await told.say(burning(point="c")),
        )
        for alert in (soon, late, on):
            await acknowledge(told, alert)
        await told.say(reset())
        told.clock.advance(20)
        await told.say(burning(TransitionKind.CLEARED))
        told.clock.advance(60)
        await told.say(burning(TransitionKind.CLEARED, "b"))
        assert (await told.alert(soon)).closed_at_ns is not None
        left = await told.alert(late)
        assert (left.reset_by, left.closed_at_ns, left.active) == (None, None, False)
        assert (await told.alert(on)).reset_at_ns is None


async def test_an_alarm_that_comes_again_after_the_reset_is_not_reset_by_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        alert = await told.say(burning())
        await told.say(reset())
        await told.say(burning(TransitionKind.CLEARED), burning(), burning(TransitionKind.CLEARED))
        view = await told.alert(alert)
        assert (view.active, view.reset_by, view.closed_at_ns) == (False, None, None)


async def test_unknown_is_not_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        alert = await told.say(burning())
        await told.say(burning(TransitionKind.CLEARED), burning(TransitionKind.UNKNOWN), reset())
        assert (await told.alert(alert)).reset_at_ns is None


async def test_another_panel_and_another_system_of_the_same_transmitter_have_no_say(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        one = await told.say(burning(point="s1-1-c40-1-2"))
        two = await told.say(burning(point="s1-12-c40-1-2"))
        other_place = at("smoke-1", EXIT.model_copy(update={"device": "other"}))
        other = await told.say(fire(rule="component_fire", place=other_place, entity="hotel/other/smoke-1"))
        for point in ("s1-1-c40-1-2", "s1-12-c40-1-2"):
            await told.say(burning(TransitionKind.CLEARED, point))
        await told.say(
            fire(TransitionKind.CLEARED, rule="component_fire", place=other_place, entity="hotel/other/smoke-1")
        )
        await told.say(reset("s1-1-op"))
        resets = [(await told.alert(alert)).reset_by for alert in (one, two, other)]
        assert resets == ["panel", None, None]
