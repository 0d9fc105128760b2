"""The newest reading of every point, in memory: what a screen asks for each second."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from domain.batch import ReadingBatch
from domain.points import PointTable

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Newest:
    """A point's newest reading; ``value`` None where the reading has none (its quality says why)."""

    time_ns: int
    value: float | None
    quality: int
    text: str | None


class LatestValues:
    """Columns over the whole table, one row a point; the table grows with the rows that come.

    Newest is by the reading's own time, so history that arrives late never hides the present.
    """

    def __init__(self, table: PointTable) -> None:
        """Begin with no reading for any point."""
        self._table = table
        self._time_ns = np.full(len(table), NEVER, np.int64)
        self._value = np.full(len(table), np.nan)
        self._quality = np.zeros(len(table), np.uint16)
        self._text: dict[int, str] = {}
        self.seeded = False

    def seed(self, rows: ReadingBatch) -> None:
        """Take what the store holds; before this, a point that is absent here may still have a reading there."""
        self.update(rows)
        self.seeded = True

    def update(self, rows: ReadingBatch) -> None:
        """Take what is newer than, or as new as, what is known."""
        self._grow(rows.table)
        row_of = np.full(len(self._table), -1, np.intp)
        by_time = np.argsort(rows.time_ns, kind="stable")
        row_of[rows.point[by_time]] = by_time  # of repeated indexes numpy keeps the last: the newest
        points = np.flatnonzero(row_of >= 0)
        points = points[rows.time_ns[row_of[points]] >= self._time_ns[points]]
        chosen = row_of[points]
        self._time_ns[points] = rows.time_ns[chosen]
        self._value[points] = rows.value[chosen]
        self._quality[points] = rows.quality[chosen]
        if self._text or rows.text:
            self._update_text(rows, points.tolist(), chosen.tolist())

    def of(self, points: Iterable[int]) -> dict[str, Newest]:
        """Return the newest reading by point key; a point that never had one is absent."""
        found = {}
        for point in points:
            if point < len(self._table) and self._time_ns[point] != NEVER:
                value = float(self._value[point])
                found[self._table[point].key] = Newest(
                    int(self._time_ns[point]),
                    None if math.isnan(value) else value,
                    int(self._quality[point]),
                    self._text.get(point),
                )
        return found

    def _grow(self, table: PointTable) -> None:
        """Take the points that the table of some rows has more; readings from before a growth may come after it."""
        missing = len(table) - len(self._table)
        if missing <= 0:
            return
        self._table = table
        self._time_ns = np.concatenate([self._time_ns, np.full(missing, NEVER, np.int64)])
        self._value = np.concatenate([self._value, np.full(missing, np.nan)])
        self._quality = np.concatenate([self._quality, np.zeros(missing, np.uint16)])

    def _update_text(self, rows: ReadingBatch, points: list[int], chosen: list[int]) -> None:
        for point, row in zip(points, chosen, strict=True):
            words = rows.text.get(row)
            if words is None:
                self._text.pop(point, None)
            else:
                self._text[point] = words
