"""``/api/v1/readings``: the curve of points over a span, as the readings service resolves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from dashboards.api.context import Context
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from ingest.face import MOST_POINTS, Aggregate, RangeReply

NOT_FOUND = 404
DEFAULT_SPAN = timedelta(minutes=15)


def readings_router(context: Context) -> APIRouter:
    """Return the one route."""
    router = APIRouter(prefix="/api/v1/readings", tags=["readings"])

    @router.get("", dependencies=[Depends(context.may_read)])
    async def readings(
        point: Annotated[list[str], Query(min_length=1, max_length=MOST_POINTS)],
        start: AwareDatetime | None = None,
        end: AwareDatetime | None = None,
        resolution_s: Annotated[float, Query(ge=0)] = 1.0,
        aggregate: Aggregate = Aggregate.MEAN,
    ) -> RangeReply:
        unknown = [key for key in point if context.registry.points.get(key) is None]
        if unknown:
            raise RefusedError(f"no such point: {', '.join(unknown)}", code=NOT_FOUND)
        until = end or datetime.now(UTC)
        since = start or until - DEFAULT_SPAN
        series = await context.link.query.range(
            point, _ns(since), _ns(until), resolution_s=resolution_s, aggregate=aggregate
        )
        return RangeReply(series=series)

    return router


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS_PER_S + moment.microsecond * 1000
