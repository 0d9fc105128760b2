"""The bank of ``load_signature``: minute means of each meter, and a `LoadWatch` for it."""

from __future__ import annotations

import numpy as np

from domain.clock import NS_PER_S
from rules.banks.bank import Bank
from rules.conditions import Evidence, LoadSignature
from rules.kernels import Bools, Floats, Indexes
from rules.signature import WIDTH, LoadWatch, Shape
from rules.site_index import SiteIndex

MINUTE_NS = 60 * NS_PER_S
MOST_MINUTES_AWAY = 30
"""A meter that was away for longer is watched anew: what was switched meanwhile nobody knows. Assumption."""


class SignatureBank(Bank):
    """``load_signature``.

    | memory | shape | meaning |
    |---|---|---|
    | ``minute`` | (terms,) int64 | minute of the readings gathered, -1 for none |
    | ``total``, ``readings`` | (terms,) float64 | their sum [W] and number |
    | ``state`` | (terms, WIDTH) float64 | row of the meter's `LoadWatch` |
    | ``charging`` | (terms,) bool | what it said last |

    A minute is complete when a reading of a later one comes; 1.4 kB a meter.
    """

    memory = ("minute", "total", "readings", "state", "charging")

    def set_up(self, site: SiteIndex) -> None:
        """Start without readings."""
        del site
        self.minute = np.full(len(self), -1, np.int64)
        self.total, self.readings = np.zeros(len(self)), np.zeros(len(self))
        self._rows = np.zeros((len(self), WIDTH))
        self.charging = np.zeros(len(self), np.bool_)
        self._shapes = [_shape(test.load_signature) for test in self.tests]
        self._watches: dict[int, LoadWatch] = {}

    @property
    def state(self) -> Floats:
        """The watches as numbers, written when a snapshot asks: they change with every minute."""
        for term, watch in self._watches.items():
            self._rows[term] = watch.row()
        return self._rows

    def answer(self, terms: Indexes, value: Floats, good: Bools | None, time_ns: Indexes) -> Bools:
        """Gather good readings; give complete minutes to the watches."""
        rows = np.arange(len(terms)) if good is None else np.flatnonzero(good)
        at, minute = terms[rows], time_ns[rows] // MINUTE_NS
        for term, before, now in self._completed(at, minute):
            self._take(term, before, now)
        later = minute != self.minute[at]
        self.total[at] = np.where(later, 0.0, self.total[at]) + value[rows]
        self.readings[at] = np.where(later, 0.0, self.readings[at]) + 1
        self.minute[at] = minute
        return self.charging[terms]

    def _completed(self, terms: Indexes, minute: Indexes) -> list[tuple[int, int, int]]:
        """Return (term, its minute, the minute that begins) where a minute is over."""
        over = np.flatnonzero((minute != self.minute[terms]) & (self.minute[terms] >= 0))
        return list(zip(terms[over].tolist(), self.minute[terms[over]].tolist(), minute[over].tolist(), strict=True))

    def _take(self, term: int, before: int, now: int) -> None:
        watch = self._watch(term)
        mean = float(self.total[term] / self.readings[term])
        away = now - before
        if not 0 < away <= MOST_MINUTES_AWAY:
            self._watches[term] = watch = LoadWatch(self._shapes[int(self.test[term])])
            away = 1
        for _ in range(away):  # minutes without a reading were as the one before
            self.charging[term] = watch.take(mean)

    def _watch(self, term: int) -> LoadWatch:
        """Return a term's watch; after a restart it goes on from its row."""
        watch = self._watches.get(term)
        if watch is None:
            watch = self._watches[term] = LoadWatch(self._shapes[int(self.test[term])])
            if self._rows[term, 0]:
                watch.set(self._rows[term].tolist())
        return watch


def _shape(asked: LoadSignature | None) -> Shape:
    if asked is None:
        return Shape()
    return Shape(
        low=asked.difference(asked.low),
        high=asked.difference(asked.high),
        plateau=asked.plateau_s / 60,
        steady=asked.evidence is Evidence.STEADY,
    )
