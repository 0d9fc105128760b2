"""``/api/v1/silences``: silences in our own words, and the second person without whom none covers a fire."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from alerts.silences_face import SetSilence, SilenceId, SilencesFace, SilenceView
from dashboards.api.alert_actions import By
from dashboards.api.alert_filters import ns_of
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.moment import Moment
from dashboards.api.words import Name, SomeWords
from domain.matchers import MOST_MATCHERS, Matcher

Id = Annotated[SilenceId, Path()]


class NewSilence(BaseModel):
    """What not to be told of, from when until when; ``fire`` asks to cover fires once another person confirms it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    matchers: tuple[Matcher, ...] = Field(min_length=1, max_length=MOST_MATCHERS)
    starts: Moment | None = None
    ends: Moment
    by: Name
    comment: SomeWords
    fire: bool = False


class Silences(BaseModel):
    """Silences in force, to come, or ended within five days; and what people shelved one by one."""

    silences: tuple[SilenceView, ...]


def silences_router(context: Context) -> APIRouter:
    """Return the routes."""
    reads, writes = [Depends(context.may_read)], [Depends(context.may_write)]
    router = APIRouter(prefix="/api/v1/silences", tags=["silences"], responses=declared(403, 404, 409))

    def face() -> SilencesFace:
        return SilencesFace(context.link.backbone)

    @router.get("", dependencies=reads)
    async def listed() -> Silences:
        return Silences(silences=await face().list())

    @router.get("/{silence_id}", dependencies=reads)
    async def one(silence_id: Id) -> SilenceView:
        return await face().get(silence_id)

    @router.post("", dependencies=writes)
    async def begin(body: NewSilence) -> SilenceView:
        starts_ns, ends_ns = ns_of(body.starts), max(ns_of(body.ends) or 0, 1)
        return await face().set(
            SetSilence(
                matchers=body.matchers,
                starts_ns=starts_ns or None,
                ends_ns=ends_ns,
                by=body.by,
                comment=body.comment,
                fire=body.fire,
            )
        )

    @router.post("/{silence_id}/confirm", dependencies=writes)
    async def confirm(silence_id: Id, body: By) -> SilenceView:
        return await face().confirm(silence_id, by=body.by)

    @router.post("/{silence_id}/expire", dependencies=writes)
    async def expire(silence_id: Id, body: By) -> SilenceView:
        return await face().expire(silence_id, by=body.by)

    return router
