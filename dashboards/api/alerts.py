"""``/api/v1/alerts``: the record, read and worked on by programs. A thin skin over `alerts.face`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from alerts.face import MOST_LISTED, AlertDetail, AlertId, Remark, Who
from dashboards.api import scope
from dashboards.api.context import Context
from dashboards.api.principal import Asking
from domain.accounts import Right
from domain.alarm import AlarmClass
from domain.alert import AlertView, Confirmation
from domain.ids import Token

Id = Annotated[AlertId, Path()]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class By(_Body):
    """Who acts: whom a program speaks for. A signed-in person acts in their own name."""

    by: Who | None = None


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
    """Return the routes; each needs a right, and what is outside a scope does not exist (`dashboards.api.scope`)."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])
    reads, writes = [Depends(context.principal(Right.READ))], [Depends(context.principal(Right.ACT))]
    resets = [Depends(context.principal(Right.RESET))]

    @router.get("", dependencies=reads)
    async def listed(
        who: Asking,
        *,
        open: bool | None = None,  # noqa: A002  # the word of the contract, a query parameter
        classes: Annotated[list[AlarmClass] | None, Query(alias="class")] = None,
        unit: Token | None = None,
        rule: Token | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 200,
    ) -> Alerts:
        units = scope.units_of(who, unit)
        if units == ():
            return Alerts(alerts=())
        found = await context.link.alerts.list(
            open=open, classes=tuple(classes or ()), units=units, rule=rule, limit=limit
        )
        return Alerts(alerts=found)

    @router.get("/{alert_id}", dependencies=reads)
    async def one(alert_id: Id, who: Asking) -> AlertDetail:
        return await scope.detail(context, who, alert_id)

    @router.post("/{alert_id}/acknowledge", dependencies=writes)
    async def acknowledge(alert_id: Id, body: By, who: Asking) -> AlertView:
        await scope.check_alert(context, who, alert_id)
        return await context.link.alerts.acknowledge(alert_id, by=who.acts_as(body.by))

    @router.post("/{alert_id}/confirm", dependencies=writes)
    async def confirm(alert_id: Id, body: Finding, who: Asking) -> AlertView:
        await scope.check_alert(context, who, alert_id)
        return await context.link.alerts.confirm(
            alert_id, by=who.acts_as(body.by), finding=body.finding, text=body.text
        )

    @router.post("/{alert_id}/reset", dependencies=resets)
    async def reset(alert_id: Id, body: By, who: Asking) -> AlertView:
        await scope.check_alert(context, who, alert_id)
        return await context.link.alerts.reset(alert_id, by=who.acts_as(body.by))

    @router.post("/{alert_id}/comment", dependencies=writes)
    async def comment(alert_id: Id, body: Comment, who: Asking) -> AlertView:
        await scope.check_alert(context, who, alert_id)
        return await context.link.alerts.comment(alert_id, by=who.acts_as(body.by), text=body.text)

    return router
