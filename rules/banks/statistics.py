"""Banks of ``window``, one for each statistic: what a pane keeps, and what a window makes of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from domain.clock import NS_PER_S
from rules.banks.windows import ROOM, WindowBank
from rules.kernels import Bools, Floats, Indexes


class LeastBank(WindowBank):
    """``stat: min``."""

    neutral = (np.inf,)

    def add(self, sums: Floats, cell: Indexes, term: Indexes, value: Floats, into_ns: Indexes) -> None:
        """Keep the least."""
        del term, into_ns
        sums[cell] = np.minimum(sums.take(cell), value)

    def statistic(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Floats, bool]:
        """Return the least of the panes."""
        del terms, readings, pane
        return sums[:, 0].min(axis=1), True


class GreatestBank(WindowBank):
    """``stat: max``."""

    neutral = (-np.inf,)

    def add(self, sums: Floats, cell: Indexes, term: Indexes, value: Floats, into_ns: Indexes) -> None:
        """Keep the greatest."""
        del term, into_ns
        sums[cell] = np.maximum(sums.take(cell), value)

    def statistic(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Floats, bool]:
        """Return the greatest of the panes."""
        del terms, readings, pane
        return sums[:, 0].max(axis=1), True


class SumBank(WindowBank):
    """``stat: sum``."""

    def add(self, sums: Floats, cell: Indexes, term: Indexes, value: Floats, into_ns: Indexes) -> None:
        """Add up."""
        del term, into_ns
        sums[cell] += value

    def statistic(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Floats, Bools | bool]:
        """Return the sum."""
        del terms, readings, pane
        return sums[:, 0].sum(axis=1), True


class MeanBank(SumBank):
    """``stat: mean``: every reading weighs the same."""

    def statistic(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Floats, Bools | bool]:
        """Return sum by readings."""
        total, known = super().statistic(terms, readings, sums, pane)
        return total / readings.sum(axis=1), known


class SpreadBank(WindowBank):
    """``stat: std``: from sums of the distances to the first value of all and of their squares."""

    neutral = (0.0, 0.0)

    def add(self, sums: Floats, cell: Indexes, term: Indexes, value: Floats, into_ns: Indexes) -> None:
        """Add distances and squares."""
        del into_ns
        distance = value - self.origin.take(term)
        sums[cell] += distance
        sums[cell + ROOM] += distance * distance

    def statistic(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Floats, Bools | bool]:
        """Return the standard deviation of the readings as a whole."""
        del terms, pane
        count = readings.sum(axis=1)
        mean = sums[:, 0].sum(axis=1) / count
        return np.sqrt(np.maximum(sums[:, 1].sum(axis=1) / count - mean * mean, 0.0)), True


class SlopeBank(WindowBank):
    """``stat: slope``: least squares, per second; known from two readings at different times on."""

    neutral = (0.0, 0.0, 0.0, 0.0)

    def add(self, sums: Floats, cell: Indexes, term: Indexes, value: Floats, into_ns: Indexes) -> None:
        """Add times within the pane [s], their squares, distances to the first value, and products."""
        seconds, distance = into_ns / NS_PER_S, value - self.origin.take(term)
        for at, one in enumerate((seconds, seconds * seconds, distance, seconds * distance)):
            sums[cell + at * ROOM] += one

    def statistic(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Floats, Bools | bool]:
        """Shift each pane's times to the window's begin, and solve."""
        begin = np.where(readings > 0, pane, 0) * (self.step_ns[terms] / NS_PER_S)[:, None]
        time = (sums[:, 0] + readings * begin).sum(axis=1)
        square = (sums[:, 1] + 2 * begin * sums[:, 0] + readings * begin * begin).sum(axis=1)
        value, product = sums[:, 2].sum(axis=1), (sums[:, 3] + begin * sums[:, 2]).sum(axis=1)
        count = readings.sum(axis=1)
        spread = count * square - time * time
        known = (count > 1) & (spread > 1e-9 * np.maximum(count * square, 1.0))
        return (count * product - time * value) / np.where(known, spread, 1.0), known


class PercentileBank(WindowBank):
    """``stat: percentile``, exact (nearest rank) in two counters a pane.

    A percentile is over a limit when fewer readings than its rank are at or under it: to compare, nobody needs to know
    its value. So readings are counted against the limit, and against the limit less the hysteresis.
    """

    neutral = (0.0, 0.0)

    def add(self, sums: Floats, cell: Indexes, term: Indexes, value: Floats, into_ns: Indexes) -> None:
        """Count what is on the safe side of a low limit's, or not over a high limit's two thresholds."""
        del into_ns
        upper = self.sign.take(term) > 0
        for at, threshold in enumerate((self.limit.take(term), self.clear_at.take(term))):
            sums[cell + at * ROOM] += np.where(upper, value <= threshold, value < threshold)

    def held_against(self, terms: Indexes, readings: Indexes, sums: Floats, pane: Indexes) -> tuple[Bools, Bools, bool]:
        """Compare ranks."""
        del pane
        rank = np.maximum(np.ceil(self.percentile[terms] * readings.sum(axis=1) / 100), 1)
        under_limit, under_clear = (rank <= sums.sum(axis=2).T).reshape(2, len(terms))
        upper = self.sign[terms] > 0
        return np.where(upper, ~under_limit, under_limit), np.where(upper, under_clear, ~under_clear), True


STATISTICS: Mapping[str, type[WindowBank]] = {
    "min": LeastBank,
    "max": GreatestBank,
    "sum": SumBank,
    "mean": MeanBank,
    "std": SpreadBank,
    "slope": SlopeBank,
    "percentile": PercentileBank,
}
"""Statistic -> bank."""
