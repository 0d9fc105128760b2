"""What of a poll is worth sending, and when it was read.

Measures are sent with every poll. A state or event point is sent when its value or quality changes,
and read afresh and sent again every heartbeat, so that silence always means something. Times are
whole milliseconds and strictly increasing per point: two readings never share (point, time).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS
from domain.points import PointTable
from domain.quality import GOOD, Reason, pack

CLOCK_MARK = pack(GOOD, Reason.CLOCK)
"""The value is good, its time is not the truth: the clock went back or was too far off."""


class Reporter:
    """Keeps the last report of some points (``rows`` into ``table``) and picks what is new."""

    def __init__(self, table: PointTable, rows: NDArray[np.int32], *, heartbeat_s: float) -> None:
        """Begin with nothing reported."""
        self._table = table
        self._rows = rows
        self._heartbeat_s = heartbeat_s
        self._always = ~table.event_lane[rows]
        self._all_always = bool(self._always.all())
        self._time_ns = np.zeros(len(rows), np.int64)
        self._value = np.full(len(rows), np.nan)
        self._quality = np.zeros(len(rows), np.uint16)
        self._sent_s = np.full(len(rows), -np.inf)

    def report(
        self,
        time_ns: NDArray[np.int64],
        value: NDArray[np.float64],
        quality: NDArray[np.uint16],
        now_s: float,
    ) -> ReadingBatch:
        """Return the readings to send of one poll of all the points, each column of shape (points,).

        ``now_s`` is monotonic and decides heartbeats only. The columns belong to the batch afterwards.
        """
        if self._all_always:
            times, quality = self._times(time_ns, quality, slice(None))
            return ReadingBatch(self._table, times, self._rows[:], value, quality)
        # compared as bits, so that NaN equals NaN
        changed = (value.view(np.int64) != self._value.view(np.int64)) | (quality != self._quality)
        due = changed | self._always | (now_s - self._sent_s >= self._heartbeat_s)
        chosen: NDArray[np.intp] | slice = slice(None) if due.all() else np.flatnonzero(due)
        value, quality = value[chosen], quality[chosen]
        self._value[chosen], self._quality[chosen], self._sent_s[chosen] = value, quality, now_s
        times, quality = self._times(time_ns[chosen], quality, chosen)
        return ReadingBatch.build(self._table, times, self._rows[chosen], value, quality)

    def _times(
        self, time_ns: NDArray[np.int64], quality: NDArray[np.uint16], chosen: NDArray[np.intp] | slice
    ) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Return the times to report; a good reading whose time had to be moved is marked."""
        whole = time_ns - time_ns % NS_PER_MS
        times = np.maximum(whole, self._time_ns[chosen] + NS_PER_MS)
        self._time_ns[chosen] = times
        moved = times != whole
        if moved.any():
            quality = np.where(moved & (quality == GOOD), np.uint16(CLOCK_MARK), quality)
        return times, quality
