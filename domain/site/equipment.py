"""Checks ``gateways/*.yaml`` against units, zones and profiles; resolves devices and points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from domain.documents import Document, Path, nearest
from domain.points import Point
from domain.site.findings import Findings
from domain.site.floor_plans import FloorPlans
from domain.site.floors import At
from domain.site.hosted import as_gateway, points_of_component
from domain.site.itself import as_device
from domain.site.labels import Labels
from domain.site.models import Connection, DeviceSettings, GatewaySettings, Profile, ProfilePoint
from domain.site.profiles import Profiles, check_order, check_report
from domain.site.registry import Device, Transmitter, Zone
from domain.site.reports import ALL_POINTS
from domain.site.transmitters import FacilitySystemSettings, TransmitterSettings


class Equipment:
    """Gateways, devices and points, filled one gateway document at a time."""

    def __init__(
        self,
        units: set[str],
        zones: Mapping[str, Zone],
        profiles: Profiles,
        protocols: frozenset[str],
        findings: Findings,
        *,
        plans: FloorPlans,
    ) -> None:
        self.gateways: dict[str, GatewaySettings] = {}
        self.devices: dict[str, Device] = {}
        self.points: list[Point] = []
        self.labels: dict[str, Labels] = {}
        self.transmitters: dict[str, Transmitter] = {}
        self.spots: dict[str, At] = {}
        self._units = units
        self._zones = zones
        self._profiles = profiles
        self._protocols = protocols
        self._findings = findings
        self._plans = plans
        self._zone_ids: dict[str, set[str]] = defaultdict(set)
        for zone in zones.values():
            self._zone_ids[zone.unit.id].add(zone.settings.id)

    def add_gateway(self, doc: Document, gateway: GatewaySettings) -> None:
        """Check a gateway with its connections and devices, and keep what is right."""
        key = f"{gateway.unit}/{gateway.gateway}"
        if not self._findings.exists(doc, ("unit",), gateway.unit, self._units, "unit"):
            return
        is_second = key in self.gateways
        if is_second:
            self._findings.add(doc, ("gateway",), "this gateway is defined twice", "rename one of the two")
        self.gateways[key] = gateway
        ids = [(("connections", c, "id"), item.id) for c, item in enumerate(gateway.connections)]
        self._findings.unique(doc, ids, "connection")
        for c, connection in enumerate(gateway.connections):
            path: Path = ("connections", c)
            if not self._knows(connection.protocol):
                mend = nearest(connection.protocol, self._protocols)
                self._findings.add(doc, (*path, "protocol"), "no such protocol", mend)
            for d, settings in enumerate(connection.devices):
                at: Path = (*path, "devices", d)
                device = self._device(doc, at, gateway, connection, settings)
                if device is not None:
                    self._add_points(doc, at, device)
            for t, transmitter in enumerate(connection.transmitters):
                self._add_transmitter(doc, (*path, "transmitters", t), key, connection, transmitter)
        if not is_second:
            self._add_itself(doc, gateway)

    def _add_itself(self, doc: Document, gateway: GatewaySettings) -> None:
        """Make the gateway a device of its unit, where its profile is there: what is made up in tests has none."""
        if gateway.zone is not None:
            self._findings.exists(doc, ("zone",), gateway.zone, self._zone_ids[gateway.unit], "zone")
        own = as_device(gateway)
        if own is None or own.devices[0].profile not in self._profiles.found:
            return
        if own.devices[0].zone not in self._zone_ids[gateway.unit]:
            return  # told already, where it is written
        if f"{gateway.unit}/{own.devices[0].id}" in self.devices:
            message = f"device id is used twice in unit '{gateway.unit}'"  # that of the gateway's own device
            self._findings.add(doc, ("gateway",), message, "give each device its own id")
            return
        device = self._device(doc, ("gateway",), gateway, own, own.devices[0])
        if device is not None:
            self._add_points(doc, ("gateway",), device)

    def _add_transmitter(
        self, doc: Document, path: Path, host: str, connection: Connection, settings: TransmitterSettings
    ) -> None:
        """Make the gateway that a transmitter is, with its devices and the points of its components."""
        key = f"{settings.unit}/{settings.id}"
        if not self._findings.exists(doc, (*path, "unit"), settings.unit, self._units, "unit"):
            return
        if key in self.gateways:
            self._findings.add(doc, (*path, "id"), "a gateway or transmitter of this unit has this id", "rename it")
            return
        node = as_gateway(settings, connection)
        self.gateways[key] = node
        self.transmitters[key] = Transmitter(host=host, connection=connection.id, settings=settings)
        inner = node.connections[0]
        places = [
            path,
            *((*path, "systems", at) for at in range(len(settings.systems))),
            *((*path, "devices", at) for at in range(len(settings.devices))),
        ]
        for place, described in zip(places, inner.devices, strict=True):
            device = self._device(doc, place, node, inner, described)
            if device is not None:
                self._add_points(doc, place, device)
        for at, system in enumerate(settings.systems):
            if f"{settings.unit}/{system.id}" in self.devices:
                self._add_components(doc, (*path, "systems", at), settings, system)

    def _add_components(
        self, doc: Document, path: Path, transmitter: TransmitterSettings, system: FacilitySystemSettings
    ) -> None:
        named = [(("components", at, "id"), component.id) for at, component in enumerate(system.components)]
        self._findings.unique(doc, [((*path, *inner), name) for inner, name in named], "component")
        for at, component in enumerate(system.components):
            where: Path = (*path, "components", at)
            if component.zone is not None:
                zones = self._zone_ids[transmitter.unit]
                self._findings.exists(doc, (*where, "zone"), component.zone, zones, "zone")
            if component.spot is not None:
                own = self._zones.get(f"{transmitter.unit}/{component.zone or system.zone or transmitter.zone}")
                self._check_at(doc, (*where, "spot"), own, component.spot)
                self.spots[f"{transmitter.unit}/{system.id}/{component.id}"] = component.spot
            for point in points_of_component(transmitter, system, component):
                self.points.append(point)
                self.labels[point.key] = Labels(zh=point.label_zh, en=point.label_en)
                low, high = ("low limit", point.low), ("high limit", point.high)
                check_order(doc, where, low, high, findings=self._findings)

    def _knows(self, protocol: str) -> bool:
        """Tell whether there is a connector for it; without a list of them, every one is."""
        return not self._protocols or protocol in self._protocols

    def _device(
        self, doc: Document, path: Path, gateway: GatewaySettings, connection: Connection, settings: DeviceSettings
    ) -> Device | None:
        """Check what a device refers to; return it when it can be resolved."""
        zones, names = self._zone_ids[gateway.unit], self._profiles.names
        in_zone = self._findings.exists(doc, (*path, "zone"), settings.zone, zones, "zone")
        has_profile = self._findings.exists(doc, (*path, "profile"), settings.profile, names, "profile")
        key = f"{gateway.unit}/{settings.id}"
        if key in self.devices:
            self._findings.add(
                doc, (*path, "id"), f"device id is used twice in unit '{gateway.unit}'", "give each device its own id"
            )
            return None
        profile = self._profiles.found.get(settings.profile)
        if not (in_zone and has_profile and profile):
            return None
        if profile.protocol != connection.protocol and self._knows(connection.protocol):
            self._foreign_profile(doc, path, profile, connection)
        zone = self._zones[f"{gateway.unit}/{settings.zone}"]
        written = "spot" if f"{gateway.unit}/{gateway.gateway}" in self.transmitters else "at"
        self._check_at(doc, (*path, written), zone, settings.at)
        self.devices[key] = Device(
            gateway=gateway, connection=connection, settings=settings, profile=profile, zone=zone
        )
        return self.devices[key]

    def _check_at(self, doc: Document, path: Path, zone: Zone | None, at: At | None) -> None:
        if zone is not None:
            self._plans.check_at(doc, path, (zone.unit.id, zone.building.id, zone.settings.floor), at)

    def _foreign_profile(self, doc: Document, path: Path, profile: Profile, connection: Connection) -> None:
        self._findings.add(
            doc,
            (*path, "profile"),
            f"profile speaks '{profile.protocol}', its connection '{connection.protocol}'",
            f"use a profile for '{connection.protocol}', or move the device to a '{profile.protocol}' connection",
        )

    def _add_points(self, doc: Document, path: Path, device: Device) -> None:
        at: Path
        names = {point.id for point in device.profile.points}
        for name in device.settings.limits:
            self._findings.exists(doc, (*path, "limits", name), name, names, "point")
        for name, override in device.settings.points.items():
            at = (*path, "points", name)
            if name != ALL_POINTS and self._findings.exists(doc, at, name, names, "point"):
                point = next(one for one in device.profile.points if one.id == name)
                check_report(doc, (*at, "report"), point, override.report, findings=self._findings)
        self._check_parts(doc, path, device)
        for point in device.profile.points:
            resolved = _resolve(device, point)
            self.points.append(resolved)
            self.labels[resolved.key] = point.labels
            if point.id in device.settings.limits:
                at = (*path, "limits", point.id)
                low, high = ("low limit", resolved.low), ("high limit", resolved.high)
                check_order(doc, at, low, high, findings=self._findings)

    def _check_parts(self, doc: Document, path: Path, device: Device) -> None:
        """Check that the device says where each part of its profile is, and no other."""
        needed = {point.part for point in device.profile.points if point.part is not None}
        for name in device.settings.parts:
            self._findings.exists(doc, (*path, "parts", name), name, needed, "part")
        for name in sorted(needed - set(device.settings.parts)):
            message = f"the profile reads some points from part '{name}'"
            self._findings.add(doc, path, message, f"add 'parts: {{{name}: …}}' with its address")


def _resolve(device: Device, point: ProfilePoint) -> Point:
    """Merge profile and device into the point that the platform knows; the device's limits win."""
    override = device.settings.limits.get(point.id)
    silence = point.max_silence_s or device.profile.max_silence_s
    return Point(
        unit=device.gateway.unit,
        gateway=device.gateway.gateway,
        device=device.settings.id,
        name=point.id,
        kind=point.kind,
        quantity=point.quantity,
        low=override.low if override and override.low is not None else point.low,
        high=override.high if override and override.high is not None else point.high,
        floor=point.floor,
        ceiling=point.ceiling,
        max_silence_s=override.max_silence_s if override and override.max_silence_s else silence,
        label_zh=point.labels.zh,
        label_en=point.labels.en,
        word=point.word or "",
    )
