"""``/api/v1/alerts``: the record, read and worked on by programs. A thin skin over `alerts.face`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from alerts.face import MOST_LISTED, AlertDetail, AlertId, Remark, Who
from dashboards.api.context import Context
from domain.alarm import AlarmClass
from domain.alert import AlertView, Confirmation
from domain.ids import Token

Id = Annotated[AlertId, Path()]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class By(_Body):
    """Who acts: a name as people know it."""

    by: Who


class Finding(By):
    """What was found out, with its cause."""

    finding: Confirmation
    text: Remark = ""


class Comment(By):
    """Something to add."""

    text: Annotated[Remark, Field(min_length=1)]


class Alerts(_Body):
    """A list of alerts."""

    alerts: tuple[AlertView, ...]


def alerts_router(context: Context) -> APIRouter:
    """Return the routes; reading as the console allows, writing with the API token."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])
    reads, writes = [Depends(context.may_read)], [Depends(context.may_write)]

    @router.get("", dependencies=reads)
    async def listed(
        open: bool | None = None,  # noqa: A002, FBT001  # the word of the contract, a query parameter
        classes: Annotated[list[AlarmClass] | None, Query(alias="class")] = None,
        unit: Token | None = None,
        rule: Token | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 200,
    ) -> Alerts:
        found = await context.link.alerts.list(
            open=open, classes=tuple(classes or ()), unit=unit, rule=rule, limit=limit
        )
        return Alerts(alerts=found)

    @router.get("/{alert_id}", dependencies=reads)
    async def one(alert_id: Id) -> AlertDetail:
        return await context.link.alerts.get(alert_id)

    @router.post("/{alert_id}/acknowledge", dependencies=writes)
    async def acknowledge(alert_id: Id, body: By) -> AlertView:
        return await context.link.alerts.acknowledge(alert_id, by=body.by)

    @router.post("/{alert_id}/confirm", dependencies=writes)
    async def confirm(alert_id: Id, body: Finding) -> AlertView:
        return await context.link.alerts.confirm(alert_id, by=body.by, finding=body.finding, text=body.text)

    @router.post("/{alert_id}/reset", dependencies=writes)
    async def reset(alert_id: Id, body: By) -> AlertView:
        return await context.link.alerts.reset(alert_id, by=body.by)

    @router.post("/{alert_id}/comment", dependencies=writes)
    async def comment(alert_id: Id, body: Comment) -> AlertView:
        return await context.link.alerts.comment(alert_id, by=body.by, text=body.text)

    return router
