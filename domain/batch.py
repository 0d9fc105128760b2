"""`ReadingBatch`: the only shape that readings have between a connector and the stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.points import PointTable
from domain.quality import GOOD, HISTORICAL

_NO_TEXT: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class ReadingBatch:
    """Readings as read-only columns of equal length n, in the order in which they were taken.

    | column | dtype | shape | unit | missing |
    |---|---|---|---|---|
    | ``time_ns`` | int64 | (n,) | ns since 1970 UTC, middle of the read | never |
    | ``point`` | int32 | (n,) | index into ``table`` | never |
    | ``value`` | float64 | (n,) | the point's canonical quantity | NaN, with a quality that says why |
    | ``quality`` | uint16 | (n,) | see `domain.quality` | never |
    | ``text`` | mapping row -> str | rare | words that came with an event | absent row |
    """

    table: PointTable
    time_ns: NDArray[np.int64]
    point: NDArray[np.int32]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]
    text: Mapping[int, str] = field(default_factory=lambda: _NO_TEXT)

    def __post_init__(self) -> None:
        """Refuse columns of unequal length, and freeze them."""
        lengths = {len(self.time_ns), len(self.point), len(self.value), len(self.quality)}
        if len(lengths) != 1:
            msg = f"columns of a batch must be equally long, got {sorted(lengths)}"
            raise ValueError(msg)
        for column in (self.time_ns, self.point, self.value, self.quality):
            column.flags.writeable = False

    @classmethod
    def build(
        cls,
        table: PointTable,
        time_ns: ArrayLike,
        point: ArrayLike,
        value: ArrayLike,
        quality: ArrayLike | None = None,
        text: Mapping[int, str] | None = None,
    ) -> ReadingBatch:
        """Make a batch from anything array-like; ``quality`` defaults to good.

        Columns are copied, so that the caller's arrays stay writable. Raises ValueError for a point
        that is not in ``table``.
        """
        points = np.array(point, np.int32).reshape(-1)
        if points.size and (int(points.min()) < 0 or int(points.max()) >= len(table)):
            msg = f"point indexes must be in 0..{len(table) - 1}"
            raise ValueError(msg)
        qualities = np.full(points.size, GOOD, np.uint16) if quality is None else np.array(quality, np.uint16)
        return cls(
            table,
            np.array(time_ns, np.int64).reshape(-1),
            points,
            np.array(value, np.float64).reshape(-1),
            qualities.reshape(-1),
            MappingProxyType(dict(text)) if text else _NO_TEXT,
        )

    @classmethod
    def empty(cls, table: PointTable) -> ReadingBatch:
        """Return a batch without readings."""
        return cls.build(table, [], [], [])

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.time_ns)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> ReadingBatch:
        """Return the chosen rows, in the chosen order (indexes, mask or slice)."""
        chosen = np.arange(len(self))[rows]
        text = (
            {new: self.text[int(old)] for new, old in enumerate(chosen) if int(old) in self.text} if self.text else None
        )
        return ReadingBatch.build(
            self.table, self.time_ns[rows], self.point[rows], self.value[rows], self.quality[rows], text
        )

    def split(self, most: int) -> list[ReadingBatch]:
        """Cut into consecutive batches of at most ``most`` readings; an empty batch gives none."""
        if most < 1:
            msg = f"a batch can't be split into parts of {most} readings"
            raise ValueError(msg)
        return [self.take(slice(start, start + most)) for start in range(0, len(self), most)]

    def lanes(self) -> tuple[ReadingBatch, ReadingBatch]:
        """Return ``(events, measures)``, each in order; events travel first."""
        mask = self.table.event_lane[self.point]
        return self.take(mask), self.take(~mask)

    def as_historical(self) -> ReadingBatch:
        """Return the same readings marked as delivered late; times and values are untouched."""
        return ReadingBatch(
            self.table, self.time_ns, self.point, self.value, self.quality | np.uint16(HISTORICAL), self.text
        )


def concat(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """Join batches of one table, in order; raises ValueError for none or for different tables."""
    if not batches:
        msg = "concat needs at least one batch"
        raise ValueError(msg)
    table = batches[0].table
    if any(batch.table is not table for batch in batches):
        msg = "batches of different point tables can't be joined"
        raise ValueError(msg)
    text: dict[int, str] = {}
    offset = 0
    for batch in batches:
        text.update({offset + row: words for row, words in batch.text.items()})
        offset += len(batch)
    return ReadingBatch.build(
        table,
        np.concatenate([batch.time_ns for batch in batches]),
        np.concatenate([batch.point for batch in batches]),
        np.concatenate([batch.value for batch in batches]),
        np.concatenate([batch.quality for batch in batches]),
        text,
    )
