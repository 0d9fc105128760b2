"""The bank of ``baseline``: medians of the same hour in the weeks before."""

from __future__ import annotations

import numpy as np

from domain.clock import NS_PER_S
from rules.banks.bank import Bank
from rules.conditions import Baseline, Side
from rules.conditions.baseline import MOST_WEEKS
from rules.kernels import Bools, Floats, Indexes, Truths, judged, middle_and_spread
from rules.site_index import SiteIndex

HOUR_NS = 3600 * NS_PER_S
WEEK_H = 168


class BaselineBank(Bank):
    """``baseline``.

    | memory | shape | meaning |
    |---|---|---|
    | ``past`` | (terms, 168 x 6) float64 | mean of each hour of this week and five before; NaN for none |
    | ``hour`` | (terms,) int64 | the hour of the readings gathered, since 1970; -1 for none |
    | ``total``, ``readings`` | (terms,) float64 | their sum and number |
    | ``middle``, ``band`` | (terms,) float64 | of this hour in other weeks; NaN while too few are known |

    8 kB a point: for points whose usual course is worth knowing, not for all.
    """

    memory = ("past", "hour", "total", "readings", "middle", "band")

    def set_up(self, site: SiteIndex) -> None:
        """Start without a past."""
        del site
        asked = [test.baseline or Baseline(least=1, quantity="W") for test in self.tests]
        self.deviations = self.parameter([one.deviations for one in asked])
        self.least = self.parameter([one.difference(one.least) for one in asked])
        self.weeks = self.parameter([one.weeks for one in asked])
        self.above = self.parameter([float(one.side is not Side.BELOW) for one in asked]).astype(np.bool_)
        self.below = self.parameter([float(one.side is not Side.ABOVE) for one in asked]).astype(np.bool_)
        self.past = np.full((len(self), WEEK_H * MOST_WEEKS), np.nan)
        self.hour = np.full(len(self), -1, np.int64)
        self.total, self.readings = np.zeros(len(self)), np.zeros(len(self))
        self.middle, self.band = np.full(len(self), np.nan), np.full(len(self), np.nan)

    def judge(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Truths:
        """Compare with the hour's band; unknown where there is none yet."""
        rows = np.arange(len(terms)) if good is None else np.flatnonzero(good)
        self._gather(terms[rows], value[rows], time_ns[rows] // HOUR_NS)
        known = ~np.isnan(self.band[terms])
        if good is not None:
            known &= good
        away = np.where(known, value - self.middle[terms], 0.0)
        band = np.where(known, self.band[terms], np.inf)
        alarm = (self.above[terms] & (away > band)) | (self.below[terms] & (-away > band))
        return judged(alarm, known, self.truth.take(terms))

    def _gather(self, terms: Indexes, value: Floats, hour: Indexes) -> None:
        begins = np.flatnonzero(hour != self.hour[terms])
        if len(begins):
            self._begin(terms[begins], hour[begins])
        self.total[terms] += value
        self.readings[terms] += 1

    def _begin(self, terms: Indexes, hour: Indexes) -> None:
        """Put the hour that is over to the past, and look up the one that begins."""
        full = self.readings[terms] > 0
        self._forget(terms, self.hour[terms], hour)
        self.past[terms[full], _place(self.hour[terms[full]])] = self.total[terms[full]] / self.readings[terms[full]]
        self.hour[terms], self.total[terms], self.readings[terms] = hour, 0.0, 0.0
        first = (hour % WEEK_H) * MOST_WEEKS
        weeks = self.past[terms[:, None], first[:, None] + np.arange(MOST_WEEKS)]
        count, middle, spread = middle_and_spread(weeks)
        enough = count >= self.weeks[terms]
        self.middle[terms] = np.where(enough, middle, np.nan)
        self.band[terms] = np.where(enough, np.maximum(self.deviations[terms] * spread, self.least[terms]), np.nan)

    def _forget(self, terms: Indexes, before: Indexes, now: Indexes) -> None:
        """Clear what stands where the hours since the last one go: it is of six weeks ago, and some had no readings."""
        before = np.where(before < 0, now - 1, before)
        for step in range(1, int(min((now - before).max(initial=0), WEEK_H * MOST_WEEKS)) + 1):
            there = before + step <= now
            self.past[terms[there], _place(before[there] + step)] = np.nan


def _place(hour: Indexes) -> Indexes:
    return np.asarray((hour % WEEK_H) * MOST_WEEKS + (hour // WEEK_H) % MOST_WEEKS)
