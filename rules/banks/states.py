"""Banks of state words: ``bits`` and ``equals``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.banks.bank import Bank
from rules.conditions import Bits, Equals
from rules.kernels import Bools, Floats, Indexes, hysteresis
from rules.site_index import SiteIndex


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


def _padded(lists: Sequence[Sequence[float]]) -> Floats:
    """Return lists as rows of one width; NaN fills them up."""
    rows = np.full((len(lists), max((len(one) for one in lists), default=0)), np.nan)
    for at, one in enumerate(lists):
        rows[at, : len(one)] = one
    return rows
