"""Between a `ReadingBatch` and the rows of the spool: one row = readings of one device, one lane."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backbone.sparkplug import encode_metrics, head
from domain.batch import ReadingBatch
from domain.words import FIRE_BITS

EVENT, MEASURE, URGENT = 0, 1, 2
"""Lanes: what happened or holds, what varies, and fire. The numbers are in spool files: never change one."""

LANES = (EVENT, MEASURE, URGENT)

MOST_READINGS = 1000
"""Readings in one row, about 24 kB: a large row would keep the uplink from an event behind it."""

MOST_BODY = 256 * 1024
"""Bytes of one body, a quarter of what the log takes: readings with long texts make smaller rows."""

ROW_OVERHEAD = 120
"""Bytes that a row costs beside its body, with its index entries: an estimate on the high side."""

Home = tuple[str, str, str]
"""Unit, gateway and device: device ids are unique within a unit only."""


@dataclass(frozen=True, slots=True)
class State:
    """The newest reading of a point of the event lane: what births say, and what times must not go back behind."""

    key: str
    time_ns: int
    value: float
    quality: int


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to be stored. ``body`` is a Sparkplug data payload without seq; ``states`` are those that it tells.

    ``added_ns`` is set for a row that was stored before, in a file that is damaged now.
    """

    lane: int
    home: Home
    first_ns: int
    last_ns: int
    readings: int
    body: bytes
    states: tuple[State, ...] = ()
    added_ns: int = 0

    @property
    def size(self) -> int:
        """Bytes counted against the limit."""
        return len(self.body) + ROW_OVERHEAD


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """A stored row, taken out for delivery. ``spool`` says which file its id belongs to.

    ``unit`` and ``gateway`` name its node; both are empty in rows of a file from before nodes were hosted,
    whose rows are all of the process's own gateway.
    """

    spool: str
    id: int
    lane: int
    unit: str
    gateway: str
    device: str
    added_ns: int
    readings: int
    body: bytes


def rows_of(batch: ReadingBatch, added_ns: int) -> list[NewRow]:
    """Cut a batch into rows: fire, then events, then measures.

    Fire and events keep the order of the batch, over all devices: which of two fires was first is not lost. Measures
    are gathered by device; those of one device keep their order.
    """
    if not len(batch):
        return []
    batch, lane = _in_order_of_rows(batch)
    table = batch.table
    home = table.home[batch.point]
    blob, begins = encode_metrics(
        table.aliases[batch.point], batch.time_ns, batch.value, batch.quality, text=batch.text
    )
    cuts = np.flatnonzero((np.diff(home) != 0) | (np.diff(lane) != 0)) + 1
    pieces = [piece for start, end in _spans(cuts, len(batch)) for piece in _fitting(start, end, begins)]
    starts = [start for start, _ in pieces]
    first, last = np.minimum.reduceat(batch.time_ns, starts), np.maximum.reduceat(batch.time_ns, starts)
    before = head(added_ns)
    return [
        NewRow(
            int(lane[start]),
            table.homes[home[start]],
            int(first[at]),
            int(last[at]),
            end - start,
            before + blob[begins[start] : begins[end]],
            _states(batch, start, end) if lane[start] != MEASURE else (),
        )
        for at, (start, end) in enumerate(pieces)
    ]


def checksum(body: bytes) -> int:
    """Return what a stored body is checked against."""
    return zlib.crc32(body)


def _in_order_of_rows(batch: ReadingBatch) -> tuple[ReadingBatch, NDArray[np.int8]]:
    """Return the batch with fire first, then events, then measures by device; and the lane of each reading."""
    lane = np.where(batch.table.event_lane[batch.point], EVENT, MEASURE).astype(np.int8)
    lane[[row for row in np.flatnonzero(lane == EVENT).tolist() if _says_fire(batch, row)]] = URGENT
    if not lane.any():
        return batch, lane
    measures = np.flatnonzero(lane == MEASURE)
    by_device = measures[np.argsort(batch.table.home[batch.point[measures]], kind="stable")]
    order = np.concatenate([np.flatnonzero(lane == URGENT), np.flatnonzero(lane == EVENT), by_device])
    return batch.take(order), lane[order]


def _says_fire(batch: ReadingBatch, row: int) -> bool:
    bits = FIRE_BITS.get(batch.table[int(batch.point[row])].word, 0)
    return bool(bits) and math.isfinite(batch.value[row]) and bool(int(batch.value[row]) & bits)


def _spans(cuts: NDArray[np.intp], count: int) -> Iterator[tuple[int, int]]:
    return pairwise([0, *cuts.tolist(), count])


def _fitting(start: int, end: int, begins: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut a span of readings so that no piece has more readings or bytes than a row may have."""
    while start < end:
        room = int(np.searchsorted(begins, begins[start] + MOST_BODY, side="right")) - 1
        stop = min(end, start + MOST_READINGS, max(room, start + 1))
        yield start, stop
        start = stop


def _states(batch: ReadingBatch, start: int, end: int) -> tuple[State, ...]:
    """Return the newest reading of each point between two rows of the batch."""
    newest: dict[int, State] = {}
    columns = (batch.point, batch.time_ns, batch.value, batch.quality)
    for point, time_ns, value, quality in zip(*(column[start:end].tolist() for column in columns), strict=True):
        known = newest.get(point)
        if known is None or time_ns >= known.time_ns:
            newest[point] = State(batch.table[point].key, time_ns, value, quality)
    return tuple(newest.values())
