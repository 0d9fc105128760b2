"""Out of service: what is flagged, what pages all the same, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from alerts import out_of_service, timers
from alerts.desk import Desk
from alerts.out_of_service_face import AddRequest, OutOfServiceFace
from alerts.out_of_service_service import new_entry
from alerts.schema import AuditEntry
from domain.alarm import TransitionKind
from domain.errors import RefusedError
from tests.alerts.alerts_scene import EXIT, PUMPS, Scene, fire, scene, transition
from tests.alerts.test_alerts_process import running, until


async def add(told: Scene, *, duration_s: float = 3600, **scope: Any) -> str:
    """Take something of the hotel out of service; returns the entry's id."""
    request = AddRequest(unit="hotel", by="林经理", reason="更换探头", duration_s=duration_s, **scope)
    return await told.office.change(lambda desk: out_of_service.begin(desk, new_entry(desk, request)).id)


async def test_an_alarm_from_there_is_recorded_with_the_flag_and_told_to_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        entry = await add(told, zones=("east-1-exit",))
        alert = await told.say(transition())
        beside = await told.say(transition("beside", place=PUMPS, entity="hotel/east-b1-pump"))
        told.clock.advance(1000)
        await told.office.change(timers.escalate)
        view = await told.alert(alert)
        assert (view.out_of_service, view.active, await told.told(alert)) == (entry, True, [])
        assert ((await told.alert(beside)).out_of_service, await told.told(beside)) == (
            None,
            ["p-lin", "s-wang", "s-wang"],
        )


async def test_a_fire_is_flagged_and_told_as_ever(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        entry = await add(told, zones=("east-1-exit",))
        alert = await told.say(fire(place=EXIT))
        told.clock.advance(31)
        await told.office.change(timers.escalate)
        assert (await told.alert(alert)).out_of_service == entry
        assert await told.told(alert) == ["p-chen", "p-lin"]


async def test_what_was_open_before_goes_on_and_what_is_raised_again_is_flagged(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        alert = await told.say(transition())
        entry = await add(told, zones=("east-1-exit",))
        assert (await told.alert(alert)).out_of_service is None
        await told.say(transition(kind=TransitionKind.CLEARED), transition())
        assert (await told.alert(alert)).out_of_service == entry


@pytest.mark.parametrize("by_time", [True, False])
async def test_its_end_tells_what_still_stands_and_stands_in_the_audit(tmp_path: Path, *, by_time: bool) -> None:
    async with scene(tmp_path) as told:
        entry = await add(told, zones=("east-1-exit",), duration_s=600)
        stands = await told.say(transition())
        over = await told.say(transition("over"))
        await told.say(transition("over", TransitionKind.CLEARED))
        told.clock.advance(601 if by_time else 60)
        if by_time:
            assert await told.office.database.read(timers._next_timer) is not None
            await told.office.change(timers.escalate)
        else:
            await told.office.change(lambda desk: out_of_service.end(desk, entry, "林经理"))
        assert ((await told.alert(stands)).out_of_service, await told.told(stands)) == (None, ["p-chen"])
        assert await told.told(over) == []
        audit = await told.office.database.read(lambda session: session.scalars(select(AuditEntry)).all())
        ends = [(one.action, one.actor) for one in audit if one.action.startswith("out_of_service")]
        assert ends == [("out_of_service_began", "林经理"), ("out_of_service_ended", "system" if by_time else "林经理")]


async def test_one_that_ends_leaves_the_flag_where_another_still_covers(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        short = await add(told, zones=("east-1-exit",), duration_s=60)
        long = await add(told, zones=("east-1-exit", "east-b1-pump"), duration_s=3600)
        alert = await told.say(transition())
        assert (await told.alert(alert)).out_of_service == long
        await told.office.change(lambda desk: out_of_service.end(desk, long, "林经理"))
        assert ((await told.alert(alert)).out_of_service, await told.told(alert)) == (short, [])


async def test_a_point_means_itself_only(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        told.office.directory.check_scope = lambda *_: None  # type: ignore[method-assign]  # this hotel has no devices
        entry = await add(told, points=("fas/c40-1-2",))
        place = EXIT.model_copy(update={"device": "fas", "point": "c40-1-2"})
        alert = await told.say(transition(place=place, entity="hotel/fas/c40-1-2"))
        other = place.model_copy(update={"point": "c40-1-3"})
        beside = await told.say(transition("other", place=other, entity="hotel/fas/c40-1-3"))
        assert (await told.alert(alert)).out_of_service == entry
        assert (await told.alert(beside)).out_of_service is None


async def test_places_that_are_not_there_are_refused_and_so_is_a_second_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        scopes: tuple[dict[str, Any], ...] = (
            {"zones": ("moon",)},
            {"devices": ("moon",)},
            {"gateways": ("moon",)},
            {"points": ("moon/a",)},
        )
        for scope in scopes:
            with pytest.raises(RefusedError, match="moon"):
                await add(told, **scope)
        entry = await add(told, zones=("east-1-exit",))

        def finish(desk: Desk) -> None:
            out_of_service.end(desk, entry, "林经理")

        await told.office.change(finish)
        with pytest.raises(RefusedError, match="back in service"):
            await told.office.change(finish)
        with pytest.raises(ValueError, match="whole unit"):
            AddRequest(unit="hotel", by="a", reason="b", duration_s=60)


async def test_the_service_adds_lists_and_ends_and_the_status_says_so(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        face = OutOfServiceFace(bench.backbone)
        entry = await face.add(
            AddRequest(unit="hotel", by="林经理", reason="更换探头", zones=("east-1-exit",), duration_s=600)
        )
        assert entry.until_ns - entry.begun_ns == 600 * 10**9

        async def shown() -> bool:
            document = (await bench.backbone.statuses()).get("alerts.main", {})
            return [one["id"] for one in document.get("out_of_service", [])] == [entry.id]

        await until(shown)
        assert [one.id for one in await face.list(unit="hotel", running=True)] == [entry.id]
        assert (await face.end(entry.id, by="林经理")).ended_by == "林经理"
        assert await face.list(running=True) == ()
        with pytest.raises(RefusedError):
            await face.end("nothing", by="林经理")
