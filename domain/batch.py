"""`ReadingBatch`: the only shape that readings have between a connector and the stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.points import PointTable
from domain.quality import GOOD, HISTORICAL

_DTYPES = (np.dtype(np.int64), np.dtype(np.int32), np.dtype(np.float64), np.dtype(np.uint16))
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
        """Refuse columns of other lengths or types and text without a row; freeze the columns."""
        columns = time_ns, point, value, quality = self.time_ns, self.point, self.value, self.quality
        shape = time_ns.shape
        if len(shape) != 1 or not (point.shape == value.shape == quality.shape == shape):
            msg = f"columns of a batch must be flat and equally long, got {[column.shape for column in columns]}"
            raise ValueError(msg)
        if (time_ns.dtype, point.dtype, value.dtype, quality.dtype) != _DTYPES:
            msg = f"columns of a batch must be {_DTYPES}, got {[column.dtype for column in columns]}"
            raise ValueError(msg)
        if self.text and not all(0 <= row < len(self) for row in self.text):
            msg = f"text of a batch must belong to rows 0..{len(self) - 1}, got {sorted(self.text)}"
            raise ValueError(msg)
        for column in columns:
            column.setflags(write=False)

    @classmethod
    def build(
        cls,
        table: PointTable,
        time_ns: ArrayLike,
        point: ArrayLike,
        value: ArrayLike,
        quality: ArrayLike | None = None,
        *,
        text: Mapping[int, str] | None = None,
    ) -> ReadingBatch:
        """Make a batch from anything array-like; ``quality`` defaults to good.

        Columns are copied, so that the caller's arrays stay writable. Raises ValueError for a point
        that is not in ``table``.
        """
        points = np.asarray(point, np.int64).reshape(-1)
        if points.size and points.view(np.uint64).max() >= len(table):  # a negative index is a huge one here
            msg = f"point indexes must be in 0..{len(table) - 1}"
            raise ValueError(msg)
        if quality is None:
            qualities = np.empty(points.size, np.uint16)
            qualities.fill(GOOD)
        else:
            qualities = np.array(quality, np.uint16)
        return cls(
            table,
            np.array(time_ns, np.int64).reshape(-1),
            points.astype(np.int32),
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
        columns = (self.time_ns[rows], self.point[rows], self.value[rows], self.quality[rows])
        return ReadingBatch.build(self.table, *columns, text=self._text_of(rows) if self.text else None)

    def _text_of(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> dict[int, str]:
        """Return the text of the chosen rows by their new numbers."""
        chosen = np.arange(len(self))[rows]
        worded = np.flatnonzero(np.isin(chosen, list(self.text)))
        return {int(new): self.text[int(chosen[new])] for new in worded}

    def split(self, most: int) -> list[ReadingBatch]:
        """Cut into consecutive batches of at most ``most`` readings; an empty batch gives none."""
        if most < 1:
            msg = f"a batch can't be split into parts of {most} readings"
            raise ValueError(msg)
        return [self.take(slice(start, start + most)) for start in range(0, len(self), most)]

    def moved_to(self, table: PointTable) -> ReadingBatch:
        """Return the same readings over a table that has grown out of this one (`PointTable.grown`).

        Raises ValueError for a table that is shorter.
        """
        if len(table) < len(self.table):
            msg = f"a table of {len(table)} points has not grown out of one of {len(self.table)}"
            raise ValueError(msg)
        return ReadingBatch(table, self.time_ns, self.point, self.value, self.quality, self.text)

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
        text=text,
    )
