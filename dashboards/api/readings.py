"""``/api/v1/readings``: curves, newest readings, gaps and qualities, as the readings service tells them.

| route | answers |
|---|---|
| `/api/v1/readings` | readings or buckets of points, JSON or CSV (``format=csv``) |
| `/api/v1/readings/latest` | the newest readings of points, of a device or of a unit |
| `/api/v1/readings/gaps` | spans in which a point told nothing for too long |
| `/api/v1/readings/quality` | how many readings were good, bad and stale |

What would not fit a reply is refused (409) with the resolution that fits; nothing is cut short.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from dashboards.api import scope
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.moment import Moment
from dashboards.api.principal import Asking
from domain.accounts import Right
from domain.clock import NS_PER_S, to_iso
from domain.errors import RefusedError
from ingest.face import MOST_POINTS, Aggregate, GapsReply, LatestReply, QualityReply, RangeReply, Series

NOT_FOUND = 404
DEFAULT_SPAN = timedelta(minutes=15)


class Format(StrEnum):
    """How readings are written."""

    JSON = "json"
    CSV = "csv"


Points = Annotated[list[str], Query(alias="point", min_length=1, max_length=MOST_POINTS)]
Resolution = Annotated[float, Query(ge=0, description="seconds; 0 asks for every reading, or for the whole span")]


def readings_router(context: Context) -> APIRouter:
    """Return the routes."""
    reads = [Depends(context.principal(Right.READ))]
    router = APIRouter(prefix="/api/v1/readings", tags=["readings"], dependencies=reads, responses=declared(404, 409))

    @router.get("", response_model=RangeReply, responses={200: {"content": {"text/csv": {}}}})
    async def readings(
        who: Asking,
        point: Points,
        start: Moment | None = None,
        end: Moment | None = None,
        *,
        resolution_s: Resolution = 1.0,
        aggregate: Aggregate = Aggregate.MEAN,
        form: Annotated[Format, Query(alias="format")] = Format.JSON,
    ) -> RangeReply | Response:
        scope.check_points(context, who, point)
        span = span_ns(start, end)
        series = await context.link.query.range(point, *span, resolution_s=resolution_s, aggregate=aggregate)
        return csv_response(series) if form is Format.CSV else RangeReply(series=series)

    @router.get("/latest")
    async def latest(
        who: Asking,
        point: Annotated[list[str] | None, Query(min_length=1, max_length=5_000)] = None,
        device: str | None = None,
        unit: str | None = None,
    ) -> LatestReply:
        if unit is not None:
            scope.check_unit(who, unit)
        if device is not None and not who.sees(scope.unit_of(device)):
            raise RefusedError(f"no such device: {device}", code=NOT_FOUND)
        asked = scope.points_seen(who, point) if point is not None else None
        if asked == []:
            return LatestReply(points={})
        return LatestReply(points=await context.link.query.latest(points=asked, device=device, unit=unit))

    @router.get("/gaps")
    async def gaps(
        who: Asking,
        point: Points,
        start: Moment | None = None,
        end: Moment | None = None,
        longer_s: Annotated[float | None, Query(gt=0, description="default: the point's own longest silence")] = None,
    ) -> GapsReply:
        scope.check_points(context, who, point)
        return GapsReply(points=await context.link.query.gaps(point, *span_ns(start, end), longer_s=longer_s))

    @router.get("/quality")
    async def quality(
        who: Asking,
        point: Points,
        start: Moment | None = None,
        end: Moment | None = None,
        resolution_s: Resolution = 0.0,
    ) -> QualityReply:
        scope.check_points(context, who, point)
        found = await context.link.query.quality(point, *span_ns(start, end), resolution_s=resolution_s)
        return QualityReply(points=found)

    return router


def span_ns(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return begin and end in ns; by default the last minutes."""
    until = end or datetime.now(UTC)
    return _ns(start or until - DEFAULT_SPAN), _ns(until)


def csv_response(series: Sequence[Series]) -> Response:
    """Write one row a reading: point, time, value (empty: none), quality."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("point", "time", "value", "quality"))
    for one in series:
        for time_ns, value, quality in zip(one.time_ns, one.value, one.quality, strict=True):
            writer.writerow((one.point, to_iso(time_ns), "" if value is None else repr(value), quality))
    return Response(
        out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="readings.csv"'},
    )


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS_PER_S + moment.microsecond * 1000
