"""Escalation policies: which ladder an alert climbs, by class, unit, zone kind, level and calendar.

    escalation:
      - id: exits-at-night
        classes: [hazard]
        zone_kinds: [exit, stair]
        when: {days: [day_off], from: "22:00", to: "06:00"}
        steps:
          - {after_s: 0, to: ["roster:night-watch"], repeat: {every_s: 300, times: 1}}
          - {after_s: 600, to: [safety_manager]}
        answer_within_s: 600
        acknowledged_within_s: 7200

The first policy that fits counts; where none does, the ladder of `alerts.ladders.defaults`. What a policy does not
name it does not ask for. ``when`` is asked of the site's wall clock as the ladder begins, and a ladder that runs keeps
what it began with.

Limits: 200 policies, 20 steps each, 20 repeats each (assumptions).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from domain.alarm import AlarmClass, Level
from domain.ids import Token
from domain.site.hours import DaysKnown, Span, is_open
from domain.site.labels import Settings
from domain.site.zone_kinds import ZoneKind

MOST_POLICIES = 200
MOST_STEPS = 20
MOST_REPEATS = 20
MOST_S = 30 * 86_400.0

RESPONSIBLE = "responsible"
SAFETY_MANAGER = "safety_manager"
SUPERVISORS = "supervisors"
OPERATOR = "operator"
MAINTENANCE_FIRM = "maintenance_firm"
ROSTER = "roster:"

STEP_ROLES = frozenset({RESPONSIBLE, SAFETY_MANAGER, SUPERVISORS, OPERATOR, MAINTENANCE_FIRM})
"""Words that an escalation step may use instead of a person's id or ``roster:<id>``."""

TARGET_PATTERN = r"^(roster:)?[A-Za-z0-9_-]{1,64}$"
Target = Annotated[str, StringConstraints(pattern=TARGET_PATTERN)]


class When(Span):
    """A time of the week in the site's time zone, opening hours of the alert's zone, or both."""

    opening: Literal["open", "closed"] | None = Field(
        default=None, description="of the alert's zone or unit; where nobody wrote opening hours it can't be true"
    )

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("asks for nothing → write days, times or opening, or leave 'when' out")
        return self

    def holds(self, local: datetime, opening: Collection[Span] | None, calendar: DaysKnown) -> bool:
        """Tell whether it is so at a moment, as the wall clock shows it, in a place with these opening hours."""
        asked = self.opening is not None
        if asked and (opening is None or is_open(opening, local, calendar) is not (self.opening == "open")):
            return False
        return self.covers(local, calendar)


class Repeat(Settings):
    """Tell the same ones again, ``times`` times, while nobody answers."""

    every_s: float = Field(ge=1, le=MOST_S)
    times: int = Field(default=1, ge=1, le=MOST_REPEATS)


class EscalationStep(Settings):
    """Who is told when.

    ``to``: a person id, ``roster:<id>``, or ``responsible``, ``safety_manager``, ``supervisors``, ``operator``,
    ``maintenance_firm``.
    """

    after_s: float = Field(ge=0, le=MOST_S, description="since the alert was raised, unacknowledged")
    to: tuple[Target, ...] = Field(min_length=1)
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """What policies are asked about: an alert, or an alert that might be."""

    alarm_class: AlarmClass
    level: Level
    unit: str
    zone_kind: str | None = None
    opening: tuple[Span, ...] | None = None


class EscalationPolicy(Settings):
    """A ladder, and what it is for; every kind of condition that is absent fits all."""

    id: Token | None = Field(default=None, description="its name in tables and in the audit; its number when absent")
    classes: tuple[AlarmClass, ...] = ()
    units: tuple[Token, ...] = ()
    zone_kinds: tuple[ZoneKind, ...] = ()
    levels: tuple[Level, ...] = ()
    when: When | None = None
    steps: tuple[EscalationStep, ...] = Field(min_length=1, max_length=MOST_STEPS)
    answer_within_s: float | None = Field(
        default=None, gt=0, le=MOST_S, description="how long the last step may stay unanswered"
    )
    acknowledged_within_s: float | None = Field(
        default=None, gt=0, le=MOST_S, description="how long an acknowledgement holds without finding, clearing or word"
    )

    def is_for(self, matter: Matter) -> bool:
        """Tell whether it fits, the calendar left out of account."""
        return (
            (not self.classes or matter.alarm_class in self.classes)
            and (not self.levels or matter.level in self.levels)
            and (not self.units or matter.unit in self.units)
            and (not self.zone_kinds or matter.zone_kind in self.zone_kinds)
        )

    def fits(self, matter: Matter, local: datetime, calendar: DaysKnown) -> bool:
        """Tell whether it fits at a moment, as the site's wall clock shows it."""
        return self.is_for(matter) and (self.when is None or self.when.holds(local, matter.opening, calendar))
