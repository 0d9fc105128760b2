"""The lines of each unit, kept up: gateways with a process, and transmitters by what their host says.

A change of one transmitter costs one unit; a host that falls silent, or is heard again, costs its own units.
"""

from __future__ import annotations

from collections import defaultdict

from dashboards.live.board import Board
from dashboards.live.health import gateway_health
from dashboards.live.nodes import Changes, Line
from dashboards.live.tally import Lines
from domain.site import Registry


class LineCount:
    """Counts for one site. ``lines``: of each unit that has any."""

    def __init__(self, registry: Registry) -> None:
        """Start with everything silent."""
        self.lines: dict[str, Lines] = {}
        self._transmitters = registry.transmitters
        self._own = registry.own_gateways
        self._fine: dict[str, bool] = {}
        self._reachable: dict[str, bool] = {}
        self._gateways_of: dict[str, list[str]] = defaultdict(list)
        for key in self._own:
            self._gateways_of[key.partition("/")[0]].append(key)
        self._hosted: dict[str, dict[str, list[int]]] = defaultdict(dict)
        """Host → unit → how many transmitters, and how many of them are up."""
        self._hosts_of: dict[str, list[str]] = defaultdict(list)
        for one in registry.transmitters.values():
            units = self._hosted[one.host]
            if one.settings.unit not in units:
                units[one.settings.unit] = [0, 0]
                self._hosts_of[one.settings.unit].append(one.host)
            units[one.settings.unit][0] += 1
        self._up: set[str] = set()
        self._changes: Changes | None = None
        self._mark = 0

    def take(self, board: Board, now_ns: int) -> set[str]:
        """Count what changed; returns the units that it touches: at first, all that have lines."""
        touched = set[str]() if self.lines else {*self._gateways_of, *self._hosts_of}
        self._take_gateways(board, now_ns, touched)
        self._take_nodes(board, touched)
        for unit in touched:
            self.lines[unit] = self._of(unit)
        return touched

    def _take_gateways(self, board: Board, now_ns: int, touched: set[str]) -> None:
        for key in self._own:
            health = gateway_health(board, key, now_ns)
            if self._fine.get(key) is not health.fine:
                self._fine[key] = health.fine
                touched.add(key.partition("/")[0])
            if self._reachable.get(key) is not health.reachable:
                self._reachable[key] = health.reachable
                touched.update(self._hosted.get(key, ()))

    def _take_nodes(self, board: Board, touched: set[str]) -> None:
        nodes = board.nodes
        if nodes.changes is not self._changes:
            self._changes, self._mark = nodes.changes, -1
        self._mark, changed = nodes.changes.since(self._mark)
        for key in self._transmitters if changed is None else changed:
            is_up = nodes.of(key).line is Line.UP
            if key in self._transmitters and is_up is not (key in self._up):
                transmitter = self._transmitters[key]
                unit = transmitter.settings.unit
                self._hosted[transmitter.host][unit][1] += 1 if is_up else -1
                (self._up.add if is_up else self._up.discard)(key)
                touched.add(unit)

    def _of(self, unit: str) -> Lines:
        own = self._gateways_of.get(unit, ())
        total, silent = len(own), sum(not self._fine[key] for key in own)
        for host in self._hosts_of.get(unit, ()):
            there, up = self._hosted[host][unit]
            total += there
            silent += there - up if self._reachable.get(host, False) else there
        return Lines(total, silent)
