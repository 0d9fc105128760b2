"""First alarm (首警): within a building, fires keep the order of the log, also when they came in one moment."""

from __future__ import annotations

from pathlib import Path

from alerts import actions
from alerts.views import alert_view
from domain.alarm import AlarmClass, Place, TransitionKind
from tests.alerts.alerts_scene import Scene, fire, scene, transition

EAST = [Place(unit="hotel", building="east", floor=n, zone=f"z{n}", device="panel", point=f"c40-{n}") for n in range(4)]
WEST = Place(unit="hotel", building="west", floor=1, zone="w1")


async def orders(held: Scene, *ids: str) -> list[int | None]:
    return [alert_view(await held.alert(one)).fire_order for one in ids]


async def test_fires_of_one_moment_are_numbered_as_they_stand_in_the_log(tmp_path: Path) -> None:
    async with scene(tmp_path) as held:
        fires = [fire(place=place, entity=f"hotel/panel/{place.point}") for place in EAST]
        await held.say(*fires)
        assert await orders(held, *(one.id for one in fires)) == [1, 2, 3, 4]


async def test_every_building_has_a_first_alarm_of_its_own_and_other_classes_have_none(tmp_path: Path) -> None:
    async with scene(tmp_path) as held:
        east, west, fault = fire(place=EAST[0]), fire(place=WEST), transition("f", alarm_class=AlarmClass.FAULT)
        nowhere = fire(place=Place(unit="hotel", gateway="utd"), entity="hotel/utd")
        await held.say(fault, east, west, nowhere)
        assert await orders(held, east.id, west.id, nowhere.id, fault.id) == [1, 1, 1, None]


async def test_while_one_fire_is_open_the_count_goes_on_and_after_the_last_it_begins_anew(tmp_path: Path) -> None:
    async with scene(tmp_path) as held:
        first, second = fire(place=EAST[0]), fire(place=EAST[1])
        await held.say(first, second)
        await close(held, first.id, EAST[0])
        third = fire(place=EAST[2])
        await held.say(third)
        assert await orders(held, first.id, second.id, third.id) == [1, 2, 3]
        await close(held, second.id, EAST[1])
        await close(held, third.id, EAST[2])
        later = fire(place=EAST[3])
        await held.say(later)
        assert await orders(held, later.id) == [1]


async def test_a_fire_that_comes_back_keeps_its_number(tmp_path: Path) -> None:
    async with scene(tmp_path) as held:
        first, second = fire(place=EAST[0]), fire(place=EAST[1])
        await held.say(first, second)
        await held.say(fire(TransitionKind.CLEARED, place=EAST[0]), fire(place=EAST[0]))
        assert await orders(held, first.id, second.id) == [1, 2]


async def close(held: Scene, alert_id: str, place: Place) -> None:
    """Clear a fire, answer it and reset it."""
    await held.say(fire(TransitionKind.CLEARED, place=place))
    await held.do(alert_id, lambda desk, alert: actions.acknowledge(desk, alert, "li"))
    await held.do(alert_id, lambda desk, alert: actions.reset(desk, alert, "li"))
    assert (await held.alert(alert_id)).closed_at_ns is not None
