"""Whom to call about an alarm, and how: the person responsible for its place, then the unit's safety manager. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.console.texts import Language
from domain.alarm import Place
from domain.site import Registry


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody with a telephone; ``go`` is what a telephone dials."""

    name: str
    number: str

    @property
    def go(self) -> str:
        """Return the address that opens a call."""
        return "tel:" + "".join(sign for sign in self.number if sign in "+0123456789")


def contact_of(registry: Registry, place: Place, language: Language, *, me: str | None) -> Contact | None:
    """Return the first who has a number and is not who asks; None when nobody has."""
    zone, unit = registry.zones.get(f"{place.unit}/{place.zone}"), registry.units.get(place.unit)
    names = (zone.settings.responsible if zone else None, unit.safety_manager if unit else None)
    people = [registry.people.get(name) for name in names if name is not None and name != me]
    return next((Contact(one.labels.of(language), one.phone) for one in people if one and one.phone), None)
