"""``/api/v1/handovers``: the control room's shift, handed over by one person and taken by another.

It is about the whole site: whoever has a scope of units is refused, as with the figures of the site. Giving and
taking need the right ``act``; a signed-in person does both in their own name. That nobody takes what they gave is
found by account where people are signed in, whatever they are called; of a program, which names whom it speaks for, by
that name and all names of the other's account (`alerts.accounts.actors`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from alerts.shifts_face import MOST_LISTED, MOST_NOTES, HandoverId, HandoverView, ShiftNow, ShiftsFace
from dashboards.api import scope
from dashboards.api.alert_actions import By
from dashboards.api.alert_filters import ns_of
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.moment import Moment
from dashboards.api.principal import Asking
from dashboards.api.words import Words
from domain.accounts import Right

WHOLE_SITE = "交接班属于全站 / a hand-over is about the whole site"

Id = Annotated[HandoverId, Path()]


class Given(By):
    """What the next one has to know."""

    notes: str = Field(default="", max_length=MOST_NOTES)


class Taken(By):
    """What who takes has to say."""

    remark: Words = ""


class Handovers(BaseModel):
    """Hand-overs, newest first."""

    model_config = ConfigDict(frozen=True)

    handovers: tuple[HandoverView, ...]


def handovers_router(context: Context) -> APIRouter:
    """Return the routes."""
    reads, acts = [Depends(context.principal(Right.READ))], [Depends(context.principal(Right.ACT))]
    router = APIRouter(prefix="/api/v1/handovers", tags=["hand-over"], responses=declared(404, 409))

    def face() -> ShiftsFace:
        return ShiftsFace(context.link.backbone)

    @router.get("", dependencies=reads)
    async def listed(
        who: Asking, before: Moment | None = None, limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20
    ) -> Handovers:
        scope.check_everywhere(who, WHOLE_SITE)
        return Handovers(handovers=await face().list(before_ns=ns_of(before) or None, limit=limit))

    @router.get("/now", dependencies=reads)
    async def now(who: Asking) -> ShiftNow:
        scope.check_everywhere(who, WHOLE_SITE)
        return await face().now()

    @router.post("", dependencies=acts)
    async def give(body: Given, who: Asking) -> HandoverView:
        scope.check_everywhere(who, WHOLE_SITE)
        return await face().give(by=who.acts_as(body.by), account=who.account, notes=body.notes)

    @router.post("/{handover_id}/take", dependencies=acts)
    async def take(handover_id: Id, body: Taken, who: Asking) -> HandoverView:
        scope.check_everywhere(who, WHOLE_SITE)
        by = who.acts_as(body.by)
        return await face().take(handover_id, by=by, account=who.account, remark=body.remark)

    return router
