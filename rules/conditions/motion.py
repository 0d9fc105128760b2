"""Tests of how a measure moves: ``rate``, ``changed`` and ``stuck``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from domain.quantity import Quantity, known_symbols, to_canonical
from domain.wording import nearest
from rules.conditions.measured import Measured

TIMES_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
"""What a quantity can be divided by."""


class PerTime(Measured):
    """A quantity per time: ``degC/min``, ``kPa/h``."""

    times: ClassVar[Mapping[str, float]] = TIMES_S

    @model_validator(mode="after")
    def _known_quantity(self) -> Self:
        if self.symbol not in known_symbols():
            raise ValueError(f"unknown quantity '{self.symbol}' → {nearest(self.symbol, known_symbols())}")
        if self.quantity.partition("/")[2] not in self.times:
            raise ValueError(
                f"'{self.quantity}' is no quantity per time → write e.g. '{self.symbol}/min' (s, min, h, d)"
            )
        return self

    @property
    def symbol(self) -> str:
        """What is divided by time."""
        return self.quantity.partition("/")[0]

    @property
    def canonical(self) -> Quantity:
        """The canonical quantity of what is divided by time: that of the points."""
        return to_canonical(self.symbol)[0]

    def per_second(self, number: float) -> float:
        """Return a number as written in the canonical quantity per second (differences, so no offset)."""
        return number * to_canonical(self.symbol)[1] / self.times[self.quantity.partition("/")[2]]


class Rate(PerTime):
    """How fast a measure rises (``above``) or falls (``below``, a negative number) over ``over_s``.

    It is the difference to a reading that is at least ``over_s`` and at most twice as old: the youngest of those that
    are kept for this, a quarter of ``over_s`` apart. Without one (the beginning, a gap) it is unknown. So ``over_s``
    must be at least half the time between two reports of a point.
    """

    above: float | None = Field(default=None, gt=0)
    below: float | None = Field(default=None, lt=0)
    hysteresis: float = Field(default=0.0, ge=0)
    over_s: float = Field(ge=1, le=86_400)

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("this needs one limit → write 'above' or 'below'")
        return self


class _Moved(Measured):
    """A band within which a value has not moved: small changes are no change."""

    by: float = Field(ge=0)


class Changed(_Moved):
    """True for ``within_s`` after a value has moved by more than ``by`` from where it last came to rest.

    Slow drift adds up: what counts is the distance from the value of the last change, not from the last reading.
    """

    within_s: float = Field(gt=0, le=604_800)


class Stuck(_Moved):
    """True when good readings have come and none was more than ``by`` away from the first one for ``for_s``."""

    for_s: float = Field(gt=0, le=604_800)
