"""A roster over time: stretches in which the same people are on duty, and the gaps between.

Between two *edges* nobody comes or goes. Edges are the times of shifts on every day, beginnings and ends of absences,
and the moments at which the clocks of the time zone are set: each is tried at both its readings, since a time of day
may come twice in a night, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise

from domain.clock import NS_PER_S
from domain.site.duty import OnDuty, Presence, Roster, deputies_of, on_duty
from domain.site.hours import DaysKnown, minutes

_STEP_NS = 3600 * NS_PER_S
"""Clocks are set at most once in this time."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time [start, end) ns UTC with the same people on duty; ``gap``: nobody is, ``people`` are the deputies."""

    start_ns: int
    end_ns: int
    people: tuple[OnDuty, ...]
    gap: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a roster is read with: the people with their absences, the calendars, and the site's time zone."""

    people: Mapping[str, Presence]
    calendar: DaysKnown
    zone: tzinfo


def local_time(time_ns: int, zone: tzinfo) -> datetime:
    """Return what the wall clock shows; microseconds are cut."""
    return datetime.fromtimestamp(time_ns // NS_PER_S, zone)


def utc_ns(local: datetime, zone: tzinfo, fold: int = 0) -> int:
    """Return the moment at which a wall clock shows ``local``; ``fold`` 1: the second time, where it comes twice."""
    return round(local.replace(tzinfo=zone, fold=fold).timestamp()) * NS_PER_S


def stretches(roster: Roster, known: Surroundings, start_ns: int, end_ns: int) -> Iterator[Stretch]:
    """Yield the stretches between two times, in order and without holes; neighbours differ."""
    edges = sorted({start_ns, *(edge for edge in _edges(roster, known, start_ns, end_ns) if edge > start_ns)})
    last: Stretch | None = None
    for edge, until in pairwise((*edges, end_ns)):
        local = local_time(edge, known.zone)
        there = on_duty(roster, known.people, local, known.calendar)
        found = there or deputies_of(roster, known.people, local)
        if last is not None and (last.people, last.gap) == (found, not there):
            last = replace(last, end_ns=until)
            continue
        if last is not None:
            yield last
        last = Stretch(edge, until, found, not there)
    if last is not None:
        yield last


def _edges(roster: Roster, known: Surroundings, start_ns: int, end_ns: int) -> Iterator[int]:
    """Yield every moment before ``end_ns`` at which something may change."""
    for wall in _walls(roster, known, start_ns, end_ns):
        yield from (edge for fold in (0, 1) if (edge := utc_ns(wall, known.zone, fold)) < end_ns)
    yield from _settings(known.zone, start_ns, end_ns)


def _walls(roster: Roster, known: Surroundings, start_ns: int, end_ns: int) -> Iterator[datetime]:
    """Yield wall-clock times of shifts and absences from a day before the beginning to a day after the end."""
    first = datetime.combine(local_time(start_ns, known.zone).date() - timedelta(days=1), time())
    last = datetime.combine(local_time(end_ns, known.zone).date() + timedelta(days=2), time())
    times = {minutes(clock) for shift in roster.shifts for clock in (shift.start, shift.end)} | {0}
    for day in range((last - first).days):
        yield from (first + timedelta(days=day, minutes=at) for at in times)
    for person in known.people.values():
        for absence in person.absences:
            yield from (edge for edge in (absence.start, absence.until) if first <= edge <= last)


def _settings(zone: tzinfo, start_ns: int, end_ns: int) -> Iterator[int]:
    """Yield the moments at which the clocks are set, to the second."""
    at = start_ns
    while at < end_ns:
        after = min(at + _STEP_NS, end_ns)
        if _offset(at, zone) != _offset(after, zone):
            low, high = at // NS_PER_S, -(-after // NS_PER_S)
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (
                    (low, middle) if _offset(middle * NS_PER_S, zone) == _offset(after, zone) else (middle, high)
                )
            yield high * NS_PER_S
        at = after


def _offset(time_ns: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).astimezone(zone).utcoffset()
