"""Marks by hand in a walk test: who may not mark what, that nothing is erased, and the way over the bus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts import walk_test_end, walk_test_marks, walk_tests
from alerts.desk import Desk
from alerts.office import Office
from alerts.schema import AuditEntry, WalkTest
from alerts.walk_test_face import LAST_NUMBER, MOST_MARKS, BeginRequest, MarkRequest, WalkTestFace
from alerts.walk_test_service import WalkTestService
from backbone.client import Backbone
from domain.errors import RefusedError
from domain.site import Registry
from tests.alerts.alerts_scene import Scene, scene
from tests.dashboards.district import district
from tests.servers import connected, embedded_server

SITE = district(8)


def points_of(registry: Registry, zone: str) -> list[str]:
    """Return ``device/point`` of the hotel's points in a zone."""
    return [
        f"{point.device}/{point.name}"
        for point in registry.points
        if point.unit == "hotel" and registry.zone_of(point).settings.id == zone
    ]


INSIDE, BESIDE = points_of(SITE, "corridor")[:2]
OUTSIDE = points_of(SITE, "control")[0]


async def begin(told: Scene, zones: Sequence[str] = ("corridor",)) -> str:
    def work(desk: Desk) -> str:
        test = walk_tests.new_test(
            desk, unit="hotel", zones=list(zones), devices=[], by="李工", note="", duration_s=60, from_seq=0
        )
        return walk_tests.begin(desk, test).id

    return await told.office.change(work)


async def mark(told: Scene, test: str, point: str = INSIDE, *, works: bool = True, by: str = "李工") -> int:
    request = MarkRequest(id=test, point=point, works=works, by=by, remark=" 二楼 ", reason="钥匙断了")

    def work(desk: Desk) -> int:
        made = walk_test_marks.mark(desk, desk.session.get_one(WalkTest, test), request)
        desk.session.flush()
        return made.number

    return await told.office.change(work)


async def test_a_later_mark_stands_beside_an_earlier_one_and_both_are_in_the_audit(tmp_path: Path) -> None:
    async with scene(tmp_path, SITE) as told:
        test = await begin(told)
        await mark(told, test, works=False)
        told.clock.advance(5)
        await mark(told, test, by="王工")
        found = await told.office.database.read(
            lambda session: walk_test_marks.after(session, session.get_one(WalkTest, test), 0, 9)
        )
        assert [(one.works, one.by, one.remark, one.reason) for one in found] == [
            (False, "李工", "二楼", "钥匙断了"),
            (True, "王工", "二楼", "钥匙断了"),
        ]
        assert found[1].at_ns - found[0].at_ns == 5 * 10**9
        entries = await told.office.database.read(lambda session: session.scalars(select(AuditEntry)).all())
        marked = [entry for entry in entries if entry.action == "walk_test_marked"]
        assert [entry.actor for entry in marked] == ["李工", "王工"]
        details = marked[0].details if isinstance(marked[0].details, dict) else json.loads(marked[0].details)
        assert (details["point"], details["works"]) == (f"hotel/{INSIDE}", False)


async def test_only_within_the_scope_of_a_test_that_runs_and_by_a_person(tmp_path: Path) -> None:
    async with scene(tmp_path, SITE) as told:
        test = await begin(told)
        for point, words in ((OUTSIDE, "not within"), ("moon/x", "no point")):
            with pytest.raises(RefusedError, match=words):
                await mark(told, test, point)
        with pytest.raises(RefusedError, match="no person"):
            await mark(told, test, by="system")
        told.clock.advance(60)  # its time is up, and no timer has run yet
        with pytest.raises(RefusedError, match="ended at"):
            await mark(told, test)
        await told.office.change(walk_test_end.end_overdue)
        with pytest.raises(RefusedError, match="ended at"):
            await mark(told, test)
        actions = await told.office.database.read(lambda session: session.scalars(select(AuditEntry.action)).all())
        assert "walk_test_marked" not in actions


async def test_over_the_bus_marks_are_read_on_page_by_page(tmp_path: Path) -> None:
    async with (
        scene(tmp_path / "record", SITE) as told,
        embedded_server(tmp_path / "log") as server,
        connected(server) as backbone,
    ):
        await serve(told.office, backbone)
        face = WalkTestFace(backbone)
        test = await face.begin(BeginRequest(unit="hotel", by="李工", duration_s=600))
        first = await face.mark(MarkRequest(id=test.id, point=OUTSIDE, works=True, by="李工", reason="消火栓"))
        assert (first.point, first.works, first.reason) == (OUTSIDE, True, "消火栓")
        for number in range(MOST_MARKS):
            await mark(told, test.id, (INSIDE, BESIDE)[number % 2])
        found, marks = await face.marks(test.id)
        assert (found.id, len(marks), marks[0]) == (test.id, MOST_MARKS + 1, first)
        assert [one.number for one in (await face.marks(test.id, after=marks[-2].number))[1]] == [marks[-1].number]
        asked = await backbone.subscribe("svc.alerts.walk_tests.marks")
        assert await face.get(test.id) == found
        await face.get(test.id)
        bodies = [json.loads((await anext(asked)).data) for _ in range(2)]
        assert bodies == [{"id": test.id, "after": LAST_NUMBER}] * 2
        assert [one.id for one in await face.list(units=("hotel",))] == [test.id]
        assert await face.list(units=("mall",)) == ()
        for wrong in ({"point": "a/b/c"}, {"by": ""}, {"remark": "x" * 201}):
            body = {"id": test.id, "point": INSIDE, "works": True, "by": "李工", **wrong}
            with pytest.raises(RefusedError):
                await backbone.request("svc.alerts.walk_tests.mark", body)
        for ask in (face.marks("0" * 32), face.mark(MarkRequest(id="0" * 32, point=INSIDE, works=True, by="x"))):
            with pytest.raises(RefusedError) as refused:
                await ask
            assert refused.value.code == 404


async def serve(office: Office, backbone: Backbone) -> None:
    await WalkTestService(office, backbone).serve()
