"""The `Registry`: a checked site, resolved so that every process can look things up by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from domain.alarm import Place
from domain.points import PointTable
from domain.site.models import (
    Building,
    Connection,
    DeviceSettings,
    GatewaySettings,
    Labels,
    Person,
    Profile,
    SiteSettings,
    UnitSettings,
    ZoneSettings,
)


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

    def place(self, point: str | None = None) -> Place:
        """Return where a point of it (or the device itself) is."""
        zone = self.zone
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


@dataclass(frozen=True, kw_only=True)
class Registry:
    """All of a site by id. Keys: units, people, profiles by id; zones, devices, gateways ``unit/id``."""

    site: SiteSettings
    units: Mapping[str, UnitSettings]
    zones: Mapping[str, Zone]
    gateways: Mapping[str, GatewaySettings]
    devices: Mapping[str, Device]
    people: Mapping[str, Person]
    profiles: Mapping[str, Profile]
    points: PointTable
    point_labels: Mapping[str, Labels] = field(default_factory=lambda: MappingProxyType({}))

    def device_of(self, point: int) -> Device:
        """Return the device that the point at an index belongs to."""
        entry = self.points[point]
        return self.devices[f"{entry.unit}/{entry.device}"]

    def gateway_points(self, unit: str, gateway: str) -> PointTable:
        """Return the points that one gateway reads, as a table of its own (for that process)."""
        return PointTable(point for point in self.points if (point.unit, point.gateway) == (unit, gateway))
