"""``/api/v1/session``: sign in, see who one is, change one's password, sign out; ``/api/v1/sessions``: all of them."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from alerts.accounts_face import Outcome, Password, RowId, SessionView, SignInReply, UserId
from dashboards.api.coming_in import Visit, admit, forget, sign_in, sign_out
from dashboards.api.context import Context
from dashboards.api.errors import ForbiddenError, declared, error_response
from dashboards.api.principal import Asking, Kind, Principal, of_view
from dashboards.api.sessions import from_our_site, session_key
from domain.accounts import Right, UserRole


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignIn(_Body):
    """Who comes, and their password."""

    user: str = Field(max_length=64)
    password: Password = Field(repr=False)


class NewPassword(_Body):
    """The old password and the new one."""

    old: Password = Field(repr=False)
    new: Password = Field(repr=False)


class Who(_Body):
    """Who asks. ``units`` null: everywhere. ``csrf`` is set for a signed-in browser; send it as ``X-CSRF-Token``."""

    kind: str
    id: str
    name: str
    roles: tuple[UserRole, ...]
    rights: tuple[Right, ...]
    units: tuple[str, ...] | None
    must_change_password: bool
    ends_ns: int | None
    csrf: str | None


class Sessions(_Body):
    """Sessions that run."""

    sessions: tuple[SessionView, ...]


def session_router(context: Context) -> APIRouter:
    """Return the routes of one's own session."""
    router = APIRouter(prefix="/api/v1/session", tags=["accounts"], responses=declared(409))

    @router.get("")
    async def me(request: Request) -> Who:
        return _who(await context.known(request), _csrf(context, request))

    @router.post("", response_model=Who)
    async def begin(request: Request, body: SignIn) -> Response:
        if not from_our_site(request.headers):
            raise ForbiddenError("foreign origin")
        visit = await sign_in(context, request, body.user, body.password)
        if not isinstance(visit, Visit):
            return _refused(visit)
        who = _who(of_view(visit.principal), context.door.csrf(visit.key))
        answer = JSONResponse(who.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
        admit(context, request, answer, visit)
        return answer

    @router.delete("", status_code=204)
    async def end(request: Request) -> Response:
        answer = Response(status_code=204)
        if (await context.known(request)).kind is Kind.USER:
            await sign_out(context, request, answer)
        return answer

    @router.post("/password", status_code=204)
    async def change(request: Request, body: NewPassword) -> Response:
        who, key = await context.known(request, fresh=True), session_key(request.cookies)
        if who.kind is not Kind.USER or key is None:
            raise ForbiddenError("only a signed-in person has a password to change")
        await context.door.accounts.own_password(key, old=body.old, new=body.new)
        forget(context, request)
        return Response(status_code=204)

    return router


def sessions_router(context: Context) -> APIRouter:
    """Return the routes of all sessions, for administrators."""
    only = [Depends(context.principal(Right.ADMINISTER))]
    router = APIRouter(prefix="/api/v1/sessions", tags=["accounts"], dependencies=only, responses=declared(404, 409))

    @router.get("")
    async def sessions(user: UserId | None = None) -> Sessions:
        return Sessions(sessions=await context.door.accounts.sessions(user))

    @router.delete("/{session_id}", status_code=204)
    async def end_other(session_id: Annotated[RowId, Path()], who: Asking) -> Response:
        await context.door.accounts.end_session(session_id, by=who.acts_as())
        return Response(status_code=204)

    return router


def _csrf(context: Context, request: Request) -> str | None:
    key = session_key(request.cookies)
    is_browser = request.state.principal.kind is Kind.USER and key is not None
    return context.door.csrf(key) if is_browser and key is not None else None


def _who(who: Principal, csrf: str | None) -> Who:
    return Who(
        kind=who.kind.value,
        id=who.id,
        name=who.name,
        roles=tuple(role for role in UserRole if role in who.roles),
        rights=tuple(right for right in Right if who.may(right)),
        units=None if who.units is None else tuple(sorted(who.units)),
        must_change_password=who.must_change,
        ends_ns=who.ends_ns,
        csrf=csrf,
    )


def _refused(reply: SignInReply) -> JSONResponse:
    if reply.outcome is Outcome.WRONG:
        return error_response(401, "unauthorized", "账号或口令不正确 / wrong account or password")
    wait_s = ceil(reply.wait_s)
    status, kind = (429, "too_many") if reply.outcome is Outcome.WAIT else (503, "unavailable")
    answer = error_response(status, kind, f"请 {wait_s} 秒后再试 / try again in {wait_s} s")
    answer.headers["Retry-After"] = str(wait_s)
    return answer
