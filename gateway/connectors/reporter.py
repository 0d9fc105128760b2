"""What of the fresh readings is worth sending, when each was read, and what nobody has read for too long.

| point | sent |
|---|---|
| measure, nothing said | whenever it is read |
| measure ``on_change`` | when it leaves the deadband around what was sent last, and at each heartbeat |
| any measure with ``period_s`` | as above, but at most once in that time, with the newest value |
| state, event | when it changes, and at each heartbeat; where devices speak by themselves: whatever they say |
| all | at once when the quality changes, or when the value crosses the point's ``low`` or ``high`` |

Only a reading that was just made is ever sent: a heartbeat is the reading of this poll, and what stays away is never
made up. A point that nobody reads for its ``max_silence_s`` is told once, as stale. Times are whole
milliseconds and strictly increasing per point: two readings never share (point, time).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S
from domain.points import PointTable
from domain.quality import GOOD, STALE, Reason, good_mask, pack
from domain.site import ReportSettings

CLOCK_MARK = pack(GOOD, Reason.CLOCK)
"""The value is good, its time is not the truth: the clock went back or was too far off."""

STALE_MARK = pack(STALE, Reason.SILENT)
"""Nobody has read the point for its ``max_silence_s``: there is no value, and no old one in its place."""

HEARTBEAT_S = 10.0
"""Where neither a point nor its connection says another one."""

_SLACK_S = 1e-6
"""For the rounding of floats: a period that is over to the microsecond is over."""

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Strategy:
    """How some points are reported: columns of shape (points,), in seconds and in each point's quantity."""

    def __init__(
        self,
        table: PointTable,
        rows: NDArray[np.int32],
        reports: Sequence[ReportSettings],
        *,
        heartbeat_s: float,
        push: bool,
    ) -> None:
        """Take what was said; a state or event is never held back. ``push``: devices speak by themselves."""
        lane = table.event_lane[rows]
        points = [table[int(row)] for row in rows]
        said = reports or [ReportSettings()] * len(points)
        self.always = np.array([not one.by_change for one in said], np.bool_)
        self.always[lane] = push
        self.band = _column([one.deadband for one in said], 0.0)
        self.share = _column([one.deadband_percent for one in said], 0.0) / 100
        self.period_s = _column([one.period_s for one in said], 0.0)
        for column in (self.band, self.share, self.period_s):
            column[lane] = 0.0
        self.period_s -= np.where(self.period_s > 0, _SLACK_S, 0.0)
        self.heartbeat_s = _column([one.heartbeat_s for one in said], heartbeat_s) - _SLACK_S
        self.silence_s = _column([point.max_silence_s for point in points], np.inf)
        self.low = _column([point.low for point in points], -np.inf)
        self.high = _column([point.high for point in points], np.inf)
        self.all_always = bool(self.always.all()) and not self.period_s.any()
        self.only_change = not (self.band.any() or self.share.any() or self.period_s.any())

    def moved(self, value: Floats, sent: Floats, rows: Rows | slice) -> Bools:
        """Tell which values are outside the deadband around what was sent last; compared as bits where it is 0."""
        band = np.maximum(self.band[rows], self.share[rows] * np.abs(sent))
        differs = value.view(np.int64) != sent.view(np.int64)  # so that NaN equals NaN
        return np.asarray(differs & ~(np.abs(value - sent) <= band))

    def side(self, value: Floats, rows: Rows | slice) -> NDArray[np.int8]:
        """Return -1 below the low limit, 1 above the high one, 0 between them and for no number."""
        return np.asarray((value > self.high[rows]).astype(np.int8) - (value < self.low[rows]))


def _column(said: Sequence[float | None], default: float) -> Floats:
    return np.array([default if one is None else one for one in said], np.float64)


class Reporter:
    """Keeps the last report of some points (``rows`` into ``table``) and picks what is new."""

    def __init__(
        self,
        table: PointTable,
        rows: NDArray[np.int32],
        *,
        heartbeat_s: float = HEARTBEAT_S,
        reports: Sequence[ReportSettings] = (),
        push: bool = False,
        now_s: float = 0.0,
    ) -> None:
        """Begin with nothing reported; ``reports`` are those of the rows, ``now_s`` is monotonic."""
        self._table = table
        self._rows = rows
        self._strategy = Strategy(table, rows, reports, heartbeat_s=heartbeat_s, push=push)
        self._time_ns = np.zeros(len(rows), np.int64)
        self._value = np.full(len(rows), np.nan)
        self._quality = np.zeros(len(rows), np.uint16)
        self._sent_s = np.full(len(rows), -np.inf)
        self._read_s = np.full(len(rows), now_s)
        self._unread = np.ones(len(rows), np.bool_)
        """Good when last read, or not read yet: those that can turn stale."""
        self._shortest_s = float(self._strategy.silence_s.min(initial=np.inf))
        self._lapse_s = now_s + self._shortest_s
        """Before this time nothing can be stale; only pollers, who read all at once, know it."""
        self._nothing = ReadingBatch.empty(table)
        self._place = np.full(len(table) if push else 0, -1, np.intp)  # for `pick` alone: as long as the whole table
        if push:
            self._place[rows] = np.arange(len(rows))

    def report(
        self,
        time_ns: NDArray[np.int64],
        value: NDArray[np.float64],
        quality: NDArray[np.uint16],
        now_s: float,
        slot_s: float | None = None,
    ) -> ReadingBatch:
        """Return the readings to send of one poll of all the points, each column of shape (points,).

        ``slot_s`` is the poll's place on its grid, by which periods and heartbeats are counted (``now_s`` where
        there is none): a poll that is late by a moment neither shifts them nor loses one. Both are monotonic and
        decide nothing else. The columns belong to the batch afterwards.
        """
        self._read_s.fill(now_s)
        self._lapse_s = now_s + self._shortest_s
        slot_s = now_s if slot_s is None else slot_s
        self._unread = good_mask(quality)
        if self._strategy.all_always:
            times, quality = self._times(time_ns, quality, slice(None))
            return ReadingBatch(self._table, times, self._rows[:], value, quality)
        due = self._due(value, quality, slice(None), slot_s)
        chosen: Rows | slice = slice(None) if due.all() else np.flatnonzero(due)
        value, quality = value[chosen], quality[chosen]
        self._note(value, quality, chosen, slot_s)
        times, quality = self._times(time_ns[chosen], quality, chosen)
        return ReadingBatch.build(self._table, times, self._rows[chosen], value, quality)

    def pick(self, batch: ReadingBatch, now_s: float) -> ReadingBatch:
        """Return what is to be sent of readings that devices sent by themselves (``push``); their times stay.

        Periods and heartbeats count by the readings' own times: what a broker kept for an hour is an hour's worth.
        """
        places = self._place[batch.point]
        self._read_s[places] = now_s
        self._unread[places] = good_mask(batch.quality)
        if self._strategy.all_always or not len(batch):
            return batch
        due = np.zeros(len(batch), np.bool_)
        for at in _rounds(places):
            rows, seconds = places[at], batch.time_ns[at] / NS_PER_S
            due[at] = self._due(batch.value[at], batch.quality[at], rows, seconds)
            sent = at[due[at]]
            self._note(batch.value[sent], batch.quality[sent], places[sent], batch.time_ns[sent] / NS_PER_S)
        return batch if due.all() else batch.take(due)

    def forget(self, points: NDArray[np.int32]) -> None:
        """Take back that these points were sent: it never reached the disk, so the next reading is news."""
        self._sent_s[self._place[points]] = -np.inf

    def stale(self, time_ns: int, now_s: float) -> ReadingBatch:
        """Return the points that nobody has read for their ``max_silence_s``, each once, without a value."""
        places = self._lapse(now_s)
        if not len(places):
            return self._nothing
        quality = np.full(len(places), STALE_MARK, np.uint16)
        times, quality = self._times(np.full(len(places), time_ns, np.int64), quality, places)
        return ReadingBatch.build(self._table, times, self._rows[places], np.full(len(places), np.nan), quality)

    def lapsed(self, now_s: float) -> NDArray[np.int32]:
        """Return those points alone, where somebody else knows which times are free."""
        return self._rows[self._lapse(now_s)]

    def _lapse(self, now_s: float) -> Rows:
        if now_s < self._lapse_s and not len(self._place):
            return np.empty(0, np.intp)
        places = np.flatnonzero(self._unread & (now_s - self._read_s >= self._strategy.silence_s))
        self._unread[places] = False
        self._note(np.full(len(places), np.nan), np.full(len(places), STALE_MARK, np.uint16), places, -np.inf)
        return places

    def _due(self, value: Floats, quality: NDArray[np.uint16], rows: Rows | slice, now_s: float | Floats) -> Bools:
        strategy = self._strategy
        sent = self._value[rows]
        elapsed_s = now_s - self._sent_s[rows]
        due = elapsed_s >= strategy.heartbeat_s[rows]
        due |= strategy.always[rows]
        due |= (
            value.view(np.int64) != sent.view(np.int64) if strategy.only_change else strategy.moved(value, sent, rows)
        )
        if not strategy.only_change:
            due &= (elapsed_s >= strategy.period_s[rows]) | (elapsed_s < 0)  # a time that went back holds nothing up
            due |= strategy.side(value, rows) != strategy.side(sent, rows)
        due |= quality != self._quality[rows]
        return np.asarray(due)

    def _note(self, value: Floats, quality: NDArray[np.uint16], rows: Rows | slice, now_s: float | Floats) -> None:
        self._value[rows], self._quality[rows], self._sent_s[rows] = value, quality, now_s

    def _times(
        self, time_ns: NDArray[np.int64], quality: NDArray[np.uint16], chosen: Rows | slice
    ) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Return the times to report; a good reading whose time had to be moved is marked."""
        whole = time_ns - time_ns % NS_PER_MS
        times = np.maximum(whole, self._time_ns[chosen] + NS_PER_MS)
        self._time_ns[chosen] = times
        moved = times != whole
        if moved.any():
            quality = np.where(moved & (quality == GOOD), np.uint16(CLOCK_MARK), quality)
        return times, quality


def _rounds(places: Rows) -> list[Rows]:
    """Cut rows into rounds in which no point stands twice, each round in the rows' order."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    nth = np.arange(len(places)) - np.repeat(first, np.diff(np.r_[first, len(places)]))
    turn = np.empty(len(places), np.intp)
    turn[order] = nth
    return [np.flatnonzero(turn == one) for one in range(int(nth.max()) + 1)]
