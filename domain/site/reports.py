"""When a reading is worth sending: on change, deadband, period, heartbeat; and how often a point is read.

Said for a whole profile, for one of its points, for all points of a device (``"*"``) or for one of them; the later
one in this list wins, field by field. What nobody says is the usual: a measure is sent whenever it is read, a state
or event when it changes.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from domain.site.labels import Settings

MOST_S = 86_400.0
ALL_POINTS = "*"
"""The key of a device's ``points`` that means all of them."""


class ReportSettings(Settings):
    """``report`` of a profile or point. A deadband makes a measure one that is sent when it changes.

    | field | unit | meaning |
    |---|---|---|
    | ``on_change`` | – | true: sent when it changes; false: whenever it is read, whatever the profile says |
    | ``deadband`` | the point's quantity | a change up to this is none, counted from what was sent last |
    | ``deadband_percent`` | % of what was sent last | the same; with both, the wider one counts |
    | ``period_s`` | s | at most one report in this time, with the newest value |
    | ``heartbeat_s`` | s | an unchanged value is read afresh and sent after this time |

    A change of quality, and a value that crosses the point's ``low`` or ``high``, is sent at once whatever stands here.
    """

    on_change: bool | None = None
    deadband: float | None = Field(default=None, ge=0)
    deadband_percent: float | None = Field(default=None, ge=0, le=100)
    period_s: float | None = Field(default=None, gt=0, le=MOST_S)
    heartbeat_s: float | None = Field(default=None, gt=0, le=MOST_S)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.on_change is False and (self.deadband is not None or self.deadband_percent is not None):
            raise ValueError("a deadband sends changes only → remove 'on_change: false', or the deadband")
        return self

    @property
    def by_change(self) -> bool:
        """Tell whether an unchanged measure is left out."""
        if self.on_change is None:
            return self.deadband is not None or self.deadband_percent is not None
        return self.on_change

    @property
    def holds_back(self) -> bool:
        """Tell whether a change may be left out or late, which a state or event must never be."""
        return self.on_change is False or any((self.deadband, self.deadband_percent, self.period_s))

    def over(self, lower: ReportSettings) -> ReportSettings:
        """Return what is said here, and ``lower`` where nothing is; a deadband is also an ``on_change``."""
        said = {name: value for name, value in self if value is not None}
        if self.deadband is not None or self.deadband_percent is not None:
            said["on_change"] = True
        return lower.model_copy(update=said)


class PointOverride(Settings):
    """``points`` of a device: what one of its points does otherwise than the profile says."""

    period_s: float | None = Field(default=None, gt=0, le=MOST_S, description="read this often")
    report: ReportSettings = ReportSettings()


NOTHING = PointOverride()
