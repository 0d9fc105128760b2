"""Which role sees which page, and what it may do there: the one table.

Opening a page needs its section's right (`dashboards.console.sections`), acting on it the rights of `ACTS`; who has
which right is `domain.accounts.RIGHTS`. The menu shows what may be opened, and each act asks anew who it is
(`dashboards.console.deeds`). A test compares `ACTS` with the rights that the pages' code asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dashboards.console.section import Section
from domain.accounts import RIGHTS, Right, UserRole

_ALERT = frozenset({Right.ACT, Right.RESET, Right.SHELVE, Right.SHELVE_FIRE})
_NOTHING: frozenset[Right] = frozenset()

ACTS: Mapping[str, frozenset[Right]] = MappingProxyType(
    {
        "alarms": _ALERT,
        "detail": _ALERT,
        "history": _NOTHING,
        "overview": frozenset({Right.ACT}),
        "devices": _NOTHING,
        "gateways": frozenset({Right.ADOPT, Right.CONFIGURE}),
        "suppression": frozenset(
            {Right.OUT_OF_SERVICE, Right.SILENCE, Right.SHELVE, Right.SHELVE_FIRE, Right.WALK_TEST}
        ),
        "roll_calls": frozenset({Right.ROLL_CALL}),
        "kpi": _NOTHING,
        "rules": frozenset({Right.CONFIGURE}),
        "installer": frozenset({Right.ADOPT, Right.WALK_TEST, Right.CONFIGURE, Right.NOTIFY_TEST}),
        "admin": frozenset({Right.ADMINISTER, Right.NOTIFY_TEST}),
        "settings": _NOTHING,
        "handover": frozenset({Right.ACT}),
        "phone": frozenset({Right.ACT}),
    }
)
"""What can be done on a page, by the rights that it needs."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What one role may on one page."""

    role: UserRole
    section: str
    opens: bool
    may: frozenset[Right]


def permits(sections: Iterable[Section]) -> tuple[Permit, ...]:
    """Return the table, a line for each role and page."""
    return tuple(_permit(role, section) for role in UserRole for section in sections)


def _permit(role: UserRole, section: Section) -> Permit:
    opens = section.right in RIGHTS[role]
    return Permit(role, section.name, opens, ACTS[section.name] & RIGHTS[role] if opens else _NOTHING)
