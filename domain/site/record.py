"""``alerts:`` of ``site.yaml``: how the record of alerts behaves here."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from domain.alarm import AlarmClass
from domain.site.labels import Settings

MOST_REOPEN_S = 7 * 86_400.0
MOST_LINK_S = 5 * 366 * 86_400.0
LINK_S = 90 * 86_400.0
"""A hazard that comes back at its place within 90 days is a repetition (assumption, as of most duties books)."""

REOPEN_S: Mapping[AlarmClass, float] = {
    AlarmClass.FIRE: 0.0,
    AlarmClass.LINKAGE: 0.0,
    AlarmClass.SUPERVISORY: 600.0,
    AlarmClass.FAULT: 600.0,
    AlarmClass.HAZARD: 900.0,
    AlarmClass.DUTY: 0.0,
    AlarmClass.SYSTEM: 600.0,
}
"""Assumptions, s. Each fire, linkage and missed duty is an event of its own. A hazard counts as gone when it was gone
for 15 min; what flickers for other reasons does so within 10 min."""


class Reoccurrence(Settings):
    """What is made of an alarm that comes back after its record was closed; times since the closing, s."""

    reopen_within_s: float = Field(ge=0, le=MOST_REOPEN_S, allow_inf_nan=False, description="the same record goes on")
    link_within_s: float = Field(
        default=LINK_S, ge=0, le=MOST_LINK_S, allow_inf_nan=False, description="a new record names the one before it"
    )


class RecordSettings(Settings):
    """The record. A class that is not named has the default of `REOPEN_S`."""

    reoccurrence: Mapping[AlarmClass, Reoccurrence] = Field(default_factory=dict)

    @field_validator("reoccurrence")
    @classmethod
    def _fires_are_never_reopened(cls, value: Mapping[AlarmClass, Reoccurrence]) -> Mapping[AlarmClass, Reoccurrence]:
        """Each fire is a record of its own: its times are legal facts."""
        fire = value.get(AlarmClass.FIRE)
        if fire is not None and fire.reopen_within_s > 0:
            raise ValueError(
                "the record of a fire is never reopened → write 'reopen_within_s: 0' for fire, or remove it"
            )
        return value

    def of(self, alarm_class: AlarmClass) -> Reoccurrence:
        """Return what holds for a class."""
        return self.reoccurrence.get(alarm_class) or Reoccurrence(reopen_within_s=REOPEN_S[alarm_class])
