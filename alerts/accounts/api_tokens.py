"""Tokens of programs: made, used, revoked. The token itself is known to whoever asked for it, and to nobody here."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.accounts.principals import check_scope
from alerts.accounts_face import TokenCreateRequest, TokenView
from alerts.desk import NOT_FOUND, Desk
from alerts.schema import ApiToken
from domain.accounts import Right, UserRole
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.ids import stable_id


def create(desk: Desk, request: TokenCreateRequest) -> ApiToken:
    """Make a token; raises RefusedError for one that may do nothing, or a name that is in use."""
    if not request.roles and not request.rights:
        raise RefusedError("令牌没有任何权限，请给出角色或权限 / a token needs a role or a right")
    taken = select(ApiToken.id).where(ApiToken.name == request.name, ApiToken.revoked_ns.is_(None))
    if desk.session.scalar(taken) is not None:
        raise RefusedError(f"已有名为 {request.name} 的令牌 / a token named {request.name} is in use")
    check_scope(desk.directory.registry, everywhere=request.everywhere, units=request.units, areas=request.areas)
    token = ApiToken(
        id=stable_id("token", request.key)[:16],
        key=request.key,
        name=request.name,
        roles=[role.value for role in UserRole if role in request.roles],
        rights=[right.value for right in Right if right in request.rights],
        everywhere=request.everywhere,
        units=sorted(set(request.units)),
        areas=sorted(set(request.areas)),
        created_ns=desk.now_ns,
        created_by=request.by,
        expires_ns=None if request.lasts_s is None else desk.now_ns + round(request.lasts_s * NS_PER_S),
    )
    desk.session.add(token)
    desk.write(
        None,
        "token_created",
        actor=request.by,
        token=token.id,
        name=token.name,
        roles=token.roles,
        rights=token.rights,
        everywhere=token.everywhere,
        units=token.units,
        areas=token.areas,
        expires_ns=token.expires_ns,
    )
    return token


def revoke(desk: Desk, token_id: str, by: str) -> ApiToken:
    """End a token at once; raises RefusedError."""
    token = desk.session.get(ApiToken, token_id)
    if token is None:
        raise RefusedError(f"没有令牌 {token_id} / there is no token {token_id}", code=NOT_FOUND)
    if token.revoked_ns is not None:
        raise RefusedError(f"令牌 {token.name} 已作废 / the token {token.name} is revoked already")
    token.revoked_ns, token.revoked_by = desk.now_ns, by
    desk.write(None, "token_revoked", actor=by, token=token.id, name=token.name)
    return token


def listed(session: Session) -> list[TokenView]:
    """Return all tokens, newest first."""
    return [view(one) for one in session.scalars(select(ApiToken).order_by(ApiToken.created_ns.desc(), ApiToken.id))]


def view(token: ApiToken) -> TokenView:
    """Return a token as others see it."""
    return TokenView(
        id=token.id,
        name=token.name,
        roles=tuple(UserRole(role) for role in token.roles),
        rights=tuple(Right(right) for right in token.rights),
        everywhere=token.everywhere,
        units=tuple(token.units),
        areas=tuple(token.areas),
        created_ns=token.created_ns,
        created_by=token.created_by,
        expires_ns=token.expires_ns,
        last_used_ns=token.last_used_ns,
        revoked_ns=token.revoked_ns,
        revoked_by=token.revoked_by,
    )
