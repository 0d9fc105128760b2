"""Whom an alarm can be assigned to: people of the site, those on duty first, then who answers for the place. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from dashboards.console.texts import Language, text
from domain.alert import AlertView
from domain.glossary import label_of
from domain.site import Registry
from domain.site.duty import on_duty
from domain.site.duty_times import local_time

MOST_OFFERED = 200
"""People in one choice; a site with more finds the others by typing a part of the name."""


def assignable(
    registry: Registry, alert: AlertView, language: Language, *, now_ns: int, zone: tzinfo
) -> dict[str, str]:
    """Return person's id → words, best first; people of other units only are left out."""
    unit = alert.place.unit
    found: dict[str, str] = {}
    for person, why in _ranked(registry, alert, language, now_ns=now_ns, zone=zone):
        known = registry.people.get(person)
        if person in found or known is None or (known.units and unit not in known.units):
            continue
        marks = [why] if why else []
        found[person] = " · ".join([known.labels.of(language), label_of(known.role, language), *marks])
        if len(found) >= MOST_OFFERED:
            break
    return found


def duty_people(registry: Registry, *, now_ns: int, zone: tzinfo) -> list[str]:
    """Return the ids of those who are on duty by any roster, each once."""
    local = local_time(now_ns, zone)
    duties = (on_duty(roster, registry.people, local, registry.calendar) for roster in registry.site.rosters)
    return list(dict.fromkeys(one.person for some in duties for one in some))


def _ranked(
    registry: Registry, alert: AlertView, language: Language, *, now_ns: int, zone: tzinfo
) -> Iterator[tuple[str, str]]:
    for person in duty_people(registry, now_ns=now_ns, zone=zone):
        yield person, text("person_on_duty", language)
    place = registry.zones.get(f"{alert.place.unit}/{alert.place.zone}")
    if place is not None and place.settings.responsible:
        yield place.settings.responsible, text("person_responsible", language)
    unit = registry.units.get(alert.place.unit)
    if unit is not None and unit.safety_manager:
        yield unit.safety_manager, text("person_safety_manager", language)
    for person in registry.people:
        yield person, ""
