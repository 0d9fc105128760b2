"""What a connector is given that hosts nodes: the table that grows, what was committed, links up and down.

It is also the sink of the process's connectors, in front of the spool, so that it knows the newest time
of every point. See `gateway.connectors.contract.Hosting`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

import numpy as np

from backbone.server_config import MOST_PAYLOAD
from domain.batch import ReadingBatch
from domain.points import Point, PointTable
from domain.site import Registry
from gateway.connectors.contract import DeadLetter
from gateway.nodes import Nodes
from gateway.reload.points import altered, gaps, redefined
from gateway.spool import Spool
from gateway.values import Values, birth_size

MOST_BIRTH = MOST_PAYLOAD - 64 * 1024
"""Bytes of a device's birth: about 3,000 points. Whoever makes up components by the thousand ends here."""


class Hosting:
    """One for each process; a `Sink` and a `Hosting` of the connectors' contract."""

    def __init__(
        self, registry: Registry, *, unit: str, gateway: str, spool: Spool, nodes: Nodes, values: Values
    ) -> None:
        """Host the transmitters of a gateway, with all that the spool remembers of them."""
        self._registry = registry
        self._hosted = {one.key: one for one in registry.hosted_by(unit, gateway)}
        self._nodes_here = {*self._hosted, f"{unit}/{gateway}"}
        self._spool = spool
        self._nodes = nodes
        self._values = values
        self._last_ns = np.zeros(len(values.table), np.int64)
        self._last_value = np.full(len(values.table), np.nan)
        self._birth_bytes = _birth_bytes(values.table)
        nodes.host({key: _devices(registry, key) for key in self._hosted}, spool.remembered.nodes)
        self._grow(values.table.grown(self._ours(spool.remembered.points)))
        self._recall()

    @property
    def table(self) -> PointTable:
        """The points of the whole gateway process as they are known now."""
        return self._values.table

    def learn(self, points: Sequence[Point]) -> None:
        """Add points that were found.

        Left out are those of devices that are neither the gateway's own nor hosted here, those whose alias another
        point has, and those that would make the birth of their device larger than the log takes.
        """
        known = len(self.table)
        self._grow(self.table.grown(self._ours(points)))
        self._spool.learn([self.table[at] for at in range(known, len(self.table))])

    def adopt(self, registry: Registry, unit: str, gateway: str) -> frozenset[str]:
        """Go over to another configuration: indexes of known points stay, what was learned is kept.

        Returns the own devices whose births say something else now. Raises ValueError, and changes nothing, when a
        new point can't be told from an old one on the wire.
        """
        written = list(registry.gateway_points(unit, gateway))
        hosted = {one.key: one for one in registry.hosted_by(unit, gateway)}
        before, gone_before = self.table, self._values.gaps
        kept = self._registry, self._hosted, self._nodes_here, self._birth_bytes
        self._registry, self._hosted, self._birth_bytes = registry, hosted, _birth_bytes(written)
        self._nodes_here = {*hosted, f"{unit}/{gateway}"}
        try:
            keys = {point.key for point in written}
            written += list(self._ours(self._spool.learned, keys))
            table = redefined(before, written)
        except ValueError:
            self._registry, self._hosted, self._nodes_here, self._birth_bytes = kept
            raise
        gone = gaps(table, written)
        self._values.adopt(table, gone)
        self._grow(table)
        self._nodes.rehost({key: _devices(registry, key) for key in hosted})
        home = (unit, gateway)
        points = (table[at] for at in altered(before, table, gone, gone_before))
        return frozenset(point.device for point in points if (point.unit, point.gateway) == home)

    def is_taken(self, name: bytes) -> bool:
        """Tell whether a message of this name was committed, now or before a restart."""
        return self._spool.is_taken(name)

    def last_ns(self, point: int) -> int:
        """Return the time of the newest reading of a point, 0 for none; of measures only since the start."""
        return int(self._last_ns[point])

    def last_value(self, point: int) -> float:
        """Return the value of that reading, NaN for none."""
        return float(self._last_value[point])

    def up(self, node: str) -> None:
        """Say that a node's link is up; raises KeyError for a node that is not hosted."""
        self._nodes.up(node)

    def down(self, node: str) -> None:
        """Say that a node's link is away; raises KeyError for a node that is not hosted."""
        self._nodes.down(node)

    def heard(self, node: str) -> None:
        """Say that a node gave a sign of life; raises KeyError for a node that is not hosted."""
        self._nodes.heard(node)

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        """Take readings; returns after they are safe on disk."""
        if batch.table is not self.table:  # it may have grown, or a point be defined anew
            batch = batch.moved_to(self.table)
        newer = batch.time_ns >= self._last_ns[batch.point]
        self._last_value[batch.point[newer]] = batch.value[newer]  # of a repeated point the last one stands
        np.maximum.at(self._last_ns, batch.point.astype(np.intp), batch.time_ns)
        await self._spool.emit(batch, names=names)

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        """Take a message that could not be used; returns after it is safe on disk."""
        await self._spool.dead_letter(letter, names=names)

    def figures(self) -> dict[str, float]:
        """Return how many nodes are known and up, for the status document."""
        return {"known": self._nodes.known, "up": self._nodes.up_now}

    def _ours(self, points: Iterable[Point], taken: Container[object] | None = None) -> Iterator[Point]:
        """Yield the points that are new, of devices that are hosted here, as far as their births have room.

        ``taken`` has the keys of those that are not new; the table's by default.
        """
        devices = self._registry.devices
        taken = self.table if taken is None else taken
        for point in points:
            device = devices.get(f"{point.unit}/{point.device}")
            known = device is not None and device.gateway.gateway == point.gateway and point.key not in taken
            if not known or f"{point.unit}/{point.gateway}" not in self._nodes_here:
                continue
            size = self._birth_bytes[point.unit, point.device] + birth_size(point)
            if size <= MOST_BIRTH:
                self._birth_bytes[point.unit, point.device] = size
                yield point

    def _grow(self, table: PointTable) -> None:
        self._values.grow(table)
        if len(table) > len(self._last_ns):
            self._last_ns = np.concatenate([self._last_ns, np.zeros(len(table), np.int64)])
            self._last_value = np.concatenate([self._last_value, np.full(len(table), np.nan)])

    def _recall(self) -> None:
        """Take over the states of an earlier life: their times, and what the log has of them for births."""
        remembered = self._spool.remembered
        for state in remembered.states:
            point = self.table.get(state.key)
            if point is None:
                continue
            self._last_ns[point], self._last_value[point] = state.time_ns, state.value
            if state.key in remembered.delivered:
                self._values.set(point, state.time_ns, state.value, state.quality)


def _birth_bytes(points: Iterable[Point]) -> Counter[tuple[str, str]]:
    """Return how large the birth of each device becomes."""
    sizes: Counter[tuple[str, str]] = Counter()
    for point in points:
        sizes[point.unit, point.device] += birth_size(point)
    return sizes


def _devices(registry: Registry, key: str) -> tuple[str, ...]:
    return tuple(device.id for connection in registry.gateways[key].connections for device in connection.devices)
