"""The second person of an act that needs two: they show who they are, and no session begins.

They do so with their password, or with the session that they have, where they agree at their own desk. Two accounts of
one person (`person` of the site) are one person, and so is whoever a program speaks for. What stands in the audit
carries the second's own name, with whom and for what; a person who may not vouch stands there, too, because they had
shown who they are. What a deed gets of it is a voucher (`alerts.accounts.vouchers`).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.accounts.principals import of_session, units_of
from alerts.accounts.vouchers import Vouched
from alerts.accounts_face import VouchFields, VouchHereRequest, VouchRequest
from alerts.actions_face import Second
from alerts.desk import Desk
from alerts.life_cycle import same_person
from alerts.schema import User
from domain.accounts import UserRole, rights_of

SAME = "须由另一人确认 / it has to be another person"
NOT_THEIRS = "此人没有此权限 / this person has no right to it"
OUTSIDE = "此单位不在此人范围内 / this unit is outside this person's scope"
MUST_CHANGE = "此人须先更改口令 / this person has to change their password first"


def vouch(desk: Desk, request: VouchRequest, known_hash: str | None) -> tuple[Second | None, str]:
    """Return the second and why they are refused (empty: not); nobody where the account changed meanwhile."""
    user = desk.session.get(User, request.user)
    if user is None or user.disabled_ns is not None or user.password_hash != known_hash:
        return None, ""
    return _judged(desk, user, request)


def vouch_here(desk: Desk, request: VouchHereRequest) -> tuple[Second | None, str]:
    """Do the same for whoever has a session; nobody where it is over."""
    found = of_session(desk.session, desk.directory.registry, request.key, desk.now_ns)
    user = desk.session.get(User, found[0].id) if found is not None else None
    return (None, "") if user is None else _judged(desk, user, request)


def _judged(desk: Desk, user: User, request: VouchFields) -> tuple[Second | None, str]:
    units = units_of(desk.directory.registry, user)
    refusal = _refusal(desk, user, request, units)
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
    if refusal:
        return None, refusal
    return desk.vouchers.give(Vouched(user.name, request.beside, request.right, units), desk.now_ns), ""


def _refusal(desk: Desk, user: User, request: VouchFields, units: tuple[str, ...] | None) -> str:
    if _is_same(desk.session, user, request.beside):
        return SAME
    if user.must_change:
        return MUST_CHANGE
    if request.right not in rights_of(UserRole(role) for role in user.roles):
        return NOT_THEIRS
    if request.unit is not None and units is not None and request.unit not in units:
        return OUTSIDE
    return ""


def _is_same(session: Session, user: User, beside: str) -> bool:
    """Tell whether the first person is this account's, by a name of it or of another account of the person behind it.

    Whom a program speaks for stands in the record as ``name (token)``, and may be written as account or person. Both
    may have brackets of their own, so whatever stands before one may be the name.
    """
    parts = beside.split(" (")
    names = [" (".join(parts[:count]) for count in range(1, len(parts) + 1)]
    accounts = [user]
    if user.person is not None:
        accounts += session.scalars(select(User).where(User.person == user.person, User.id != user.id)).all()
    theirs = {mine for one in accounts for mine in (one.id, one.name, one.name_en, one.person) if mine}
    return any(same_person(name, mine) for name in names for mine in theirs)
