"""From documents to a `Registry`: model checks, then cross-references, every problem collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.documents import Document
from domain.errors import ConfigurationError
from domain.points import Point, PointTable
from domain.site.equipment import Equipment
from domain.site.findings import Findings
from domain.site.floor_plans import FloorPlans, ReadPlan, no_plan_file
from domain.site.hours import CalendarSettings, DaysKnown
from domain.site.models import GatewaySettings, SiteSettings
from domain.site.premises import check_premises
from domain.site.profiles import Profiles
from domain.site.registry import Registry


def build_registry(
    site: Document,
    gateways: Sequence[Document],
    profiles: Sequence[Document],
    known_protocols: Iterable[str] = (),
    *,
    calendars: Sequence[Document] = (),
    read_plan: ReadPlan = no_plan_file,
) -> Registry:
    """Check and resolve a site; raises `ConfigurationError` with every problem found.

    ``known_protocols`` are those the gateway has connectors for; empty means "do not check".
    ``read_plan`` gives the bytes of floor plans.
    """
    findings = Findings()
    settings = findings.model(SiteSettings, site)
    known = Profiles(profiles, findings)
    holidays = [days for doc in calendars if (days := findings.model(CalendarSettings, doc))]
    fitting = [(doc, found) for doc in gateways if (found := findings.model(GatewaySettings, doc))]
    if settings is None:
        raise findings.error()
    zones = check_premises(site, settings, findings)
    units = {unit.id: unit for unit in settings.units}
    plans = FloorPlans(read_plan, findings)
    plans.add_site(site, settings)
    equipment = Equipment(set(units), zones, known, frozenset(known_protocols), findings, plans=plans)
    for doc, gateway in fitting:
        equipment.add_gateway(doc, gateway)
    if findings:
        raise findings.error()
    return Registry(
        site=settings,
        units=units,
        zones=zones,
        gateways=equipment.gateways,
        devices=equipment.devices,
        people={person.id: person for person in settings.people},
        profiles=known.found,
        points=_table(site, equipment.points),
        point_labels=equipment.labels,
        transmitters=equipment.transmitters,
        calendar=DaysKnown.of(holidays),
        floor_plans=plans.found,
        spots=equipment.spots,
    )


def _table(doc: Document, points: Sequence[Point]) -> PointTable:
    """Index the points; two names of one gateway may still share a wire alias."""
    try:
        return PointTable(points)
    except ValueError as error:
        problem = doc.problem(("site",), str(error), "rename one of the two devices or points")
        raise ConfigurationError([problem]) from error
