"""``/api/v1/alerts``: the record, read by programs. A thin skin over the faces of the alerts service.

| route | answers |
|---|---|
| `GET /api/v1/alerts` | a page of alerts, by filters and cursor |
| `GET /api/v1/alerts.csv` | the same as CSV, up to 100,000 alerts |
| `GET /api/v1/alerts/{id}` | one alert with comments, attachments, audit and notifications |
| `GET /api/v1/alerts/{id}/audit`, `…/notifications` | its history, its messages |
| `GET /api/v1/audit` | the whole audit, newest first |
| `GET /api/v1/stats` | figures since the record began |

What people do with alerts is in `dashboards.api.alert_actions`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from alerts.actions_face import AlertId
from alerts.face import AlertDetail, NotificationView, Stats
from alerts.labelled_face import MOST_ENTRIES, AuditPage, AuditRequest, LabelledFace
from alerts.listing_face import AlertPage
from dashboards.api.alert_csv import DEFAULT_ROWS, MEDIA_TYPE, MOST_ROWS, csv_lines
from dashboards.api.alert_filters import WORDS, AlertQuery, PageQuery, list_request
from dashboards.api.context import Context
from dashboards.api.errors import declared
from domain.ids import Token

Id = Annotated[AlertId, Path()]


class ExportQuery(AlertQuery):
    """Which alerts, all at once."""

    limit: int = Field(default=DEFAULT_ROWS, ge=1, le=MOST_ROWS)


class AuditQuery(BaseModel):
    """Which entries, newest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cursor: int | None = Field(default=None, ge=1, lt=2**63, description="next_cursor of the page before")
    actor: str | None = Field(default=None, max_length=64, pattern=WORDS)
    action: Token | None = None
    limit: int = Field(default=100, ge=1, le=MOST_ENTRIES)


class Notifications(BaseModel):
    """The messages about an alert."""

    notifications: tuple[NotificationView, ...]


def alerts_router(context: Context) -> APIRouter:
    """Return the routes; reading as the console allows."""
    reads = [Depends(context.may_read)]
    router = APIRouter(prefix="/api/v1", tags=["alerts"], dependencies=reads, responses=declared(409))
    add_lists(router, context)
    add_one(router, context)
    return router


def add_lists(router: APIRouter, context: Context) -> None:
    """Add what is about many."""

    @router.get("/alerts")
    async def listed(query: Annotated[PageQuery, Query()]) -> AlertPage:
        return await context.link.alerts.page(list_request(query, query.limit))

    @router.get("/alerts.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
    async def exported(query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
        lines = csv_lines(context.link.alerts, list_request(query, 1), query.limit)
        first = await anext(lines)  # a refusal comes before the answer has begun
        headers = {"Content-Disposition": 'attachment; filename="alerts.csv"'}
        return StreamingResponse(_after(first, lines), media_type=MEDIA_TYPE, headers=headers)

    @router.get("/audit")
    async def audit(query: Annotated[AuditQuery, Query()]) -> AuditPage:
        return await LabelledFace(context.link.backbone).audit(AuditRequest(**query.model_dump()))

    @router.get("/stats")
    async def stats() -> Stats:
        return await context.link.alerts.stats()


def add_one(router: APIRouter, context: Context) -> None:
    """Add what is about one."""

    @router.get("/alerts/{alert_id}", responses=declared(404))
    async def one(alert_id: Id) -> AlertDetail:
        return await context.link.alerts.get(alert_id)

    @router.get("/alerts/{alert_id}/audit", responses=declared(404))
    async def history(alert_id: Id, query: Annotated[AuditQuery, Query()]) -> AuditPage:
        return await LabelledFace(context.link.backbone).audit(AuditRequest(id=alert_id, **query.model_dump()))

    @router.get("/alerts/{alert_id}/notifications", responses=declared(404))
    async def notifications(alert_id: Id) -> Notifications:
        return Notifications(notifications=(await context.link.alerts.get(alert_id)).notifications)


async def _after(first: str, lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for line in lines:
        yield line
