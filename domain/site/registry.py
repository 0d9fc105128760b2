"""The `Registry`: a checked site, resolved so that every process can look things up by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from domain.alarm import Place
from domain.points import Point, PointTable
from domain.site import itself
from domain.site.floor_plans import FloorKey, FloorPlan
from domain.site.floors import At
from domain.site.hours import DaysKnown, Span
from domain.site.labels import Labels
from domain.site.models import (
    Building,
    Connection,
    DeviceSettings,
    GatewaySettings,
    Person,
    Profile,
    ProfilePoint,
    SiteSettings,
    UnitSettings,
    ZoneSettings,
)
from domain.site.reports import ALL_POINTS, NOTHING, ReportSettings
from domain.site.transmitters import TransmitterSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone with the building and unit it belongs to."""

    unit: UnitSettings
    building: Building
    settings: ZoneSettings

    @property
    def key(self) -> str:
        """``unit/zone``, the entity id of zone rules."""
        return f"{self.unit.id}/{self.settings.id}"

    @property
    def opening(self) -> tuple[Span, ...] | None:
        """Opening hours: its own, or its unit's; None where nobody wrote any."""
        return self.unit.opening if self.settings.opening is None else self.settings.opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device with everything its settings refer to."""

    gateway: GatewaySettings
    connection: Connection
    settings: DeviceSettings
    profile: Profile
    zone: Zone

    @property
    def key(self) -> str:
        """``unit/device``, the entity id of device rules."""
        return f"{self.gateway.unit}/{self.settings.id}"

    def period_s(self, point: ProfilePoint) -> float:
        """Return how often a point is read, s: by itself, as the device, or as the connection."""
        points = self.settings.points
        wished = (points.get(point.id, NOTHING).period_s, points.get(ALL_POINTS, NOTHING).period_s, point.period_s)
        own = next((one for one in wished if one is not None), None)
        return own or self.settings.period_s or self.connection.period_s

    def address_of(self, point: ProfilePoint) -> int | str:
        """Return where a point is read: at the device's address, or at that of its part."""
        return self.settings.parts[point.part] if point.part is not None else self.settings.address

    def report_of(self, point: ProfilePoint) -> ReportSettings:
        """Return when a reading of a point is worth sending, all that was said about it put together."""
        points = self.settings.points
        said = points.get(ALL_POINTS, NOTHING).report.over(point.report.over(self.profile.report))
        return points.get(point.id, NOTHING).report.over(said)

    def place(self, point: str | None = None, zone: Zone | None = None) -> Place:
        """Return where a point of it (or the device itself) is; ``zone`` is the point's own where it has one."""
        zone = zone or self.zone
        return Place(
            unit=zone.unit.id,
            building=zone.building.id,
            floor=zone.settings.floor,
            zone=zone.settings.id,
            zone_kind=zone.settings.kind.value,
            gateway=self.gateway.gateway,
            device=self.settings.id,
            point=point,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmitter:
    """A transmitter, and the gateway (``unit/id``) and connection that host it."""

    host: str
    connection: str
    settings: TransmitterSettings

    @property
    def key(self) -> str:
        """``unit/id``: as a gateway, and as the device that stands for the transmitter itself."""
        return f"{self.settings.unit}/{self.settings.id}"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """All of a site by id. Keys: units, people, profiles by id; zones, devices, gateways, transmitters ``unit/id``.

    ``gateways`` holds the hosted ones too: each transmitter is one. Processes are started for those that are
    not in ``transmitters``. ``spots``: where components (``unit/device/point``) are on their floors' plans.
    """

    site: SiteSettings
    units: Mapping[str, UnitSettings]
    zones: Mapping[str, Zone]
    gateways: Mapping[str, GatewaySettings]
    devices: Mapping[str, Device]
    people: Mapping[str, Person]
    profiles: Mapping[str, Profile]
    points: PointTable
    point_labels: Mapping[str, Labels] = field(default_factory=lambda: MappingProxyType({}))
    transmitters: Mapping[str, Transmitter] = field(default_factory=lambda: MappingProxyType({}))
    calendar: DaysKnown = field(default_factory=DaysKnown)
    floor_plans: Mapping[FloorKey, FloorPlan] = field(default_factory=lambda: MappingProxyType({}))
    spots: Mapping[str, At] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def own_gateways(self) -> tuple[str, ...]:
        """The gateways that are processes: those that host transmitters first. Counted once: there may be 50,000."""
        hosts = {transmitter.host for transmitter in self.transmitters.values()}
        own = [key for key in self.gateways if key not in self.transmitters]
        return tuple(sorted(own, key=lambda key: key not in hosts))

    @property
    def written(self) -> tuple[int, int]:
        """Return how many devices and points people wrote: without what gateways tell of themselves."""
        own = [device for device in self.devices.values() if device.profile.profile == itself.PROFILE]
        return len(self.devices) - len(own), len(self.points) - sum(len(device.profile.points) for device in own)

    def device_of(self, point: int) -> Device:
        """Return the device that the point at an index belongs to."""
        entry = self.points[point]
        return self.devices[f"{entry.unit}/{entry.device}"]

    def zone_of(self, point: Point) -> Zone:
        """Return the zone of a point: its own, or that of its device."""
        own = self.zones.get(f"{point.unit}/{point.zone}") if point.zone is not None else None
        return own or self.devices[f"{point.unit}/{point.device}"].zone

    def hosted_by(self, unit: str, gateway: str) -> tuple[Transmitter, ...]:
        """Return the transmitters that a gateway hosts, over all its connections."""
        host = f"{unit}/{gateway}"
        return tuple(one for one in self.transmitters.values() if one.host == host)

    def gateway_points(self, unit: str, gateway: str) -> PointTable:
        """Return the points that one gateway's process reads, hosted nodes' too, as a table of its own."""
        nodes = {(unit, gateway)} | {(one.settings.unit, one.settings.id) for one in self.hosted_by(unit, gateway)}
        return PointTable(point for point in self.points if (point.unit, point.gateway) in nodes)

    def grown(self, points: Iterable[Point]) -> Registry:
        """Return the registry with points that were found since it was written (learned from births).

        Left out are points that are here already, and those of a device that is not here or hangs on another
        gateway: who gave birth to it may be the transmitter that it was taken from, or somebody who lies.
        """
        table = self.points.grown(point for point in points if self._is_home(point))
        new = [table[at] for at in range(len(self.points), len(table))]
        labels = {point.key: Labels(zh=point.label_zh or point.name, en=point.label_en or point.name) for point in new}
        return replace(self, points=table, point_labels={**self.point_labels, **labels}) if new else self

    def _is_home(self, point: Point) -> bool:
        device = self.devices.get(f"{point.unit}/{point.device}")
        return device is not None and device.gateway.gateway == point.gateway
