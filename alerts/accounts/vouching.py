"""The second person of an act that needs two: they show who they are with their password, and no session begins.

Two accounts of one person (`person` of the site) are one person. What stands in the audit carries the second's own
name, with whom and for what; a person who may not vouch stands there, too, because their password was right.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.accounts.principals import units_of
from alerts.accounts_face import VouchRequest
from alerts.desk import Desk
from alerts.schema import User
from domain.accounts import UserRole, rights_of

SAME = "须由另一人确认 / it has to be another person"
NOT_THEIRS = "此人没有此权限 / this person has no right to it"
OUTSIDE = "此单位不在此人范围内 / this unit is outside this person's scope"
MUST_CHANGE = "此人须先更改口令 / this person has to change their password first"


def vouch(desk: Desk, request: VouchRequest, known_hash: str | None) -> tuple[str | None, str]:
    """Return the second's name and why they are refused (empty: not); no name where the account changed meanwhile."""
    user = desk.session.get(User, request.user)
    if user is None or user.disabled_ns is not None or user.password_hash != known_hash:
        return None, ""
    refusal = _refusal(desk, user, request)
    desk.write(
        None,
        "vouch_refused" if refusal else "vouched",
        actor=user.name,
        user=user.id,
        beside=request.beside,
        right=request.right.value,
        unit=request.unit,
        address=request.address,
    )
    return user.name, refusal


def _refusal(desk: Desk, user: User, request: VouchRequest) -> str:
    if _is_same(desk.session, user, request.beside):
        return SAME
    if user.must_change:
        return MUST_CHANGE
    if request.right not in rights_of(UserRole(role) for role in user.roles):
        return NOT_THEIRS
    units = units_of(desk.directory.registry, user)
    if request.unit is not None and units is not None and request.unit not in units:
        return OUTSIDE
    return ""


def _is_same(session: Session, user: User, beside: str) -> bool:
    if user.name == beside:
        return True
    first = session.scalar(select(User).where(User.name == beside))
    return first is not None and first.person is not None and first.person == user.person
