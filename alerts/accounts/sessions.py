"""Sessions of browsers: how long they last, and how they end.

| role | ends after silence | ends in any case |
|---|---|---|
| operator, supervisor | 12 h (a shift) | 30 days |
| unit_staff | 12 h | 7 days |
| installer | 2 h | 12 h |
| admin | 30 min | 12 h |

Of several roles the shortest counts. A page that stands open is no silence: it says so every minute, so that a
control room's screen does not turn into a sign-in form at night; and an end "in any case" of a day or more falls into
the morning (09:00 site time) after it. Figures: assumptions; nobody published any for control rooms (OWASP's and
NIST's half hour and 12 h stand behind those of admin). A new password, a disabled account, a sign-out end sessions at
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alerts.accounts.principals import runs
from alerts.accounts.tries import network
from alerts.desk import NOT_FOUND, Desk
from alerts.schema import User, UserSession
from domain.accounts import UserRole
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.ids import stable_id

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
LIVES_S = {
    UserRole.OPERATOR: (12 * HOUR_S, 30 * DAY_S),
    UserRole.SUPERVISOR: (12 * HOUR_S, 30 * DAY_S),
    UserRole.UNIT_STAFF: (12 * HOUR_S, 7 * DAY_S),
    UserRole.INSTALLER: (2 * HOUR_S, 12 * HOUR_S),
    UserRole.ADMIN: (30 * MINUTE_S, 12 * HOUR_S),
}
MORNING = time(9)
KNOWN_FOR_S = 30 * DAY_S
KEPT_S = 400 * DAY_S
"""Rows of ended sessions are kept as long as records are (a year and some days); the audit keeps the fact for ever."""


def life(roles: Iterable[UserRole], now_ns: int, timezone: str) -> tuple[int, int]:
    """Return the silence that ends a session, s, and its end in any case, ns."""
    lives = [LIVES_S[role] for role in roles]
    idle_s, most_s = min(one[0] for one in lives), min(one[1] for one in lives)
    end_ns = now_ns + most_s * NS_PER_S
    return idle_s, end_ns if most_s < DAY_S else _next_morning(end_ns, timezone)


def begin(desk: Desk, user: User, *, key: str, address: str, agent: str) -> UserSession:
    """Begin a session of a person; old rows that nobody needs are removed."""
    idle_s, ends_ns = life((UserRole(role) for role in user.roles), desk.now_ns, desk.directory.registry.site.timezone)
    found = UserSession(
        id=stable_id("session", key)[:16],
        key=key,
        user_id=user.id,
        address=address,
        agent=agent,
        created_ns=desk.now_ns,
        seen_ns=desk.now_ns,
        idle_s=idle_s,
        ends_ns=ends_ns,
    )
    desk.session.add(found)
    desk.session.execute(delete(UserSession).where(UserSession.ends_ns < desk.now_ns - KEPT_S * NS_PER_S))
    desk.write(None, "signed_in", actor=user.name, user=user.id, session=found.id, address=address)
    return found


def running(session: Session, now_ns: int, user: str | None = None) -> list[UserSession]:
    """Return the sessions that run, newest first."""
    query = select(UserSession).where(UserSession.ended_ns.is_(None), UserSession.ends_ns > now_ns)
    if user is not None:
        query = query.where(UserSession.user_id == user)
    found = session.scalars(query.order_by(UserSession.created_ns.desc(), UserSession.id))
    return [one for one in found if runs(one, now_ns)]


def end(desk: Desk, found: UserSession, by: str, why: str) -> None:
    """End a session, once."""
    if found.ended_ns is None:
        found.ended_ns, found.ended_by, found.ended_why = desk.now_ns, by, why
        desk.write(None, "session_ended", actor=by, user=found.user_id, session=found.id, why=why)


def end_key(desk: Desk, key: str, by: str | None, why: str) -> None:
    """End the session of a key; none is no error. ``by`` None: its own person."""
    found = desk.session.scalar(select(UserSession).where(UserSession.key == key))
    if found is not None:
        user = desk.session.get(User, found.user_id)
        end(desk, found, by or (user.name if user is not None else found.user_id), why)


def end_id(desk: Desk, session_id: str, by: str) -> None:
    """End the session of a short id; raises RefusedError."""
    found = desk.session.get(UserSession, session_id)
    if found is None or not runs(found, desk.now_ns):
        raise RefusedError(f"没有会话 {session_id} / no session {session_id} runs", code=NOT_FOUND)
    end(desk, found, by, "ended by somebody else")


def end_all(desk: Desk, user: str, by: str, why: str, *, but: str | None = None) -> None:
    """End all sessions of a person, but that of one key."""
    for found in running(desk.session, desk.now_ns, user):
        if found.key != but:
            end(desk, found, by, why)


def is_known(session: Session, user: str, address: str, now_ns: int) -> bool:
    """Tell whether a person signed in from an address (as `alerts.accounts.tries.network` counts) within 30 days."""
    query = select(UserSession.address).where(
        UserSession.user_id == user, UserSession.created_ns > now_ns - KNOWN_FOR_S * NS_PER_S
    )
    return network(address) in {network(one) for one in session.scalars(query.distinct())}


def _next_morning(end_ns: int, timezone: str) -> int:
    zone = _zone(timezone)
    end = datetime.fromtimestamp(end_ns // NS_PER_S, zone)
    morning = datetime.combine(end.date(), MORNING, zone)
    if morning < end:
        morning = datetime.combine(end.date() + timedelta(days=1), MORNING, zone)
    return int(morning.timestamp()) * NS_PER_S


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
