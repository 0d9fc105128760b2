"""``/api/v1/silences``: silences in our own words, and the second person without whom none covers a fire.

Changing needs the right ``silence``, letting one cover fires ``shelve_fire`` and a person who shows who they are
(`dashboards.api.second_person`), and ending what a person shelved
(``shelve-…``) ``shelve``, too. A silence of somebody with a scope covers alerts within it only; they see and touch only
such ones.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from alerts.silences_face import SHELF, SeenSilence, SetSilence, SilenceId, SilencesFace, SilenceView, Version
from dashboards.api import scope
from dashboards.api.alert_actions import By
from dashboards.api.alert_filters import ns_of
from dashboards.api.context import Context
from dashboards.api.errors import ForbiddenError, declared
from dashboards.api.moment import Moment
from dashboards.api.principal import Asking, Principal
from dashboards.api.second_person import First, GivenSecond, agreed
from dashboards.api.words import Name, SomeWords
from domain.accounts import Right
from domain.matchers import MOST_MATCHERS, Matcher

Id = Annotated[SilenceId, Path()]


class NewSilence(BaseModel):
    """What not to be told of, from when until when; ``fire`` asks to cover fires once another person confirms it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    matchers: tuple[Matcher, ...] = Field(min_length=1, max_length=MOST_MATCHERS)
    starts: Moment | None = None
    ends: Moment
    by: Name | None = None
    comment: SomeWords
    fire: bool = False


class Confirmation(BaseModel):
    """Who agrees that it covers fires; a signed-in person does in their own name, without saying who.

    ``version`` is that of the silence as it stood before them: they agree to no other times, matchers or reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: Version
    second: GivenSecond | None = None


class Silences(BaseModel):
    """Silences in force, to come, or ended within five days; and what people shelved one by one."""

    silences: tuple[SilenceView, ...]


def silences_router(context: Context) -> APIRouter:
    """Return the routes."""
    reads, writes = [Depends(context.principal(Right.READ))], [Depends(context.principal(Right.SILENCE))]
    confirms = [Depends(context.principal(Right.SHELVE_FIRE))]
    router = APIRouter(prefix="/api/v1/silences", tags=["silences"], responses=declared(404, 409))

    def face() -> SilencesFace:
        return SilencesFace(context.link.backbone)

    @router.get("", dependencies=reads)
    async def listed(who: Asking) -> Silences:
        return Silences(silences=await face().list(units=scope.units_of(who)))

    @router.get("/{silence_id}", dependencies=reads)
    async def one(silence_id: Id, who: Asking) -> SilenceView:
        return await face().get(silence_id, units=scope.units_of(who))

    @router.post("", dependencies=writes)
    async def begin(body: NewSilence, who: Asking) -> SilenceView:
        return await face().set(_asked(body, who))

    @router.post("/{silence_id}/confirm", dependencies=confirms)
    async def confirm(request: Request, silence_id: Id, body: Confirmation, who: Asking) -> SilenceView:
        known = await face().get(silence_id, units=scope.units_of(who))
        maker, seen = First(known.created_by, known.created_account), SeenSilence(id=known.id, version=body.version)
        second = await agreed(context, request, who, body.second, beside=maker, silence=seen)
        return await face().confirm(silence_id, second=second)

    @router.post("/{silence_id}/expire", dependencies=writes)
    async def expire(silence_id: Id, body: By, who: Asking) -> SilenceView:
        return await end_silence(context, who, silence_id, body.by)

    return router


async def end_silence(context: Context, who: Principal, silence_id: str, by: str | None = None) -> SilenceView:
    """End a silence, or what a person shelved; raises ForbiddenError where that needs a right that is not theirs."""
    if silence_id.startswith(SHELF) and not who.may(Right.SHELVE):
        raise ForbiddenError("没有此权限：shelve / this needs the right 'shelve'")
    face = SilencesFace(context.link.backbone)
    return await face.expire(silence_id, by=who.acts_as(by), units=scope.units_of(who))


def _asked(body: NewSilence, who: Principal) -> SetSilence:
    return SetSilence(
        matchers=body.matchers,
        starts_ns=ns_of(body.starts) or None,
        ends_ns=max(ns_of(body.ends) or 0, 1),
        by=who.acts_as(body.by),
        account=who.account,
        comment=body.comment,
        fire=body.fire,
        units=scope.units_of(who),
    )
