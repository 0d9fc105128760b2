"""``/api/v2`` and ``/alertmanager/api/v2``: the routes of Alertmanager's API. Errors are JSON strings, as there.

Reading needs the right ``read``, silencing ``silence``, posting alerts ``post_alerts``; all within the scope of who
asks.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field, StringConstraints

from alerts.foreign_face import MOST_AT_ONCE, ForeignFace, PostRequest
from alerts.labelled_face import LabelledFace, LabelledRequest
from alerts.silences_face import SilenceId, SilencesFace
from dashboards.alertmanager import mapping
from dashboards.alertmanager.shapes import (
    MOST_POSTED,
    AlertGroup,
    AlertmanagerStatus,
    Cluster,
    Config,
    GettableAlert,
    GettableSilence,
    PostableAlert,
    PostableSilence,
    Receiver,
    SilenceSet,
    VersionInfo,
)
from dashboards.api import scope
from dashboards.api.context import Context
from dashboards.api.errors import NO_HTTP, error_response
from dashboards.api.principal import Asking, Principal
from dashboards.api.silences import end_silence
from domain.accounts import Right
from domain.errors import RefusedError
from domain.matchers import MOST_MATCHERS, MOST_WRITTEN, Matcher, all_match, read_matchers
from domain.safe_pattern import MOST_PATTERN, SafePattern

API_VERSION = "0.25.0"
"""The Alertmanager whose API is mapped: Debian 12's, which amtool compares with its own."""
MOST_READ = 20_000
"""Open alerts that one answer looks through; fires come first, so that what is left out is least."""

Filter = Annotated[str, StringConstraints(max_length=MOST_WRITTEN)]
Filters = Annotated[list[Filter], Query(alias="filter", max_length=MOST_MATCHERS)]
Pattern = Annotated[str, Query(max_length=MOST_PATTERN)]
Posted = Annotated[list[PostableAlert], Field(max_length=MOST_POSTED)]

_TEXT: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "string"}}}}
EMPTY: dict[int | str, dict[str, Any]] = {200: {"description": "done"}}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, **_TEXT}
    for status, words in {
        400: "the request is wrong, or not allowed now",
        401: "no token, or a wrong one",
        403: "not theirs to do",
        404: "no such silence",
        405: "no such method",
        413: "a body over the limit",
        429: "too often",
        503: "a service is away",
    }.items()
}
ERRORS[400] = {**ERRORS[400], "content": {**_TEXT["content"], **NO_HTTP}}


def alertmanager_router(context: Context, prefix: str) -> APIRouter:
    """Return the routes below ``prefix``."""
    router = APIRouter(prefix=prefix, tags=["alertmanager"], responses=ERRORS)
    _add_alerts(router, context)
    _add_silences(router, context)
    _add_about(router, context)
    return router


def _add_alerts(router: APIRouter, context: Context) -> None:
    reads, posts = [Depends(context.principal(Right.READ))], [Depends(context.principal(Right.POST_ALERTS))]

    @router.get("/alerts", dependencies=reads)
    async def alerts(
        who: Asking,
        matchers: Filters = [],  # noqa: B006  # FastAPI copies defaults
        receiver: Pattern = "",
        *,
        active: bool = True,
        silenced: bool = True,
        inhibited: bool = True,
        unprocessed: bool = True,  # noqa: ARG001  # nothing is unprocessed here: each is told when it is recorded
    ) -> list[GettableAlert]:
        shown = _shown(active=active, silenced=silenced, inhibited=inhibited)
        return [one for one in await _alerts(context, who, read_filters(matchers), receiver) if shown(one)]

    @router.get("/alerts/groups", dependencies=reads)
    async def groups(
        who: Asking,
        matchers: Filters = [],  # noqa: B006  # FastAPI copies defaults
        receiver: Pattern = "",
        *,
        active: bool = True,
        silenced: bool = True,
        inhibited: bool = True,
    ) -> list[AlertGroup]:
        shown = _shown(active=active, silenced=silenced, inhibited=inhibited)
        found = await _alerts(context, who, read_filters(matchers), receiver)
        return mapping.groups_of(one for one in found if shown(one))

    @router.post("/alerts", dependencies=posts, response_class=Response, responses=EMPTY)
    async def post(body: Posted, who: Asking) -> Response:
        refused: list[str] = []
        face, units = ForeignFace(context.link.backbone), scope.units_of(who)
        for start in range(0, len(body), MOST_AT_ONCE):
            some = tuple(mapping.post_of(one) for one in body[start : start + MOST_AT_ONCE])
            reply = await face.post(PostRequest(alerts=some, by=who.acts_as(), units=units))
            refused += [f"alert {start + number}: {why}" for number, why in reply.refused.items()]
        return error_response(409, "", "; ".join(refused[:20]), path="/api/v2/") if refused else Response()


def _add_silences(router: APIRouter, context: Context) -> None:
    reads, writes = [Depends(context.principal(Right.READ))], [Depends(context.principal(Right.SILENCE))]

    def face() -> SilencesFace:
        return SilencesFace(context.link.backbone)

    @router.get("/silences", dependencies=reads)
    async def silences(
        who: Asking,
        matchers: Filters = [],  # noqa: B006  # FastAPI copies defaults
    ) -> list[GettableSilence]:
        wanted, found = read_filters(matchers), await face().list(units=scope.units_of(who))
        return [mapping.silence_of(one) for one in found if mapping.has_matchers(one, wanted)]

    @router.post("/silences", dependencies=writes)
    async def begin(body: PostableSilence, who: Asking) -> SilenceSet:
        asked = mapping.set_of(body, who.acts_as(body.createdBy), scope.units_of(who), who.account)
        return SilenceSet(silenceID=(await face().set(asked)).id)

    @router.get("/silence/{silence_id}", dependencies=reads)
    async def silence(silence_id: Annotated[SilenceId, Path()], who: Asking) -> GettableSilence:
        return mapping.silence_of(await face().get(silence_id, units=scope.units_of(who)))

    @router.delete("/silence/{silence_id}", dependencies=writes, response_class=Response, responses=EMPTY)
    async def expire(silence_id: Annotated[SilenceId, Path()], who: Asking) -> Response:
        await end_silence(context, who, silence_id)
        return Response()


def _add_about(router: APIRouter, context: Context) -> None:
    reads = [Depends(context.principal(Right.READ))]
    began = datetime.now(UTC)

    @router.get("/status", dependencies=reads)
    async def status() -> AlertmanagerStatus:
        return AlertmanagerStatus(
            cluster=Cluster(),
            versionInfo=VersionInfo(
                version=API_VERSION,
                revision="",
                branch=f"fengsui {importlib.metadata.version('fengsui')}",
                buildUser="",
                buildDate="",
                goVersion="none",
            ),
            config=Config(original="# Fengsui is configured by its site folder; this is not Alertmanager\n"),
            uptime=began,
        )

    @router.get("/receivers", dependencies=reads)
    async def receivers() -> list[Receiver]:
        names = [*(channel.id for channel in context.registry.site.channels), mapping.NOBODY]
        return [Receiver(name=name) for name in names]


def read_filters(texts: Sequence[str]) -> list[Matcher]:
    """Read the filters of a request; raises RefusedError for what is none."""
    try:
        return [matcher for text in texts for matcher in read_matchers(text)]
    except ValueError as error:
        raise RefusedError(f"过滤条件有误 / bad filter: {error}") from error


async def _alerts(context: Context, who: Principal, matchers: Sequence[Matcher], receiver: str) -> list[GettableAlert]:
    """Return the alerts that stand, fire first, of those that are looked through."""
    pattern = _pattern(receiver)
    face, units = LabelledFace(context.link.backbone), scope.units_of(who)
    request = LabelledRequest(units=units)
    found: list[GettableAlert] = []
    looked = 0
    while looked < MOST_READ:
        page = await face.page(request)
        looked += len(page.alerts)
        for one in page.alerts:
            told = one.receivers or (mapping.NOBODY,)
            wanted = mapping.stands(one.alert) and all_match(matchers, one.labels)
            if wanted and (pattern is None or any(pattern.matches(name) for name in told)):
                found.append(mapping.alert_of(one, context.clock.now_ns()))
        if page.next_cursor is None:
            break
        request = LabelledRequest(units=units, cursor=page.next_cursor)
    return found


def _pattern(receiver: str) -> SafePattern | None:
    try:
        return SafePattern(receiver) if receiver else None
    except ValueError as error:
        raise RefusedError(f"接收者表达式有误 / bad receiver pattern: {error}") from error


def _shown(*, active: bool, silenced: bool, inhibited: bool) -> Any:
    """Return what tells whether an alert is shown, as Alertmanager decides it."""

    def shown(alert: GettableAlert) -> bool:
        if alert.status.state == "active":
            return active
        return (silenced or not alert.status.silencedBy) and (inhibited or not alert.status.inhibitedBy)

    return shown
