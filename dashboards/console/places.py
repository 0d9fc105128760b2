"""Finding places by what people call them: units, zones, devices and gateways of a site of any size. Pure.

A search of a large site looks for units first, and for zones and devices only inside those that a word fits: it ends
when it has enough, and never writes out the names of a whole province.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from dashboards.console.texts import Language, text
from dashboards.console.wording import floor_text
from domain.site import Registry

MOST_FOUND = 50
MOST_UNITS = 200
"""Units whose insides are searched."""


class PlaceKind(StrEnum):
    """What a place is."""

    UNIT = "unit"
    ZONE = "zone"
    DEVICE = "device"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit (``hotel``), or a zone, device or gateway of it (``hotel/exit``)."""

    kind: PlaceKind
    key: str

    @property
    def unit(self) -> str:
        """Whose it is."""
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        """Its name within the unit; empty for the unit itself."""
        return self.key.partition("/")[2]

    def __str__(self) -> str:
        """Write it for a form."""
        return f"{self.kind}:{self.key}"

    @classmethod
    def read(cls, written: str) -> Place:
        """Read what `__str__` wrote; raises ValueError for anything else."""
        kind, _, key = written.partition(":")
        return cls(PlaceKind(kind), key)


def find_places(
    registry: Registry, words: str, kinds: Collection[PlaceKind], language: Language, most: int = MOST_FOUND
) -> dict[str, str]:
    """Return places whose words have all of ``words`` in them, by `Place.__str__`, with what people call them."""
    wanted = words.casefold().split()
    within = _units(registry, wanted)
    found = (
        (str(place), shown)
        for place, shown in _all(registry, kinds, within, language)
        if all(one in f"{shown} {place.key}".casefold() for one in wanted)
    )
    return dict(islice(found, most))


def place_words(registry: Registry, place: Place, language: Language) -> str:
    """Return what people call a place; its key where the site has no such place."""
    match place.kind:
        case PlaceKind.UNIT:
            unit = registry.units.get(place.key)
            return unit.labels.of(language) if unit else place.key
        case PlaceKind.ZONE:
            return _zone_words(registry, place.key, language)
        case PlaceKind.DEVICE:
            device = registry.devices.get(place.key)
            if device is None:
                return place.key
            return f"{device.settings.labels.of(language)} · {_zone_words(registry, device.zone.key, language)}"
        case PlaceKind.GATEWAY:
            gateway = registry.gateways.get(place.key)
            return _with_unit(registry, place.unit, gateway.labels.of(language) if gateway else place.key, language)


def _units(registry: Registry, wanted: Collection[str]) -> Collection[str]:
    """Return the units that are searched: all of a small site, of a large one those that a word fits."""
    if len(registry.units) <= MOST_UNITS:
        return registry.units.keys()
    fits = (
        key
        for key, unit in registry.units.items()
        if not wanted or any(one in f"{unit.labels.zh} {unit.labels.en} {key}".casefold() for one in wanted)
    )
    return frozenset(islice(fits, MOST_UNITS))


def _all(
    registry: Registry, kinds: Collection[PlaceKind], within: Collection[str], language: Language
) -> Iterator[tuple[Place, str]]:
    sources = {
        PlaceKind.UNIT: registry.units,
        PlaceKind.ZONE: registry.zones,
        PlaceKind.DEVICE: registry.devices,
        PlaceKind.GATEWAY: registry.gateways,
    }
    for kind, things in sources.items():
        if kind not in kinds:
            continue
        sign = text(f"place_{kind}", language)
        for key in things:
            place = Place(kind, key)
            if place.unit not in within:
                continue
            yield place, f"{sign} {place_words(registry, place, language)}"


def _zone_words(registry: Registry, key: str, language: Language) -> str:
    zone = registry.zones.get(key)
    if zone is None:
        return key
    floor = floor_text(zone.settings.floor, language)
    inside = f"{zone.building.labels.of(language)} {floor} {zone.settings.labels.of(language)}"
    return _with_unit(registry, zone.unit.id, inside, language)


def _with_unit(registry: Registry, unit: str, inside: str, language: Language) -> str:
    settings = registry.units.get(unit)
    return f"{settings.labels.of(language)} · {inside}" if settings and len(registry.units) > 1 else inside
