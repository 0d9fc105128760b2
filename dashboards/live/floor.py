"""One floor: its devices and zones, and how each stands. Pure.

A device is what is worst of its open alerts. One without alerts is calm only when its line is heard, it answers, and
the alarms can be believed; otherwise it is *unknown*. An alert that names no device belongs to its zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.console.frame.lamps import LampKind, is_folded, lamp_of
from dashboards.live.board import Board
from dashboards.live.health import Health, node_health
from dashboards.live.summary import KINDS, FloorKey, is_fresh
from domain.alert import AlertView
from domain.site import Device, Registry, Zone
from domain.site.floors import At

SYSTEM = "system"
"""Duty and system alarms: no lamp has them, a device does."""

UNKNOWN = "unknown"
STILL = "calm"
LOOKS = (*(kind.value for kind in KINDS), SYSTEM, UNKNOWN, STILL)
"""From what needs somebody first to what needs nobody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands: its look, how many alerts, whether one of them waits, and whether nobody knows now."""

    look: str
    alerts: int = 0
    fresh: bool = False
    doubtful: bool = False

    @property
    def order(self) -> int:
        """The worst first."""
        return LOOKS.index(self.look)


@dataclass(frozen=True, slots=True)
class Placed:
    """A device of the floor, where it is drawn, and how it stands."""

    device: Device
    at: At | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Spot:
    """A component of a panel with a place of its own, and the alerts at it."""

    key: str
    label_zh: str
    label_en: str
    device: str
    at: At
    standing: Standing


@dataclass(frozen=True, slots=True)
class FloorState:
    """Everything on a floor; devices worst first. ``spots`` are those components that have something to tell."""

    zones: tuple[tuple[Zone, Standing], ...]
    devices: tuple[Placed, ...]
    spots: tuple[Spot, ...]


def floors_of(registry: Registry, unit: str, building: str) -> list[int]:
    """Return the floors of a building that have a zone or a description, the highest first."""
    settings = registry.units.get(unit)
    found = next((one for one in settings.buildings if one.id == building), None) if settings else None
    if found is None:
        return []
    return sorted({*(zone.floor for zone in found.zones), *(floor.floor for floor in found.floors)}, reverse=True)


def devices_by_floor(registry: Registry, unit: str) -> dict[FloorKey, list[Device]]:
    """Return the devices of a unit by floor."""
    found: dict[FloorKey, list[Device]] = defaultdict(list)
    for device in registry.devices.values():
        if device.gateway.unit == unit:
            found[unit, device.zone.building.id, device.zone.settings.floor].append(device)
    return found


def floor_state(board: Board, registry: Registry, floor: FloorKey, now_ns: int, *, known: bool) -> FloorState:
    """Return how everything on a floor stands. ``known``: the absence of an alarm can be believed."""
    unit, building, number = floor
    zones = [zone for zone in registry.zones.values() if _on(zone, floor)]
    devices = devices_by_floor(registry, unit).get(floor, [])
    here = [
        alert
        for alert in board.alerts.values()
        if (alert.place.unit, alert.place.building, alert.place.floor) == (unit, building, number)
        and not is_folded(alert)
    ]
    of_device: dict[str, list[AlertView]] = defaultdict(list)
    of_zone: dict[str, list[AlertView]] = defaultdict(list)
    for alert in here:
        if alert.place.device is not None:
            of_device[alert.place.device].append(alert)
        elif alert.place.zone is not None:
            of_zone[alert.place.zone].append(alert)
    heard = _Heard(board, registry, now_ns, known=known)
    placed = [
        Placed(device, device.settings.at, standing_of(of_device[device.settings.id], heard=heard.of(device)))
        for device in devices
    ]
    return FloorState(
        zones=tuple((zone, standing_of(of_zone[zone.settings.id], heard=True)) for zone in zones),
        devices=tuple(sorted(placed, key=lambda one: one.standing.order)),
        spots=tuple(_spots(registry, here, known=known)),
    )


def standing_of(alerts: Sequence[AlertView], *, heard: bool) -> Standing:
    """Return how a thing with these open alerts stands."""
    looks = [look_of(alert) for alert in alerts]
    doubtful = not heard or any(alert.data_unknown for alert in alerts)
    if not looks:
        return Standing(STILL if heard else UNKNOWN, doubtful=not heard)
    fresh = any(is_fresh(alert) for alert in alerts)
    return Standing(min(looks, key=LOOKS.index), len(alerts), fresh, doubtful)


def look_of(alert: AlertView) -> str:
    """Return how an open alert looks."""
    kind: LampKind | None = lamp_of(alert)
    return SYSTEM if kind is None else kind.value


class _Heard:
    """Tells whether a device is heard; the health of a node is judged once."""

    def __init__(self, board: Board, registry: Registry, now_ns: int, *, known: bool) -> None:
        self._board = board
        self._registry = registry
        self._now_ns = now_ns
        self._known = known
        self._nodes: dict[str, Health] = {}

    def of(self, device: Device) -> bool:
        key = f"{device.gateway.unit}/{device.gateway.gateway}"
        if key not in self._nodes:
            self._nodes[key] = node_health(self._board, self._registry, key, self._now_ns)
        lost = device.settings.id in _lost(self._board, key, device.connection.id)
        return self._known and self._nodes[key].reachable and not lost


def _lost(board: Board, gateway: str, connection: str) -> Iterable[object]:
    """Return the devices of a line that do not answer, as their gateway says."""
    document: Any = board.statuses.get(f"gateway.{gateway.replace('/', '.')}") or {}
    for step in ("connections", connection, "lost"):
        document = document.get(step) if isinstance(document, Mapping) else None
    return document if isinstance(document, list) else ()


def _spots(registry: Registry, alerts: Iterable[AlertView], *, known: bool) -> Iterator[Spot]:
    """Yield components that have a place and an open alert."""
    found: dict[str, list[AlertView]] = defaultdict(list)
    for alert in alerts:
        key = f"{alert.place.unit}/{alert.place.device}/{alert.place.point}"
        if key in registry.spots:
            found[key].append(alert)
    for key, own in found.items():
        label = registry.point_labels.get(key)
        name = key.rpartition("/")[2]
        zh, en = (label.zh, label.en) if label else (name, name)
        yield Spot(key, zh, en, key.rpartition("/")[0], registry.spots[key], standing_of(own, heard=known))


def _on(zone: Zone, floor: FloorKey) -> bool:
    return (zone.unit.id, zone.building.id, zone.settings.floor) == floor
