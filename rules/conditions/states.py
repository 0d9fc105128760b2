"""Tests on state words and numbers that stand for states."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from domain.site.labels import Settings
from rules.conditions.selectors import listed

MOST_MASK = 2**53
"""Words travel as float64, which is exact below this."""

Numbers = Annotated[tuple[float, ...], BeforeValidator(listed), Field(min_length=1)]
Mask = Annotated[int, Field(gt=0, lt=MOST_MASK)]


class Bits(Settings):
    """One of: any, all or none of the mask's bits are set."""

    any: Mask | None = None
    all: Mask | None = None
    none: Mask | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a bits test needs exactly one of any, all, none → write e.g. 'bits: {any: 0x2}'")
        return self


class Equals(Settings):
    """One of some numbers. With ``until`` it holds until one of those comes, and other numbers change nothing.

    Written as a number or a list where there is no ``until``.
    """

    any: Numbers
    until: Annotated[tuple[float, ...], BeforeValidator(listed)] = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"any": value} if isinstance(value, int | float | list | tuple) else value

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if set(self.any) & set(self.until):
            raise ValueError("a number can't begin and end it → write it in 'any' or in 'until'")
        return self
