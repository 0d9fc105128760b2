"""The newest reading of each point that the log has, for births; one set of columns for all nodes of a process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backbone.sparkplug import BirthMetric, decode_data, without_head
from backbone.sparkplug.few import read_few
from backbone.sparkplug.learning import metric_of
from domain.points import Point, PointTable
from domain.quality import STALE, base_of
from gateway.spool import SpoolRow
from gateway.spool.rows import MOST_BODY

AT_ONCE = MOST_BODY * 2
"""Bytes of bodies that are read together; one payload may have twice as many."""

METRIC_OVERHEAD = 256
"""Bytes of a metric in a birth beside its name, word, zone and labels: an estimate on the high side."""


@dataclass(frozen=True, slots=True)
class Told:
    """The readings of one row, ready to be noted when it goes out; plain lists, for rows are small."""

    alias: list[int]
    time_ns: list[int]
    value: list[float]
    quality: list[int]


def told_by(rows: Sequence[SpoolRow]) -> list[Told]:
    """Return what each row tells: of a few readings each by itself, of larger ones many in one go."""
    few = [read_few(row.body) for row in rows]
    many = iter(_told_by_columns([row for row, one in zip(rows, few, strict=True) if one is None]))
    return [next(many) if one is None else Told(*one) for one in few]


def _told_by_columns(rows: Sequence[SpoolRow]) -> list[Told]:
    told: list[Told] = []
    joined, since = bytearray(), 0
    for at, row in enumerate(rows):
        joined += without_head(row.body)
        if at + 1 == len(rows) or len(joined) + len(rows[at + 1].body) > AT_ONCE:
            told += _cut(rows[since : at + 1], bytes(joined))
            joined, since = bytearray(), at + 1
    return told


def _cut(rows: Sequence[SpoolRow], metrics: bytes) -> Iterator[Told]:
    data = decode_data(metrics)
    columns = [column.tolist() for column in (data.alias, data.time_ns, data.value, data.quality)]
    at = 0
    for row in rows:
        yield Told(*(column[at : at + row.readings] for column in columns))
        at += row.readings


def birth_size(point: Point) -> int:
    """Return how many bytes of a birth a point takes at most."""
    words = (point.name, point.word, point.zone or "", point.label_zh, point.label_en)
    return METRIC_OVERHEAD + sum(len(word.encode()) for word in words)


class Values:
    """Columns over a table that grows: time, value and quality as last noted; stale where nothing was."""

    def __init__(self, table: PointTable) -> None:
        """Begin with nothing known of ``table``'s points."""
        self.table = table
        self.gaps: frozenset[int] = frozenset()
        """Points that were taken out of the configuration while the process ran: in no birth."""
        self._time_ns = np.zeros(len(table), np.int64)
        self._value = np.full(len(table), np.nan)
        self._quality = np.full(len(table), STALE, np.uint16)

    def grow(self, table: PointTable) -> None:
        """Go over to a table that has grown out of the present one."""
        self.table = table
        if len(table) > len(self._time_ns):
            more = len(table)  # twice as much as needed: growing point by point stays cheap
            self._time_ns = np.concatenate([self._time_ns, np.zeros(more, np.int64)])
            self._value = np.concatenate([self._value, np.full(more, np.nan)])
            self._quality = np.concatenate([self._quality, np.full(more, STALE, np.uint16)])

    def adopt(self, table: PointTable, gaps: frozenset[int], altered: frozenset[int]) -> None:
        """Go over to a table with the same indexes, some of whose points are ``altered`` or gone (``gaps``).

        What was noted of a point that measures something else now is forgotten.
        """
        for at in altered:
            if at >= len(self.table):
                continue
            old, new = self.table[at], table[at]
            if (old.kind, old.quantity, old.word) != (new.kind, new.quantity, new.word):
                self._time_ns[at], self._value[at], self._quality[at] = 0, np.nan, STALE
        self.gaps = gaps
        self.grow(table)

    def note(self, unit: str, gateway: str, told: Told) -> None:
        """Note what a row tells; readings of points that are not known, and older ones, change nothing."""
        for alias, time_ns, value, quality in zip(told.alias, told.time_ns, told.value, told.quality, strict=True):
            point = self.table.by_alias(unit, gateway, alias)
            if point is not None:
                self.set(point, time_ns, value, quality)

    def set(self, point: int, time_ns: int, value: float, quality: int) -> None:
        """Note one reading unless a newer one is known."""
        if time_ns >= self._time_ns[point]:
            self._time_ns[point] = time_ns
            self._value[point] = value
            self._quality[point] = quality

    def count(self, unit: str, device: str) -> int:
        """Return how many points a device has now."""
        return self.table.count_of_device(unit, device)

    def metrics(self, unit: str, device: str, now_ns: int) -> tuple[BirthMetric, ...]:
        """Return the metrics of a device's birth: all its points; of a device that is gone, those that it had."""
        points = self.table.of_device(unit, device).tolist()
        present = [point for point in points if point not in self.gaps] if self.gaps else points
        return tuple(self._metric(point, now_ns) for point in present or points)

    def _metric(self, at: int, now_ns: int) -> BirthMetric:
        point = self.table[at]
        value = float(self._value[at])
        return metric_of(
            point,
            value=None if np.isnan(value) else value,
            time_ns=int(self._time_ns[at]) or now_ns,
            quality=base_of(int(self._quality[at])),
        )
