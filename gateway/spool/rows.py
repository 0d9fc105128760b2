"""Between a `ReadingBatch` and the rows of the spool: one row = readings of one device, one lane."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backbone.sparkplug import encode_batch
from domain.batch import ReadingBatch
from domain.points import PointTable

EVENT, MEASURE = 0, 1
"""Lanes: what happened or holds, and what varies."""

MOST_READINGS = 1000
"""Readings in one row, about 24 kB: a large row would keep the uplink from an event behind it."""

MOST_BODY = 256 * 1024
"""Bytes of one body, a quarter of what the log takes: readings with long texts make smaller rows."""

ROW_OVERHEAD = 120
"""Bytes that a row costs beside its body, with its index entries: an estimate on the high side."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to be stored. ``body`` is a Sparkplug data payload without seq."""

    lane: int
    device: str
    first_ns: int
    last_ns: int
    readings: int
    body: bytes

    @property
    def size(self) -> int:
        """Bytes counted against the limit."""
        return len(self.body) + ROW_OVERHEAD


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """A stored row, taken out for delivery. ``spool`` says which file its id belongs to."""

    spool: str
    id: int
    lane: int
    device: str
    added_ns: int
    readings: int
    body: bytes


def rows_of(batch: ReadingBatch, added_ns: int) -> list[NewRow]:
    """Cut a batch into rows, events first; readings of one device keep their order."""
    rows: list[NewRow] = []
    for lane, part in zip((EVENT, MEASURE), batch.lanes(), strict=True):
        for device, own in _by_device(part):
            for piece in own.split(MOST_READINGS):
                rows += _fitting(lane, device, piece, added_ns)
    return rows


def checksum(body: bytes) -> int:
    """Return what a stored body is checked against."""
    return zlib.crc32(body)


def _by_device(batch: ReadingBatch) -> list[tuple[str, ReadingBatch]]:
    if not len(batch):
        return []
    names, of_point = _devices(batch.table)
    codes = of_point[batch.point]
    if (codes == codes[0]).all():
        return [(names[codes[0]], batch)]
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return [(names[codes[rows[0]]], batch.take(rows)) for rows in np.split(order, cuts)]


@lru_cache(maxsize=8)
def _devices(table: PointTable) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the devices of a table, and per point the index of its own."""
    names = tuple(dict.fromkeys(point.device for point in table))
    index = {name: at for at, name in enumerate(names)}
    return names, np.array([index[point.device] for point in table], np.intp)


def _fitting(lane: int, device: str, batch: ReadingBatch, added_ns: int) -> list[NewRow]:
    """Return the batch as one row, or as two halves, and so on, until each body fits."""
    body = encode_batch(batch, added_ns)
    if len(body) > MOST_BODY and len(batch) > 1:
        halves = batch.split((len(batch) + 1) // 2)
        return [row for half in halves for row in _fitting(lane, device, half, added_ns)]
    return [NewRow(lane, device, int(batch.time_ns.min()), int(batch.time_ns.max()), len(batch), body)]
