"""Conditions about places and time: schedules, several of many, one after another."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from domain.site.hours import Span
from domain.site.labels import Settings

if TYPE_CHECKING:
    from rules.conditions.condition import Condition

MOST_WITHIN_S = 86_400.0
MOST_STEPS = 8


class Schedule(Span):
    """A time of the week in the site's time zone, or the opening hours of the entity's zone.

    ``opening`` stands alone: ``{opening: closed}``; where nobody wrote opening hours it can't be true.
    """

    opening: Literal["open", "closed"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        asked = self.model_fields_set
        if not asked or ("opening" in asked and len(asked) > 1):
            raise ValueError(
                "a schedule asks for opening hours, or for days and times"
                " → write 'schedule: {opening: closed}' or e.g. 'schedule: {days: [day_off], from: \"22:00\"}'"
            )
        return self


class Counted(StrEnum):
    """What several of are asked for."""

    POINT = "point"
    DEVICE = "device"


class Several(Settings):
    """At least ``at_least`` different points (or devices) of the entity, each in alarm now or within ``within_s``.

    ``share`` asks for a share of those of the entity that people wrote in the site; what gateways told of themselves
    since then does not count in it, so that learning a point changes nothing. With both, the greater number is needed.
    """

    at_least: int = Field(default=1, ge=1, le=100_000)
    share: float | None = Field(default=None, gt=0, le=1)
    of: Counted = Counted.POINT
    within_s: float = Field(default=0.0, ge=0, le=MOST_WITHIN_S)
    condition: Condition


class Sequence(Settings):
    """Steps that begin one after the other: each within ``within_s`` of the one before, all within ``whole_s``."""

    steps: tuple[Condition, ...] = Field(min_length=2, max_length=MOST_STEPS)
    within_s: float | None = Field(default=None, gt=0, le=MOST_WITHIN_S)
    whole_s: float | None = Field(default=None, gt=0, le=MOST_WITHIN_S)

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if self.within_s is None and self.whole_s is None:
            raise ValueError("a sequence needs its time → write 'within_s: 60' (step to step) or 'whole_s: 300'")
        return self
