"""``/api/v1/walk-tests``: walk tests, and what people mark by hand in one that runs.

Marking needs the right ``walk_test``. A mark is refused (409) with the reason once the test has ended, or for a point
outside it; a test of a unit outside a scope does not exist. Marks are appended only: a later one of a point counts.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from alerts.walk_test_face import MOST_LISTED, MOST_MARK_WORDS, MarkRequest, PointName, TestId, WalkTestFace
from dashboards.api import scope
from dashboards.api.alert_actions import By
from dashboards.api.context import Context
from dashboards.api.errors import NOT_FOUND, declared
from dashboards.api.principal import Asking, Principal
from domain.accounts import Right
from domain.errors import RefusedError
from domain.ids import Token
from domain.walk_test import WalkMark, WalkTestView

Id = Annotated[TestId, Path()]


class Marked(By):
    """What was found at ``device/point``; ``reason``: why it can't come through by itself."""

    point: PointName
    works: bool
    remark: str = Field(default="", max_length=MOST_MARK_WORDS)
    reason: str = Field(default="", max_length=MOST_MARK_WORDS)


class WalkTests(BaseModel):
    """Walk tests, newest first."""

    model_config = ConfigDict(frozen=True)

    walk_tests: tuple[WalkTestView, ...]


class Marks(BaseModel):
    """A test and its marks, oldest first; the newest of a point counts."""

    model_config = ConfigDict(frozen=True)

    walk_test: WalkTestView
    marks: tuple[WalkMark, ...]


def walk_tests_router(context: Context) -> APIRouter:
    """Return the routes."""
    reads, writes = [Depends(context.principal(Right.READ))], [Depends(context.principal(Right.WALK_TEST))]
    router = APIRouter(prefix="/api/v1/walk-tests", tags=["walk tests"], responses=declared(404, 409))

    @router.get("", dependencies=reads)
    async def listed(
        who: Asking,
        unit: Token | None = None,
        running: bool | None = None,  # noqa: FBT001  # a filter of the query
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
    ) -> WalkTests:
        units = scope.units_of(who, unit)
        found = await WalkTestFace(context.link.backbone).list(units=units, running=running, limit=limit)
        return WalkTests(walk_tests=found)

    @router.get("/{walk_test_id}/marks", dependencies=reads)
    async def marks(walk_test_id: Id, who: Asking) -> Marks:
        test, found = await WalkTestFace(context.link.backbone).marks(walk_test_id)
        return Marks(walk_test=_seen(who, test), marks=found)

    @router.post("/{walk_test_id}/marks", dependencies=writes)
    async def mark(walk_test_id: Id, body: Marked, who: Asking) -> WalkMark:
        face = WalkTestFace(context.link.backbone)
        _seen(who, await face.get(walk_test_id))
        request = MarkRequest(
            id=walk_test_id,
            point=body.point,
            works=body.works,
            by=who.acts_as(body.by),
            remark=body.remark,
            reason=body.reason,
        )
        return await face.mark(request)

    return router


def _seen(who: Principal, test: WalkTestView) -> WalkTestView:
    """Return a test that somebody sees; raises RefusedError with code 404, in the service's own words."""
    if not who.sees(test.unit):
        raise RefusedError(f"没有走动测试 {test.id} / no such walk test", code=NOT_FOUND)
    return test
