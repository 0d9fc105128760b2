"""The second person of an act that needs two: they show who they are, and no session begins.

They do so with their password, or with the session that they have, where they agree at their own desk. Two accounts of
one person (`person` of the site) are one person, and so is whoever a program speaks for. What stands in the audit
carries the second's own name, with whom and for what; a person who may not vouch stands there, too, because they had
shown who they are. What a deed gets of it is a voucher (`alerts.accounts.vouchers`).
"""

from __future__ import annotations

from alerts import silences
from alerts.accounts.actors import Actor, same_actor
from alerts.accounts.principals import of_session, units_of
from alerts.accounts.vouchers import CHANGED, Vouched
from alerts.accounts_face import VouchFields, VouchHereRequest, VouchRequest
from alerts.actions_face import Second
from alerts.desk import Desk
from alerts.schema import Silence, User
from domain.accounts import UserRole, rights_of

SAME = "须由另一人确认 / it has to be another person"
NO_SILENCE = "没有此静默 / no such silence"
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
    first, wrong = _first(desk, request)
    refusal = wrong or _refusal(desk, user, request, units, first)
    desk.write(
        None,
        "vouch_refused" if refusal else "vouched",
        actor=user.name,
        user=user.id,
        beside=first.name,
        right=request.right.value,
        unit=request.unit,
        address=request.address,
    )
    if refusal:
        return None, refusal
    vouched = Vouched(user.name, first.name, request.right, units, user.id, request.silence)
    return desk.vouchers.give(vouched, desk.now_ns), ""


def _first(desk: Desk, request: VouchFields) -> tuple[Actor, str]:
    """Return the first person, and why nobody can vouch beside them (empty: nothing); of a silence, who made it."""
    asked = Actor(request.beside, request.beside_account)
    if request.silence is None:
        return asked, ""
    silence = desk.session.get(Silence, request.silence.id)
    if silence is None:
        return asked, NO_SILENCE
    changed = silences.version_of(silence) != request.silence.version
    return Actor(silence.created_by, silence.created_account), CHANGED if changed else ""


def _refusal(desk: Desk, user: User, request: VouchFields, units: tuple[str, ...] | None, first: Actor) -> str:
    if same_actor(desk.session, first, Actor(user.name, user.id)):
        return SAME
    if user.must_change:
        return MUST_CHANGE
    if request.right not in rights_of(UserRole(role) for role in user.roles):
        return NOT_THEIRS
    if request.unit is not None and units is not None and request.unit not in units:
        return OUTSIDE
    return ""
