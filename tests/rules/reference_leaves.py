"""Leaf evaluators of the slow reference: what one test says, one reading and one tick at a time.

To add a kind of test (``reference_windows.py``, ``reference_places.py``, …): subclass `Leaf` in a file of its own,
with its line in ``LEAVES`` of `tests.rules.reference_truths`, by the test's key in `Condition` (``test.asks``)::

    class RateLeaf(Leaf):
        def answer(self, value): ...              # good readings only, at self.time_ns; or override `reading`
        def tick(self, now_ns, log_ns): ...       # what time alone moves: set ``held`` and ``known``

    "rate": RateLeaf,                             # its line in ``LEAVES``

A leaf is made for each (meaning of the test, point), as a `Bank` has a term for it, before the first message. With
``together = True`` one is made for each (rule, entity) instead, and is told the readings of all points that the test
means there (``keys``); the engine's counterpart has to share nothing between rules then. Random logs reach a test by
a rule in ``EXTRA_RULES`` of `tests.rules.rules_scene`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from domain.clock import NS_PER_S
from domain.points import Point
from domain.quantity import Quantity
from rules.conditions import Condition, Measured

N, A, U = "normal", "alarm", "unknown"
Truth = str


class Leaf:
    """One test on one point (or on the points of one entity): the last answer, and whether it is known now."""

    together: ClassVar[bool] = False
    time_ns, now_ns = 0, 0
    """Event time and counted log time of the reading that is being taken."""

    def __init__(self, test: Condition, points: Sequence[Point], *, known: bool) -> None:
        """Begin with "no"; ``known`` at the start only where a learned point has never spoken."""
        self.test, self.points = test, tuple(points)
        self.keys = tuple(point.key for point in points)
        self.held, self.known = False, known

    @classmethod
    def fits(cls, test: Condition, point: Point) -> bool:
        """Tell whether a test can be asked of a point: kPa of kPa, bits and counts of plain numbers."""
        asked = getattr(test, test.asks)
        if isinstance(asked, Measured):
            return asked.canonical is point.quantity
        return point.quantity in (Quantity.NONE, Quantity.COUNT)

    @property
    def point(self) -> Point:
        """The only point."""
        (point,) = self.points
        return point

    @property
    def truth(self) -> Truth:
        """What the leaf says now."""
        return (A if self.held else N) if self.known else U

    def reading(self, key: str, value: float, good: bool, time_ns: int, now_ns: int) -> None:  # noqa: FBT001  # a column of the reading
        """Take a reading that is in time; ``good`` also says that the value is finite."""
        del key
        self.time_ns, self.now_ns = time_ns, now_ns
        if good:
            self.held = self.answer(value)
        self.known = good

    def answer(self, value: float) -> bool:
        """Answer by a good reading."""
        raise NotImplementedError

    def forget(self, key: str) -> None:
        """Hear that a point is silent, or that its device can't be reached."""
        del key
        self.known = False

    def tick(self, now_ns: int, log_ns: int) -> None:
        """Move with time alone, after silence and ended events: ``now_ns`` is counted, ``log_ns`` the tick's own."""


class LimitLeaf(Leaf):
    """``above`` and ``below``."""

    @classmethod
    def fits(cls, test: Condition, point: Point) -> bool:
        """Leave out points whose record has no such limit."""
        return super().fits(test, point) and cls._limit(test, point) is not None

    @staticmethod
    def _limit(test: Condition, point: Point) -> float | None:
        limit = test.above or test.below
        assert limit is not None
        if limit.limit == "low":
            return point.low
        return point.high if limit.limit == "high" else limit.value(limit.limit)

    def answer(self, value: float) -> bool:
        limit, asked = self._limit(self.test, self.point), self.test.above or self.test.below
        assert limit is not None
        assert asked is not None
        band = asked.difference(asked.hysteresis)
        if self.test.above:
            return value > limit or (self.held and value > limit - band)
        return value < limit or (self.held and value < limit + band)


class BitsLeaf(Leaf):
    """``bits``."""

    def answer(self, value: float) -> bool:
        asked = self.test.bits
        assert asked is not None
        word = int(min(max(value, 0), 2**53))
        if asked.any is not None:
            return word & asked.any != 0
        if asked.all is not None:
            return word & asked.all == asked.all
        return word & (asked.none or 0) == 0


class EqualsLeaf(Leaf):
    """``equals``, with ``until``."""

    def answer(self, value: float) -> bool:
        asked = self.test.equals
        assert asked is not None
        return value in asked.any or (bool(asked.until) and self.held and value not in asked.until)


class ReachesLeaf(Leaf):
    """``at_least`` and ``at_most``."""

    def answer(self, value: float) -> bool:
        if self.test.at_least is not None:
            return value >= self.test.at_least
        return value <= (self.test.at_most or 0.0)


class StepLeaf(Leaf):
    """``step``: a load over a usual level that follows."""

    level, last_ns = math.nan, 0

    def answer(self, value: float) -> bool:
        step = self.test.step
        assert step is not None
        elapsed_s = max(self.time_ns - self.last_ns, 0) / NS_PER_S
        self.last_ns = self.time_ns
        base = value if math.isnan(self.level) else self.level
        rise = value - base
        if rise >= step.low and (self.held or rise <= step.high):
            self.level = base
            return True
        if self.held or rise < 0 or rise > step.high:
            self.level = value
        else:
            self.level = base - math.expm1(-elapsed_s / step.settle_s) * rise
        return False
