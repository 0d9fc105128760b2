"""``/api/v1/alerts``: the record, read by programs. A thin skin over the faces of the alerts service.

| route | answers |
|---|---|
| `GET /api/v1/alerts` | a page of alerts, by filters and cursor |
| `GET /api/v1/alerts.csv`, `alerts.xlsx` | the same as a file (`dashboards.api.alert_exports`) |
| `GET /api/v1/alerts/{id}` | one alert with comments, attachments, audit and notifications |
| `GET /api/v1/alerts/{id}/audit`, `…/notifications` | its history, its messages |
| `GET /api/v1/audit` | the audit, newest first; what is about no alert (accounts, silences) only with ``administer`` |
| `GET /api/v1/stats` | figures since the record began, of the whole site |

All need the right ``read``, and show what is within a scope (`dashboards.api.scope`). What people do with alerts is in
`dashboards.api.alert_actions`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from alerts.actions_face import AlertId
from alerts.face import AlertDetail, NotificationView, Stats
from alerts.labelled_face import MOST_ENTRIES, AuditPage, AuditRequest, LabelledFace
from alerts.listing_face import AlertPage
from dashboards.api import scope
from dashboards.api.alert_exports import add_exports
from dashboards.api.alert_filters import WORDS, PageQuery, list_request
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.principal import Asking, Principal
from domain.accounts import Right
from domain.ids import Token

Id = Annotated[AlertId, Path()]

WHOLE_SITE = (
    "这是整个站点的数字，请按单位查询 /api/v1/alerts/kpi / figures of the whole site: ask /api/v1/alerts/kpi for a unit"
)


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
    """Return the routes; what is outside a scope does not exist."""
    reads = [Depends(context.principal(Right.READ))]
    router = APIRouter(prefix="/api/v1", tags=["alerts"], dependencies=reads, responses=declared(409))
    add_lists(router, context)
    add_exports(router, context)
    add_one(router, context)
    return router


def add_lists(router: APIRouter, context: Context) -> None:
    """Add what is about many."""

    @router.get("/alerts")
    async def listed(who: Asking, query: Annotated[PageQuery, Query()]) -> AlertPage:
        return await context.link.alerts.page(list_request(context.registry, who, query, query.limit))

    @router.get("/audit")
    async def audit(who: Asking, query: Annotated[AuditQuery, Query()]) -> AuditPage:
        return await LabelledFace(context.link.backbone).audit(_audited(who, query))

    @router.get("/stats")
    async def stats(who: Asking) -> Stats:
        scope.check_everywhere(who, WHOLE_SITE)
        return await context.link.alerts.stats()


def add_one(router: APIRouter, context: Context) -> None:
    """Add what is about one."""

    @router.get("/alerts/{alert_id}", responses=declared(404))
    async def one(alert_id: Id, who: Asking) -> AlertDetail:
        return await scope.detail(context, who, alert_id)

    @router.get("/alerts/{alert_id}/audit", responses=declared(404))
    async def history(alert_id: Id, who: Asking, query: Annotated[AuditQuery, Query()]) -> AuditPage:
        return await LabelledFace(context.link.backbone).audit(_audited(who, query, alert_id))

    @router.get("/alerts/{alert_id}/notifications", responses=declared(404))
    async def notifications(alert_id: Id, who: Asking) -> Notifications:
        return Notifications(notifications=(await scope.detail(context, who, alert_id)).notifications)


def _audited(who: Principal, query: AuditQuery, alert_id: str | None = None) -> AuditRequest:
    """Return what of the audit they see: of accounts and sessions only who keeps them."""
    hides = not who.may(Right.ADMINISTER)
    return AuditRequest(id=alert_id, units=scope.units_of(who), alerts_only=hides, **query.model_dump())
