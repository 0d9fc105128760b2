"""``window``: a statistic of all good readings of a stretch of time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from domain.quantity import to_canonical
from rules.conditions.motion import TIMES_S, PerTime

PANES = 12
"""A window consists of this many *panes* of equal length; a sliding one moves on by one, a tumbling one by all."""
MOST_LATE_PANES = 2
"""How far readings may come out of order: they must find their pane still there."""
DEFAULT_LATE_S = 10.0
"""Assumption: gateways send what they read within a few seconds."""


class Window(PerTime):
    """A statistic over ``over_s``, and a limit for it.

    | field | meaning |
    |---|---|
    | ``stat`` | min, max, mean, sum, std (of the whole, not of a sample), slope (least squares, quantity per time) |
    | | percentile (nearest rank: the least reading that ``percentile`` % of them do not exceed) |
    | ``moves`` | ``sliding``: by a twelfth of ``over_s``; ``tumbling``: by all of it. Both begin at multiples, in UTC |
    | ``above``, ``below`` | the limit: a number, or ``low``/``high`` of the point's record (not of std, slope, sum) |
    | ``late_s`` | how long after its end it waits for readings, at most a sixth of ``over_s`` |
    | ``min_readings``, ``min_coverage`` | with fewer, or fewer of its twelve panes with a reading, it is unknown |
    """

    times: ClassVar[Mapping[str, float]] = {"": 1.0, **TIMES_S}
    stat: Literal["min", "max", "mean", "sum", "std", "slope", "percentile"]
    over_s: float = Field(ge=24, le=2_678_400)
    moves: Literal["sliding", "tumbling"] = "sliding"
    percentile: float | None = Field(default=None, gt=0, lt=100)
    above: float | Literal["low", "high"] | None = None
    below: float | Literal["low", "high"] | None = None
    hysteresis: float = Field(default=0.0, ge=0)
    late_s: float | None = Field(default=None, ge=0)
    min_readings: int = Field(default=1, ge=1, le=1_000_000)
    min_coverage: float = Field(default=0.5, ge=0, le=1)

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("this needs one limit → write 'above' or 'below'")
        if (self.stat == "percentile") == (self.percentile is None):
            raise ValueError("'percentile' belongs to 'stat: percentile' → write both, or neither")
        if (self.stat == "slope") != ("/" in self.quantity):
            raise ValueError("a slope is per time, all else is not → write e.g. 'kPa/h' for a slope, 'kPa' for a mean")
        if isinstance(self.asked, str) and self.stat in ("std", "slope", "sum"):
            raise ValueError("low and high are limits of readings → write a number for std, slope and sum")
        return self

    @model_validator(mode="after")
    def _waits(self) -> Self:
        if self.late_s is not None and self.late_s > self.over_s * MOST_LATE_PANES / PANES:
            raise ValueError("late_s is more than a sixth of over_s → write a longer window, or wait less")
        if self.stat == "sum" and to_canonical(self.symbol)[2]:
            raise ValueError("a sum needs a quantity that begins at 0 → write the canonical one, as degC")
        return self

    @property
    def asked(self) -> float | str:
        """The limit as written."""
        return self.above if self.above is not None else self.below  # type: ignore[return-value]  # one is set

    @property
    def step_s(self) -> float:
        """Length of a pane."""
        return self.over_s / PANES

    @property
    def waits_s(self) -> float:
        """How long it stays open for late readings."""
        return min(DEFAULT_LATE_S, self.over_s * MOST_LATE_PANES / PANES) if self.late_s is None else self.late_s

    @property
    def least_panes(self) -> int:
        """How many panes must have a reading."""
        return math.ceil(self.min_coverage * PANES)

    def statistic(self, number: float) -> float:
        """Return a number as written in the canonical quantity of the statistic; slopes go by the second."""
        if self.stat == "slope":
            return self.per_second(number)
        return self.difference(number) if self.stat == "std" else self.value(number)

    @property
    def band(self) -> float:
        """The hysteresis in the canonical quantity of the statistic."""
        return self.per_second(self.hysteresis) if self.stat == "slope" else self.difference(self.hysteresis)
