"""How a device stands: may what we know of it be believed, and has it something that is open?

A device is lost when its gateway says that it does not answer; otherwise it is what its gateway, or its transmitter's
line, is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dashboards.live.board import Board
from dashboards.live.health import Condition, Health, gateway_health, hosted_health
from domain.alert import AlertView
from domain.site import Device, Registry


@dataclass(slots=True)
class Standing:
    """What is known of many devices at one moment: each gateway is judged once, alarms are counted once."""

    board: Board
    registry: Registry
    now_ns: int
    _health: dict[str, Health] = field(default_factory=dict)
    _lost: dict[str, frozenset[str]] = field(default_factory=dict)
    _open: dict[str, list[AlertView]] | None = None

    def node(self, key: str) -> Health:
        """Return the health of a gateway or transmitter (``unit/gateway``)."""
        if key not in self._health:
            transmitter = self.registry.transmitters.get(key)
            self._health[key] = (
                gateway_health(self.board, key, self.now_ns)
                if transmitter is None
                else hosted_health(self.board, key, self.node(transmitter.host), self.now_ns)
            )
        return self._health[key]

    def is_lost(self, device: Device) -> bool:
        """Tell whether its gateway says that it does not answer; nothing is known while the gateway is silent."""
        node = node_of(device)
        if node not in self._lost:
            self._lost[node] = lost_devices(self.board, node) if self.node(node).reachable else frozenset()
        return device.settings.id in self._lost[node]

    def condition(self, device: Device) -> Condition:
        """Return the condition of the line that a device's values come by."""
        return self.node(node_of(device)).condition

    def open_alerts(self, device: Device) -> list[AlertView]:
        """Return what is open on a device, the highest class first."""
        if self._open is None:
            self._open = by_device(self.board.alerts.values())
        return self._open.get(device.key, [])


def node_of(device: Device) -> str:
    """Return the gateway or transmitter of a device, ``unit/gateway``."""
    return f"{device.gateway.unit}/{device.gateway.gateway}"


def lost_devices(board: Board, gateway: str) -> frozenset[str]:
    """Return the ids of devices that a gateway says do not answer."""
    document = board.statuses.get(f"gateway.{gateway.replace('/', '.')}") or {}
    connections = document.get("connections")
    lines = connections.values() if isinstance(connections, Mapping) else ()
    lists = (line.get("lost") for line in lines if isinstance(line, Mapping))
    return frozenset(name for one in lists if isinstance(one, list) for name in one if isinstance(name, str))


def by_device(alerts: Iterable[AlertView]) -> dict[str, list[AlertView]]:
    """Return alerts by ``unit/device``, the highest class first, then the newest."""
    found: dict[str, list[AlertView]] = {}
    for alert in sorted(alerts, key=lambda one: (one.alarm_class.priority, -one.raised_at_ns)):
        if alert.place.device is not None:
            found.setdefault(f"{alert.place.unit}/{alert.place.device}", []).append(alert)
    return found
