"""The banks of ``count`` and ``flap``: when something came the last sixteen times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from domain.clock import NS_PER_S
from domain.points import PointKind
from rules.banks.bank import Bank
from rules.banks.limits import AboveBank, BelowBank, RangeBank
from rules.banks.motion import ended
from rules.banks.states import BitsBank, EqualsBank
from rules.conditions import Condition, Flap, Occurrence
from rules.conditions.repeats import MOST_TIMES
from rules.kernels import ALARM, Bools, Floats, Indexes, Truths
from rules.site_index import SiteIndex

SIMPLE: Mapping[str, type[Bank]] = {
    "above": AboveBank,
    "below": BelowBank,
    "bits": BitsBank,
    "equals": EqualsBank,
    "at_least": RangeBank,
    "at_most": RangeBank,
}
NEVER = 2
"""``held`` of a term that no good reading has answered yet."""


class RepeatBank(Bank):
    """``count`` and ``flap``.

    | memory | shape | meaning |
    |---|---|---|
    | ``times`` | (terms, 16) int64 | when it came, a ring; 0 for never |
    | ``place`` | (terms,) uint8 | where in the ring the next one goes |
    | ``held`` | (terms,) uint8 | last answer of what is counted, ``NEVER`` before the first |
    | ``last`` | (terms,) float64 | last value, NaN before the first |

    What is counted is asked of banks of its own, one a kind: ``inner[i]`` has the terms ``owners[i]``.
    """

    memory = ("times", "place", "held", "last")
    clocked = True

    def eligible(self, test: Condition, points: NDArray[np.int64], site: SiteIndex) -> NDArray[np.int64]:
        """Return the points that what is counted can be asked of."""
        of = _occurrence(test)
        return super().eligible(test, points, site) if of is None else _inner(of, (), site).eligible(of, points, site)

    def set_up(self, site: SiteIndex) -> None:
        """Start without an occurrence."""
        of = [_occurrence(test) for test in self.tests]
        counts, flaps = (
            [test.count for test in self.tests],
            [test.flap or Flap(changes=2, within_s=1) for test in self.tests],
        )
        self.flaps = self.parameter([count is None for count in counts]).astype(np.bool_)
        self.needed = self.parameter([c.at_least if c else f.changes for c, f in zip(counts, flaps, strict=True)])
        within_s = [c.within_s if c else f.within_s for c, f in zip(counts, flaps, strict=True)]
        self.within_ns = self.parameter([round(one * NS_PER_S) for one in within_s]).astype(np.int64)
        event = np.array([point.kind is PointKind.EVENT for point in site.table], np.bool_)
        self.each = event[self.point] & ~self.flaps
        self.inner: list[Bank] = []
        self.which, self.within = np.full(len(self), -1, np.int8), np.zeros(len(self), np.int64)
        for number, one in enumerate(of):
            if one is not None:
                self._ask(number, one, site)
        self.times = np.zeros((len(self), MOST_TIMES), np.int64)
        self.place, self.held = np.zeros(len(self), np.uint8), np.full(len(self), NEVER, np.uint8)
        self.last = np.full(len(self), np.nan)

    def _ask(self, number: int, of: Condition, site: SiteIndex) -> None:
        """Make a bank for one test's occurrences; its terms are those of the test, in order."""
        mine = np.flatnonzero(self.test == number)
        inner = _inner(of, self.point[mine].astype(np.int64), site)
        inner.truth = np.zeros(len(inner), np.uint8)
        self.which[mine], self.within[mine] = len(self.inner), np.arange(len(mine))
        self.inner.append(inner)

    def worked_out(self) -> Floats:
        """Return the limits of what is counted."""
        found = np.zeros(len(self))
        for at, inner in enumerate(self.inner):
            found[self.which == at] = inner.worked_out()
        return found

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Note what came, and count."""
        rows = np.arange(len(terms)) if good is None else np.flatnonzero(good)
        came = rows[self._came(terms[rows], value[rows], time_ns[rows])]
        at = terms[came]
        self.times[at, self.place[at]] = time_ns[came]
        self.place[at] = (self.place[at] + np.uint8(1)) % np.uint8(MOST_TIMES)
        return np.asarray(self._recent(terms, time_ns) >= self.needed[terms])

    def tick(self, now_ns: int, log_ns: int) -> tuple[Indexes, Truths, Truths] | None:
        """End alarms whose occurrences lie too far back by now."""
        del now_ns
        alarms = np.flatnonzero((self.truth & np.uint8(ALARM)) != 0)
        if not len(alarms):
            return None
        enough = self._recent(alarms, np.full(len(alarms), log_ns)) >= self.needed[alarms]
        return ended(self, alarms[~enough])

    def _came(self, terms: Indexes, value: Floats, time_ns: Indexes) -> Bools:
        """Return for which terms a good reading is one more occurrence."""
        before, after = self.held[terms], np.zeros(len(terms), np.uint8)
        for at, inner in enumerate(self.inner):
            mine = np.flatnonzero(self.which[terms] == at)
            asked = self.within[terms[mine]]
            inner.truth[asked] = before[mine] & np.uint8(ALARM)
            after[mine] = inner.answer(asked, value[mine], None, time_ns[mine])
        other = np.where(self.which[terms] < 0, value != self.last[terms], after != before) & (before != NEVER)
        self.held[terms], self.last[terms] = after, value
        risen = (after == ALARM) & (self.each[terms] | (before != ALARM))
        return np.asarray(np.where(self.flaps[terms], other, risen), np.bool_)

    def _recent(self, terms: Indexes, now_ns: Indexes) -> Indexes:
        """Count the occurrences near ``now_ns``; what a clock put far into the future is not near."""
        times, now_ns, within_ns = self.times[terms], now_ns[:, None], self.within_ns[terms][:, None]
        return np.asarray(((times > now_ns - within_ns) & (times <= now_ns + within_ns)).sum(axis=1))


def _occurrence(test: Condition) -> Condition | None:
    """Return what is counted as a test, None for the value itself."""
    of: Occurrence | None = test.count.of if test.count else test.flap.of if test.flap else None
    return None if of is None else Condition.model_validate({of.asks: getattr(of, of.asks)})


def _inner(of: Condition, points: NDArray[np.int64] | tuple[()], site: SiteIndex) -> Bank:
    return SIMPLE[of.asks]([of], [np.asarray(points, np.int64)], site)
