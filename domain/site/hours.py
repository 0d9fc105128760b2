"""Opening hours and calendars: what a wall clock in the site's time zone says of a moment.

A *span* is some days and two times of day; one whose end is not after its beginning goes on into the next day and
belongs to the day on which it began. Times are wall-clock times: in a night with a change to winter time 01:30 is
there twice, in one to summer time 02:30 is not there at all.

A day is a *day off* when a calendar says so, or when it is a Saturday or Sunday that no calendar makes a working day
(调休上班): China moves working days onto week-ends around its public holidays, and publishes them a year ahead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from domain.ids import Token
from domain.site.labels import Labels, Settings

MINUTES_A_DAY = 24 * 60
MOST_DAYS = 366


class Day(StrEnum):
    """Days as people write them: days of the week, or kinds of day by the calendar."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    WORKDAY = "workday"
    DAY_OFF = "day_off"


WEEK = (Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI, Day.SAT, Day.SUN)


def _clock(value: str) -> str:
    hour, colon, minute = value.partition(":")
    if not (colon and hour.isdigit() and minute.isdigit() and len(hour) == len(minute) == 2):
        raise ValueError(f"'{value}' is no time of day → write it as \"08:00\", in quotes")
    if int(minute) > 59 or int(hour) * 60 + int(minute) > MINUTES_A_DAY:
        raise ValueError(f"'{value}' is no time of day → write 00:00 to 24:00")
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


TimeOfDay = Annotated[str, AfterValidator(_clock)]
Days = Annotated[tuple[Day, ...], BeforeValidator(_listed)]


class Span(Settings):
    """Some days (all when absent) from one time of day to another."""

    days: Days = ()
    start: TimeOfDay = Field(default="00:00", alias="from")
    end: TimeOfDay = Field(default="24:00", alias="to")

    def covers(self, local: datetime, calendar: DaysKnown) -> bool:
        """Tell whether a moment, as a wall clock shows it, is within."""
        now, today = local.hour * 60 + local.minute, local.date()
        begins, ends = minutes(self.start), minutes(self.end)
        if begins < ends:
            return begins <= now < ends and self._on(today, calendar)
        return (now >= begins and self._on(today, calendar)) or (
            now < ends and self._on(today - timedelta(days=1), calendar)
        )

    def _on(self, day: date, calendar: DaysKnown) -> bool:
        return not self.days or any(calendar.is_a(day, kind) for kind in self.days)


class Dates(Settings):
    """One day, or all from one to another; both ends count."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 <= (self.end - self.start).days < MOST_DAYS:
            raise ValueError("'to' is before 'from', or more than a year after it → write the first day, then the last")
        return self

    def days(self) -> Iterable[date]:
        """Return every day."""
        return (self.start + timedelta(days=at) for at in range((self.end - self.start).days + 1))


def _dates(value: Any) -> Any:
    """Let people write a single day as one date."""
    return {"from": value, "to": value} if isinstance(value, str | date) else value


SomeDates = Annotated[Dates, BeforeValidator(_dates)]


class CalendarSettings(Settings):
    """``calendars/<name>.yaml``: public holidays, and the working days that make up for them."""

    calendar: Token
    labels: Labels
    source: str = Field(description="who published it")
    days_off: tuple[SomeDates, ...] = ()
    workdays: tuple[SomeDates, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        both = _all(self.days_off) & _all(self.workdays)
        if both:
            raise ValueError(f"{min(both)} is a day off and a working day → remove one of the two")
        return self


@dataclass(frozen=True, slots=True)
class DaysKnown:
    """What all calendars of a site say together; a working day of one wins over a day off of another."""

    days_off: Collection[date] = frozenset()
    workdays: Collection[date] = frozenset()

    @classmethod
    def of(cls, calendars: Iterable[CalendarSettings]) -> DaysKnown:
        """Put calendars together."""
        known = list(calendars)
        workdays = frozenset(day for one in known for day in _all(one.workdays))
        return cls(frozenset(day for one in known for day in _all(one.days_off)) - workdays, workdays)

    def is_a(self, day: date, kind: Day) -> bool:
        """Tell whether a day is of a kind."""
        if kind in WEEK:
            return WEEK[day.weekday()] is kind
        off = day in self.days_off or (day.weekday() >= WEEK.index(Day.SAT) and day not in self.workdays)
        return off is (kind is Day.DAY_OFF)


def minutes(clock: str) -> int:
    """Return a time of day in minutes after midnight."""
    return int(clock[:2]) * 60 + int(clock[3:])


def is_open(spans: Collection[Span], local: datetime, calendar: DaysKnown) -> bool:
    """Tell whether a place with these opening hours is open."""
    return any(span.covers(local, calendar) for span in spans)


def _all(ranges: Iterable[Dates]) -> frozenset[date]:
    return frozenset(day for one in ranges for day in one.days())
