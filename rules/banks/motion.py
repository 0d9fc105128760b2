"""Banks of movement: ``rate``, and ``changed`` and ``stuck``."""

from __future__ import annotations

import numpy as np

from domain.clock import NS_PER_S
from rules.banks.bank import Bank
from rules.conditions import Rate
from rules.kernels import ALARM, UNKNOWN, Bools, Floats, Indexes, Truths, hysteresis, judged
from rules.site_index import SiteIndex

KEPT = 8
"""Readings kept for a rate: at most four younger than ``over_s``, the one it is measured from, the new one; a power of
two. They lie a quarter of ``over_s`` apart."""
PARTS = 4
MOST_SPAN = 2
"""A reading that is more than this many ``over_s`` old tells nothing about the rate now."""


class RateBank(Bank):
    """``rate``: the difference to a kept reading by the time between them.

    | memory | shape | meaning |
    |---|---|---|
    | ``kept_ns``, ``kept`` | (terms, 8) | kept readings, a ring; times of 0 are of nobody |
    | ``first``, ``last`` | (terms,) uint8 | where the one that is measured from stands, and the newest |
    | ``from_ns``, ``from_value`` | (terms,) | the one that is measured from once more, where it is fast to get |
    | ``wake_ns`` | (terms,) int64 | before this time neither of the two changes |
    """

    memory = ("kept_ns", "kept", "first", "last", "from_ns", "from_value", "wake_ns")

    def set_up(self, site: SiteIndex) -> None:
        """Start without a reading; limits are turned so that all of them are upper ones."""
        del site
        rates = [test.rate or Rate(above=1, over_s=1, quantity="degC/s") for test in self.tests]
        sign = [1.0 if rate.above is not None else -1.0 for rate in rates]
        limit = [rate.per_second(rate.above if rate.above is not None else rate.below or 0.0) for rate in rates]
        self.sign = self.parameter(sign) / NS_PER_S
        self.limit = self.parameter([one * turned for one, turned in zip(limit, sign, strict=True)]) / NS_PER_S
        self.sign *= NS_PER_S
        self.clear_at = self.limit - self.parameter([rate.per_second(rate.hysteresis) for rate in rates]) / NS_PER_S
        self.falls = bool((self.sign < 0).any())
        self.over_ns = self.parameter([round(rate.over_s * NS_PER_S) for rate in rates]).astype(np.int64)
        self.kept_ns, self.kept = np.zeros((len(self), KEPT), np.int64), np.zeros((len(self), KEPT))
        self.first, self.last = np.zeros(len(self), np.uint8), np.zeros(len(self), np.uint8)
        self.from_ns, self.from_value = np.zeros(len(self), np.int64), np.zeros(len(self))
        self.wake_ns = np.zeros(len(self), np.int64)

    def judge(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Truths:
        """Measure where there is something to measure from; elsewhere it is unknown."""
        if good is not None:
            value = np.where(good, value, 0.0)
        woken = time_ns >= self.wake_ns.take(terms)
        if good is not None:
            woken &= good
        rows = np.flatnonzero(woken)
        if len(rows):
            self._wake(terms[rows], value[rows], time_ns[rows])
        over_ns = self.over_ns.take(terms)
        span_ns = time_ns - self.from_ns.take(terms)
        known = (span_ns >= over_ns) & (span_ns <= MOST_SPAN * over_ns)
        rise = value - self.from_value.take(terms)
        if self.falls:
            rise *= self.sign.take(terms)
        if not known.all():
            self._restart(terms, value, good, time_ns, span_ns < 0)
            good = known if good is None else good & known
        truth = self.truth.take(terms)
        past, back = rise > self.limit.take(terms) * span_ns, rise <= self.clear_at.take(terms) * span_ns
        return judged(hysteresis(past, back, truth), good, truth)

    def _wake(self, terms: Indexes, value: Floats, time_ns: Indexes) -> None:
        """Move what is measured from on to the youngest kept reading that is old enough, and keep the new one."""
        over_ns, ring = self.over_ns.take(terms), terms * KEPT
        kept_ns, kept = self.kept_ns.reshape(-1), self.kept.reshape(-1)
        first, last = self.first.take(terms).astype(np.int64), self.last.take(terms).astype(np.int64)
        more, after = np.arange(len(terms)), (first + 1) % KEPT
        while len(more):
            old = time_ns[more] - kept_ns.take(ring[more] + after) >= over_ns[more]
            more = more[old & (first[more] != last[more])]
            first[more] = (first[more] + 1) % KEPT
            after = (first[more] + 1) % KEPT
        keep = np.flatnonzero(time_ns - kept_ns.take(ring + last) >= over_ns // PARTS)
        last[keep] = (last[keep] + 1) % KEPT
        cell = ring[keep] + last[keep]
        kept_ns[cell], kept[cell] = time_ns[keep], value[keep]
        self._note(terms, first, last)

    def _note(self, terms: Indexes, first: Indexes, last: Indexes) -> None:
        """Write down where the ring stands, and until when it can stay so."""
        over_ns, ring = self.over_ns.take(terms), terms * KEPT
        kept_ns = self.kept_ns.reshape(-1)
        self.first[terms], self.last[terms] = first, last
        self.from_ns[terms], self.from_value[terms] = (
            kept_ns.take(ring + first),
            self.kept.reshape(-1).take(ring + first),
        )
        moves_ns = kept_ns.take(ring + (first + 1) % KEPT) + over_ns
        keeps_ns = kept_ns.take(ring + last) + over_ns // PARTS
        self.wake_ns[terms] = np.where(first == last, keeps_ns, np.minimum(moves_ns, keeps_ns))

    def _restart(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes, back: Bools) -> None:
        """Begin anew where a clock that was ahead is right again: what was kept lies in the future."""
        rows = np.flatnonzero(back if good is None else back & good)
        if len(rows):
            at, zero = terms[rows], np.zeros(len(rows), np.int64)
            self.kept_ns[at], self.kept[at] = 0, 0.0
            self.kept_ns[at, 1], self.kept[at, 1] = time_ns[rows], value[rows]
            self._note(at, zero, zero + 1)


class ChangeBank(Bank):
    """``changed`` and ``stuck``: when a value moved last by more than ``by``; see `rules.conditions.motion`.

    ``rest`` is the value it came to rest at, NaN before the first reading; ``moved_ns`` when that was.
    """

    memory = ("rest", "moved_ns")
    clocked = True

    def set_up(self, site: SiteIndex) -> None:
        """Start without a value."""
        del site
        asked = [test.changed or test.stuck for test in self.tests]
        self.by = self.parameter([0.0 if one is None else one.difference(one.by) for one in asked])
        seconds = [
            test.changed.within_s if test.changed else test.stuck.for_s if test.stuck else 0 for test in self.tests
        ]
        self.long_ns = self.parameter([round(one * NS_PER_S) for one in seconds]).astype(np.int64)
        self.stuck = self.parameter([test.stuck is not None for test in self.tests]).astype(np.bool_)
        self.rest = np.full(len(self), np.nan)
        self.moved_ns = np.zeros(len(self), np.int64)

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Note movement of good readings; the first one has not moved, but it is where waiting begins."""
        rows = np.arange(len(terms)) if good is None else np.flatnonzero(good)
        at, now = terms[rows], value[rows]
        begins = np.isnan(self.rest[at])
        moved = begins | (np.abs(now - self.rest[at]) > self.by[at])
        self.rest[at[moved]] = now[moved]
        self.moved_ns[at[moved]] = np.where(begins & ~self.stuck[at], 0, time_ns[rows])[moved]
        long_ago = time_ns - self.moved_ns[terms] >= self.long_ns[terms]
        return np.asarray(long_ago == self.stuck[terms])

    def tick(self, now_ns: int, log_ns: int) -> tuple[Indexes, Truths, Truths] | None:
        """End the changes that are over; a value is stuck only by its readings."""
        del now_ns
        alarms = np.flatnonzero(((self.truth & np.uint8(ALARM)) != 0) & ~self.stuck)
        over = alarms[log_ns - self.moved_ns[alarms] >= self.long_ns[alarms]]
        return ended(self, over)


def ended(bank: Bank, terms: Indexes) -> tuple[Indexes, Truths, Truths] | None:
    """Take the alarm from terms: what is known becomes normal, what is unknown stays so."""
    if not len(terms):
        return None
    before = bank.truth[terms]
    bank.truth[terms] = before & np.uint8(UNKNOWN)
    return terms, before, bank.truth[terms]
