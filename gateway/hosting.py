"""What a connector is given that hosts nodes: the table that grows, what was committed, links up and down.

It is also the sink of the process's connectors, in front of the spool, so that it knows the newest time
of every point. See `gateway.connectors.contract.Hosting`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backbone.server_config import MOST_PAYLOAD
from domain.batch import ReadingBatch
from domain.points import Point, PointTable
from domain.site import Registry, Transmitter
from gateway.connectors.contract import DeadLetter
from gateway.nodes import Nodes
from gateway.reload.points import altered, gaps, redefined
from gateway.spool import Spool
from gateway.values import Values, birth_size

MOST_BIRTH = MOST_PAYLOAD - 64 * 1024
"""Bytes of a device's birth: about 3,000 points. Whoever makes up components by the thousand ends here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What another configuration makes of the points of a process; ``before`` is the table that it was made for."""

    registry: Registry
    hosted: dict[str, Transmitter]
    here: set[str]
    sizes: Counter[tuple[str, str]]
    before: PointTable
    table: PointTable
    gaps: frozenset[int]
    altered: frozenset[int]
    home: tuple[str, str]


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

    def prepare(self, registry: Registry, unit: str, gateway: str) -> Adoption:
        """Work out what another configuration makes of the points; may be called in a thread, and changes nothing.

        Raises ValueError when a new point can't be told from an old one on the wire.
        """
        before, gone_before = self.table, self._values.gaps
        hosted = {one.key: one for one in registry.hosted_by(unit, gateway)}
        here = {*hosted, f"{unit}/{gateway}"}
        written = [point for point in registry.points if f"{point.unit}/{point.gateway}" in here]
        sizes = _birth_bytes(written)
        keys = {point.key for point in written}
        wanted = [*written, *_fitting(list(self._spool.learned), registry, here, keys, sizes)]
        table = redefined(before, wanted)
        gone = gaps(table, wanted)
        return Adoption(
            registry=registry, hosted=hosted, here=here, sizes=sizes, before=before, table=table, gaps=gone,
            altered=altered(before, table, gone, gone_before), home=(unit, gateway),
        )  # fmt: skip

    def adopt(self, adoption: Adoption) -> frozenset[str] | None:
        """Go over to what was prepared; indexes of known points stay, what was learned is kept.

        Returns the own devices whose births say something else now; None, and nothing is changed, when the table
        has grown since: prepare again.
        """
        if self.table is not adoption.before:
            return None
        self._registry, self._hosted, self._nodes_here = adoption.registry, adoption.hosted, adoption.here
        self._birth_bytes = adoption.sizes
        self._values.adopt(adoption.table, adoption.gaps, adoption.altered)
        self._grow(adoption.table)
        self._nodes.rehost({key: _devices(adoption.registry, key) for key in adoption.hosted})
        points = (adoption.table[at] for at in adoption.altered)
        return frozenset(point.device for point in points if (point.unit, point.gateway) == adoption.home)

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

    def _ours(self, points: Iterable[Point]) -> Iterator[Point]:
        """Yield the points that are new, of devices that are hosted here, as far as their births have room."""
        return _fitting(points, self._registry, self._nodes_here, self.table, self._birth_bytes)

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


def _fitting(
    points: Iterable[Point],
    registry: Registry,
    here: Container[str],
    taken: Container[object],
    sizes: Counter[tuple[str, str]],
) -> Iterator[Point]:
    """Yield points whose keys are not taken, of devices of nodes that are here, and add them to the births' sizes."""
    for point in points:
        device = registry.devices.get(f"{point.unit}/{point.device}")
        known = device is not None and device.gateway.gateway == point.gateway and point.key not in taken
        if not known or f"{point.unit}/{point.gateway}" not in here:
            continue
        size = sizes[point.unit, point.device] + birth_size(point)
        if size <= MOST_BIRTH:
            sizes[point.unit, point.device] = size
            yield point


def _birth_bytes(points: Iterable[Point]) -> Counter[tuple[str, str]]:
    """Return how large the birth of each device becomes."""
    sizes: Counter[tuple[str, str]] = Counter()
    for point in points:
        sizes[point.unit, point.device] += birth_size(point)
    return sizes


def _devices(registry: Registry, key: str) -> tuple[str, ...]:
    return tuple(device.id for connection in registry.gateways[key].connections for device in connection.devices)
