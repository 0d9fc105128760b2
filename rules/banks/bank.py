"""`Bank`: what the banks of all kinds of tests have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.conditions import PLAIN, Condition
from rules.kernels import UNKNOWN, Bools, Floats, Indexes, Truths, judged
from rules.links import Links
from rules.segment import Segment
from rules.site_index import SiteIndex

Moved = tuple[Indexes, Truths, Truths]
"""Terms, and their codes before and after, shape ``(m,)`` each."""


class Bank:
    """Terms of one kind of test.

    | attribute | shape | meaning |
    |---|---|---|
    | ``point`` | (terms,) int32 | the point a term looks at, rising |
    | ``test`` | (terms,) int32 | its test, index into ``tests`` |
    | ``truth`` | (terms,) uint8 | codes of `rules.kernels`; a view into the engine's truths |
    """

    memory: ClassVar[tuple[str, ...]] = ()
    """Names of per-term arrays that belong into a snapshot, shape ``(terms,)`` or ``(terms, k)`` for a fixed k."""
    clocked: ClassVar[bool] = False
    """Whether it knows itself when what it saw is over: it is given the log's time where a reading came in time
    (historical ones keep their own), and events do not end for it."""

    def __init__(self, tests: Sequence[Condition], watched: Sequence[NDArray[np.int64]], site: SiteIndex) -> None:
        """Make a term for each test and point; ``watched[i]`` are the points of ``tests[i]``, rising."""
        kept = [self.eligible(test, points, site) for test, points in zip(tests, watched, strict=True)]
        point = np.concatenate([np.empty(0, np.int64), *kept])
        test = np.repeat(np.arange(len(tests)), [len(points) for points in kept])
        self._keys = np.sort(point * max(1, len(tests)) + test)
        self.tests = tuple(tests)
        self._number_of = {known.meaning: at for at, known in enumerate(tests)}
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
        fitting = PLAIN if test.measured is None else (test.measured.canonical,)
        return points[site.measured_in(fitting)[points]]

    def set_up(self, site: SiteIndex) -> None:
        """Make parameter and memory arrays of shape ``(terms,)``."""

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Ask the test of readings of n different terms.

        ``good`` tells which can be used (None: all); answers for the others are ignored.
        """
        raise NotImplementedError

    def judge(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Truths:
        """Return the new codes of n different terms after a reading each."""
        return judged(self.answer(terms, value, good, time_ns), good, self.truth.take(terms))

    def tick(self, now_ns: int, log_ns: int) -> tuple[Indexes, Truths, Truths] | None:
        """Move on with time alone: what a window has left behind, a schedule that begins.

        ``now_ns`` is counted log time, ``log_ns`` the tick's own (UTC). Returns ``(term, before, after)``, shape
        ``(m,)`` each, for the terms whose code changed; a bank that readings alone move returns None.
        """
        del now_ns, log_ns
        return None

    def worked_out(self) -> Floats:
        """Return what the registry added to each term's test, shape ``(terms,)``; state is kept where it is equal."""
        return np.zeros(len(self))

    def terms_of(self, test: Condition, points: NDArray[np.int64]) -> tuple[NDArray[np.int64], Indexes]:
        """Return those of ``points`` that have a term of ``test``, and the terms."""
        number = self._number_of.get(test.meaning)
        if not len(self._keys) or number is None:
            return points[:0], points[:0]
        wanted = points * len(self.tests) + number
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
        after = self.judge(term, value, good, time_ns)
        moved = np.flatnonzero(after != before)
        if not len(moved):
            return None
        self.truth[term[moved]] = after[moved]
        return (moved if row is None else row[moved]), term[moved], before[moved], after[moved]

    def read_together(self, segment: Segment) -> tuple[Moved, Indexes, Indexes] | None:
        """Ask tests that look at several points at once, after the rounds of a segment.

        Returns terms and codes, and the instant and the reading (row) of each, shape ``(m,)``; None for tests on
        single points, which `read` has answered.
        """
        del segment
        return None

    def forget(self, points: Indexes) -> Moved:
        """Make the terms of some points unknown; they keep their memory."""
        _, term = self.links.expand(points)
        before = self.truth[term]
        self.truth[term] = before | np.uint8(UNKNOWN)
        return term, before, self.truth[term]

    def _watched(self, point: Indexes) -> tuple[Indexes | None, Indexes]:
        """Return the terms of points and the rows they come from; None for "each row one term, in order"."""
        if self._one_each:
            return None, point  # terms are sorted by point, so they are numbered alike
        return self.links.expand(point)

    def parameter(self, values: Sequence[float]) -> Floats:
        """Spread one number per test over the terms."""
        return np.array(values, np.float64)[self.test] if len(self.test) else np.empty(0)
