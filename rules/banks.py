"""Banks: all tests of one kind over all points, as arrays, one *term* for each (test, point).

A term is shared by every rule that asks the same of the same point. Terms are sorted by point, so the
links point → terms are ranges. A bank keeps nothing but its parameters and the little memory its test
needs; truths live in one array of the engine, of which each bank has a slice.

To add a test: a key in `rules.conditions`, a `Bank` here, and its line in ``BANKS``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from domain.clock import NS_PER_S
from rules.conditions import PLAIN, Bits, Condition, Equals, Limit, LoadStep, Measured
from rules.kernels import ALARM, Bools, Floats, Indexes, Truths, follow_level, hysteresis, judged
from rules.links import Links
from rules.site_index import SiteIndex


class Bank:
    """Terms of one kind of test.

    | attribute | shape | meaning |
    |---|---|---|
    | ``point`` | (terms,) int32 | the point a term looks at, rising |
    | ``test`` | (terms,) int32 | its test, index into ``tests`` |
    | ``truth`` | (terms,) uint8 | codes of `rules.kernels`; a view into the engine's truths |
    """

    memory: ClassVar[tuple[str, ...]] = ()
    """Names of per-term arrays that belong into a snapshot."""

    def __init__(self, tests: Sequence[Condition], watched: Sequence[NDArray[np.int64]], site: SiteIndex) -> None:
        """Make a term for each test and point; ``watched[i]`` are the points of ``tests[i]``, rising."""
        kept = [self.eligible(test, points, site) for test, points in zip(tests, watched, strict=True)]
        point = np.concatenate([np.empty(0, np.int64), *kept])
        test = np.repeat(np.arange(len(tests)), [len(points) for points in kept])
        self._keys = np.sort(point * max(1, len(tests)) + test)
        self.tests = tuple(tests)
        self.point = (self._keys // max(1, len(tests))).astype(np.int32)
        self.test = (self._keys % max(1, len(tests))).astype(np.int32)
        self.links = Links(self.point, np.arange(len(self.point)), len(site.table))
        self._one_each = bool((self.links.count == 1).all())
        self.truth: Truths = np.empty(0, np.uint8)
        self.set_up(site)

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self.point)

    def eligible(self, test: Condition, points: NDArray[np.int64], site: SiteIndex) -> NDArray[np.int64]:
        """Return the points for which the test can be asked at all: kPa of kPa, bits and counts of plain numbers.

        The site's own points have been checked (`rules.dimensions`); learned ones come as they are.
        """
        asked = getattr(test, test.asks)
        fitting = (asked.canonical,) if isinstance(asked, Measured) else PLAIN
        return points[site.measured_in(fitting)[points]]

    def set_up(self, site: SiteIndex) -> None:
        """Make parameter and memory arrays of shape ``(terms,)``."""

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Ask the test of readings of n different terms.

        ``good`` tells which can be used (None: all); answers for the others are ignored.
        """
        raise NotImplementedError

    def worked_out(self) -> Floats:
        """Return what the registry added to each term's test, shape ``(terms,)``; state is kept where it is equal."""
        return np.zeros(len(self))

    def terms_of(self, test: Condition, points: NDArray[np.int64]) -> tuple[NDArray[np.int64], Indexes]:
        """Return those of ``points`` that have a term of ``test``, and the terms."""
        meanings = [known.meaning for known in self.tests]
        if not len(self._keys) or test.meaning not in meanings:
            return points[:0], points[:0]
        wanted = points * len(self.tests) + meanings.index(test.meaning)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        there = self._keys[at] == wanted
        return points[there], at[there]

    def read(
        self, point: Indexes, value: Floats, good: Bools | None, time_ns: Indexes
    ) -> tuple[Indexes, Indexes, Truths, Truths] | None:
        """Take one reading each of n different points and keep the new truths; ``good`` as in `answer`.

        Returns ``(row, term, before, after)``, shape ``(m,)`` each, for the terms whose code changed, with
        the row of the reading that did it; None when nothing changed.
        """
        row, term = self._watched(point)
        if row is not None:
            value, time_ns = value[row], time_ns[row]
            good = None if good is None else good[row]
        before = self.truth.take(term)
        after = judged(self.answer(term, value, good, time_ns), good, before)
        moved = np.flatnonzero(after != before)
        if not len(moved):
            return None
        self.truth[term[moved]] = after[moved]
        return (moved if row is None else row[moved]), term[moved], before[moved], after[moved]

    def _watched(self, point: Indexes) -> tuple[Indexes | None, Indexes]:
        """Return the terms of points and the rows they come from; None for "each row one term, in order"."""
        if self._one_each:
            return None, point  # terms are sorted by point, so they are numbered alike
        return self.links.expand(point)

    def parameter(self, values: Sequence[float]) -> Floats:
        """Spread one number per test over the terms."""
        return np.array(values, np.float64)[self.test] if len(self.test) else np.empty(0)


class _LimitBank(Bank):
    """A limit with hysteresis, as a number or from the point's record."""

    key: ClassVar[str]
    sign: ClassVar[float]

    def eligible(self, test: Condition, points: NDArray[np.int64], site: SiteIndex) -> NDArray[np.int64]:
        """Leave out points whose record has no such limit."""
        points = super().eligible(test, points, site)
        return points[~np.isnan(_limits(self._limit(test), points, site))]

    def set_up(self, site: SiteIndex) -> None:
        """Work out where each term raises and clears."""
        self.limit = np.empty(len(self))
        for at, test in enumerate(self.tests):
            mine = self.test == at
            self.limit[mine] = _limits(self._limit(test), self.point[mine], site)
        band = [self._limit(test).difference(self._limit(test).hysteresis) for test in self.tests]
        self.clear_at = self.limit - self.sign * self.parameter(band)

    def worked_out(self) -> Floats:
        """Return the limits, which may come from the points' records."""
        return self.limit

    def _limit(self, test: Condition) -> Limit:
        limit: Limit = getattr(test, self.key)
        return limit


class AboveBank(_LimitBank):
    """``above``: alarm over the limit, normal at or under limit minus hysteresis."""

    key, sign = "above", 1.0

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Hold between the two."""
        del good, time_ns
        return hysteresis(value > self.limit.take(terms), value <= self.clear_at.take(terms), self.truth.take(terms))


class BelowBank(_LimitBank):
    """``below``: alarm under the limit, normal at or over limit plus hysteresis."""

    key, sign = "below", -1.0

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Hold between the two."""
        del good, time_ns
        return hysteresis(value < self.limit.take(terms), value >= self.clear_at.take(terms), self.truth.take(terms))


class RangeBank(Bank):
    """``at_least`` and ``at_most``: an interval that is open on one side."""

    def set_up(self, site: SiteIndex) -> None:
        """Fill in the open side."""
        del site
        self.low = self.parameter([-np.inf if test.at_least is None else test.at_least for test in self.tests])
        self.high = self.parameter([np.inf if test.at_most is None else test.at_most for test in self.tests])

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Alarm within the interval, ends included."""
        del good, time_ns
        return np.asarray((value >= self.low.take(terms)) & (value <= self.high.take(terms)))


class EqualsBank(Bank):
    """``equals``: one of a few numbers, until one of a few others."""

    def set_up(self, site: SiteIndex) -> None:
        """Pad the lists of numbers to one width with NaN, which equals nothing."""
        del site
        asked = [test.equals or Equals(any=(0,)) for test in self.tests]
        self.numbers, self.ends = _padded([one.any for one in asked]), _padded([one.until for one in asked])
        self.holds = np.array([bool(one.until) for one in asked], np.bool_)

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Alarm when the value is one of them, or was and has not come to an end."""
        del good, time_ns
        test, value = self.test[terms], value[:, None]
        ended = ~self.holds[test] | (value == self.ends[test]).any(axis=1)
        return hysteresis((value == self.numbers[test]).any(axis=1), ended, self.truth.take(terms))


class BitsBank(Bank):
    """``bits``: a mask on a state word."""

    def set_up(self, site: SiteIndex) -> None:
        """Turn any / all / none into "the masked bits equal (or differ from) a pattern"."""
        del site
        bits = [test.bits or Bits(any=1) for test in self.tests]
        mask = np.array([one.any or one.all or one.none for one in bits], np.int64)
        self.mask = mask[self.test]
        self.pattern = np.array([one.all or 0 for one in bits], np.int64)[self.test]
        self.differs = np.array([one.any is not None for one in bits], np.bool_)[self.test]

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Compare the masked bits."""
        del time_ns
        finite = value if good is None else np.where(good, value, 0.0)
        word = np.clip(finite, 0, 2**53).astype(np.int64)
        return np.asarray(((word & self.mask.take(terms)) == self.pattern.take(terms)) ^ self.differs.take(terms))


class StepBank(Bank):
    """``step``: a load over the usual level; see `rules.kernels.follow_level`."""

    memory = ("level", "last_ns")

    def set_up(self, site: SiteIndex) -> None:
        """Start without a usual level: the first reading is it."""
        del site
        steps = [test.step or LoadStep(low=1, high=2, quantity="W") for test in self.tests]
        self.low = self.parameter([step.difference(step.low) for step in steps])
        self.high = self.parameter([step.difference(step.high) for step in steps])
        self.settle_s = self.parameter([step.settle_s for step in steps])
        self.level = np.full(len(self), np.nan)
        self.last_ns = np.zeros(len(self), np.int64)

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Follow the level with good readings only."""
        rows = np.arange(len(terms)) if good is None else np.flatnonzero(good)
        at, now_ns = terms[rows], time_ns[rows]
        elapsed_s = np.maximum(now_ns - self.last_ns[at], 0) / NS_PER_S
        stepped = np.zeros(len(terms), np.bool_)
        stepped[rows], self.level[at] = follow_level(
            self.level[at],
            value[rows],
            (self.truth[at] & np.uint8(ALARM)).view(np.bool_),
            elapsed_s=elapsed_s,
            settle_s=self.settle_s[at],
            rise_low=self.low[at],
            rise_high=self.high[at],
        )
        self.last_ns[at] = now_ns
        return stepped


BANKS: Mapping[str, type[Bank]] = {
    "above": AboveBank,
    "below": BelowBank,
    "bits": BitsBank,
    "equals": EqualsBank,
    "at_least": RangeBank,
    "at_most": RangeBank,
    "step": StepBank,
}
"""Test key -> bank. ``absence`` is not asked of readings: `rules.liveness` answers it."""


def _padded(lists: Sequence[Sequence[float]]) -> Floats:
    """Return lists as rows of one width; NaN fills them up."""
    rows = np.full((len(lists), max((len(one) for one in lists), default=0)), np.nan)
    for at, one in enumerate(lists):
        rows[at, : len(one)] = one
    return rows


def _limits(limit: Limit, points: Any, site: SiteIndex) -> Floats:
    """Return a test's limit for each point, NaN where the record has none."""
    if limit.limit == "low":
        return np.asarray(site.low[points])
    if limit.limit == "high":
        return np.asarray(site.high[points])
    return np.full(len(points), limit.value(limit.limit))
