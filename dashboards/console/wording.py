"""What people read in place of ids and numbers: places, times, spans, refusals. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from dashboards.console.texts import Language, text
from domain.alarm import Place
from domain.clock import NS_PER_S
from domain.site import Registry
from domain.words import COMPONENT_STATE

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
ASSUMPTION = "assumption"
"""What a rule writes as its source when no standard says it."""


def place_text(registry: Registry, place: Place, language: Language) -> str:
    """Write a place from the building down to the device; the unit only where a site has several."""
    return " · ".join(_steps(registry, place, language))


def _steps(registry: Registry, place: Place, language: Language) -> Iterator[str]:
    unit = registry.units.get(place.unit)
    if unit is None:
        yield place.unit
    elif len(registry.units) > 1:
        yield unit.labels.of(language)
    zone = registry.zones.get(f"{place.unit}/{place.zone}")
    if zone is not None:
        yield zone.building.labels.of(language)
        yield floor_text(zone.settings.floor, language)
        yield zone.settings.labels.of(language)
    elif place.zone is not None:
        yield place.zone
    device = registry.devices.get(f"{place.unit}/{place.device}")
    if device is not None:
        yield device.settings.labels.of(language)
        yield from _component(registry, place, language)
    elif place.device is not None:
        yield place.device
    elif place.gateway is not None and (zone is None or f"{place.unit}/{place.gateway}" in registry.transmitters):
        gateway = registry.gateways.get(f"{place.unit}/{place.gateway}")
        yield gateway.labels.of(language) if gateway else place.gateway


def _component(registry: Registry, place: Place, language: Language) -> Iterator[str]:
    """Yield what people call the component, where the point is one's: a panel's thousand detectors have one device."""
    key = f"{place.unit}/{place.device}/{place.point}"
    at = registry.points.get(key)
    label = registry.point_labels.get(key)
    if at is not None and label is not None and registry.points[at].word == COMPONENT_STATE:
        yield label.of(language)


def floor_text(floor: int, language: Language) -> str:
    """Write a floor as it is signed: 1楼, 地下1层."""
    return text("floor_down" if floor < 0 else "floor_up", language, floor=abs(floor))


def person_text(registry: Registry, person: str | None, language: Language) -> str:
    """Write a person's name; the text itself where the registry has no such person."""
    if person is None:
        return ""
    known = registry.people.get(person)
    return known.labels.of(language) if known else person


def area_text(registry: Registry, area: str, language: Language) -> str:
    """Write an area as people call it; its id where the site has no name for it."""
    if not area:
        return text("overview_no_area", language)
    found = next((one for one in registry.site.areas if one.id == area), None)
    return found.labels.of(language) if found else area


def clock_text(time_ns: int, zone: tzinfo) -> str:
    """Write a time of day."""
    return f"{datetime.fromtimestamp(time_ns / NS_PER_S, zone):%H:%M:%S}"


def moment_text(time_ns: int, zone: tzinfo) -> str:
    """Write day and time."""
    return f"{datetime.fromtimestamp(time_ns / NS_PER_S, zone):%Y-%m-%d %H:%M:%S}"


def zoned_text(time_ns: int, zone: tzinfo) -> str:
    """Write day and time with the zone's distance from UTC: ``2026-11-28 20:48:19 UTC+08:00``."""
    moment = datetime.fromtimestamp(time_ns // NS_PER_S, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC{moment.isoformat()[-6:]}"


def brief_moment_text(time_ns: int, now_ns: int, zone: tzinfo) -> str:
    """Write a time of day, and the day before it where that is not today."""
    moment, now = (datetime.fromtimestamp(one / NS_PER_S, zone) for one in (time_ns, now_ns))
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%m-%d %H:%M}"


def span_text(seconds: float | None, language: Language) -> str:
    """Write a span in its two largest steps; a dash for None."""
    if seconds is None:
        return text("ago_never", language)
    whole = max(0, int(seconds))
    if whole < MINUTE_S:
        return text("span_seconds", language, seconds=whole)
    if whole < HOUR_S:
        return text("span_minutes", language, minutes=whole // MINUTE_S)
    if whole < DAY_S:
        return text("span_hours", language, hours=whole // HOUR_S, minutes=whole % HOUR_S // MINUTE_S)
    return text("span_days", language, days=whole // DAY_S, hours=whole % DAY_S // HOUR_S)


def size_text(size: float | None) -> str:
    """Write a number of bytes; a dash for None."""
    if size is None:
        return "—"
    for symbol in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {symbol}"
        size /= 1000
    return f"{size:.1f} GB"


def refusal_text(reason: str, language: Language) -> str:
    """Return the half of ``中文 / English`` that the screen speaks; services give reasons in both."""
    zh, slash, en = reason.partition(" / ")
    return en if slash and language is Language.EN else zh


def source_text(source: str, language: Language) -> str:
    """Write what a rule rests on; that it is an assumption is said in the reader's language."""
    if source == ASSUMPTION:
        return text("rules_assumption", language)
    return source.replace(f"({ASSUMPTION})", f"({text('rules_assumption', language)})")
