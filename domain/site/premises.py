"""Checks ``site.yaml``: units with their zones, people and channels."""

from __future__ import annotations

from domain.documents import Document, Path
from domain.site.findings import Findings
from domain.site.models import SiteSettings
from domain.site.operators import WHOLE_SITE
from domain.site.registry import Zone
from domain.site.telling import check_reach
from domain.site.telling_checks import check_telling


def check_premises(doc: Document, site: SiteSettings, findings: Findings) -> dict[str, Zone]:
    """Check references and ids within ``site.yaml``; return its zones by ``unit/zone``."""
    people = {person.id for person in site.people}
    findings.unique(doc, [(("units", at, "id"), unit.id) for at, unit in enumerate(site.units)], "unit")
    findings.unique(doc, [(("people", at, "id"), person.id) for at, person in enumerate(site.people)], "person")
    findings.unique(doc, [(("channels", at, "id"), item.id) for at, item in enumerate(site.channels)], "channel")
    _check_people(doc, site, findings)
    check_telling(doc, site, findings)
    check_reach(doc, site, findings)
    _check_operators(doc, site, findings)
    zones: dict[str, Zone] = {}
    for at, unit in enumerate(site.units):
        if unit.safety_manager is not None:
            findings.exists(doc, ("units", at, "safety_manager"), unit.safety_manager, people, "person")
        _check_zones(doc, site, at, people, zones, findings=findings)
    return zones


def _check_people(doc: Document, site: SiteSettings, findings: Findings) -> None:
    channels = {channel.id for channel in site.channels}
    for at, person in enumerate(site.people):
        for slot, channel in enumerate(person.channels):
            findings.exists(doc, ("people", at, "channels", slot), channel, channels, "channel")


def _check_operators(doc: Document, site: SiteSettings, findings: Findings) -> None:
    """A unit's alarms are those of one position: counted twice, no figure would be right."""
    operators, known = site.operators, {unit.id for unit in site.units}
    taken: dict[str, str] = {}
    for at, position in enumerate(operators.positions):
        path: Path = ("operators", "positions", at)
        if position.id == WHOLE_SITE:
            findings.add(doc, (*path, "id"), f"'{WHOLE_SITE}' is the position of all other units", "give it another id")
        for slot, unit in enumerate(position.units):
            findings.exists(doc, (*path, "units", slot), unit, known, "unit")
            if unit in taken:
                also = f"unit '{unit}' is watched by position '{taken[unit]}' already"
                findings.add(doc, (*path, "units", slot), also, "leave it in one position")
            taken[unit] = position.id
    ids = [(("operators", "positions", at, "id"), position.id) for at, position in enumerate(operators.positions)]
    findings.unique(doc, ids, "operator position")
    if operators.flood_below > operators.flood_above:
        what = f"a flood would end before it begins, which takes more than {operators.flood_above} alarms"
        findings.add(doc, ("operators", "flood_below"), what, "write a number below 'flood_above'")


def _check_zones(
    doc: Document, site: SiteSettings, at: int, people: set[str], zones: dict[str, Zone], *, findings: Findings
) -> None:
    unit = site.units[at]
    buildings = [(("units", at, "buildings", b, "id"), building.id) for b, building in enumerate(unit.buildings)]
    findings.unique(doc, buildings, "building")
    for b, building in enumerate(unit.buildings):
        for z, settings in enumerate(building.zones):
            path: Path = ("units", at, "buildings", b, "zones", z)
            zone = Zone(unit=unit, building=building, settings=settings)
            if zone.key in zones:
                findings.add(
                    doc, (*path, "id"), f"zone id is used twice in unit '{unit.id}'", "give each zone its own id"
                )
            zones[zone.key] = zone
            if settings.responsible is not None:
                findings.exists(doc, (*path, "responsible"), settings.responsible, people, "person")
