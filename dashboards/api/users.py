"""``/api/v1/users``: accounts, kept by administrators. A thin skin over `alerts.accounts_face`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from alerts.accounts_face import (
    Name,
    Password,
    ScopeFields,
    UserAddRequest,
    UserChangeRequest,
    UserId,
    UserPasswordRequest,
    UserView,
)
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.principal import Asking
from domain.accounts import Right, UserRole
from domain.ids import Token

Id = Annotated[UserId, Path()]
Roles = Annotated[tuple[UserRole, ...], Field(min_length=1, max_length=len(UserRole))]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewUser(ScopeFields):
    """An account to make. With a password its person is asked to change it first, unless ``must_change`` is false."""

    id: UserId
    name: Name
    name_en: str = Field(default="", max_length=64)
    person: Token | None = None
    roles: Roles
    password: Password | None = Field(default=None, repr=False)
    must_change: bool = True


class UserChange(_Body):
    """What changes; what is absent stays. ``scope`` replaces the whole scope; ``person`` "" unlinks."""

    name: Name | None = None
    name_en: str | None = Field(default=None, max_length=64)
    person: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] | None = None
    roles: Roles | None = None
    scope: ScopeFields | None = None
    disabled: bool | None = None


class SetPassword(_Body):
    """A password that an administrator gives; it should be changed at the next sign-in."""

    password: Password = Field(repr=False)
    must_change: bool = True


class Users(_Body):
    """All accounts."""

    users: tuple[UserView, ...]


def users_router(context: Context) -> APIRouter:
    """Return the routes."""
    only = [Depends(context.principal(Right.ADMINISTER))]
    router = APIRouter(prefix="/api/v1/users", tags=["accounts"], dependencies=only, responses=declared(404, 409))

    @router.get("")
    async def listed() -> Users:
        return Users(users=await context.door.accounts.users())

    @router.post("", status_code=201)
    async def add(body: NewUser, who: Asking) -> UserView:
        return await context.door.accounts.add_user(UserAddRequest(**body.model_dump(), by=who.acts_as()))

    @router.patch("/{user_id}")
    async def change(user_id: Id, body: UserChange, who: Asking) -> UserView:
        request = UserChangeRequest(id=user_id, **body.model_dump(exclude_unset=True), by=who.acts_as())
        return await context.door.accounts.change_user(request)

    @router.post("/{user_id}/password")
    async def set_password(user_id: Id, body: SetPassword, who: Asking) -> UserView:
        request = UserPasswordRequest(id=user_id, **body.model_dump(), by=who.acts_as())
        return await context.door.accounts.set_password(request)

    return router
