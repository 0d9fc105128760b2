"""`SiteIndex`: the registry of some units as arrays, in the order in which kernels like to walk.

Points are sorted by gateway, then device, so that a device's points are neighbours in every state
array: its messages touch few cache lines, and per-device figures are `ufunc.reduceat` over ranges.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind, Place
from domain.clock import NS_PER_S
from domain.points import Point, PointTable
from domain.site import Registry
from domain.site.registry import Device
from rules.conditions import Selector
from rules.dimensions import selects, signature

T = TypeVar("T")
NO_LIMIT = float("nan")


class SiteIndex:
    """Who and where everything is, by integer.

    | attribute | shape | meaning |
    |---|---|---|
    | ``device_of`` | (points,) int32 | device of a point, index into ``devices`` |
    | ``first_point`` | (devices,) int64 | where a device's points begin |
    | ``zone_of``, ``gateway_of`` | (devices,) int32 | zone and gateway of a device |
    | ``low``, ``high`` | (points,) float64 | limits of the point's record, NaN for none |
    | ``max_silence_ns`` | (points,) int64 | longest silence before a point counts as unknown |
    """

    def __init__(self, registry: Registry, units: Collection[str] | None = None) -> None:
        """Index the devices of ``units`` (all when None)."""
        chosen = [device for device in registry.devices.values() if units is None or device.gateway.unit in units]
        self.devices = sorted(chosen, key=lambda device: (device.gateway.unit, device.gateway.gateway))
        device_at = {device.key: at for at, device in enumerate(self.devices)}
        points = sorted(
            (point for point in registry.points if f"{point.unit}/{point.device}" in device_at),
            key=lambda point: device_at[f"{point.unit}/{point.device}"],
        )
        self.registry = registry
        self.table = PointTable(points)
        self.device_of = np.array([device_at[f"{point.unit}/{point.device}"] for point in points], np.int32)
        self.first_point = np.searchsorted(self.device_of, np.arange(len(self.devices)))
        self.zones = sorted({device.zone.key for device in self.devices})
        self.gateways = sorted(
            key for key, gateway in registry.gateways.items() if units is None or gateway.unit in units
        )
        self.zone_of = _codes([device.zone.key for device in self.devices], self.zones)
        self.gateway_of = _codes([gateway_key(device) for device in self.devices], self.gateways)
        self.low, self.high = _limits(points)
        self.max_silence_ns = np.array([round(point.max_silence_s * NS_PER_S) for point in points], np.int64)
        self._names, self._name_of = _coded([point.name for point in points])
        self._signatures, self._signature_of = _coded([signature(device) for device in self.devices])
        self._device_at, self._gateway_at = device_at, {key: at for at, key in enumerate(self.gateways)}

    def device(self, unit: str, device: str) -> int | None:
        """Return the index of a device, None when it is not here."""
        return self._device_at.get(f"{unit}/{device}")

    def gateway(self, unit: str, gateway: str) -> int | None:
        """Return the index of a gateway, None when it is not here."""
        return self._gateway_at.get(f"{unit}/{gateway}")

    def points_of(self, device: int) -> NDArray[np.int64]:
        """Return the points of a device."""
        ends = np.append(self.first_point, len(self.table))
        return np.arange(ends[device], ends[device + 1])

    def select_devices(self, *selectors: Selector) -> NDArray[np.bool_]:
        """Return which devices all selectors mean, shape ``(devices,)``."""
        samples = {code: at for at, code in reversed(list(enumerate(self._signature_of.tolist())))}
        meant = [
            all(selects(selector, self.devices[samples[code]]) for selector in selectors)
            for code in range(len(self._signatures))
        ]
        return np.array(meant, np.bool_)[self._signature_of]

    def select_points(self, *selectors: Selector) -> NDArray[np.bool_]:
        """Return which points all selectors mean, shape ``(points,)``."""
        named = np.array([all(selector.names(name) for selector in selectors) for name in self._names], np.bool_)
        return self.select_devices(*selectors)[self.device_of] & named[self._name_of]

    def entities_of_devices(self, kind: EntityKind) -> NDArray[np.int32]:
        """Return the device, zone or gateway that each device belongs to, shape ``(devices,)``."""
        if kind is EntityKind.ZONE:
            return self.zone_of
        return self.gateway_of if kind is EntityKind.GATEWAY else np.arange(len(self.devices), dtype=np.int32)

    def entity_key(self, kind: EntityKind, entity: int) -> str:
        """Return the platform-wide name of an entity."""
        match kind:
            case EntityKind.POINT:
                return self.table[entity].key
            case EntityKind.DEVICE:
                return self.devices[entity].key
            case EntityKind.ZONE:
                return self.zones[entity]
            case EntityKind.GATEWAY:
                return self.gateways[entity]

    def place(self, kind: EntityKind, entity: int) -> Place:
        """Return where an entity is."""
        if kind is EntityKind.POINT:
            device: Device = self.devices[int(self.device_of[entity])]
            return device.place(self.table[entity].name)
        if kind is EntityKind.DEVICE:
            return self.devices[entity].place()
        if kind is EntityKind.GATEWAY:
            gateway = self.registry.gateways[self.gateways[entity]]
            return Place(unit=gateway.unit, gateway=gateway.gateway)
        zone = self.registry.zones[self.zones[entity]]
        return Place(
            unit=zone.unit.id,
            building=zone.building.id,
            floor=zone.settings.floor,
            zone=zone.settings.id,
            zone_kind=zone.settings.kind.value,
        )


def gateway_key(device: Device) -> str:
    """Return ``unit/gateway`` of a device."""
    return f"{device.gateway.unit}/{device.gateway.gateway}"


def _codes(values: list[str], known: list[str]) -> NDArray[np.int32]:
    at = {value: code for code, value in enumerate(known)}
    return np.array([at[value] for value in values], np.int32)


def _coded(values: list[T]) -> tuple[list[T], NDArray[np.int32]]:
    """Return the distinct values and each value's code."""
    codes: dict[T, int] = {}
    column = np.array([codes.setdefault(value, len(codes)) for value in values], np.int32)
    return list(codes), column


def _limits(points: list[Point]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = np.array([NO_LIMIT if point.low is None else point.low for point in points], np.float64)
    high = np.array([NO_LIMIT if point.high is None else point.high for point in points], np.float64)
    return low, high
