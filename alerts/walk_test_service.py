"""`svc.alerts.walk_tests.*`: beginning, ending and listing walk tests, and what people mark in them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import walk_test_end, walk_test_marks, walk_tests
from alerts.desk import NOT_FOUND, Desk
from alerts.office import Office
from alerts.schema import WalkTest, WalkTestMark
from alerts.walk_test_face import (
    MOST_MARKS,
    BeginRequest,
    EndRequest,
    MarkRequest,
    MarksRequest,
    WalkTestListRequest,
    WalkTestSubject,
)
from backbone.client import Backbone
from backbone.layout import TELEMETRY
from domain.errors import RefusedError
from domain.walk_test import WalkMark, WalkTestView

Reply = dict[str, Any]


class WalkTestService:
    """Handlers over an office."""

    def __init__(self, office: Office, backbone: Backbone) -> None:
        """Serve ``office``; the log of ``backbone`` says where a test begins."""
        self._office = office
        self._backbone = backbone

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(WalkTestSubject.BEGIN.value, self.begin)
        await self._backbone.serve(WalkTestSubject.END.value, self.end)
        await self._backbone.serve(WalkTestSubject.LIST.value, self.list)
        await self._backbone.serve(WalkTestSubject.MARK.value, self.mark)
        await self._backbone.serve(WalkTestSubject.MARKS.value, self.marks)

    async def begin(self, body: Reply) -> Reply:
        """Begin a test."""
        request = BeginRequest.model_validate(body)
        from_seq = await self._backbone.last_seq(TELEMETRY)

        def work(desk: Desk) -> Reply:
            walk_test_end.end_overdue(desk)
            test = walk_tests.new_test(
                desk,
                unit=request.unit,
                zones=list(request.zones),
                devices=list(request.devices),
                by=request.by,
                note=request.note,
                duration_s=request.duration_s,
                from_seq=from_seq,
            )
            return _reply(walk_tests.begin(desk, test))

        return await self._office.change(work)

    async def end(self, body: Reply) -> Reply:
        """End a test by a person."""
        request = EndRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            return _reply(walk_test_end.end(desk, _known(desk.session, request.id), request.by))

        return await self._office.change(work)

    async def list(self, body: Reply) -> Reply:
        """List tests, newest first."""
        request = WalkTestListRequest.model_validate(body)
        query = select(WalkTest).order_by(WalkTest.begun_ns.desc(), WalkTest.id).limit(request.limit)
        if request.unit is not None:
            query = query.where(WalkTest.unit == request.unit)
        if request.units is not None:
            query = query.where(WalkTest.unit.in_(request.units))
        if request.running is not None:
            query = query.where(WalkTest.ended_ns.is_(None) if request.running else WalkTest.ended_ns.is_not(None))
        tests = await self._office.database.read(lambda session: session.scalars(query).all())
        return {"walk_tests": [_view(test) for test in tests]}

    async def mark(self, body: Reply) -> Reply:
        """Write down what a person found at a point."""
        request = MarkRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            made = walk_test_marks.mark(desk, _known(desk.session, request.id), request)
            desk.session.flush()
            return {"mark": _mark(made)}

        return await self._office.change(work)

    async def marks(self, body: Reply) -> Reply:
        """List the marks of a test, oldest first."""
        request = MarksRequest.model_validate(body)

        def work(session: Session) -> Reply:
            test = _known(session, request.id)
            found = walk_test_marks.after(session, test, request.after, MOST_MARKS + 1)
            shown = [_mark(one) for one in found[:MOST_MARKS]]
            return {**_reply(test), "marks": shown, "more": len(found) > MOST_MARKS}

        return await self._office.database.read(work)


def running_tests(session: Session) -> list[Reply]:
    """Return the running tests for the status document, so that every screen can say that they run."""
    tests = session.scalars(select(WalkTest).where(WalkTest.ended_ns.is_(None)).order_by(WalkTest.begun_ns))
    return [_view(test) for test in tests]


def _known(session: Session, test_id: str) -> WalkTest:
    test = session.get(WalkTest, test_id)
    if test is None:
        raise RefusedError(f"没有走动测试 {test_id} / no such walk test", code=NOT_FOUND)
    return test


def _mark(mark: WalkTestMark) -> Reply:
    return WalkMark(**{name: getattr(mark, name) for name in WalkMark.model_fields}).model_dump(mode="json")


def _reply(test: WalkTest) -> Reply:
    return {"walk_test": _view(test)}


def _view(test: WalkTest) -> Reply:
    names = WalkTestView.model_fields
    return WalkTestView(**{name: getattr(test, name) for name in names}).model_dump(mode="json")
