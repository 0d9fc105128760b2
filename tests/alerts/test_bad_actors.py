"""Bad actors become work items once, and stop being ones when they are mended."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select

from alerts import actions
from alerts.floods.bad_actors import look
from alerts.floods.service import KpiService
from alerts.schema import FeedEvent, WorkItem
from domain.alarm import TransitionKind
from domain.alert import Confirmation
from tests.alerts.alerts_scene import Scene, scene
from tests.alerts.flood_scene import fault, faults

DAY_S = 86_400


async def items(bench: Scene, *, is_open: bool = True) -> list[str]:
    """Return the kinds of work items."""
    reply = await KpiService(bench.office).work_items({"open": is_open})
    return [item["kind"] for item in reply["work_items"]]


async def events(bench: Scene) -> list[tuple[str, str]]:
    """Return (type, outcome) of the work items that other modules heard of."""
    query = select(FeedEvent.payload).where(FeedEvent.subject.like("%.workitem")).order_by(FeedEvent.number)
    payloads = await bench.office.database.read(lambda session: session.scalars(query).all())
    messages = [json.loads(payload) for payload in payloads]
    return [(message["type"], message["outcome"]) for message in messages]


async def bounce(bench: Scene, times: int, every_s: float) -> None:
    """Raise and clear one alarm again and again."""
    change = fault(7)
    for number in range(times):
        for kind in (TransitionKind.RAISED, TransitionKind.CLEARED):
            await bench.say(change.model_copy(update={"id": f"{number:030d}{kind:.2}", "kind": kind}))
        bench.clock.advance(every_s)


async def test_three_raises_in_a_minute_are_one_work_item(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bounce(bench, 5, 10)
        for _ in range(3):
            await look(bench.office)
        assert await items(bench) == ["chattering"]
        bench.clock.advance(DAY_S + 60)
        await look(bench.office)
        assert await items(bench) == []
        assert await items(bench, is_open=False) == ["chattering"]
        assert await events(bench) == [("fengsui.workitem.chattering", one) for one in ("opened", "closed")]


async def test_three_raises_in_more_than_a_minute_are_none(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bounce(bench, 6, 30)
        await look(bench.office)
        assert await items(bench) == []


async def test_an_alarm_that_stands_for_a_day_is_stale_until_it_clears(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        change = fault(1)
        await bench.say(change)
        bench.clock.advance(DAY_S)
        await look(bench.office)
        assert await items(bench) == []
        bench.clock.advance(1)
        await look(bench.office)
        assert await items(bench) == ["stale"]
        await bench.say(change.model_copy(update={"id": "c" * 32, "kind": TransitionKind.CLEARED}))
        await look(bench.office)
        assert await events(bench) == [("fengsui.workitem.stale", one) for one in ("opened", "closed")]


async def test_one_alarm_that_makes_the_load_is_a_hog(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bounce(bench, 25, 120)
        await faults(bench, 20, start=100)
        await look(bench.office)
        assert await items(bench) == ["hog"]


async def test_three_false_alarms_of_one_detector(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        for number in range(3):
            alert_id = await bench.say(fault(number))
            await bench.do(alert_id, lambda desk, alert: actions.acknowledge(desk, alert, "wang"))
            await bench.do(alert_id, lambda desk, alert: actions.confirm(desk, alert, "wang", Confirmation.FALSE, "x"))
            await look(bench.office)
            assert await items(bench) == (["false_alarms"] if number == 2 else [])
        query = select(WorkItem)
        (item,) = await bench.office.database.read(lambda session: session.scalars(query).all())
        assert (item.entity, item.facts["false"], item.rule) == ("hotel/east-1-exit", 3, None)


async def test_what_comes_back_is_a_new_work_item(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        for _ in range(2):
            await bounce_again(bench)
            await look(bench.office)
            bench.clock.advance(2 * DAY_S)
            await look(bench.office)
        assert await items(bench, is_open=False) == ["chattering", "chattering"]


_rounds = iter(range(1000))


async def bounce_again(bench: Scene) -> None:
    """As `bounce`, with transitions of its own."""
    change, number = fault(7), next(_rounds)
    for step in range(4):
        for kind in (TransitionKind.RAISED, TransitionKind.CLEARED):
            await bench.say(change.model_copy(update={"id": f"{number:014d}{step:016d}{kind:.2}", "kind": kind}))
        bench.clock.advance(5)
