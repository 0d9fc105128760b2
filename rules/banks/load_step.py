"""The bank of ``step``: loads that were switched on."""

from __future__ import annotations

import numpy as np

from domain.clock import NS_PER_S
from rules.banks.bank import Bank
from rules.conditions import LoadStep
from rules.kernels import ALARM, Bools, Floats, Indexes, follow_level
from rules.site_index import SiteIndex


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
