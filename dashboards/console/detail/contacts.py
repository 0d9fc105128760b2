"""Whom to call about an alarm: the people of its place, and who is on duty now. Pure.

| who | from |
|---|---|
| responsible | the zone |
| safety manager, maintenance firm (a person, or who is on duty at it) | the unit |
| owner | whom the alert was given to |
| on duty | rosters that a policy for this alert names |
| deputies | of everybody above, in their order; first who stands in for whoever is absent |

Telephone numbers are for those who act on alarms: everybody else sees that there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.alert import AlertView
from domain.site import Matter, Person, Registry, Roster
from domain.site.duty import deputies_of, is_absent, on_duty, standing_in
from domain.site.escalation import ROSTER

MOST_CONTACTS = 24
_KEPT_HEAD, _KEPT_TAIL, _SHORT = 3, 2, 7
ROLES = ("owner", "responsible", "on_duty", "safety_manager", "maintenance_firm", "deputy")


@dataclass(frozen=True, slots=True)
class Part:
    """One role that a person has here. ``role``: of `ROLES`; ``of``: which roster, or whose deputy."""

    role: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person with all their roles. ``phone`` as it may be shown; ``call``: what a telephone dials, None: hidden."""

    id: str
    person: Person
    roles: tuple[Part, ...]
    absent: bool
    phone: str
    call: str | None


def contacts(registry: Registry, alert: AlertView, local: datetime, *, numbers: bool) -> tuple[Contact, ...]:
    """Return whom to call at a moment (``local``: the site's wall clock), each person once; who comes first, first."""
    roles: dict[str, list[Part]] = {}
    for name, part in _named(registry, alert, local):
        if name in registry.people and part not in roles.setdefault(name, []):
            roles[name].append(part)
    for name in list(roles):
        for deputy in _deputies(registry, name, local):
            roles.setdefault(deputy, []).append(Part("deputy", name))
    found = (_contact(registry.people[name], parts, local, numbers=numbers) for name, parts in roles.items())
    return tuple(sorted(found, key=lambda one: one.absent))[:MOST_CONTACTS]


def masked(phone: str) -> str:
    """Return a number with its middle hidden: ``138******34``."""
    digits = re.sub(r"[^0-9+]", "", phone)
    if len(digits) <= _SHORT:
        return "*" * len(digits)
    return digits[:_KEPT_HEAD] + "*" * (len(digits) - _KEPT_HEAD - _KEPT_TAIL) + digits[-_KEPT_TAIL:]


def _named(registry: Registry, alert: AlertView, local: datetime) -> Iterator[tuple[str, Part]]:
    place = alert.place
    unit = registry.units.get(place.unit)
    zone = registry.zones.get(f"{place.unit}/{place.zone}")
    if alert.owner is not None:
        yield alert.owner, Part("owner")
    if zone is not None and zone.settings.responsible is not None:
        yield zone.settings.responsible, Part("responsible")
    for roster in _rosters(registry, alert):
        yield from ((one, Part("on_duty", roster.id)) for one in _there(registry, roster, local))
    if unit is None:
        return
    if unit.safety_manager is not None:
        yield unit.safety_manager, Part("safety_manager")
    firm = unit.maintenance_firm
    if firm is not None and firm.startswith(ROSTER):
        own = (one for one in registry.site.rosters if one.id == firm.removeprefix(ROSTER))
        yield from ((name, Part("maintenance_firm")) for one in own for name in _there(registry, one, local))
    elif firm is not None:
        yield firm, Part("maintenance_firm")


def _rosters(registry: Registry, alert: AlertView) -> list[Roster]:
    """Return the rosters that policies for such an alert name; the calendar is left out of account."""
    place = alert.place
    matter = Matter(alert.alarm_class, alert.level, place.unit, place.zone_kind)
    names = {
        target.removeprefix(ROSTER)
        for policy in registry.site.escalation
        if policy.is_for(matter)
        for step in policy.steps
        for target in step.to
        if target.startswith(ROSTER)
    }
    return [one for one in registry.site.rosters if one.id in names]


def _there(registry: Registry, roster: Roster, local: datetime) -> list[str]:
    found = on_duty(roster, registry.people, local, registry.calendar) or deputies_of(roster, registry.people, local)
    return [one.person for one in found]


def _deputies(registry: Registry, name: str, local: datetime) -> list[str]:
    """Return who stands in: of somebody absent the one who is there, of anybody else those who are named."""
    person = registry.people[name]
    if is_absent(person, local):
        return [one for one in list(standing_in(name, registry.people, local))[:1] if one != name]
    return [one for one in person.deputies if one in registry.people]


def _contact(person: Person, parts: list[Part], local: datetime, *, numbers: bool) -> Contact:
    phone = person.phone or ""
    dialled = re.sub(r"[^0-9+]", "", phone)
    return Contact(
        id=person.id,
        person=person,
        roles=tuple(parts),
        absent=is_absent(person, local),
        phone=phone if numbers else masked(phone),
        call=dialled if numbers and dialled else None,
    )
