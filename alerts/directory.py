"""Who is told what about which place: the registry, asked the way alerts asks.

Defaults, where a site has no policy for a class. Assumptions (no official ladder times were
found); the figures follow the usual duties: first judgement of a fire within 1 min and somebody on
the spot within 3 min; for other urgent matters the person first, the manager after 10 min without
an answer, then twice that; 24 h and 48 h for what is not urgent. A missed duty (roll-call without answer) is the
manager's matter at once, whoever is on duty did not answer, and the supervisors' after 10 min.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.floods.positions import Operators
from domain.alarm import AlarmClass, Place
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.points import Point
from domain.site import ChannelSettings, EscalationStep, Labels, Person, Registry, Role
from domain.words import COMPONENT_STATE

RESPONSIBLE = "responsible"
SAFETY_MANAGER = "safety_manager"
SUPERVISORS = "supervisors"

_FIRE_S = (0.0, 60.0, 180.0)
_URGENT_S = (0.0, 600.0, 1200.0)
_CALM_S = (0.0, 86_400.0, 172_800.0)
_DUTY_S = (0.0, 600.0)
_DEFAULT_S = {
    AlarmClass.FIRE: _FIRE_S,
    AlarmClass.LINKAGE: _URGENT_S,
    AlarmClass.SUPERVISORY: _URGENT_S,
    AlarmClass.FAULT: _CALM_S,
    AlarmClass.HAZARD: _URGENT_S,
    AlarmClass.DUTY: _DUTY_S,
    AlarmClass.SYSTEM: _CALM_S,
}


class Directory:
    """Look-ups on a site that grows by the points that births tell of."""

    def __init__(self, registry: Registry) -> None:
        """Wrap ``registry``."""
        self._registry = registry
        self.channels: dict[str, ChannelSettings] = {channel.id: channel for channel in registry.site.channels}
        self.operators = Operators(registry.site)
        self.source = f"/sites/{registry.site.site}/alerts"
        self._timezone = _timezone(registry.site.timezone)
        self._steps = {alarm_class: self._ladder(alarm_class) for alarm_class in AlarmClass}

    def learn(self, points: Iterable[Point]) -> None:
        """Take points that nobody wrote, for their labels."""
        self._registry = self._registry.grown(points)

    def steps(self, alarm_class: AlarmClass) -> list[EscalationStep]:
        """Return the ladder of a class, earliest step first."""
        return self._steps[alarm_class]

    def _ladder(self, alarm_class: AlarmClass) -> list[EscalationStep]:
        for policy in self._registry.site.escalation:
            if alarm_class in policy.classes:
                return sorted(policy.steps, key=lambda step: step.after_s)
        targets = (RESPONSIBLE, SAFETY_MANAGER, SUPERVISORS)[-len(_DEFAULT_S[alarm_class]) :]
        return [
            EscalationStep(after_s=after_s, to=(target,))
            for after_s, target in zip(_DEFAULT_S[alarm_class], targets, strict=True)
        ]

    def people(self, targets: list[str], place: Place) -> list[Person]:
        """Return who ``targets`` are for ``place``: each once, only those who can be reached."""
        found: dict[str, Person] = {}
        for target in targets:
            for name in self._names(target, place):
                person = self._registry.people.get(name)
                if person is not None and any(channel in self.channels for channel in person.channels):
                    found[name] = person
        return list(found.values())

    def person(self, name: str) -> Person | None:
        """Return a person by id."""
        return self._registry.people.get(name)

    def check_scope(self, unit: str, zones: Iterable[str], devices: Iterable[str]) -> None:
        """Raise RefusedError where the site has no such unit, or the unit no such zone or device."""
        registry = self._registry
        if unit not in registry.units:
            raise RefusedError(
                f"没有单位 {unit} / the site has no unit {unit}: {', '.join(sorted(registry.units)[:20])}"
            )
        for zone in zones:
            if f"{unit}/{zone}" not in registry.zones:
                raise RefusedError(f"单位 {unit} 没有区域 {zone} / unit {unit} has no zone {zone}")
        for device in devices:
            if f"{unit}/{device}" not in registry.devices:
                raise RefusedError(f"单位 {unit} 没有设备 {device} / unit {unit} has no device {device}")

    def check_gateways(self, unit: str, gateways: Iterable[str]) -> None:
        """Raise RefusedError where the unit has no such gateway or transmitter."""
        for gateway in gateways:
            if f"{unit}/{gateway}" not in self._registry.gateways:
                raise RefusedError(f"单位 {unit} 没有网关 {gateway} / unit {unit} has no gateway {gateway}")

    def place_labels(self, place: Place) -> dict[str, str | int | None]:
        """Return labels of a place for people, whole (``zh``, ``en``) and by step."""
        steps = list(self._place_steps(place))
        return {
            "zh": " ".join(labels.zh for labels in steps),
            "en": ", ".join(labels.en for labels in steps),
            "unit": place.unit,
            "building": place.building,
            "floor": place.floor,
            "zone": place.zone,
            "zone_kind": place.zone_kind,
            "device": place.device,
            "point": place.point,
        }

    def local_time(self, time_ns: int) -> str:
        """Write a time as the site's people read it, ISO 8601 with offset."""
        return datetime.fromtimestamp(time_ns / NS_PER_S, self._timezone).isoformat(timespec="seconds")

    def _names(self, target: str, place: Place) -> list[str]:
        if target == RESPONSIBLE:
            zone = self._registry.zones.get(f"{place.unit}/{place.zone}")
            return [zone.settings.responsible] if zone and zone.settings.responsible else []
        if target == SAFETY_MANAGER:
            unit = self._registry.units.get(place.unit)
            return [unit.safety_manager] if unit and unit.safety_manager else []
        if target == SUPERVISORS:
            return [person.id for person in self._registry.people.values() if person.role is Role.SUPERVISOR]
        return [target]

    def _place_steps(self, place: Place) -> Iterator[Labels]:
        unit = self._registry.units.get(place.unit)
        if unit:
            yield unit.labels
        zone = self._registry.zones.get(f"{place.unit}/{place.zone}")
        if zone:
            yield zone.building.labels
            yield _floor(zone.settings.floor)
            yield zone.settings.labels
        device = self._registry.devices.get(f"{place.unit}/{place.device}")
        if device:
            yield device.settings.labels
            yield from self._component(place)
        elif place.gateway is not None and f"{place.unit}/{place.gateway}" in self._registry.gateways:
            yield self._registry.gateways[f"{place.unit}/{place.gateway}"].labels

    def _component(self, place: Place) -> Iterator[Labels]:
        """Yield the name of the component where the point is one's: its device is a whole system."""
        key = f"{place.unit}/{place.device}/{place.point}"
        at = self._registry.points.get(key)
        label = self._registry.point_labels.get(key)
        if at is not None and label is not None and self._registry.points[at].word == COMPONENT_STATE:
            yield label


def _floor(floor: int) -> Labels:
    """Write a floor as it is signed: 1楼, and 地下1层 below ground."""
    if floor < 0:
        return Labels(zh=f"地下{-floor}层", en=f"basement {-floor}")
    return Labels(zh=f"{floor}楼", en=f"floor {floor}")


def _timezone(name: str) -> tzinfo:
    """Return a time zone; UTC where the machine has no time-zone data (offsets are written, so nothing lies)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
