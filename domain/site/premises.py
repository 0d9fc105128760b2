"""Checks ``site.yaml``: units with their zones, people and channels."""

from __future__ import annotations

from domain.documents import Document, Path
from domain.site.findings import Findings
from domain.site.models import SiteSettings
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
