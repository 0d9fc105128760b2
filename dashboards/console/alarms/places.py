"""The place of an alarm in columns that people can scan: building, floor, zone, point. Pure."""

from __future__ import annotations

from typing import NamedTuple

from dashboards.console.texts import Language
from dashboards.console.wording import floor_text
from domain.alarm import Place
from domain.site import Registry


class PlaceColumns(NamedTuple):
    """Words of a place; empty where the place has no such step."""

    building: str
    floor: str
    zone: str
    point: str


def place_columns(registry: Registry, place: Place, language: Language) -> PlaceColumns:
    """Write a place; what the site does not know (any more) keeps its id."""
    zone = registry.zones.get(f"{place.unit}/{place.zone}")
    floor = zone.settings.floor if zone is not None else place.floor
    return PlaceColumns(
        building_words(registry, place.unit, place.building, language),
        "" if floor is None else floor_text(floor, language),
        zone.settings.labels.of(language) if zone is not None else place.zone or "",
        point_words(registry, place, language),
    )


def building_words(registry: Registry, unit: str, building: str | None, language: Language) -> str:
    """Write a building; the unit before it where a site has several, or where there is no building."""
    settings = registry.units.get(unit)
    unit_words = unit if settings is None else settings.labels.of(language)
    known = () if settings is None else settings.buildings
    words = next((one.labels.of(language) for one in known if one.id == building), building or "")
    return " ".join(filter(None, (unit_words if len(registry.units) > 1 or not words else "", words)))


def point_words(registry: Registry, place: Place, language: Language) -> str:
    """Write the device, or of a panel's component the component; the gateway where it is about one."""
    key = f"{place.unit}/{place.device}"
    device = registry.devices.get(key)
    component = registry.point_labels.get(f"{key}/{place.point}") if place.point is not None else None
    steps = [] if place.device is None else [device.settings.labels.of(language) if device else place.device]
    if component is not None:
        steps.append(component.of(language))
    if not steps and place.gateway is not None:
        gateway = registry.gateways.get(f"{place.unit}/{place.gateway}")
        steps.append(gateway.labels.of(language) if gateway else place.gateway)
    return " · ".join(steps)
