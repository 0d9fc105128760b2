"""``POST /api/v1/alerts/{id}/…``: what people do with alerts, through their programs.

| action | body |
|---|---|
| acknowledge, reset, unshelve | ``by`` |
| confirm | ``by``, ``finding`` real, false or test, ``cause`` (of a false alarm), ``text`` |
| comment | ``by``, ``text`` |
| shelve, extend | ``by``, ``reason``, ``until``, ``second`` (``user``, ``password``) for a fire |
| assign | ``by``, ``to`` |
| attach | ``by``, ``url``, ``sha256``, ``media_type``, ``note`` |
| recheck | ``by``, ``note`` |

Each answers with the alert as it is then, takes an ``Idempotency-Key``, and refuses (409) with the reason
what the life cycle does not allow. ``by`` is whom a program speaks for; a signed-in person acts in their own name
(`dashboards.api.principal`). Each needs a right: reset ``reset``, shelve, extend and unshelve ``shelve``, all others
``act``. What is outside a scope does not exist. To shelve a fire takes a second person, who shows who they are
(`dashboards.api.second_person`) and has ``shelve_fire``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from alerts.actions_face import (
    HTTP_ADDRESS,
    MOST_URL,
    ActionRequest,
    AlertId,
    AssignRequest,
    AttachRequest,
    CommentRequest,
    ConfirmRequest,
    RecheckRequest,
    ShelveRequest,
)
from alerts.once_face import OnceAction, OnceFace
from dashboards.api import scope
from dashboards.api.alert_filters import ns_of
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.moment import Moment
from dashboards.api.once import IdempotencyKey
from dashboards.api.principal import Asking, Principal
from dashboards.api.second_person import First, GivenSecond, vouched
from dashboards.api.words import Name, SomeWords, Words
from domain.accounts import Right
from domain.alert import AlertView, Confirmation

Id = Annotated[AlertId, Path()]

Do = Callable[[OnceAction, ActionRequest, Principal, str | None], Awaitable[AlertView]]


class By(BaseModel):
    """Who acts: whom a program speaks for. A signed-in person acts in their own name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Name | None = None


class Finding(By):
    """What was found out; a false alarm needs its cause, here or as the text."""

    finding: Confirmation
    text: Words = ""
    cause: Words = ""


class Comment(By):
    """Something to add."""

    text: SomeWords


class Shelf(By):
    """Silence until a time; a fire needs a second person, with their own account and password."""

    model_config = ConfigDict(hide_input_in_errors=True)

    reason: SomeWords
    until: Moment
    second: GivenSecond | None = None


class Assignment(By):
    """Who is responsible from now on."""

    to: Name


class Evidence(By):
    """A picture or a document, by address and hash."""

    url: Annotated[str, StringConstraints(pattern=HTTP_ADDRESS, max_length=MOST_URL)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]{1,63}/[a-z0-9.+-]{1,63}$")]
    note: Words = ""


class Recheck(By):
    """Somebody saw on the spot that all is well."""

    note: Words = ""


def actions_router(context: Context) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/v1/alerts/{alert_id}", tags=["actions"], responses=declared(404, 409))

    async def do(action: OnceAction, request: ActionRequest, who: Principal, key: str | None) -> AlertView:
        await scope.check_alert(context, who, request.id)
        return await OnceFace(context.link.backbone).do(action, request, whose=who.key, key=key)

    _add_answers(router, context, do)
    _add_care(router, context, do)
    _add_shelf(router, context, do)
    return router


def _said(alert_id: str, body: By, who: Principal) -> dict[str, Any]:
    """Return the fields of a request to the service."""
    return {**body.model_dump(), "id": alert_id, "by": who.acts_as(body.by), "account": who.account}


def _add_answers(router: APIRouter, context: Context, do: Do) -> None:
    """Add what answers an alert."""
    acts, resets = [Depends(context.principal(Right.ACT))], [Depends(context.principal(Right.RESET))]

    @router.post("/acknowledge", dependencies=acts)
    async def acknowledge(alert_id: Id, body: By, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.ACKNOWLEDGE, ActionRequest(**_said(alert_id, body, who)), who, key)

    @router.post("/confirm", dependencies=acts)
    async def confirm(alert_id: Id, body: Finding, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.CONFIRM, ConfirmRequest(**_said(alert_id, body, who)), who, key)

    @router.post("/reset", dependencies=resets)
    async def reset(alert_id: Id, body: By, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.RESET, ActionRequest(**_said(alert_id, body, who)), who, key)

    @router.post("/recheck", dependencies=acts)
    async def recheck(alert_id: Id, body: Recheck, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.RECHECK, RecheckRequest(**_said(alert_id, body, who)), who, key)


def _add_care(router: APIRouter, context: Context, do: Do) -> None:
    """Add what is done around it."""
    acts = [Depends(context.principal(Right.ACT))]

    @router.post("/comment", dependencies=acts)
    async def comment(alert_id: Id, body: Comment, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.COMMENT, CommentRequest(**_said(alert_id, body, who)), who, key)

    @router.post("/assign", dependencies=acts)
    async def assign(alert_id: Id, body: Assignment, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.ASSIGN, AssignRequest(**_said(alert_id, body, who)), who, key)

    @router.post("/attach", dependencies=acts)
    async def attach(alert_id: Id, body: Evidence, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.ATTACH, AttachRequest(**_said(alert_id, body, who)), who, key)


def _add_shelf(router: APIRouter, context: Context, do: Do) -> None:
    """Add what silences it."""
    shelves = [Depends(context.principal(Right.SHELVE))]

    async def asked(request: Request, alert_id: str, body: Shelf, who: Principal) -> ShelveRequest:
        """Return the request to the service, once a second person has shown who they are, where there is one."""
        alert = (await scope.detail(context, who, alert_id)).alert
        by, second = who.acts_as(body.by), None
        if body.second is not None:
            first = First(by, who.account)
            second = await vouched(context, request, body.second, beside=first, unit=alert.place.unit)
        until_ns = max(ns_of(body.until) or 0, 1)
        return ShelveRequest(
            id=alert_id, by=by, account=who.account, reason=body.reason, until_ns=until_ns, second=second
        )

    @router.post("/shelve", dependencies=shelves)
    async def shelve(request: Request, alert_id: Id, body: Shelf, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.SHELVE, await asked(request, alert_id, body, who), who, key)

    @router.post("/extend", dependencies=shelves)
    async def extend(request: Request, alert_id: Id, body: Shelf, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.EXTEND, await asked(request, alert_id, body, who), who, key)

    @router.post("/unshelve", dependencies=shelves)
    async def unshelve(alert_id: Id, body: By, who: Asking, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.UNSHELVE, ActionRequest(**_said(alert_id, body, who)), who, key)
