"""Who is on duty: the pure function against one that writes every shift out, in zones whose clocks are set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.clock import NS_PER_S
from domain.site import Absence, OnDuty, Roster
from domain.site.duty import deputies_of, is_absent, on_duty, rostered, standing_in
from domain.site.duty_times import Surroundings, local_time, stretches, utc_ns
from domain.site.hours import WEEK, DaysKnown

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")
NAMES = ("ann", "bo", "cy", "dan")
NO_CALENDAR = DaysKnown()
FIRST = date(2026, 3, 20)
"""A time of year in which most of the zones set their clocks within three weeks."""
DAYS = 21


@dataclass(frozen=True)
class Somebody:
    absences: tuple[Absence, ...] = ()
    deputies: tuple[str, ...] = ()


def roster(**facts: Any) -> Roster:
    return Roster.model_validate({"id": "watch", "labels": {"zh": "值班", "en": "Watch"}, **facts})


def shift(name: str = "day", **facts: Any) -> dict[str, Any]:
    return {"id": name, "people": ["ann"], **{key.rstrip("_"): value for key, value in facts.items()}}


def absence(start: str, until: str) -> Absence:
    return Absence.model_validate({"from": start, "until": until})


PEOPLE = {name: Somebody() for name in NAMES}
NIGHT = roster(
    shifts=[shift("day", from_="08:00", to="20:00"), shift("night", from_="20:00", to="08:00", people=["bo"])]
)


def at(text: str, of: Roster, people: dict[str, Somebody] = PEOPLE) -> list[str]:
    return [duty.person for duty in on_duty(of, people, datetime.fromisoformat(text), NO_CALENDAR)]


def test_a_shift_over_midnight_is_that_of_the_day_on_which_it_began() -> None:
    weekend = roster(shifts=[shift(days=["sat"], from_="20:00", to="08:00")])
    assert at("2026-03-07T20:00", weekend) == ["ann"]  # a Saturday
    assert at("2026-03-08T07:59", weekend) == ["ann"]
    assert at("2026-03-08T20:00", weekend) == []
    assert [at(f"2026-03-07T{clock}", NIGHT) for clock in ("07:59", "08:00", "19:59", "20:00")] == [
        ["bo"], ["ann"], ["ann"], ["bo"],
    ]  # fmt: skip


def test_people_take_turns_by_the_day_and_by_the_week_counted_from_the_first_day() -> None:
    daily = roster(
        shifts=[shift(from_="20:00", to="08:00", people=["ann", "bo", "cy"], turn="day", since="2026-03-01")]
    )
    assert [at(f"2026-03-0{day}T21:00", daily) for day in (1, 2, 3, 4)] == [["ann"], ["bo"], ["cy"], ["ann"]]
    assert at("2026-03-02T03:00", daily) == ["ann"]  # the night that began on the first
    assert at("2026-02-28T21:00", daily) == ["cy"]  # before the first day, backwards
    weekly = roster(shifts=[shift(people=["ann", "bo"], turn="week", since="2026-03-02")])
    assert [at(f"2026-03-{day:02}T12:00", weekly) for day in (2, 8, 9, 15, 16)] == [
        ["ann"], ["ann"], ["bo"], ["bo"], ["ann"],
    ]  # fmt: skip


def test_a_change_is_about_a_day_a_shift_and_a_person_and_the_last_one_counts() -> None:
    changed = NIGHT.model_copy(
        update={
            "changes": roster(
                shifts=[shift()],
                changes=[
                    {"dates": "2026-03-07", "shift": "night", "replaces": "bo", "people": ["cy"]},
                    {"dates": {"from": "2026-03-09", "to": "2026-03-10"}, "people": ["dan"]},
                    {"dates": "2026-03-10", "shift": "day", "people": ["cy", "ann"]},
                ],
            ).changes
        }
    )
    assert at("2026-03-08T02:00", changed) == ["cy"]
    assert at("2026-03-07T12:00", changed) == ["ann"]
    assert at("2026-03-09T12:00", changed) == at("2026-03-09T22:00", changed) == ["dan"]
    assert at("2026-03-10T12:00", changed) == ["cy", "ann"]


def test_the_first_deputy_who_is_there_stands_in_and_deputies_of_each_other_end() -> None:
    away = absence("2026-03-07", "2026-03-08")
    people = {
        "ann": Somebody((away,), ("bo", "cy")),
        "bo": Somebody((away,), ("ann", "dan")),
        "cy": Somebody(),
        "dan": Somebody((absence("2026-03-08 12:00", "2026-03-08 18:00"),)),
    }
    days = roster(shifts=[shift()])
    duties = on_duty(days, people, datetime(2026, 3, 8, 10), NO_CALENDAR)  # noqa: DTZ001 - a wall clock
    assert duties == (OnDuty("dan", "day", "ann"),)
    assert at("2026-03-08T13:00", days, people) == ["cy"]
    assert at("2026-03-09T00:00", days, people) == ["ann"]  # until a date: that day is the last one


def test_where_nobody_is_the_rosters_own_deputies_come() -> None:
    days = roster(shifts=[shift(from_="08:00", to="18:00")], deputies=["bo", "cy"])
    local = datetime(2026, 3, 8, 22)  # noqa: DTZ001 - a wall clock
    assert on_duty(days, PEOPLE, local, NO_CALENDAR) == ()
    assert deputies_of(days, PEOPLE, local) == (OnDuty("bo", None),)
    assert deputies_of(days, {"cy": Somebody()}, local) == (OnDuty("cy", None),)


def test_a_shift_of_working_days_asks_the_calendar() -> None:
    calendar = DaysKnown(days_off={date(2026, 3, 9)}, workdays={date(2026, 3, 7)})
    days = roster(shifts=[shift(days=["workday"], from_="08:00", to="18:00")])
    monday, saturday = (datetime(2026, 3, day, 9) for day in (9, 7))  # noqa: DTZ001 - a wall clock
    assert on_duty(days, PEOPLE, monday, calendar) == ()
    assert [duty.person for duty in on_duty(days, PEOPLE, saturday, calendar)] == ["ann"]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"turn": "day"}, "belong together"),
        ({"since": "2026-01-01"}, "belong together"),
        ({"people": []}, "at least 1"),
        ({"from": "25:00"}, "no time of day"),
    ],
)
def test_what_can_never_work_is_refused(facts: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        roster(shifts=[shift(**facts)])


@pytest.mark.parametrize(("start", "until"), [("2026-03-08", "2026-03-07"), ("2026-03-08 10:00", "2026-03-08 10:00")])
def test_an_absence_ends_after_it_begins(start: str, until: str) -> None:
    with pytest.raises(ValidationError, match="not after"):
        absence(start, until)


def test_an_absence_has_the_sites_wall_clock() -> None:
    with pytest.raises(ValidationError, match="wall clock"):
        absence("2026-03-08T10:00+08:00", "2026-03-09")


# A slow counterpart: every shift of every day as an interval of wall-clock minutes, every deputy by recursion.


def slow_shifts(of: Roster, calendar: DaysKnown) -> Iterator[tuple[str, str, datetime, datetime]]:
    """Yield ``(shift, person, begin, end)`` for every day around the time of the test."""
    for entry in of.shifts:
        for back in range(-2, DAYS + 2):
            day = FIRST + timedelta(days=back)
            kinds = [WEEK[day.weekday()].value, "day_off" if is_off(day, calendar) else "workday"]
            if entry.days and not {kind.value for kind in entry.days} & set(kinds):
                continue
            begin, end = (datetime.combine(day, time()) + clock_of(text) for text in (entry.start, entry.end))
            if end <= begin:
                end += timedelta(days=1)
            for person in slow_people(of, entry.id, day):
                yield entry.id, person, begin, end


def is_off(day: date, calendar: DaysKnown) -> bool:
    return day not in calendar.workdays and (day in calendar.days_off or day.isoweekday() > 5)


def clock_of(text: str) -> timedelta:
    hour, minute = text.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def slow_people(of: Roster, name: str, day: date) -> list[str]:
    """Count the turns one by one, then go through the changes."""
    entry = next(one for one in of.shifts if one.id == name)
    people = list(entry.people)
    if entry.since is not None and entry.turn is not None:
        turn, step = 0, 1 if day >= entry.since else -1
        days = range(0, (day - entry.since).days, step) if day != entry.since else ()
        length = {"day": 1, "week": 7}[entry.turn.value]
        for count, _ in enumerate(days, start=1):
            passed = count % length == 0 if step > 0 else (count - 1) % length == 0
            turn += step if passed else 0
        people = [people[turn % len(people)]]
    for change in of.changes:
        if change.dates.start <= day <= change.dates.end and change.shift in (None, name):
            if change.replaces is None:
                people = list(change.people)
            elif change.replaces in people:
                where = [number for number, one in enumerate(people) if one == change.replaces]
                for number in reversed(where):
                    people[number : number + 1] = change.people
    return people


def slow_stand_in(name: str, people: dict[str, Somebody], local: datetime, asked: set[str]) -> str | None:
    if name in asked or name not in people:
        return None
    asked.add(name)
    if not any(one.start <= local < one.until for one in people[name].absences):
        return name
    for deputy in people[name].deputies:
        found = slow_stand_in(deputy, people, local, asked)
        if found is not None:
            return found
    return None


def slow_on_duty(of: Roster, people: dict[str, Somebody], local: datetime, calendar: DaysKnown) -> set[str]:
    naive = local.replace(tzinfo=None)
    named = {person for _, person, begin, end in slow_shifts(of, calendar) if begin <= naive < end}
    return {found for name in named if (found := slow_stand_in(name, people, naive, set())) is not None}


TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
DATES = st.integers(-3, DAYS + 3).map(lambda day: (FIRST + timedelta(days=day)).isoformat())
GROUPS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    shifts = []
    for number in range(draw(st.integers(1, 3))):
        kinds = st.lists(st.sampled_from([*[day.value for day in WEEK], "workday", "day_off"]), max_size=3, unique=True)
        entry = shift(f"s{number}", days=draw(kinds), from_=draw(TIMES), to=draw(TIMES), people=draw(GROUPS))
        if draw(st.booleans()):
            entry |= {"turn": draw(st.sampled_from(["day", "week"])), "since": draw(DATES)}
        shifts.append(entry)
    changes = []
    for _ in range(draw(st.integers(0, 3))):
        change: dict[str, Any] = {"dates": draw(DATES), "people": draw(GROUPS)}
        if draw(st.booleans()):
            change["shift"] = draw(st.sampled_from([one["id"] for one in shifts]))
        if draw(st.booleans()):
            change["replaces"] = draw(st.sampled_from(NAMES))
        changes.append(change)
    return roster(shifts=shifts, changes=changes, deputies=draw(st.lists(st.sampled_from(NAMES), max_size=2)))


@st.composite
def crews(draw: st.DrawFn) -> dict[str, Somebody]:
    found = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True)):
        away = []
        for _ in range(draw(st.integers(0, 2))):
            start = draw(st.integers(0, DAYS * 24 * 4))
            begin = datetime.combine(FIRST, time()) + timedelta(minutes=15 * start)
            end = begin + timedelta(minutes=15 * draw(st.integers(1, 400)))
            away.append(absence(begin.isoformat(), end.isoformat()))
        deputies = draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
        found[name] = Somebody(tuple(away), tuple(deputies))
    return found


CALENDARS = st.builds(
    lambda off, work: DaysKnown(frozenset(off) - frozenset(work), frozenset(work)),
    st.lists(DATES.map(date.fromisoformat), max_size=3),
    st.lists(DATES.map(date.fromisoformat), max_size=3),
)
BEGIN_NS = round(datetime.combine(FIRST, time(), UTC).timestamp()) * NS_PER_S
MOMENTS = st.integers(0, DAYS * 86_400 - 1).map(lambda seconds: BEGIN_NS + seconds * NS_PER_S)


@given(rosters(), crews(), CALENDARS, st.sampled_from(ZONES), st.lists(MOMENTS, min_size=1, max_size=10))
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_the_shifts_written_out(
    of: Roster, people: dict[str, Somebody], calendar: DaysKnown, zone: str, moments: list[int]
) -> None:
    for moment in moments:
        local = local_time(moment, ZoneInfo(zone))
        found = on_duty(of, people, local, calendar)
        assert {duty.person for duty in found} == slow_on_duty(of, people, local, calendar)
        assert len({duty.person for duty in found}) == len(found)
        for duty in found:
            assert not is_absent(people[duty.person], local)
            if duty.instead_of in people:
                assert is_absent(people[duty.instead_of], local)


@given(rosters(), crews(), CALENDARS, st.sampled_from(ZONES), st.lists(MOMENTS, min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_stretches_have_no_holes_and_say_what_each_moment_says(
    of: Roster, people: dict[str, Somebody], calendar: DaysKnown, zone: str, moments: list[int]
) -> None:
    known = Surroundings(people, calendar, ZoneInfo(zone))
    end_ns = BEGIN_NS + DAYS * 86_400 * NS_PER_S
    parts = list(stretches(of, known, BEGIN_NS, end_ns))
    assert [parts[0].start_ns, parts[-1].end_ns] == [BEGIN_NS, end_ns]
    for before, after in pairwise(parts):
        assert before.end_ns == after.start_ns
        assert (before.people, before.gap) != (after.people, after.gap)
    edges = [edge for part in parts for edge in (part.start_ns, part.end_ns - NS_PER_S)]
    for moment in [*moments, *edges]:
        part = next(one for one in parts if one.start_ns <= moment < one.end_ns)
        local = local_time(moment, known.zone)
        there = on_duty(of, people, local, calendar)
        assert part.gap is (not there)
        assert part.people == (there or deputies_of(of, people, local))


def test_in_the_night_to_summer_time_a_shift_begins_when_the_clock_is_set_past_its_beginning() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    of = roster(shifts=[shift(from_="02:30", to="04:00")])
    start, end = (utc_ns(datetime(2026, 3, 29, hour), berlin) for hour in (0, 6))  # noqa: DTZ001 - a wall clock
    parts = list(stretches(of, Surroundings(PEOPLE, NO_CALENDAR, berlin), start, end))
    on = next(part for part in parts if not part.gap)
    assert local_time(on.start_ns, berlin).isoformat() == "2026-03-29T03:00:00+02:00"
    assert (on.end_ns - on.start_ns) // NS_PER_S == 3600


def test_in_the_night_to_winter_time_the_hour_that_comes_twice_has_its_people_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    of = roster(shifts=[shift(from_="02:30", to="04:00")])
    start, end = (utc_ns(datetime(2026, 10, 25, hour), berlin) for hour in (0, 6))  # noqa: DTZ001 - a wall clock
    parts = list(stretches(of, Surroundings(PEOPLE, NO_CALENDAR, berlin), start, end))
    assert [(part.end_ns - part.start_ns) // NS_PER_S // 60 for part in parts] == [150, 30, 30, 90, 120]
    assert [part.gap for part in parts] == [True, False, True, False, True]


def test_a_person_on_two_shifts_is_there_once() -> None:
    of = roster(shifts=[shift("a"), shift("b")])
    assert rostered(of, datetime(2026, 3, 8), NO_CALENDAR) == [("a", "ann")]  # noqa: DTZ001 - a wall clock
    assert list(standing_in("nobody", PEOPLE, datetime(2026, 3, 8))) == []  # noqa: DTZ001 - a wall clock
