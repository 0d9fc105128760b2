"""Who may do what: roles of accounts, the rights they give, and the table between them.

A role is what a person is here, a right is what a request needs. `RIGHTS` is the whole policy: docs/accounts.md
shows it and a test compares. An account may have several roles and has the rights of all of them. Nothing official says
who may do what in such a platform; the table is an assumption that follows the duties of GB 25506-2010's control room:

- who keeps accounts (admin) does not act on alarms by that: give the person the role of an operator, too;
- a fire is shelved by two people, and one of them has ``shelve_fire``;
- who installs changes the plant and tests its channels, and answers no alarm;
- a token of Prometheus needs ``post_alerts`` and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class UserRole(StrEnum):
    """What an account is for."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    UNIT_STAFF = "unit_staff"
    INSTALLER = "installer"
    ADMIN = "admin"


class Right(StrEnum):
    """What a request needs."""

    READ = "read"
    ACT = "act"
    RESET = "reset"
    SHELVE = "shelve"
    SHELVE_FIRE = "shelve_fire"
    SILENCE = "silence"
    ROLL_CALL = "roll_call"
    OUT_OF_SERVICE = "out_of_service"
    WALK_TEST = "walk_test"
    NOTIFY_TEST = "notify_test"
    ADOPT = "adopt"
    POST_ALERTS = "post_alerts"
    CONFIGURE = "configure"
    ADMINISTER = "administer"


_WATCH = (Right.READ, Right.ACT, Right.RESET, Right.SHELVE, Right.SILENCE, Right.ROLL_CALL, Right.OUT_OF_SERVICE)

RIGHTS: Mapping[UserRole, frozenset[Right]] = MappingProxyType(
    {
        UserRole.OPERATOR: frozenset(_WATCH),
        UserRole.SUPERVISOR: frozenset((*_WATCH, Right.SHELVE_FIRE, Right.WALK_TEST, Right.NOTIFY_TEST)),
        UserRole.UNIT_STAFF: frozenset((Right.READ, Right.ACT)),
        UserRole.INSTALLER: frozenset(
            (
                Right.READ,
                Right.OUT_OF_SERVICE,
                Right.WALK_TEST,
                Right.NOTIFY_TEST,
                Right.ADOPT,
                Right.POST_ALERTS,
                Right.CONFIGURE,
            )
        ),
        UserRole.ADMIN: frozenset((Right.READ, Right.NOTIFY_TEST, Right.ADOPT, Right.CONFIGURE, Right.ADMINISTER)),
    }
)


def rights_of(roles: Iterable[UserRole]) -> frozenset[Right]:
    """Return the rights of all roles together."""
    return frozenset(right for role in roles for right in RIGHTS[role])
