"""Who somebody is: from a session or a token to a name, rights and units, looked up anew for each question.

What an administrator changes (a role, a scope, a disabled account) holds from the next question on: nothing of it is
copied into a session. Who must change their password first has no right at all until then.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.accounts_face import PrincipalView
from alerts.schema import ApiToken, User, UserSession
from domain.accounts import Right, UserRole, rights_of
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site import Registry

TOUCH_S = 60
"""How exact "last seen" and "last used" are: one write a minute and browser is all that they cost."""


def of_session(session: Session, registry: Registry, key: str, now_ns: int) -> tuple[PrincipalView, UserSession] | None:
    """Return who has a session that runs; None for any other key, and for a disabled account."""
    found = session.scalar(select(UserSession).where(UserSession.key == key))
    if found is None or not runs(found, now_ns):
        return None
    user = session.get(User, found.user_id)
    if user is None or user.disabled_ns is not None:
        return None
    return of_user(user, registry, found), found


def of_user(user: User, registry: Registry, found: UserSession) -> PrincipalView:
    """Return who a person is in a session."""
    roles = tuple(UserRole(role) for role in user.roles)
    return PrincipalView(
        kind="user",
        id=user.id,
        name=user.name,
        name_en=user.name_en or user.name,
        person=user.person,
        roles=roles,
        rights=() if user.must_change else ordered(rights_of(roles)),
        units=units_of(registry, user),
        must_change=user.must_change,
        session=found.id,
        ends_ns=found.ends_ns,
    )


def of_token(session: Session, registry: Registry, key: str, now_ns: int) -> tuple[PrincipalView, ApiToken] | None:
    """Return whom a token stands for; None for one that is unknown, revoked, or over."""
    token = session.scalar(select(ApiToken).where(ApiToken.key == key))
    if token is None or token.revoked_ns is not None or (token.expires_ns or now_ns + 1) <= now_ns:
        return None
    roles = tuple(UserRole(role) for role in token.roles)
    view = PrincipalView(
        kind="token",
        id=token.id,
        name=token.name,
        name_en=token.name,
        person=None,
        roles=roles,
        rights=ordered(rights_of(roles) | {Right(right) for right in token.rights}),
        units=units_of(registry, token),
        must_change=False,
        session=None,
        ends_ns=token.expires_ns,
    )
    return view, token


def runs(found: UserSession, now_ns: int) -> bool:
    """Tell whether a session has not ended, by anybody, by silence or by time."""
    idle_ns = found.idle_s * NS_PER_S
    return found.ended_ns is None and now_ns < min(found.ends_ns, found.seen_ns + idle_ns)


def units_of(registry: Registry, scope: User | ApiToken) -> tuple[str, ...] | None:
    """Return the units that a scope comes to now; None for everywhere. Areas follow the site as it is."""
    if scope.everywhere:
        return None
    in_areas = {unit.id for unit in registry.units.values() if unit.area is not None and unit.area in scope.areas}
    return tuple(sorted(in_areas.union(scope.units)))


def check_scope(registry: Registry, *, everywhere: bool, units: Iterable[str], areas: Iterable[str]) -> None:
    """Raise RefusedError for a scope that is empty, says two things, or names what the site lacks."""
    units, areas = list(units), list(areas)
    if everywhere == bool(units or areas):
        raise RefusedError("范围须为全部，或列出单位、片区 / a scope is everywhere, or else names units or areas")
    unknown = [unit for unit in units if unit not in registry.units]
    if unknown:
        raise RefusedError(f"没有单位 {', '.join(unknown)} / the site has no such unit: {', '.join(unknown)}")
    have = {unit.area for unit in registry.units.values() if unit.area is not None}
    unknown = [area for area in areas if area not in have]
    if unknown:
        known = ", ".join(sorted(have)[:20]) or "-"
        raise RefusedError(
            f"没有片区 {', '.join(unknown)}（已有：{known}）/ no unit of the site is in an area "
            f"{', '.join(unknown)} (there are: {known}); write 'area' at its units"
        )


def ordered(rights: Iterable[Right]) -> tuple[Right, ...]:
    """Return rights in the order of the table."""
    have = set(rights)
    return tuple(right for right in Right if right in have)
