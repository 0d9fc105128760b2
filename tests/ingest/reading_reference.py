"""The slow reference for reads: one point's readings in a list, questions answered by loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from domain.quality import GOOD, STALE, base_of
from ingest.aggregate import Aggregate
from ingest.store import HolesQuery, RangeQuery, Series


class Row(NamedTuple):
    """One reading."""

    time_ns: int
    value: float
    quality: int


AGGREGATES: Mapping[Aggregate, Callable[[Sequence[float]], float]] = MappingProxyType(
    {
        Aggregate.MEAN: lambda values: math.fsum(values) / len(values),
        Aggregate.MIN: min,
        Aggregate.MAX: max,
        Aggregate.LAST: lambda values: values[-1],
        Aggregate.FIRST: lambda values: values[0],
        Aggregate.COUNT: len,
        Aggregate.SUM: math.fsum,
        Aggregate.SPREAD: lambda values: max(values) - min(values),
    }
)


def buckets(rows: Sequence[Row], query: RangeQuery) -> dict[int, list[Row]]:
    """Return the rows of the span by the begin of their bucket; without resolution by the span's begin."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        if query.start_ns <= row.time_ns < query.end_ns:
            step = query.resolution_ns
            found.setdefault(row.time_ns // step * step if step else query.start_ns, []).append(row)
    return found


def series_of(rows: Sequence[Row], query: RangeQuery) -> Series:
    """Answer a range."""
    if not query.resolution_ns:
        told = [row for row in rows if query.start_ns <= row.time_ns < query.end_ns]
    else:
        told = [Row(at, _value(some, query.aggregate), _quality(some)) for at, some in buckets(rows, query).items()]
    return Series(
        query.points[0],
        np.array([row.time_ns for row in told], np.int64),
        np.array([row.value for row in told], np.float64),
        np.array([row.quality for row in told], np.uint16),
    )


def _value(rows: Sequence[Row], aggregate: Aggregate) -> float:
    values = [row.value for row in rows if not math.isnan(row.value)]
    if not values:
        return 0.0 if aggregate is Aggregate.COUNT else math.nan
    return float(AGGREGATES[aggregate](values))


def _quality(rows: Sequence[Row]) -> int:
    return next((row.quality for row in reversed(rows) if row.quality != GOOD), GOOD)


def shares_of(rows: Sequence[Row], query: RangeQuery) -> list[tuple[int, int, int, int]]:
    """Answer the qualities: begin of the bucket, good, bad, stale."""
    found = []
    for start, inside in buckets(rows, query).items():
        bases = [base_of(row.quality) for row in inside]
        good, stale = bases.count(GOOD), bases.count(STALE)
        found.append((start, good, len(bases) - good - stale, stale))
    return found


def holes_of(rows: Sequence[Row], query: HolesQuery) -> tuple[int | None, int | None, list[tuple[int, int]]]:
    """Answer the silences: first, last, and the pairs that follow each other too late."""
    times = [row.time_ns for row in rows if query.start_ns <= row.time_ns < query.end_ns and not math.isnan(row.value)]
    pairs = [(one, two) for one, two in pairwise(times) if two - one > query.longer_ns]
    return (times[0], times[-1], pairs) if times else (None, None, [])
