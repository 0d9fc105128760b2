"""`WindowBank`: statistics that are kept in panes, and judged when the log's ticks close a window.

A window is ``PANES`` panes long, and a term has room for four more: those that are not closed yet. A pane keeps only
sums (or extremes), so the memory does not depend on how many readings there are.

Readings are taken in order of time although they may come out of it: one that is late for the rest of the engine
still counts here if it is no more than ``late_s`` behind the newest of its point, its pane is open, and it is none of
(and not older than) the last eight that were taken, so that a second copy counts once. A reading is never put after
the moment at which the log got it. What comes too late is counted (`Counts.outside_windows`).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from domain.clock import NS_PER_S
from rules.banks.bank import Bank
from rules.banks.limits import limits_of
from rules.conditions import Condition, Window
from rules.conditions.windows import PANES
from rules.kernels import UNKNOWN, Bools, Floats, Indexes, Truths, hysteresis
from rules.site_index import SiteIndex

ROOM = 16
"""Panes of a term: those of the window, two for late readings, the one that fills, and one that has just begun."""
REMEMBERED = 8
NO_PANE = -1


class WindowBank(Bank):
    """What all statistics share.

    | memory | shape | meaning |
    |---|---|---|
    | ``pane`` | (terms, 16) int32 | number of the pane in each place (time by its length, in UTC), -1 for none |
    | ``readings`` | (terms, 16) int32 | good readings in it |
    | ``sums`` | (terms, 16 * k) float64 | what the statistic keeps of them |
    | ``origin`` | (terms,) float64 | first value of all, from which others are counted |
    | ``times``, ``place`` | (terms, 8), (terms,) | times of the last readings taken, a ring |
    | ``newest_ns`` | (terms,) int64 | the latest of all times, 0 before the first |
    | ``closed`` | (terms,) int64 | panes before this one are closed |
    """

    memory = ("pane", "readings", "sums", "origin", "times", "place", "newest_ns", "closed")
    neutral: ClassVar[tuple[float, ...]] = (0.0,)
    """What a new pane begins with, one number for each thing it keeps."""

    def eligible(self, test: Condition, points: NDArray[np.int64], site: SiteIndex) -> NDArray[np.int64]:
        """Leave out points whose record has no such limit."""
        points = super().eligible(test, points, site)
        asked = _asked(test)
        return points[~np.isnan(limits_of(asked.asked, asked.statistic, points, site))]

    def set_up(self, site: SiteIndex) -> None:
        """Start without readings."""
        asked = [_asked(test) for test in self.tests]
        self.sign = self.parameter([1.0 if one.above is not None else -1.0 for one in asked])
        self.limit = np.empty(len(self))
        for at, one in enumerate(asked):
            mine = self.test == at
            self.limit[mine] = limits_of(one.asked, one.statistic, self.point[mine], site)
        self.clear_at = self.limit - self.sign * self.parameter([one.band for one in asked])
        self.least = self.parameter([one.min_readings for one in asked])
        self.least_panes = self.parameter([one.least_panes for one in asked])
        self.percentile = self.parameter([one.percentile or 0.0 for one in asked])
        self._late = [round(one.waits_s * NS_PER_S) for one in asked]
        self._step = [round(one.over_s * NS_PER_S) // PANES for one in asked]
        self._width = [PANES if one.moves == "tumbling" else 1 for one in asked]
        self.late_ns = self.parameter(self._late).astype(np.int64)
        self.step_ns = self.parameter(self._step).astype(np.int64)
        self._terms = [np.flatnonzero(self.test == at) for at in range(len(asked))]
        self._ended = [NO_PANE] * len(asked)
        self._clear()

    def _clear(self) -> None:
        self.pane = np.full((len(self), ROOM), NO_PANE, np.int32)
        self.readings = np.zeros((len(self), ROOM), np.int32)
        self.sums = np.tile(np.repeat(np.array(self.neutral), ROOM), (len(self), 1))
        self.origin = np.full(len(self), np.nan)
        self.times, self.place = np.zeros((len(self), REMEMBERED), np.int64), np.zeros(len(self), np.uint8)
        self.newest_ns, self.closed = np.zeros(len(self), np.int64), np.full(len(self), NO_PANE, np.int64)

    def worked_out(self) -> Floats:
        """Return the limits, which may come from the points' records."""
        return self.limit

    # ---- readings ----

    def take(self, point: Indexes, value: Floats, good: Bools, time_ns: Indexes) -> int:
        """Take one reading each of n different points, late ones too; returns how many came too late for a window.

        ``time_ns`` is not after the log's time of the reading.
        """
        row, term = self._watched(point)
        if row is not None:
            value, good, time_ns = value[row], good[row], time_ns[row]
        if not good.all():
            term, value, time_ns = term[good], value[good], time_ns[good]
        number = time_ns // self.step_ns.take(term)
        kept = (time_ns > self.newest_ns.take(term)) & (number >= self.closed.take(term))
        if not kept.all():
            kept |= self._late_but_in_time(term, time_ns, number)
            refused = len(kept) - int(np.count_nonzero(kept))
            term, value, time_ns, number = term[kept], value[kept], time_ns[kept], number[kept]
        else:
            refused = 0
        self._remember(term, time_ns)
        self._keep(term, value, time_ns, number)
        return refused

    def _late_but_in_time(self, term: Indexes, time_ns: Indexes, number: Indexes) -> Bools:
        behind_ns = self.newest_ns[term] - time_ns
        rows = np.flatnonzero((behind_ns > 0) & (behind_ns <= self.late_ns[term]) & (number >= self.closed[term]))
        times = self.times[term[rows]]
        new = (time_ns[rows] > times.min(axis=1)) & (times != time_ns[rows][:, None]).all(axis=1)
        found = np.zeros(len(term), np.bool_)
        found[rows[new]] = True
        return found

    def _remember(self, term: Indexes, time_ns: Indexes) -> None:
        place = self.place.take(term)
        self.times[term, place] = time_ns
        self.place[term] = (place + np.uint8(1)) % np.uint8(REMEMBERED)
        self.newest_ns[term] = np.maximum(self.newest_ns.take(term), time_ns)

    def _keep(self, term: Indexes, value: Floats, time_ns: Indexes, number: Indexes) -> None:
        place = number % ROOM
        at = term * ROOM + place
        pane, readings, sums = self.pane.reshape(-1), self.readings.reshape(-1), self.sums.reshape(-1)
        cell = term * (ROOM * len(self.neutral)) + place
        new = np.flatnonzero(pane.take(at) != number)
        if len(new):
            pane[at[new]], readings[at[new]] = number[new], 0
            for number_of_sum, neutral in enumerate(self.neutral):
                sums[cell[new] + number_of_sum * ROOM] = neutral
            first = new[np.isnan(self.origin[term[new]])]
            self.origin[term[first]] = value[first]
        readings[at] += 1
        self.add(sums, cell, term, value, time_ns - number * self.step_ns.take(term))

    def add(self, sums: Floats, cell: Indexes, term: Indexes, value: Floats, into_ns: Indexes) -> None:
        """Add n readings to their panes: the i-th sum of a reading's pane is ``sums[cell + i * ROOM]``.

        ``into_ns`` is how far into its pane a reading was made.
        """
        raise NotImplementedError

    # ---- ticks ----

    def tick(self, now_ns: int, log_ns: int) -> tuple[Indexes, Truths, Truths] | None:
        """Judge the windows that end now: those whose end lies ``late_s`` back."""
        del now_ns
        found = []
        for number, terms in enumerate(self._terms):
            end = (log_ns - self._late[number]) // self._step[number]
            end -= end % self._width[number]
            if end != self._ended[number]:
                self._ended[number] = end
                found.append(self._close(terms, end, self._width[number]))
        if not found:
            return None
        term, before, after = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return term, before, after

    def _close(self, terms: Indexes, end: int, width: int) -> tuple[Indexes, Truths, Truths]:
        """Judge what has readings and was not judged up to ``end``; begin anew where the log's clock was set back."""
        closed, heard = self.closed[terms], self.newest_ns[terms] > 0
        lost = terms[heard & (end < closed - width)]
        self._lose(lost)
        moves = (end > closed) | (end < closed - width)
        self.closed[terms[moves]] = end
        asked = terms[heard & moves]
        before = self.truth[asked]
        after = self._judged(asked, end) if len(asked) else before
        moved = after != before
        self.truth[asked[moved]] = after[moved]
        return asked[moved], before[moved], after[moved]

    def _lose(self, terms: Indexes) -> None:
        self.pane[terms], self.readings[terms] = NO_PANE, 0
        self.times[terms], self.newest_ns[terms] = 0, 1

    def _judged(self, terms: Indexes, end: int) -> Truths:
        pane = self.pane[terms]
        newest = self.newest_ns[terms] // self.step_ns[terms]
        within = (pane >= end - PANES) & (pane < end) & (pane > newest[:, None] - ROOM)
        readings = np.where(within, self.readings[terms], 0).astype(np.int64)
        count, panes = readings.sum(axis=1), np.count_nonzero(readings, axis=1)
        known = (count >= np.maximum(self.least[terms], 1)) & (panes >= self.least_panes[terms])
        sums = self.sums[terms].reshape(len(terms), len(self.neutral), ROOM)
        sums = np.where(within[:, None, :], sums, np.array(self.neutral)[:, None])
        past, back, known_too = self.held_against(terms, readings, sums, pane - np.int64(end - PANES))
        truth = self.truth[terms]
        answer = hysteresis(past, back, truth).view(np.uint8)
        return np.where(known & known_too, answer, truth | np.uint8(UNKNOWN))

    def held_against(
        self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes
    ) -> tuple[Bools, Bools, Bools | bool]:
        """Hold the statistic against the limit: is it past, is it back, is it known at all; ``(n,)`` each.

        Parameters
        ----------
        terms : (n,)
        readings : (n, 16)
            Readings in each pane, 0 in those outside of the window.
        sums : (n, k, 16)
        pane : (n, 16)
            Number of each pane within the window.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            value, known = self.statistic(terms, readings, sums, pane)
            sign, value = self.sign[terms], value * self.sign[terms]
            return value > self.limit[terms] * sign, value <= self.clear_at[terms] * sign, known

    def statistic(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Floats, Bools | bool]:
        """Return the statistic, and whether it can be told."""
        raise NotImplementedError


def _asked(test: Condition) -> Window:
    return test.window or Window(stat="min", over_s=24, below=0, quantity="none")
