"""Handing a shift over: two people, the figures of the moment, and a record that nobody can mend later."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from alerts import actions, shifts
from alerts.desk import Desk
from alerts.schema import AuditEntry, ShiftHandover
from alerts.shifts_face import FIRST_S, HandoverView, ShiftNow
from domain.alarm import AlarmClass, TransitionKind
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import Scene, fire, scene, transition

HOUR = 3600


async def now(bench: Scene) -> ShiftNow:
    return await bench.office.database.read(lambda session: shifts.now(session, bench.clock.now_ns()))


async def give(bench: Scene, by: str, notes: str = "") -> HandoverView:
    def work(desk: Desk) -> HandoverView:
        row = shifts.give(desk, by=by, notes=notes)
        desk.session.flush()
        return shifts.view(desk.session, row)

    return await bench.office.change(work)


async def take(bench: Scene, handover: str, by: str, remark: str = "") -> HandoverView:
    def work(desk: Desk) -> HandoverView:
        return shifts.view(desk.session, shifts.take(desk, handover, by=by, remark=remark))

    return await bench.office.change(work)


async def test_a_shift_goes_from_one_person_to_another_with_notes_and_figures(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(fire())
        hazard = await bench.say(transition())
        await bench.do(alert, lambda desk, one: actions.acknowledge(desk, one, "王"))
        await bench.do(alert, lambda desk, one: actions.confirm(desk, one, "王", Confirmation.REAL))
        given = await give(bench, "王", "泵房检修，注意压力")
        assert (given.given_by, given.notes, given.waits) == ("王", "泵房检修，注意压力", True)
        assert given.open_alerts == (alert, hazard)  # a fire first
        figures = given.figures
        assert figures.raised == {AlarmClass.FIRE: 1, AlarmClass.HAZARD: 1}
        assert (figures.acknowledged, figures.confirmed, figures.fresh) == (1, {Confirmation.REAL: 1}, 1)
        assert (await now(bench)).waiting == given
        bench.clock.advance(60)
        taken = await take(bench, given.id, "李", "都看过了")
        assert (taken.taken_by, taken.remark, taken.waits) == ("李", "都看过了", False)
        assert taken.taken_ns == bench.clock.now_ns()
        assert (await now(bench)).holder == "李"


async def test_the_next_shift_counts_what_happened_in_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        first = await now(bench)
        assert (first.holder, first.since_ns) == (None, bench.clock.now_ns() - FIRST_S * NS_PER_S)
        old = await bench.say(transition())
        await bench.do(old, lambda desk, one: actions.acknowledge(desk, one, "王"))
        bench.clock.advance(1)
        await take(bench, (await give(bench, "王")).id, "李")
        bench.clock.advance(HOUR)
        await bench.say(transition("pump-stopped", alarm_class=AlarmClass.FAULT))
        await bench.say(transition(kind=TransitionKind.CLEARED))
        figures = (await now(bench)).figures
        assert figures.raised == {AlarmClass.FAULT: 1}
        assert (figures.acknowledged, figures.closed) == (0, 1)
        assert figures.open == {AlarmClass.FAULT: 1}


async def test_nobody_takes_from_themselves_nor_twice_nor_what_was_replaced(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        replaced = await give(bench, "Wang")
        given = await give(bench, "Wang", "again, with notes")
        with pytest.raises(RefusedError, match="another person"):
            await take(bench, given.id, " wang ")
        with pytest.raises(RefusedError, match="newer hand-over"):
            await take(bench, replaced.id, "Li")
        with pytest.raises(RefusedError, match="no such hand-over"):
            await take(bench, "nothing", "Li")
        await take(bench, given.id, "Li")
        with pytest.raises(RefusedError, match="Li took this shift over"):
            await take(bench, given.id, "Zhang")
        found = await bench.office.database.read(lambda session: shifts.listed(session, None, 10))
        assert [(one.id, one.taken_by, one.waits) for one in found] == [
            (given.id, "Li", False),
            (replaced.id, None, False),
        ]


async def test_the_audit_has_both_acts_and_every_screen_can_say_so(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        given = await give(bench, "王", "无")
        told = await bench.office.database.read(shifts.told)
        assert told == {
            "holder": None,
            "since_ns": None,
            "waiting_by": "王",
            "waiting_since_ns": given.given_ns,
        }
        await take(bench, given.id, "李")
        told = await bench.office.database.read(shifts.told)
        assert (told["holder"], told["waiting_by"]) == ("李", None)

        def acts(session: Session) -> list[tuple[str, str]]:
            return [(one.actor, one.action) for one in session.query(AuditEntry).order_by(AuditEntry.number)]

        assert await bench.office.database.read(acts) == [("王", "shift_given"), ("李", "shift_taken")]


async def test_a_clock_that_was_set_back_does_not_reorder_them(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        first = await give(bench, "王")
        bench.clock.advance(-10)
        second = await give(bench, "王", "later")
        assert second.given_ns > first.given_ns
        waiting = (await now(bench)).waiting
        assert waiting is not None
        assert waiting.id == second.id
        rows = await bench.office.database.read(lambda session: session.query(ShiftHandover).count())
        assert rows == 2
