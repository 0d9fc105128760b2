"""Duty rosters: who is on duty (值班) at a moment, as a pure function of what people wrote.

    rosters:
      - id: night-watch
        labels: {zh: 夜班, en: Night watch}
        shifts:
          - {id: day, days: [workday], from: "08:00", to: "20:00", people: [p-chen]}
          - {id: night, from: "20:00", to: "08:00", people: [p-a, p-b], turn: day, since: 2026-01-01}
        deputies: [p-lin]
        changes:
          - {dates: 2026-02-17, shift: night, replaces: p-a, people: [p-b]}

* A shift is a span of `domain.site.hours`: one over midnight belongs to the day on which it began, so a rotation and a
  change are about that day. All times are wall-clock times of the site: in the night to winter time a shift is as much
  longer, in the one to summer time as much shorter.
* ``turn``: the people take turns, one a day or one a week; ``since`` is the first day of the first one. Days are
  counted by the calendar, those without a shift too.
* ``changes`` (换班) say who is there instead on some days: instead of everybody of a shift, or of one person. The last
  one that fits counts.
* Who is absent (``absences`` of the person) is stood in for by the first of their ``deputies`` who is there, or by one
  of that deputy's; where nobody is, the place is empty.
* Where a roster has nobody, its own ``deputies`` come first; whom the alert goes to then is the ladder's matter
  (`alerts.ladders.reach`).

Limits (assumptions): 64 shifts, 32 people a shift, 366 changes a roster, 100 absences a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Protocol, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from domain.ids import Token
from domain.site.hours import DaysKnown, SomeDates, Span, minutes
from domain.site.labels import Labels, Settings

MOST_SHIFTS = 64
MOST_PEOPLE = 32
MOST_CHANGES = 366
MOST_ABSENCES = 100
_BARE_DATE = len("2026-01-01")


class Turn(StrEnum):
    """How long one of the people has a shift before it is the next one's."""

    DAY = "day"
    WEEK = "week"

    @property
    def days(self) -> int:
        """Return its length in days."""
        return 1 if self is Turn.DAY else 7


def _begins(value: Any) -> Any:
    """Let a date alone mean the beginning of the day."""
    return datetime.combine(value, time()) if type(value) is date else value


def _ends(value: Any) -> Any:
    """Let a date alone mean its end: who is away until the 20th is not there on the 20th."""
    if isinstance(value, str) and len(value) == _BARE_DATE:
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return value
    return datetime.combine(value + timedelta(days=1), time()) if type(value) is date and value < date.max else value


def _wall_clock(value: datetime) -> datetime:
    if value.tzinfo is not None:
        raise ValueError('a time with an offset → write the time of the site\'s wall clock, e.g. "2026-02-15 18:00"')
    return value


Begin = Annotated[datetime, BeforeValidator(_begins), AfterValidator(_wall_clock)]
End = Annotated[datetime, BeforeValidator(_ends), AfterValidator(_wall_clock)]


class Absence(Settings):
    """A time in which somebody is not there; ``until`` does not count, but as a date alone it is the last day."""

    start: Begin = Field(alias="from")
    until: End

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until <= self.start:
            raise ValueError("'until' is not after 'from' → write the beginning, then the end")
        return self

    def covers(self, local: datetime) -> bool:
        """Tell whether a moment, as the site's wall clock shows it, is within."""
        return self.start <= local.replace(tzinfo=None) < self.until


class Shift(Span):
    """Some people on some days from one time to another; with ``turn``, one of them at a time."""

    id: Token
    people: tuple[Token, ...] = Field(min_length=1, max_length=MOST_PEOPLE)
    turn: Turn | None = Field(default=None, description="day or week: the people take turns")
    since: date | None = Field(default=None, description="the first day of the first person's turn")

    @model_validator(mode="after")
    def _whose_turn(self) -> Self:
        if (self.turn is None) is not (self.since is None):
            raise ValueError("'turn' and 'since' belong together → write both, e.g. 'turn: week, since: 2026-01-05'")
        return self

    def begun(self, local: datetime, calendar: DaysKnown) -> date | None:
        """Return the day on which the shift that runs at ``local`` began; None when it does not run."""
        if not self.covers(local, calendar):
            return None
        begins, ends = minutes(self.start), minutes(self.end)
        today, now = local.date(), local.hour * 60 + local.minute
        is_todays = now >= begins and self._on(today, calendar)
        return today if begins < ends or is_todays else today - timedelta(days=1)

    def whose(self, day: date) -> tuple[str, ...]:
        """Return whom the shift that begins on ``day`` belongs to, before any change."""
        if self.turn is None or self.since is None:
            return self.people
        return (self.people[(day - self.since).days // self.turn.days % len(self.people)],)


class DutyChange(Settings):
    """Who is there instead on some days: of a whole shift, of all shifts, or of one person."""

    dates: SomeDates
    shift: Token | None = Field(default=None, description="all shifts that begin on these days when absent")
    replaces: Token | None = Field(default=None, description="only this person; everybody of the shift when absent")
    people: tuple[Token, ...] = Field(min_length=1, max_length=MOST_PEOPLE)

    def applied(self, shift: str, day: date, people: tuple[str, ...]) -> tuple[str, ...]:
        """Return who is there when this change is taken into account."""
        if self.shift not in (None, shift) or not self.dates.start <= day <= self.dates.end:
            return people
        if self.replaces is None:
            return self.people
        return tuple(name for one in people for name in (self.people if one == self.replaces else (one,)))


class Roster(Settings):
    """``rosters`` of ``site.yaml``."""

    id: Token
    labels: Labels
    shifts: tuple[Shift, ...] = Field(min_length=1, max_length=MOST_SHIFTS)
    deputies: tuple[Token, ...] = Field(default=(), max_length=MOST_PEOPLE, description="who, when nobody is on duty")
    changes: tuple[DutyChange, ...] = Field(default=(), max_length=MOST_CHANGES)


class Presence(Protocol):
    """What is asked of a person here."""

    @property
    def absences(self) -> tuple[Absence, ...]:
        """When they are away."""

    @property
    def deputies(self) -> tuple[str, ...]:
        """Who stands in for them, in order."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody on duty: by which shift (None: as the roster's deputy), and for whom they stand in."""

    person: str
    shift: str | None
    instead_of: str | None = None


def is_absent(person: Presence, local: datetime) -> bool:
    """Tell whether somebody is away."""
    return any(absence.covers(local) for absence in person.absences)


def standing_in(name: str, people: Mapping[str, Presence], local: datetime) -> Iterator[str]:
    """Yield who is there for ``name``, best first: they themselves, their deputies, and each deputy's own behind him.

    Nobody is asked twice, so deputies of each other end.
    """
    waiting, asked = [name], set[str]()
    while waiting:
        one = waiting.pop()
        person = people.get(one)
        if one in asked or person is None:
            continue
        asked.add(one)
        if not is_absent(person, local):
            yield one
        waiting.extend(reversed(person.deputies))


def rostered(roster: Roster, local: datetime, calendar: DaysKnown) -> list[tuple[str, str]]:
    """Return ``(shift, person)`` as written, absences left out of account; each person once."""
    found: dict[str, str] = {}
    for shift in roster.shifts:
        day = shift.begun(local, calendar)
        if day is None:
            continue
        names = shift.whose(day)
        for change in roster.changes:
            names = change.applied(shift.id, day, names)
        for name in names:
            found.setdefault(name, shift.id)
    return [(shift, name) for name, shift in found.items()]


def on_duty(roster: Roster, people: Mapping[str, Presence], local: datetime, calendar: DaysKnown) -> tuple[OnDuty, ...]:
    """Return who is on duty at a moment, as the site's wall clock shows it; empty: a gap, the roster's deputies too.

    A person that the site does not have (any more) is not there.
    """
    found: dict[str, OnDuty] = {}
    for shift, name in rostered(roster, local, calendar):
        there = next(standing_in(name, people, local), None)
        if there is not None:
            found.setdefault(there, OnDuty(there, shift, None if there == name else name))
    return tuple(found.values())


def deputies_of(roster: Roster, people: Mapping[str, Presence], local: datetime) -> tuple[OnDuty, ...]:
    """Return who comes where nobody is on duty: the first of the roster's deputies who is there."""
    for name in roster.deputies:
        there = next(standing_in(name, people, local), None)
        if there is not None:
            return (OnDuty(there, None, None if there == name else name),)
    return ()
