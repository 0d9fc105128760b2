"""`SiteIndex`: the registry of some units as arrays, in the order in which kernels like to walk.

Points are sorted by gateway, then device, so that a device's points are neighbours in every state
array: its messages touch few cache lines, and per-device figures are `ufunc.reduceat` over ranges.
Within a device the points of the site stand first, then those that were *learned* from births, then rows that
are spare (`rules.point_rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind, Place
from domain.clock import NS_PER_S
from domain.points import Point
from domain.quantity import Quantity
from domain.site import Registry
from domain.site.registry import Device
from rules.conditions import Selector
from rules.dimensions import means_device, selects, signature
from rules.kernels import Bools
from rules.point_rows import PointRows, name_for_rules

T = TypeVar("T")
NO_LIMIT = float("nan")


class SiteIndex:
    """Who and where everything is, by integer.

    | attribute | shape | meaning |
    |---|---|---|
    | ``device_of``, ``place_of`` | (points,) int32 | device and zone of a point, each has its own |
    | ``first_point`` | (devices,) int64 | where a device's points begin |
    | ``zone_of``, ``gateway_of`` | (devices,) int32 | zone and gateway of a device |
    | ``host_of`` | (gateways,) int32 | the gateway that hosts a transmitter, -1 for all others |
    | ``own`` | (gateways,) bool | False for hosts of other units: they are heard, and others watch them |
    | ``learned`` | (points,) bool | not in the site: known from a birth, or spare |
    | ``spare`` | (points,) bool | room for a point that is learned later |
    | ``row_of`` | (registry's points,) int32 | where a point of the registry stands here, -1 for nowhere |
    | ``low``, ``high`` | (points,) float64 | limits of the point's record, NaN for none |
    | ``max_silence_ns`` | (points,) int64 | longest silence before a point counts as unknown |
    """

    def __init__(
        self,
        registry: Registry,
        units: Collection[str] | None = None,
        *,
        declared: int | None = None,
        spare: Sequence[Point] = (),
    ) -> None:
        """Index the devices of ``units`` (all when None); points from number ``declared`` on are learned ones."""
        chosen = [device for device in registry.devices.values() if units is None or device.gateway.unit in units]
        self.devices = sorted(chosen, key=lambda device: (device.gateway.unit, device.gateway.gateway))
        self._device_keys = [device.key for device in self.devices]
        self._device_at = {device.key: at for at, device in enumerate(self.devices)}
        self.registry = registry
        known = [*registry.points, *spare]
        number, self.device_of = self._order(known)
        points = [known[at] for at in number.tolist()]
        self.table = PointRows(points)
        self.learned: Bools = number >= (len(registry.points) if declared is None else declared)
        self.spare: Bools = number >= len(registry.points)
        self.row_of = np.full(len(known), -1, np.int32)
        self.row_of[number] = np.arange(len(number))
        self.row_of = self.row_of[: len(registry.points)]
        self.first_point = np.searchsorted(self.device_of, np.arange(len(self.devices)))
        self._index_places(points)
        self._index_gateways(units)
        self.low, self.high = _limits(points)
        self.max_silence_ns = np.array([round(point.max_silence_s * NS_PER_S) for point in points], np.int64)
        self._names, self._name_of = _coded([name_for_rules(point) for point in points])
        self._fitting: dict[tuple[str, ...], Bools] = {}
        self._measured: dict[frozenset[Quantity], Bools] = {}
        self._meant: dict[tuple[Callable[[Selector, Device], bool], tuple[Selector, ...]], Bools] = {}
        self._words, self._word_of = _coded([point.word for point in points])
        self._quantities, self._quantity_of = _coded([point.quantity for point in points])
        signatures, self._signature_of = _coded([signature(device) for device in self.devices])
        first = {code: at for at, code in reversed(list(enumerate(self._signature_of.tolist())))}
        self._samples = [self.devices[first[code]] for code in range(len(signatures))]

    def _order(self, points: Sequence[Point]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return which of ``points`` are here, sorted by device, and the device of each."""
        at = self._device_at
        device = np.array([at.get(f"{point.unit}/{point.device}", -1) for point in points], np.int32)
        order = np.argsort(device, kind="stable")[np.count_nonzero(device < 0) :]
        return order, device[order]

    def _index_places(self, points: list[Point]) -> None:
        """A point is where its device is, unless it says another zone: only those are looked up one by one."""
        own = {row: self.registry.zone_of(point) for row, point in enumerate(points) if point.zone is not None}
        self.zones = sorted({zone.key for zone in own.values()} | {device.zone.key for device in self.devices})
        self.zone_of = _codes([device.zone.key for device in self.devices], self.zones)
        self.place_of = self.zone_of[self.device_of]
        self.place_of[list(own)] = _codes([zone.key for zone in own.values()], self.zones)
        homes = [self.registry.zones[key] for key in self.zones]
        of_zone = [f"{zone.unit.id}/{zone.building.id}" for zone in homes]
        self.buildings = sorted(set(of_zone))
        self.units = sorted({zone.unit.id for zone in homes})
        self._building_of_zone = _codes(of_zone, self.buildings)
        self._unit_of_zone = _codes([zone.unit.id for zone in homes], self.units)
        self._zone_kinds = [self.registry.zones[key].settings.kind for key in self.zones]

    def _index_gateways(self, units: Collection[str] | None) -> None:
        known = self.registry.gateways
        own = sorted(key for key, gateway in known.items() if units is None or gateway.unit in units)
        host = {key: one.host for key in own if (one := self.registry.transmitters.get(key))}
        self.gateways = [*own, *sorted(set(host.values()) - set(own))]
        self.own: Bools = np.arange(len(self.gateways)) < len(own)
        self._gateway_at = {key: at for at, key in enumerate(self.gateways)}
        self.host_of = np.array([self._gateway_at[host[key]] if key in host else -1 for key in self.gateways], np.int32)
        self.gateway_of = _codes([gateway_key(device) for device in self.devices], self.gateways)

    @property
    def keys(self) -> Sequence[str]:
        """Keys of all points, in order."""
        return self.table.keys

    def take_up(self, registry: Registry, rows: Sequence[int]) -> None:
        """Go on with a grown registry, whose new points have claimed spare ``rows``."""
        self.registry = registry
        self.spare[list(rows)] = False
        self.row_of = np.append(self.row_of, np.array(rows, np.int32))

    def device(self, unit: str, device: str) -> int | None:
        """Return the index of a device, None when it is not here."""
        return self._device_at.get(f"{unit}/{device}")

    def gateway(self, unit: str, gateway: str) -> int | None:
        """Return the index of a gateway, None when it is not here."""
        return self._gateway_at.get(f"{unit}/{gateway}")

    def points_of(self, device: int) -> NDArray[np.int64]:
        """Return the points of a device."""
        return np.array(self.rows_of(device), np.int64)

    def rows_of(self, device: int) -> range:
        """Return where the points of a device stand."""
        last = device + 1 == len(self.devices)
        return range(int(self.first_point[device]), len(self.table) if last else int(self.first_point[device + 1]))

    def select_devices(self, *selectors: Selector) -> Bools:
        """Return which devices all selectors mean, shape ``(devices,)``; point names and words don't matter."""
        return self._devices(selects, selectors)

    def select_points(self, *selectors: Selector) -> Bools:
        """Return which points all selectors mean, shape ``(points,)``; zones are the points' own."""
        points = self._points_on(np.flatnonzero(self._devices(means_device, selectors)))
        for one in selectors:
            if one.point:
                points = points[self._named(one)[points]]
            if one.word:
                points = points[_passing(self._words, one.word.__contains__)[self._word_of[points]]]
            if one.zones:
                points = points[_passing(self._zone_kinds, one.zones.__contains__)[self.place_of[points]]]
        meant = np.zeros(len(self.table), np.bool_)
        meant[points] = True
        return meant

    def _points_on(self, devices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the points of devices, rising: thousands of rules ask for a few devices each, out of thousands."""
        if len(devices) == len(self.devices):
            return np.arange(len(self.table))
        first = self.first_point[devices]
        count = np.append(self.first_point, len(self.table))[devices + 1] - first
        before = np.cumsum(count) - count
        return np.asarray(np.repeat(first - before, count) + np.arange(count.sum()), np.int64)

    def _named(self, selector: Selector) -> Bools:
        """Return which points the patterns of a selector fit, shape ``(points,)``.

        Learned points have as many names as there are points, and a plan asks for the same few patterns again and
        again; the answers stay right, for whoever claims a spare row fits what its model fits (`rules.reserve`).
        """
        if selector.point not in self._fitting:
            self._fitting[selector.point] = _passing(self._names, selector.names)[self._name_of]
        return self._fitting[selector.point]

    def measured_in(self, quantities: Collection[Quantity]) -> Bools:
        """Return which points are in one of some quantities, shape ``(points,)``."""
        asked = frozenset(quantities)
        if asked not in self._measured:
            self._measured[asked] = _passing(self._quantities, asked.__contains__)[self._quantity_of]
        return self._measured[asked]

    def entities_of_devices(self, kind: EntityKind) -> NDArray[np.int32]:
        """Return the device, zone, gateway, building or unit that each device belongs to, shape ``(devices,)``."""
        if kind in (EntityKind.ZONE, EntityKind.BUILDING, EntityKind.UNIT):
            return self._of_zones(kind)[self.zone_of]
        return self.gateway_of if kind is EntityKind.GATEWAY else np.arange(len(self.devices), dtype=np.int32)

    def entities_of_points(self, kind: EntityKind) -> NDArray[np.int32]:
        """Return the device, zone, gateway, building or unit that each point belongs to, shape ``(points,)``."""
        if kind in (EntityKind.ZONE, EntityKind.BUILDING, EntityKind.UNIT):
            return self._of_zones(kind)[self.place_of]
        return self.entities_of_devices(kind)[self.device_of]

    def _of_zones(self, kind: EntityKind) -> NDArray[np.int32]:
        """Return the zone itself, the building or the unit of each zone, shape ``(zones,)``."""
        if kind is EntityKind.ZONE:
            return np.arange(len(self.zones), dtype=np.int32)
        return self._building_of_zone if kind is EntityKind.BUILDING else self._unit_of_zone

    def entities(self, kind: EntityKind) -> Sequence[str]:
        """Return the keys of all entities of a kind, in order."""
        match kind:
            case EntityKind.POINT:
                return self.table.keys
            case EntityKind.DEVICE:
                return self._device_keys
            case EntityKind.ZONE:
                return self.zones
            case EntityKind.GATEWAY:
                return self.gateways
            case EntityKind.BUILDING:
                return self.buildings
            case EntityKind.UNIT:
                return self.units

    def entity_key(self, kind: EntityKind, entity: int) -> str:
        """Return the platform-wide name of an entity."""
        return self.table[entity].key if kind is EntityKind.POINT else self.entities(kind)[entity]

    def place(self, kind: EntityKind, entity: int) -> Place:
        """Return where an entity is; a point has a place of its own where its record names one."""
        if kind is EntityKind.POINT:
            device: Device = self.devices[int(self.device_of[entity])]
            return device.place(self.table[entity].name, self.registry.zones[self.zones[self.place_of[entity]]])
        if kind is EntityKind.DEVICE:
            return self.devices[entity].place()
        if kind is EntityKind.GATEWAY:
            gateway = self.registry.gateways[self.gateways[entity]]
            return Place(unit=gateway.unit, gateway=gateway.gateway)
        if kind is EntityKind.UNIT:
            return Place(unit=self.units[entity])
        if kind is EntityKind.BUILDING:
            unit, _, building = self.buildings[entity].partition("/")
            return Place(unit=unit, building=building)
        zone = self.registry.zones[self.zones[entity]]
        return Place(
            unit=zone.unit.id,
            building=zone.building.id,
            floor=zone.settings.floor,
            zone=zone.settings.id,
            zone_kind=zone.settings.kind.value,
        )

    def _devices(self, means: Callable[[Selector, Device], bool], selectors: Sequence[Selector]) -> Bools:
        """Ask once a signature, and spread the answers over the devices; a plan asks the same several times."""
        asked = (means, tuple(selectors))
        if asked not in self._meant:
            self._meant[asked] = _passing(self._samples, lambda device: all(means(one, device) for one in selectors))
        return self._meant[asked][self._signature_of]


def gateway_key(device: Device) -> str:
    """Return ``unit/gateway`` of a device."""
    return f"{device.gateway.unit}/{device.gateway.gateway}"


def _codes(values: list[str], known: list[str]) -> NDArray[np.int32]:
    at = {value: code for code, value in enumerate(known)}
    return np.array([at[value] for value in values], np.int32)


def _passing(values: Sequence[T], test: Callable[[T], bool]) -> Bools:
    """Return which values pass a test."""
    return np.array([test(value) for value in values], np.bool_)


def _coded(values: list[T]) -> tuple[list[T], NDArray[np.int32]]:
    """Return the distinct values and each value's code."""
    codes: dict[T, int] = {}
    column = np.array([codes.setdefault(value, len(codes)) for value in values], np.int32)
    return list(codes), column


def _limits(points: list[Point]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = np.array([NO_LIMIT if point.low is None else point.low for point in points], np.float64)
    high = np.array([NO_LIMIT if point.high is None else point.high for point in points], np.float64)
    return low, high
