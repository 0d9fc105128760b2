"""Floods: exact begin and end by the times of the record, whatever the timers do and whenever the process dies."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.database import Database
from alerts.directory import Directory
from alerts.floods.announcing import RULE
from alerts.office import Office
from alerts.schema import Alert, AuditEntry, FeedEvent, Flood, FloodScope
from domain.alarm import AlarmClass, Place, TransitionKind
from domain.clock import NS_PER_S, FakeClock
from tests.alerts.alerts_scene import EXIT, PUMPS, Scene, fire, hotel, labels, scene
from tests.alerts.flood_scene import fault, faults, floods, tick

WINDOW_S = 600


async def test_the_eleventh_alarm_in_ten_minutes_begins_a_flood(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        ids = await faults(bench, 10)
        assert await floods(bench) == []
        began_ns = bench.clock.now_ns()
        await faults(bench, 1, start=10)
        (flood,) = await floods(bench)
        assert (flood.begun_ns, flood.first_alert, flood.ended_ns) == (began_ns, ids[0], None)
        assert [one.place for scope in FloodScope for one in await floods(bench, scope)] == [
            "hotel/east",
            "hotel",
            "site",
        ]


async def test_ten_alarms_that_leave_the_window_make_none(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await faults(bench, 40, every_s=60.0)
        assert await floods(bench) == []


async def test_it_ends_when_the_fifth_newest_has_left_the_window(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        start_ns = bench.clock.now_ns()
        await faults(bench, 12)
        await tick(bench, 3000)
        (flood,) = await floods(bench)
        fifth_newest_ns = start_ns + 7 * NS_PER_S
        assert flood.ended_ns == fifth_newest_ns + WINDOW_S * NS_PER_S
        assert (flood.alarms, flood.peak) == (12, 12)


async def test_one_more_alarm_puts_the_end_off(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await faults(bench, 12)
        await tick(bench, 500)
        last_ns = bench.clock.now_ns()
        await faults(bench, 6, start=12, every_s=0)
        await tick(bench, WINDOW_S - 1)
        assert (await floods(bench))[0].ended_ns is None
        await tick(bench, 1)
        assert (await floods(bench))[0].ended_ns == last_ns + WINDOW_S * NS_PER_S


async def test_what_people_are_not_told_of_is_no_load(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(fault(100, rule="cause", hides=tuple(f"fault-{number}" for number in range(20))))
        await faults(bench, 20)
        assert await floods(bench) == []


async def test_consequences_count_when_their_cause_is_gone(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        cause = fault(100, rule="cause", hides=tuple(f"fault-{number}" for number in range(20)))
        await bench.say(cause)
        await faults(bench, 20)
        assert await floods(bench) == []
        await bench.say(cause.model_copy(update={"id": "c" * 32, "kind": TransitionKind.CLEARED}))
        assert len(await floods(bench)) == 1


async def test_the_own_alarm_names_the_first_alarm_and_clears(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await faults(bench, 12)
        await tick(bench)
        (alert,) = await own_alarms(bench)
        assert (alert.alarm_class, alert.unit, alert.active) == (AlarmClass.SYSTEM, "hotel", True)
        assert "故障0" in alert.text_zh
        assert "Fault 0" in alert.text_en
        await tick(bench, 700)
        assert not (await own_alarms(bench))[0].active


async def own_alarms(bench: Scene) -> list[Alert]:
    query = select(Alert).where(Alert.rule == RULE).order_by(Alert.raised_at_ns, Alert.entity)
    return list(await bench.office.database.read(lambda session: session.scalars(query).all()))


async def test_other_modules_hear_of_begin_and_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        ids = await faults(bench, 12)
        await tick(bench)
        await tick(bench, 700)
        query = select(FeedEvent).where(FeedEvent.subject == "alert.hotel.system.flood").order_by(FeedEvent.number)
        events = await bench.office.database.read(lambda session: session.scalars(query).all())
        messages = [json.loads(event.payload) for event in events]
        assert [message["type"] for message in messages] == ["fengsui.flood.begun"] * 3 + ["fengsui.flood.ended"] * 3
        assert {message["data"]["first_out"]["alert_id"] for message in messages} == {ids[0]}
        assert {message["data"]["scope"] for message in messages} == {"building", "unit", "position"}
        assert all(message["specversion"] == "1.0" and message["audithash"] for message in messages)


async def test_two_units_flood_their_position_and_not_each_other(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(units=[unit("hotel"), unit("mall")])) as bench:
        for number in range(6):
            for name in ("hotel", "mall"):
                await bench.say(fault(number, place=Place(unit=name, building="east")))
        assert await floods(bench) == []
        assert len(await floods(bench, FloodScope.POSITION)) == 1
        await tick(bench)
        assert [alert.entity for alert in await own_alarms(bench)] == ["hotel/site"]


async def test_a_position_of_its_own_has_its_own_load(tmp_path: Path) -> None:
    desks = {"positions": [{"id": "desk-2", "labels": labels("二席", "Second desk"), "units": ["mall"]}]}
    async with scene(tmp_path, hotel(units=[unit("hotel"), unit("mall")], operators=desks)) as bench:
        for number in range(6):
            for name in ("hotel", "mall"):
                await bench.say(fault(number, place=Place(unit=name, building="east")))
        assert await floods(bench, FloodScope.POSITION) == []


def unit(name: str) -> dict[str, object]:
    """Return a unit with one building and no zone."""
    return {"id": name, "labels": labels(name, name), "buildings": [{"id": "east", "labels": labels("东楼", "East")}]}


async def test_a_fire_counts_and_is_told_as_ever(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await faults(bench, 10)
        fire_id = await bench.say(fire(place=PUMPS))
        assert len(await floods(bench)) == 1
        assert await bench.told(fire_id) == ["p-lin"]


async def test_the_audit_has_floods(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await faults(bench, 12)
        await tick(bench)
        query = select(AuditEntry.action).where(AuditEntry.action.like("flood%"))
        actions = await bench.office.database.read(lambda session: session.scalars(query).all())
        assert actions == ["flood_begins"] * 3


def reference(times: list[int], window: int, above: int, below: int) -> list[tuple[int, int | None]]:
    """Return floods by counting the window anew at every moment at which anything can change."""
    found: list[tuple[int, int | None]] = []
    moments = sorted({*times, *(time + window for time in times)})
    standing = False
    for moment in moments:
        count = sum(moment - window < time <= moment for time in times)
        before = sum(moment - window < time < moment for time in times)
        if standing and before < below:
            found[-1] = (found[-1][0], moment)
            standing = False
        if not standing and count > above:
            found.append((moment, None))
            standing = True
    return found


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 25), st.integers(1, 6), st.booleans(), st.sampled_from([True, False, False, False])),
        max_size=15,
    ),
    st.integers(1, 6),
    st.integers(1, 5),
)
def test_floods_are_what_counting_says(gaps: list[tuple[int, int, bool, bool]], above: int, below: int) -> None:
    """Random alarms, with timers that look or do not, and restarts in between."""
    asyncio.run(_compare(gaps, above, min(above, below)))


async def _compare(gaps: list[tuple[int, int, bool, bool]], above: int, below: int) -> None:
    window = 40
    registry = hotel(operators={"flood_above": above, "flood_below": below, "window_s": window})
    with tempfile.TemporaryDirectory() as folder:
        clock, times, number = FakeClock(), list[int](), 0
        url = f"sqlite:///{folder}/alerts.db"
        database = await Database.open(url)
        for gap, count, looks, restarts in gaps:
            clock.advance(gap)
            if restarts:
                await database.close()
                database = await Database.open(url)
            bench = Scene(Office(database, Directory(registry), clock), clock)
            if looks:
                await tick(bench)
            await bench.say(*(fault(number + one) for one in range(count)))
            times += [clock.now_ns()] * count
            number += count
        bench = Scene(Office(database, Directory(registry), clock), clock)
        clock.advance(10_000)
        await tick(bench)
        found: list[Flood] = await floods(bench)
        await database.close()
    assert [(flood.begun_ns, flood.ended_ns) for flood in found] == reference(times, window * NS_PER_S, above, below)


def test_the_place_of_the_tests_is_in_a_building() -> None:
    assert EXIT.building == "east"
