"""Figures as functions of numbers: no database, no clock. Times are int64 ns; spans are half open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.clock import NS_PER_S

Times = NDArray[np.int64]

CHATTER = 3
"""Raises within a minute that are chattering (ISA-18.2 / IEC 62682, secondary source)."""
MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 60 * MINUTE_NS


def most_in(times: Times, window_ns: int) -> int:
    """Return the most of ``times`` (ascending) within any span of less than ``window_ns``."""
    if not times.size:
        return 0
    left = np.searchsorted(times, times - window_ns, side="right")
    return int((np.arange(1, times.size + 1) - left).max())


def covered_ns(spans: Sequence[tuple[int, int]], from_ns: int, until_ns: int) -> int:
    """Return how much of a period is covered by spans, each counted once where they overlap."""
    total, reached = 0, from_ns
    for span in sorted(spans):
        begin, end = max(span[0], reached), min(span[1], until_ns)
        if end > begin:
            total, reached = total + end - begin, end
    return total


def most_standing(begins: Times, ends: Times, moments: Times) -> int:
    """Return the most spans that cover one of ``moments``."""
    if not begins.size or not moments.size:
        return 0
    begun = np.searchsorted(np.sort(begins), moments, side="right")
    over = np.searchsorted(np.sort(ends), moments, side="right")
    return int((begun - over).max())


def percentiles_s(spans_ns: Times) -> tuple[float | None, float | None]:
    """Return median and 95th percentile in s."""
    if not spans_ns.size:
        return None, None
    p50, p95 = np.percentile(spans_ns.astype(np.float64) / NS_PER_S, (50, 95))
    return round(float(p50), 3), round(float(p95), 3)
