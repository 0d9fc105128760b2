"""The store contract: what every time-series store promises, in values that none of them owns.

Laws (``tests/ingest/test_store_laws.py`` holds every store to them):

* A reading is named by (point, ``time_ns``). Writing it again changes nothing.
* When `Store.write` returns, the readings survive a kill -9 of this process.
* A write that raises may be repeated as a whole.
* Not-a-number never reaches a store: a reading without value has a quality that says why.
* One refused reading is handed back with the reason; the others are stored.
* A store that grows answers as one that knew all points from the start; a point that it was not told of yet
  has no readings.

Calls block; the writer makes them in a worker thread. Retry and back-off are the writer's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.errors import StoreError
from domain.site.registry import Registry
from ingest.aggregate import Aggregate


class StoreDownError(StoreError):
    """The store does not answer or is busy; the same write may succeed later."""

    def __init__(self, reason: str, *, retry_after_s: float = 0.0) -> None:
        """``retry_after_s`` is the store's own wish, 0 when it has none."""
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class StoreDeniedError(StoreError):
    """The store refuses us, not our data: credentials, rights, a missing bucket. A person must act."""

    retryable = False


class Mark(NamedTuple):
    """Where a message stands in its stream: sequence and receive time (ns UTC)."""

    seq: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Refused:
    """One reading that the store will never take, as the store said it; ``row`` is its place in the batch."""

    reason: str
    evidence: str
    row: int


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: readings stored, copies refused, and what the store won't have."""

    stored: int
    duplicates: int = 0
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeQuery:
    """Readings of ``points`` (indexes of the table) with ``start_ns <= time_ns < end_ns``.

    ``resolution_ns`` 0 asks for the readings themselves, otherwise for buckets that begin at whole
    multiples of it. ``most_rows`` bounds all series together; a store may answer with one row more,
    which tells that the bound was passed.
    """

    points: tuple[int, ...]
    start_ns: int
    end_ns: int
    resolution_ns: int = 0
    aggregate: Aggregate = Aggregate.MEAN
    most_rows: int = 18_000


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One point's rows, oldest first, columns of shape (n,).

    Of buckets: ``time_ns`` is the begin, ``value`` is over the readings that have one (NaN: none
    has), ``quality`` is 192, or that of the last reading in the bucket that was not good. Buckets
    without readings have no row: absence is not a value.
    """

    point: int
    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]


@dataclass(frozen=True, slots=True, kw_only=True)
class HolesQuery:
    """Where a point told no value for longer than ``longer_ns``, between readings of ``start_ns <= time_ns < end_ns``.

    ``most`` bounds the holes of one answer; a store may answer with one more.
    """

    point: int
    start_ns: int
    end_ns: int
    longer_ns: int
    most: int = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Holes:
    """Readings with a value that follow each other too late: ``before_ns[i]`` and ``after_ns[i]``, shape (n,).

    ``first_ns`` and ``last_ns`` are the first and the last reading with a value in the span; None without one.
    """

    first_ns: int | None
    last_ns: int | None
    before_ns: NDArray[np.int64]
    after_ns: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """How many readings of a point were good, bad and stale, by bucket; shape (n,) each.

    Good by Sparkplug's number 192 (a reason may stand beside it), stale by 500, bad is the rest. Buckets begin at
    ``time_ns``, whole multiples of the resolution; without resolution there is one, at the span's begin. Those
    without readings are absent.
    """

    point: int
    time_ns: NDArray[np.int64]
    good: NDArray[np.int64]
    bad: NDArray[np.int64]
    stale: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows, different (point, time) pairs among them, and the span of time; None in an empty store."""

    stored: int
    distinct: int
    first_ns: int | None
    last_ns: int | None


class Store(Protocol):
    """A place for readings. All methods raise `StoreDownError` or `StoreDeniedError`."""

    def grow(self, registry: Registry) -> None:
        """Take the points that ``registry`` has grown by (`Registry.grown`); nothing new costs nothing."""

    def applied(self, stream: str, marks: Sequence[Mark]) -> list[bool]:
        """Tell for each message whether its readings are known to be stored already.

        A store may always say no: it then refuses or overwrites the copies.
        """

    def write(self, rows: ReadingBatch, marks: Mapping[str, Sequence[Mark]]) -> Written:
        """Store ``rows`` and, in the same transaction, that the messages at ``marks`` (by stream) are applied."""

    def range(self, query: RangeQuery) -> list[Series]:
        """Return one series per point, in the order asked."""

    def latest(self) -> ReadingBatch:
        """Return the newest reading of each point that has one."""

    def holes(self, query: HolesQuery) -> Holes:
        """Return where a point was silent for too long."""

    def shares(self, query: RangeQuery) -> list[Shares]:
        """Return the qualities of each point, in the order asked; the query's aggregate does not matter."""

    def counts(self) -> Counts:
        """Count rows; may take long on a large store."""

    def close(self) -> None:
        """Leave the store in good order; the object can't be used afterwards."""
