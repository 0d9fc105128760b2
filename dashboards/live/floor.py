"""One floor: its devices and zones, and how each stands. Pure.

A device is what is worst of its open alerts. One without alerts is calm only when its line is heard, it answers, and
the alarms can be believed; otherwise it is *unknown*. An alert that names no device belongs to its zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.live.board import Board
from dashboards.live.health import Health, node_health
from dashboards.live.lamps import LampKind, is_folded, lamp_of
from dashboards.live.tally import KINDS, FloorKey, is_fresh
from domain.alert import AlertView
from domain.points import Point
from domain.site import Device, Labels, Registry, Zone
from domain.site.floors import At
from domain.words import COMPONENT_STATE

SYSTEM = "system"
"""Duty and system alarms: no lamp has them, a device does."""

UNKNOWN = "unknown"
STILL = "calm"
LOOKS = (*(kind.value for kind in KINDS), SYSTEM, UNKNOWN, STILL)
"""From what needs somebody first to what needs nobody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands: its look, how many alerts, whether one of them waits, and whether nobody knows now.

    ``alerts`` are those of its look, ``others`` of any other: five faults beside a fire are no fires.
    """

    look: str
    alerts: int = 0
    others: int = 0
    fresh: bool = False
    doubtful: bool = False

    @property
    def order(self) -> int:
        """The worst first."""
        return LOOKS.index(self.look)


@dataclass(frozen=True, slots=True)
class Component:
    """A component of a panel that has a zone or a place of its own: it may be floors away from its panel."""

    point: Point
    zone: Zone
    device: Device
    labels: Labels
    at: At | None

    @property
    def key(self) -> str:
        """``unit/device/point``."""
        return self.point.key


@dataclass(frozen=True, slots=True)
class Premises:
    """What stands on each floor of one unit."""

    devices: Mapping[FloorKey, Sequence[Device]]
    components: Mapping[FloorKey, Sequence[Component]]


@dataclass(frozen=True, slots=True)
class Placed:
    """A device or component of the floor, where it is drawn, and how it stands."""

    thing: Device | Component
    at: At | None
    standing: Standing

    @property
    def device(self) -> Device:
        """The device itself, or the panel of the component."""
        return self.thing.device if isinstance(self.thing, Component) else self.thing

    @property
    def zone(self) -> Zone:
        """Where it is."""
        return self.thing.zone

    @property
    def labels(self) -> Labels:
        """What people call it."""
        return self.thing.labels if isinstance(self.thing, Component) else self.thing.settings.labels


@dataclass(frozen=True, slots=True)
class FloorState:
    """Everything on a floor; devices and components worst first."""

    zones: tuple[tuple[Zone, Standing], ...]
    things: tuple[Placed, ...]

    @property
    def silent(self) -> int:
        """Of how many things nothing is known now."""
        return sum(placed.standing.doubtful for placed in self.things)


def floors_of(registry: Registry, unit: str, building: str) -> list[int]:
    """Return the floors of a building that have a zone or a description, the highest first."""
    settings = registry.units.get(unit)
    found = next((one for one in settings.buildings if one.id == building), None) if settings else None
    if found is None:
        return []
    return sorted({*(zone.floor for zone in found.zones), *(floor.floor for floor in found.floors)}, reverse=True)


def devices_by_unit(registry: Registry) -> dict[str, list[Device]]:
    """Return the devices of every unit; keep it as long as the registry is the same."""
    found: dict[str, list[Device]] = defaultdict(list)
    for device in registry.devices.values():
        found[device.gateway.unit].append(device)
    return found


def premises_of(registry: Registry, devices: Iterable[Device]) -> Premises:
    """Return what stands where of the ``devices`` of a unit; keep it as long as the registry is the same."""
    by_floor: dict[FloorKey, list[Device]] = defaultdict(list)
    components: dict[FloorKey, list[Component]] = defaultdict(list)
    for device in devices:
        by_floor[floor_of(device.zone)].append(device)
        for component in _components(registry, device):
            components[floor_of(component.zone)].append(component)
    return Premises(by_floor, components)


def floor_of(zone: Zone) -> FloorKey:
    """Return the floor of a zone."""
    return zone.unit.id, zone.building.id, zone.settings.floor


def _components(registry: Registry, device: Device) -> Iterator[Component]:
    for at in registry.points.of_device(device.gateway.unit, device.settings.id):
        point = registry.points[int(at)]
        spot = registry.spots.get(point.key)
        if point.word == COMPONENT_STATE and (point.zone is not None or spot is not None):
            labels = registry.point_labels.get(point.key) or Labels(zh=point.name, en=point.name)
            yield Component(point, registry.zone_of(point), device, labels, spot)


def floor_state(
    board: Board, registry: Registry, premises: Premises, floor: FloorKey, now_ns: int, *, known: bool
) -> FloorState:
    """Return how everything on a floor stands. ``known``: the absence of an alarm can be believed.

    An alert belongs to its device and to its component; where neither is on this floor, to its zone.
    """
    alerts = _Alerts(alert for alert in board.alerts.values() if _is_on(alert, floor) and not is_folded(alert))
    heard = _Heard(board, registry, now_ns, known=known)
    things = [
        *(Placed(one, one.at, alerts.at_component(one, heard)) for one in premises.components.get(floor, ())),
        *(Placed(one, one.settings.at, alerts.at_device(one, heard)) for one in premises.devices.get(floor, ())),
    ]
    zones = [zone for zone in registry.zones.values() if floor_of(zone) == floor]
    return FloorState(
        zones=tuple((zone, standing_of(alerts.left_in(zone), heard=known)) for zone in zones),
        things=tuple(sorted(things, key=lambda one: one.standing.order)),
    )


class _Alerts:
    """The alerts of a floor, handed out to what they are of."""

    def __init__(self, alerts: Iterable[AlertView]) -> None:
        self._all = list(alerts)
        self._taken: set[str] = set()

    def at_device(self, device: Device, heard: _Heard) -> Standing:
        found = [alert for alert in self._all if alert.place.device == device.settings.id]
        self._taken |= {alert.id for alert in found}
        return standing_of(found, heard=heard.of(device))

    def at_component(self, component: Component, heard: _Heard) -> Standing:
        name, panel = component.point.name, component.device.settings.id
        found = [alert for alert in self._all if (alert.place.device, alert.place.point) == (panel, name)]
        self._taken |= {alert.id for alert in found}
        return standing_of(found, heard=heard.of(component.device))

    def left_in(self, zone: Zone) -> list[AlertView]:
        return [one for one in self._all if one.id not in self._taken and one.place.zone == zone.settings.id]


def _is_on(alert: AlertView, floor: FloorKey) -> bool:
    return (alert.place.unit, alert.place.building, alert.place.floor) == floor


def standing_of(alerts: Sequence[AlertView], *, heard: bool) -> Standing:
    """Return how a thing with these open alerts stands."""
    looks = [look_of(alert) for alert in alerts]
    doubtful = not heard or any(alert.data_unknown for alert in alerts)
    if not looks:
        return Standing(STILL if heard else UNKNOWN, doubtful=not heard)
    fresh = any(is_fresh(alert) for alert in alerts)
    worst = min(looks, key=LOOKS.index)
    count = looks.count(worst)
    return Standing(worst, count, len(looks) - count, fresh, doubtful)


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
