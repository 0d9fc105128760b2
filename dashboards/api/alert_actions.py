"""``POST /api/v1/alerts/{id}/…``: what people do with alerts, through their programs.

| action | body |
|---|---|
| acknowledge, reset, unshelve | ``by`` |
| confirm | ``by``, ``finding`` real, false or test, ``cause`` (of a false alarm), ``text`` |
| comment | ``by``, ``text`` |
| shelve | ``by``, ``reason``, ``until``, ``second_by`` for a fire |
| assign | ``by``, ``to`` |
| attach | ``by``, ``url``, ``sha256``, ``media_type``, ``note`` |
| recheck | ``by``, ``note`` |

Each answers with the alert as it is then, takes an ``Idempotency-Key``, and refuses (409) with the reason
what the life cycle does not allow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path
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
from dashboards.api.alert_filters import ns_of
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.moment import Moment
from dashboards.api.once import IdempotencyKey
from dashboards.api.words import Name, SomeWords, Words
from domain.alert import AlertView, Confirmation

Id = Annotated[AlertId, Path()]

Do = Callable[[OnceAction, ActionRequest, str | None], Awaitable[AlertView]]


class By(BaseModel):
    """Who acts: a name as people know it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Name


class Finding(By):
    """What was found out; a false alarm needs its cause, here or as the text."""

    finding: Confirmation
    text: Words = ""
    cause: Words = ""


class Comment(By):
    """Something to add."""

    text: SomeWords


class Shelf(By):
    """Silence until a time; a fire needs a second person."""

    reason: SomeWords
    until: Moment
    second_by: Name | None = None


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
    """Return the routes; writing needs the API token."""
    writes = [Depends(context.may_write)]
    router = APIRouter(
        prefix="/api/v1/alerts/{alert_id}", tags=["actions"], dependencies=writes, responses=declared(404, 409)
    )

    async def do(action: OnceAction, request: ActionRequest, key: str | None) -> AlertView:
        return await OnceFace(context.link.backbone).do(action, request, key)

    _add_answers(router, do)
    _add_care(router, do)
    return router


def _add_answers(router: APIRouter, do: Do) -> None:
    """Add what answers an alert."""

    @router.post("/acknowledge")
    async def acknowledge(alert_id: Id, body: By, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.ACKNOWLEDGE, ActionRequest(id=alert_id, by=body.by), key)

    @router.post("/confirm")
    async def confirm(alert_id: Id, body: Finding, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.CONFIRM, ConfirmRequest(id=alert_id, **body.model_dump()), key)

    @router.post("/reset")
    async def reset(alert_id: Id, body: By, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.RESET, ActionRequest(id=alert_id, by=body.by), key)

    @router.post("/comment")
    async def comment(alert_id: Id, body: Comment, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.COMMENT, CommentRequest(id=alert_id, **body.model_dump()), key)

    @router.post("/recheck")
    async def recheck(alert_id: Id, body: Recheck, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.RECHECK, RecheckRequest(id=alert_id, **body.model_dump()), key)


def _add_care(router: APIRouter, do: Do) -> None:
    """Add what is done around it."""

    @router.post("/shelve")
    async def shelve(alert_id: Id, body: Shelf, key: IdempotencyKey = None) -> AlertView:
        until_ns = max(ns_of(body.until) or 0, 1)
        shelf = ShelveRequest(id=alert_id, by=body.by, reason=body.reason, until_ns=until_ns, second_by=body.second_by)
        return await do(OnceAction.SHELVE, shelf, key)

    @router.post("/unshelve")
    async def unshelve(alert_id: Id, body: By, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.UNSHELVE, ActionRequest(id=alert_id, by=body.by), key)

    @router.post("/assign")
    async def assign(alert_id: Id, body: Assignment, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.ASSIGN, AssignRequest(id=alert_id, **body.model_dump()), key)

    @router.post("/attach")
    async def attach(alert_id: Id, body: Evidence, key: IdempotencyKey = None) -> AlertView:
        return await do(OnceAction.ATTACH, AttachRequest(id=alert_id, **body.model_dump()), key)
