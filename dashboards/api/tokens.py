"""``/api/v1/tokens``: tokens of programs, kept by administrators. A token is shown once, in the reply that made it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.accounts_face import Name, RowId, ScopeFields, TokenView
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.principal import Asking
from domain.accounts import Right, UserRole

DAY_S = 86_400.0


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewToken(ScopeFields):
    """A token to make: rights of roles, single rights, or both; ``days`` null: until it is revoked."""

    name: Name
    roles: Annotated[tuple[UserRole, ...], Field(max_length=len(UserRole))] = ()
    rights: Annotated[tuple[Right, ...], Field(max_length=len(Right))] = ()
    days: float | None = Field(default=None, gt=0.001, le=3660, allow_inf_nan=False)


class MadeToken(_Body):
    """A token and its secret, which nobody can show again."""

    token: TokenView
    secret: str = Field(repr=False)


class Tokens(_Body):
    """All tokens, revoked ones too."""

    tokens: tuple[TokenView, ...]


def tokens_router(context: Context) -> APIRouter:
    """Return the routes."""
    only = [Depends(context.principal(Right.ADMINISTER))]
    router = APIRouter(prefix="/api/v1/tokens", tags=["accounts"], dependencies=only, responses=declared(404, 409))

    @router.get("")
    async def listed() -> Tokens:
        return Tokens(tokens=await context.door.accounts.tokens())

    @router.post("", status_code=201)
    async def create(body: NewToken, who: Asking, response: Response) -> MadeToken:
        response.headers["Cache-Control"] = "no-store"
        view, secret = await context.door.accounts.create_token(
            **body.model_dump(exclude={"days"}),
            lasts_s=None if body.days is None else body.days * DAY_S,
            by=who.acts_as(),
        )
        return MadeToken(token=view, secret=secret)

    @router.delete("/{token_id}")
    async def revoke(token_id: Annotated[RowId, Path()], who: Asking) -> TokenView:
        return await context.door.accounts.revoke_token(token_id, by=who.acts_as())

    return router
