"""What made an alarm: its deciding values with quantity and limit, and the points that belong to it.

A transition carries values by point name, or by ``device/point`` where a name repeats (`rules.emission`). Here they are
looked up in the registry again: the point of the alarm's own device, else of a device in its zone. A value whose
point can't be told is shown with its name alone; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboards.console.devices.device_words import Look, number, shown
from dashboards.console.texts import Language, text
from dashboards.live.board import Reading
from domain.alert import AlertView
from domain.points import Point, PointKind
from domain.quality import GOOD
from domain.quantity import symbol
from domain.site import Registry

MOST_BESIDE = 12
"""Other points of the device that are listed; the device's own page has them all."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """One value: of which point (None: unknown to the registry), in words, and how it stands to its limits."""

    name: str
    point: Point | None
    value: float
    words: str
    limit: str
    look: Look


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices of a zone by the names of their points: made once for a zone, there may be thousands."""

    by_point: Mapping[str, str]
    keys: tuple[str, ...]


def devices_of_zone(registry: Registry, unit: str, zone: str) -> Devices:
    """Return the devices of a zone (``unit/device``), and for each point name the first device that has it."""
    key = f"{unit}/{zone}"
    keys = tuple(device.key for device in registry.devices.values() if device.zone.key == key)
    by_point: dict[str, str] = {}
    for device in keys:
        for at in registry.points.of_device(unit, device.partition("/")[2]):
            by_point.setdefault(registry.points[int(at)].name, device)
    return Devices(by_point, keys)


def deciding(registry: Registry, alert: AlertView, devices: Devices | None, language: Language) -> tuple[Deciding, ...]:
    """Return the values that decided, the alarm's own first."""
    return tuple(_one(registry, name, value, _key(alert, name, devices), language) for name, value in _values(alert))


def decisive_points(values: Sequence[Deciding], registry: Registry, alert: AlertView) -> tuple[Point, ...]:
    """Return the points whose trend tells of the alarm: those of its values, else the alarm's own."""
    found = {one.point.key: one.point for one in values if one.point is not None}
    own = _point(registry, _own_key(alert))
    if own is not None:
        found = {own.key: own} | found
    return tuple(found.values())


def beside(registry: Registry, alert: AlertView, known: Sequence[Point]) -> tuple[Point, ...]:
    """Return the other points of the alarm's device, in their order."""
    if alert.place.device is None:
        return ()
    keys = {point.key for point in known}
    indexes = registry.points.of_device(alert.place.unit, alert.place.device)
    return tuple(point for at in indexes if (point := registry.points[int(at)]).key not in keys)


def limits_of(point: Point) -> dict[str, float]:
    """Return the limits of a point by side, ``high`` first."""
    sides = {"high": point.high, "low": point.low}
    return {side: limit for side, limit in sides.items() if limit is not None}


def limit_words(point: Point, language: Language) -> dict[str, float]:
    """Return the limits of a point by what people read: ``high 1200 kPa``."""
    return {
        f"{text(f'limit_{side}', language)} {number(limit)} {symbol(point.quantity)}".rstrip(): limit
        for side, limit in limits_of(point).items()
    }


def point_label(registry: Registry, point: Point, language: Language, *, short: bool = False) -> str:
    """Write a point with its device; alone where ``short``."""
    label = registry.point_labels.get(point.key)
    name = label.of(language) if label is not None else point.name
    device = registry.devices.get(f"{point.unit}/{point.device}")
    return name if short or device is None else f"{device.settings.labels.of(language)} · {name}"


def _values(alert: AlertView) -> Iterator[tuple[str, float]]:
    """Yield names and values; a single value that no name tells of is the entity's own."""
    named = dict(sorted(alert.values.items()))
    if alert.value is not None and (not named or alert.value not in named.values()):
        yield alert.place.point or "", alert.value
    for name in sorted(named, key=lambda one: named[one] != alert.value):
        yield name, named[name]


def _own_key(alert: AlertView) -> str | None:
    place = alert.place
    return f"{place.unit}/{place.device}/{place.point}" if place.device and place.point else None


def _key(alert: AlertView, name: str, devices: Devices | None) -> str | None:
    place = alert.place
    if not name:
        return _own_key(alert)
    if "/" in name:
        return f"{place.unit}/{name}"
    if place.device is not None:
        return f"{place.unit}/{place.device}/{name}"
    device = devices.by_point.get(name) if devices is not None else None
    return f"{device}/{name}" if device is not None else None


def _point(registry: Registry, key: str | None) -> Point | None:
    at = registry.points.get(key) if key is not None else None
    return registry.points[at] if at is not None else None


def _one(registry: Registry, name: str, value: float, key: str | None, language: Language) -> Deciding:
    point = _point(registry, key)
    if point is None:
        return Deciding(name or text("detail_value", language), None, value, number(value), "", Look.CALM)
    device = registry.devices.get(f"{point.unit}/{point.device}")
    said = shown(point, device.profile.kind if device else "", Reading(0, value, GOOD), 0, language)
    limit = _limit(point, value, language)
    return Deciding(point_label(registry, point, language), point, value, said.value, limit, said.look)


def _limit(point: Point, value: float, language: Language) -> str:
    """Write the limit that was crossed and by how much; all limits where none was; nothing of a state."""
    if point.kind is not PointKind.MEASURE:
        return ""
    for side, edge in limits_of(point).items():
        beyond = value - edge if side == "high" else edge - value
        if beyond > 0:
            quantity = symbol(point.quantity)
            words = {"limit": f"{number(edge)} {quantity}".rstrip(), "by": f"{number(beyond)} {quantity}".rstrip()}
            return text(f"detail_over_{side}", language, **words)
    return text("and", language).join(limit_words(point, language))
