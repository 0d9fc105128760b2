"""``load_signature``: a battery charger in the power of a circuit."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from rules.conditions.measured import Measured


class Evidence(StrEnum):
    """What is enough: a load that stays (``steady``), or one that behaves like a battery (``charging``)."""

    STEADY = "steady"
    CHARGING = "charging"


class LoadSignature(Measured):
    """A load between ``low`` and ``high`` that was switched on, and after ``plateau_s`` shows its kind.

    ``steady``: it still stands. ``charging``: it rises by 1.2–5.5 % an hour with little noise, or falls smoothly, as a
    battery's current does at the end. It is over when the load is switched off or has faded. See `rules.signature`.
    """

    low: float = Field(gt=0)
    high: float = Field(gt=0)
    plateau_s: float = Field(default=3600.0, ge=600, le=86_400)
    evidence: Evidence = Evidence.CHARGING

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high <= self.low:
            raise ValueError("the load's high is not above its low → write low first, then a greater high")
        return self
