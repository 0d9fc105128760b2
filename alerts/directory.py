"""Who is who and where is what: the registry, asked the way alerts asks. Ladders: `alerts.ladders`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.floods.positions import Operators
from alerts.ladders.plans import Plan, matter_of, plan_for
from alerts.ladders.reach import Asker, Reach
from domain.alarm import AlarmClass, Level, Place
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.points import Point
from domain.site import ChannelSettings, Labels, Person, Registry
from domain.site.duty_times import local_time
from domain.site.escalation import SUPERVISORS
from domain.site.record import Reoccurrence
from domain.words import COMPONENT_STATE


class Directory:
    """Look-ups on a site that grows by the points that births tell of."""

    def __init__(self, registry: Registry) -> None:
        """Wrap ``registry``."""
        self._registry = registry
        self.channels: dict[str, ChannelSettings] = {channel.id: channel for channel in registry.site.channels}
        self.operators = Operators(registry.site)
        self.source = f"/sites/{registry.site.site}/alerts"
        self._timezone = _timezone(registry.site.timezone)

    @property
    def registry(self) -> Registry:
        """The site as it is known now."""
        return self._registry

    def reoccurrence(self, alarm_class: AlarmClass) -> Reoccurrence:
        """Return what is made of an alarm of a class that comes back after its record was closed."""
        return self._registry.site.alerts.of(alarm_class)

    @property
    def centre(self) -> str:
        """The unit that stands for the centre in alarms about the platform itself: the site's first."""
        return next(iter(self._registry.units))

    def learn(self, points: Iterable[Point]) -> None:
        """Take points that nobody wrote, for their labels."""
        self._registry = self._registry.grown(points)

    def plan(self, rule: str, alarm_class: AlarmClass, level: Level, place: Place, now_ns: int) -> Plan:
        """Return the ladder of an alert that begins now."""
        matter = matter_of(self._registry, alarm_class, level, place)
        return plan_for(self._registry, rule, matter, local_time(now_ns, self._timezone))

    def reach(self, targets: Sequence[str], place: Place, now_ns: int, *, urgent: bool) -> Reach:
        """Return who ``targets`` are for ``place`` at this moment; ``urgent``: quiet hours do not count."""
        return Asker(self._registry, self._timezone, place, now_ns, urgent).reach(list(targets))

    def person(self, name: str) -> Person | None:
        """Return a person by id."""
        return self._registry.people.get(name)

    @property
    def everybody(self) -> list[Person]:
        """All people of the site, in its order."""
        return list(self._registry.people.values())

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

    def building_labels(self, unit: str, building: str | None) -> Labels:
        """Return the name of a building with its unit, of the unit alone where there is no building."""
        known = self._registry.units.get(unit)
        if known is None:
            return Labels(zh=unit, en=unit)
        for one in known.buildings:
            if one.id == building:
                return Labels(
                    zh=f"{known.labels.zh}{one.labels.zh}"[:120], en=f"{known.labels.en}, {one.labels.en}"[:120]
                )
        return known.labels

    def supervisors(self, place: Place, now_ns: int) -> list[Person]:
        """Return the supervisors of a place who can be reached now, at any hour."""
        return list(self.reach([SUPERVISORS], place, now_ns, urgent=True).people.values())

    def local_time(self, time_ns: int) -> str:
        """Write a time as the site's people read it, ISO 8601 with offset."""
        return datetime.fromtimestamp(time_ns / NS_PER_S, self._timezone).isoformat(timespec="seconds")

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
