"""Banks of limits: ``above``, ``below`` with hysteresis, ``at_least``, ``at_most``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.banks.bank import Bank
from rules.conditions import Condition, Limit
from rules.kernels import Bools, Floats, Indexes, hysteresis
from rules.site_index import SiteIndex


class _LimitBank(Bank):
    """A limit with hysteresis, as a number or from the point's record."""

    key: ClassVar[str]
    sign: ClassVar[float]

    def eligible(self, test: Condition, points: NDArray[np.int64], site: SiteIndex) -> NDArray[np.int64]:
        """Leave out points whose record has no such limit."""
        points = super().eligible(test, points, site)
        return points[~np.isnan(limits_of(self._limit(test).limit, self._limit(test).value, points, site))]

    def set_up(self, site: SiteIndex) -> None:
        """Work out where each term raises and clears."""
        self.limit = np.empty(len(self))
        for at, test in enumerate(self.tests):
            mine = self.test == at
            self.limit[mine] = limits_of(self._limit(test).limit, self._limit(test).value, self.point[mine], site)
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


def limits_of(limit: float | str, convert: Callable[[float], float], points: Any, site: SiteIndex) -> Floats:
    """Return a limit for each point, NaN where the record has none; ``convert`` makes a written number canonical."""
    if isinstance(limit, str):
        return np.asarray(site.low[points] if limit == "low" else site.high[points])
    return np.full(len(points), convert(limit))
