"""Accounts of people: made, changed, given passwords. Every change is an entry of the audit, without the password.

An account is never deleted, because its name stands in records: it is disabled. There is always one administrator
who can come in: the last one can be neither disabled nor lose the role.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.accounts import sessions
from alerts.accounts.principals import check_scope
from alerts.accounts_face import UserAddRequest, UserChangeRequest, UserView
from alerts.desk import NOT_FOUND, SYSTEM, Desk
from alerts.life_cycle import same_person
from alerts.schema import User
from domain.accounts import UserRole
from domain.errors import RefusedError

RESERVED = frozenset({SYSTEM, "console", "api", "cli", "anonymous"})
"""Names that mean something where a person's name stands."""


def user_of(session: Session, user_id: str) -> User:
    """Return an account; raises RefusedError with code 404."""
    found = session.get(User, user_id)
    if found is None:
        raise RefusedError(f"没有账号 {user_id} / there is no account {user_id}", code=NOT_FOUND)
    return found


def add(desk: Desk, request: UserAddRequest, password_hash: str | None) -> User:
    """Make an account; raises RefusedError where the id or the name is taken, or the scope is none."""
    if desk.session.get(User, request.id) is not None:
        raise RefusedError(f"账号 {request.id} 已存在 / there is an account {request.id} already")
    _check_name(desk, request.id, request.name)
    _check_person(desk, request.person)
    check_scope(desk.directory.registry, everywhere=request.everywhere, units=request.units, areas=request.areas)
    user = User(
        id=request.id,
        name=request.name,
        name_en=request.name_en,
        person=request.person,
        roles=_roles(request.roles),
        everywhere=request.everywhere,
        units=sorted(set(request.units)),
        areas=sorted(set(request.areas)),
        password_hash=password_hash,
        password_ns=desk.now_ns if password_hash else None,
        must_change=request.must_change,
        created_ns=desk.now_ns,
        created_by=request.by,
    )
    desk.session.add(user)
    desk.write(
        None, "user_added", actor=request.by, user=user.id, has_password=password_hash is not None, **_told(user)
    )
    return user


def change(desk: Desk, request: UserChangeRequest) -> User:
    """Change an account; raises RefusedError, and changes nothing then."""
    user = user_of(desk.session, request.id)
    before, kept_accounts = _told(user), _keeps_accounts(user)
    if request.name is not None and request.name != user.name:
        _check_name(desk, user.id, request.name)
        user.name = request.name
    if request.name_en is not None:
        user.name_en = request.name_en
    if request.person is not None:
        _check_person(desk, request.person or None)
        user.person = request.person or None
    if request.roles is not None:
        user.roles = _roles(request.roles)
    if request.scope is not None:
        scope = request.scope
        check_scope(desk.directory.registry, everywhere=scope.everywhere, units=scope.units, areas=scope.areas)
        user.everywhere, user.units, user.areas = scope.everywhere, sorted(set(scope.units)), sorted(set(scope.areas))
    if request.disabled is not None and request.disabled != (user.disabled_ns is not None):
        user.disabled_ns = desk.now_ns if request.disabled else None
    after = _told(user)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if not changed:
        return user
    if kept_accounts and not _keeps_accounts(user):
        _check_somebody_keeps_accounts(desk)
    desk.write(
        None, "user_changed", actor=request.by, user=user.id, **changed, before={name: before[name] for name in changed}
    )
    if user.disabled_ns is not None:
        sessions.end_all(desk, user.id, request.by, "the account was disabled")
    return user


def set_password(
    desk: Desk, user_id: str, password_hash: str, *, by: str, must_change: bool, keep: str | None = None
) -> User:
    """Take a new password; all sessions of the account end, but the one of the key ``keep``."""
    user = user_of(desk.session, user_id)
    user.password_hash, user.password_ns, user.must_change = password_hash, desk.now_ns, must_change
    desk.write(None, "password_set", actor=by, user=user.id, must_change=must_change)
    sessions.end_all(desk, user.id, by, "the password was changed", but=keep)
    return user


def view(user: User, running: int) -> UserView:
    """Return an account as others see it."""
    return UserView(
        id=user.id,
        name=user.name,
        name_en=user.name_en or user.name,
        person=user.person,
        roles=tuple(UserRole(role) for role in user.roles),
        everywhere=user.everywhere,
        units=tuple(user.units),
        areas=tuple(user.areas),
        has_password=user.password_hash is not None,
        must_change=user.must_change,
        disabled_ns=user.disabled_ns,
        created_ns=user.created_ns,
        created_by=user.created_by,
        password_ns=user.password_ns,
        sessions=running,
    )


def listed(session: Session, now_ns: int) -> list[UserView]:
    """Return all accounts, by id."""
    running: dict[str, int] = {}
    for one in sessions.running(session, now_ns):
        running[one.user_id] = running.get(one.user_id, 0) + 1
    return [view(user, running.get(user.id, 0)) for user in session.scalars(select(User).order_by(User.id))]


def _told(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "name_en": user.name_en,
        "person": user.person,
        "roles": list(user.roles),
        "everywhere": user.everywhere,
        "units": list(user.units),
        "areas": list(user.areas),
        "disabled": user.disabled_ns is not None,
    }


def _roles(roles: tuple[UserRole, ...]) -> list[str]:
    return [role.value for role in UserRole if role in roles]


def _check_name(desk: Desk, user_id: str, name: str) -> None:
    if user_id.lower() in RESERVED or name.lower() in RESERVED:
        raise RefusedError("这个名称另有用途，请换一个 / this name means something else here: choose another")
    if not name.isprintable():
        raise RefusedError("姓名含有不可见字符 / a name has no invisible characters")
    others = desk.session.execute(select(User.id, User.name).where(User.id != user_id).order_by(User.id))
    taken = next((other for other, theirs in others if same_person(theirs, name)), None)
    if taken is not None:
        raise RefusedError(f"账号 {taken} 已用此姓名 / account {taken} has this name: records tell people apart by it")


def _check_person(desk: Desk, person: str | None) -> None:
    if person is not None and desk.directory.person(person) is None:
        raise RefusedError(f"站点没有人员 {person} / the site has no person {person}")


def _check_somebody_keeps_accounts(desk: Desk) -> None:
    desk.session.flush()
    if not any(_keeps_accounts(user) for user in desk.session.scalars(select(User))):
        raise RefusedError("至少要留一个可用的系统管理员 / one administrator for everywhere has to stay")


def _keeps_accounts(user: User) -> bool:
    return user.disabled_ns is None and user.everywhere and UserRole.ADMIN in user.roles
