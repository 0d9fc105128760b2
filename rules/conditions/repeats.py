"""Tests of how often something came: ``count`` and ``flap``."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from domain.site.labels import Settings
from rules.conditions.measured import Limit
from rules.conditions.states import Bits, Equals

MOST_TIMES = 16
"""How many occurrences a bank remembers of each point."""
OCCURRENCES = ("above", "below", "bits", "equals", "at_least", "at_most")


class Occurrence(Settings):
    """What is counted: one of the simple tests."""

    above: Limit | None = None
    below: Limit | None = None
    bits: Bits | None = None
    equals: Equals | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(getattr(self, name) is not None for name in OCCURRENCES) != 1:
            raise ValueError(f"'of' asks exactly one thing → write one of {', '.join(OCCURRENCES)}")
        return self

    @property
    def asks(self) -> str:
        """The one key that is set."""
        return next(name for name in OCCURRENCES if getattr(self, name) is not None)


class Count(Settings):
    """It became true at least ``at_least`` times within ``within_s``; of an event, each time it was told."""

    at_least: int = Field(ge=2, le=MOST_TIMES)
    within_s: float = Field(gt=0, le=604_800)
    of: Occurrence


class Flap(Settings):
    """At least ``changes`` changes within ``within_s``: of a test, or (without ``of``) of the value."""

    changes: int = Field(ge=2, le=MOST_TIMES)
    within_s: float = Field(gt=0, le=604_800)
    of: Occurrence | None = None
