"""Tests with numbers that have a quantity: the base of them, limits, and steps of load."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from domain.quantity import Quantity, known_symbols, to_canonical
from domain.site.labels import Settings
from domain.wording import nearest

PLAIN = (Quantity.NONE, Quantity.COUNT)
"""Quantities of points that tests without a quantity can be asked of."""


class Measured(Settings):
    """Base of tests with numbers that have a quantity; the numbers are kept as written."""

    quantity: str

    @model_validator(mode="after")
    def _known_quantity(self) -> Self:
        if self.quantity not in known_symbols():
            raise ValueError(f"unknown quantity '{self.quantity}' → {nearest(self.quantity, known_symbols())}")
        return self

    @property
    def canonical(self) -> Quantity:
        """The canonical quantity of the dimension."""
        return to_canonical(self.quantity)[0]

    def value(self, number: float) -> float:
        """Return a number as written in the canonical quantity."""
        _, factor, offset = to_canonical(self.quantity)
        return number * factor + offset

    def difference(self, number: float) -> float:
        """Return a difference of two numbers in the canonical quantity (no offset: 9 °F are 5 °C apart)."""
        return number * to_canonical(self.quantity)[1]


class Limit(Measured):
    """A limit as a number, or ``low``/``high`` of the point's own record; clear only past ``hysteresis``."""

    limit: float | Literal["low", "high"]
    hysteresis: float = Field(default=0.0, ge=0)


class LoadStep(Measured):
    """A load that was switched on: between ``low`` and ``high`` above the usual level.

    The usual level follows the value down at once and up with the time constant ``settle_s``, so slow
    drift is no step; a rise beyond ``high`` is another kind of load and becomes the usual level.
    """

    low: float = Field(gt=0)
    high: float = Field(gt=0)
    settle_s: float = Field(default=300.0, gt=0, le=86_400)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high <= self.low:
            raise ValueError("the step's high is not above its low → write low first, then a greater high")
        return self
