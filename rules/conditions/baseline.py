"""``baseline``: not as at this hour of other weeks."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from rules.conditions.measured import Measured

MOST_WEEKS = 6
"""This one and five before."""


class Side(StrEnum):
    """Which deviations count."""

    ABOVE = "above"
    BELOW = "below"
    BOTH = "both"


class Baseline(Measured):
    """A value further from the median of the same hour of past weeks than ``deviations`` robust standard deviations.

    The deviation is 1.4826 times the median absolute deviation (equal to the standard deviation of a normal
    distribution), and never less than ``least``, so that a point that never moves has a band too. Unknown until
    ``weeks`` of the five weeks before had readings in this hour. Hours are those of UTC.
    """

    deviations: float = Field(default=4.0, gt=0, le=100)
    least: float = Field(gt=0)
    side: Side = Side.BOTH
    weeks: int = Field(default=3, ge=2, le=MOST_WEEKS - 1)
