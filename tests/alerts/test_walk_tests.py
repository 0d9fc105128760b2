"""Walk tests: what is held, what pages all the same, and what their end does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from alerts import actions, timers, walk_test_end, walk_tests
from alerts.desk import Desk
from alerts.face import AlertsFace
from alerts.schema import AuditEntry, FeedEvent, WalkTest
from alerts.walk_test_face import BeginRequest, WalkTestFace
from domain.alarm import AlarmClass, EntityKind, Level, TransitionKind
from domain.alert import Confirmation
from domain.errors import RefusedError
from tests.alerts.alerts_scene import EXIT, PUMPS, Scene, fire, scene, transition
from tests.alerts.test_alerts_process import running, until

EXIT_ZONE = "east-1-exit"


async def begin(
    told: Scene, *, duration_s: float = 3600, zones: Sequence[str] = (), devices: Sequence[str] = ()
) -> str:
    """Begin a test of the hotel, or of parts of it; returns its id."""

    def work(desk: Desk) -> str:
        test = walk_tests.new_test(
            desk,
            unit="hotel",
            zones=list(zones),
            devices=list(devices),
            by="安装员",
            note="",
            duration_s=duration_s,
            from_seq=0,
        )
        return walk_tests.begin(desk, test).id

    return await told.office.change(work)


async def end(told: Scene, test: str) -> None:
    await told.office.change(lambda desk: walk_test_end.end(desk, desk.session.get_one(WalkTest, test), "安装员"))


async def test_an_alarm_in_scope_is_recorded_marked_and_told_to_nobody_with_the_reason(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        test = await begin(told, zones=(EXIT_ZONE,))
        alert = await told.say(fire(place=EXIT))
        told.clock.advance(1000)
        await told.office.change(timers.escalate)
        view = await told.alert(alert)
        assert (view.held, view.test, view.walk_test, view.active) == (True, True, test, True)
        assert (await told.told(alert), view.next_escalation_ns, view.fire_order) == ([], None, None)
        event = await told.office.database.read(lambda session: session.scalars(select(FeedEvent)).first())
        assert event is not None
        message = json.loads(event.payload)
        assert (message["data"]["held"], message["data"]["walk_test"]) == (True, test)
        assert "安装员 走动测试，至" in json.loads(message["detail"])["walk_test"]["reason"]


async def test_a_fire_outside_the_scope_pages_at_once_and_is_hidden_by_nothing_that_is_held(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        await begin(told, zones=[EXIT_ZONE])
        hides = ("panel-fire", "pump-fire")
        await told.say(fire(rule="exit-fire", place=EXIT, hides=hides))
        outside = await told.say(fire(rule="pump-fire", place=PUMPS, entity="hotel/east-b1-pump"))
        view = await told.alert(outside)
        assert (view.held, view.test, view.suppressed_by, view.fire_order) == (False, False, None, 1)
        assert await told.told(outside) == ["p-lin"]  # nobody is responsible for the pumps: the next step at once


async def test_a_held_fire_does_not_hide_a_fire_of_the_same_zone_that_the_test_does_not_cover(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        device = EXIT.model_copy(update={"device": "smoke-1"})
        other = EXIT.model_copy(update={"device": "smoke-2"})
        told.office.directory.check_scope = lambda *_: None  # type: ignore[method-assign]  # this hotel has no devices
        await begin(told, devices=["smoke-1"])
        await told.say(fire(rule="one", place=device, entity="hotel/smoke-1", hides=("two",)))
        beside = await told.say(fire(rule="two", place=other, entity="hotel/smoke-2"))
        view = await told.alert(beside)
        assert (view.held, view.suppressed_by) == (False, None)
        assert await told.told(beside) == ["p-chen"]
        await told.say(fire(rule="one", place=device, entity="hotel/smoke-1", hides=("two",)))
        assert (await told.alert(beside)).suppressed_by is None


@pytest.mark.parametrize(
    "changes",
    [
        {"alarm_class": AlarmClass.SYSTEM},
        {"alarm_class": AlarmClass.DUTY},
        {"entity_kind": EntityKind.GATEWAY, "entity": "hotel/gw", "alarm_class": AlarmClass.FAULT},
    ],
)
async def test_lines_and_duties_are_never_held(tmp_path: Path, changes: dict[str, Any]) -> None:
    async with scene(tmp_path) as told:
        await begin(told)
        alert = await told.say(transition(**changes))
        assert not (await told.alert(alert)).held


async def test_what_was_beside_the_test_goes_on_as_usual(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        alert = await told.say(fire(place=EXIT))
        await begin(told)
        await told.say(fire(TransitionKind.CLEARED, place=EXIT))
        await told.say(fire(place=EXIT))
        assert not (await told.alert(alert)).held
        told.clock.advance(31)
        await told.office.change(timers.escalate)
        assert await told.told(alert) == ["p-chen", "p-lin"]


async def test_the_end_by_a_person_pages_what_stands_and_closes_the_rest_as_test(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        test = await begin(told)
        over = await told.say(fire(rule="over", place=EXIT))
        await told.say(fire(TransitionKind.CLEARED, rule="over", place=EXIT))
        stands = await told.say(fire(rule="stands", place=EXIT))
        told.clock.advance(1)
        lost = await told.say(fire(rule="lost", place=EXIT))
        await told.say(
            fire(TransitionKind.CLEARED, rule="lost", place=EXIT), fire(TransitionKind.UNKNOWN, rule="lost", place=EXIT)
        )
        told.clock.advance(600)
        await end(told, test)
        closed = await told.alert(over)
        assert (closed.confirmed, closed.reset_by, closed.closed_at_ns) == (
            Confirmation.TEST, "安装员", told.clock.now_ns()
        )  # fmt: skip
        assert await told.told(over) == []
        for alert in (stands, lost):
            view = await told.alert(alert)
            assert (view.held, view.test) == (False, False)
            assert await told.told(alert) == ["p-chen"]
        assert (await told.alert(stands)).fire_order == 1
        with pytest.raises(RefusedError, match="结束"):
            await end(told, test)


async def test_time_ends_it_pages_what_stands_and_leaves_what_is_over_to_a_person(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        test = await begin(told, duration_s=60)
        over = await told.say(fire(rule="over", place=EXIT))
        await told.say(fire(TransitionKind.CLEARED, rule="over", place=EXIT))
        stands = await told.say(transition("stands"))
        assert await told.office.database.read(walk_test_end.next_end) == told.clock.now_ns() + 60 * 10**9
        told.clock.advance(61)
        await told.office.change(timers.escalate)
        ended = await told.office.database.read(lambda session: session.get_one(WalkTest, test))
        assert (ended.ended_by, ended.ended_ns) == ("system", told.clock.now_ns())
        assert await told.told(stands) == ["p-chen"]
        left = await told.alert(over)
        assert (left.held, left.closed_at_ns, await told.told(over)) == (True, None, [])
        await told.say(fire(rule="over", place=EXIT))
        again = await told.alert(over)
        assert (again.held, again.test, await told.told(over)) == (False, False, ["p-chen"])


async def test_an_alarm_that_comes_again_in_the_test_is_still_held_and_one_that_was_taken_on_is_not_told(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as told:
        test = await begin(told)
        alert = await told.say(fire(place=EXIT, level=Level.WARNING))
        await told.do(alert, lambda desk, one: actions.acknowledge(desk, one, "op"))
        await told.say(fire(TransitionKind.CLEARED, place=EXIT))
        await told.say(fire(place=EXIT, level=Level.WARNING), fire(TransitionKind.LEVEL, place=EXIT))
        view = await told.alert(alert)
        assert (view.held, view.occurrence, await told.told(alert)) == (True, 2, [])
        await told.do(alert, lambda desk, one: actions.acknowledge(desk, one, "op"))
        await end(told, test)
        assert await told.told(alert) == []


async def test_one_test_of_a_unit_at_a_time_and_only_of_places_that_are_there(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        await begin(told, zones=(EXIT_ZONE,))
        with pytest.raises(RefusedError, match="runs until"):
            await begin(told)
        with pytest.raises(RefusedError, match="moon"):
            await begin(told, zones=["moon"])
        with pytest.raises(RefusedError, match="moon"):
            await begin(told, devices=["moon"])
        entries = await told.office.database.read(lambda session: session.scalars(select(AuditEntry.action)).all())
        assert list(entries) == ["walk_test_began"]


async def test_the_service_begins_lists_and_ends_and_the_status_says_so(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        face = WalkTestFace(bench.backbone)
        test = await face.begin(BeginRequest(unit="hotel", by="安装员", zones=("east-1-exit",), duration_s=600))
        assert test.until_ns - test.begun_ns == 600 * 10**9
        held = await bench.say(fire(place=EXIT))
        paged = await bench.say(fire(rule="pump-fire", place=PUMPS.model_copy(update={"zone": "east-b1-pump"})))
        assert (await bench.alert(held)).held
        assert not (await bench.alert(paged)).held
        assert [one.id for one in await face.list(unit="hotel", running=True)] == [test.id]

        async def told() -> bool | None:
            document = (await bench.backbone.statuses()).get("alerts.main", {})
            return [one["id"] for one in document.get("walk_tests", ())] == [test.id] or None

        assert await until(told)
        await bench.say(fire(TransitionKind.CLEARED, place=EXIT))
        await bench.alert(held, lambda alert: not alert.active)
        ended = await face.end(test.id, by="安装员")
        assert ended.ended_by == "安装员"
        assert ended.audit_hash
        assert not ended.is_running
        closed = await bench.alert(held, lambda alert: alert.closed_at_ns is not None)
        assert closed.confirmed is Confirmation.TEST
        assert (await AlertsFace(bench.backbone).get(held)).notifications == ()
        with pytest.raises(RefusedError):
            await face.end("0" * 32, by="x")
        with pytest.raises(RefusedError, match="no person"):
            await face.end(test.id, by="system")
        with pytest.raises(RefusedError):
            await bench.backbone.request("svc.alerts.walk_tests.begin", {"unit": "hotel", "by": "x", "duration_s": 1e6})
