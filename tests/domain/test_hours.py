"""Spans of the week, opening hours and calendars, as a wall clock sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from domain.documents import Document
from domain.errors import ConfigurationError
from domain.site import build_registry
from domain.site.hours import CalendarSettings, Day, DaysKnown, Span, is_open

BERLIN = ZoneInfo("Europe/Berlin")
CHINA = DaysKnown.of(
    [
        CalendarSettings.model_validate(
            {
                "calendar": "cn-2026",
                "labels": {"zh": "节假日", "en": "holidays"},
                "source": "notice of the State Council on 2026",
                "days_off": [{"from": "2026-02-15", "to": "2026-02-23"}, "2026-01-01"],
                "workdays": ["2026-02-14", "2026-02-28"],
            }
        )
    ]
)
NO_CALENDAR = DaysKnown()


def span(**facts: object) -> Span:
    return Span.model_validate({name.rstrip("_"): value for name, value in facts.items()})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_span_begins_with_its_first_minute_and_ends_before_its_last() -> None:
    shop = span(from_="09:00", to="18:00")
    shown = [shop.covers(at(f"2026-03-02T{time}"), NO_CALENDAR) for time in ("08:59:59", "09:00", "17:59:59", "18:00")]
    assert shown == [False, True, True, False]


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = span(days=["fri"], from_="22:00", to="06:00")
    friday, saturday, sunday = "2026-03-06", "2026-03-07", "2026-03-08"
    assert night.covers(at(f"{friday}T22:00"), NO_CALENDAR)
    assert night.covers(at(f"{saturday}T05:59"), NO_CALENDAR)
    assert not night.covers(at(f"{friday}T05:59"), NO_CALENDAR)
    assert not night.covers(at(f"{saturday}T22:00"), NO_CALENDAR)
    assert not night.covers(at(f"{sunday}T01:00"), NO_CALENDAR)


def test_a_whole_day_and_one_from_a_time_to_the_same_time() -> None:
    assert span(days=["mon"]).covers(at("2026-03-02T23:59:59"), NO_CALENDAR)
    round_the_clock = span(days=["mon"], from_="08:00", to="08:00")
    assert round_the_clock.covers(at("2026-03-03T07:59"), NO_CALENDAR)
    assert not round_the_clock.covers(at("2026-03-03T08:00"), NO_CALENDAR)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-14", True),  # a Saturday that makes up for the holiday
        ("2026-02-16", False),  # a Monday within it
        ("2026-02-24", True),
        ("2026-02-28", True),
        ("2026-03-01", False),
        ("2026-01-01", False),
    ],
)
def test_working_days_and_days_off_go_by_the_calendar(day: str, *, works: bool) -> None:
    assert CHINA.is_a(date.fromisoformat(day), Day.WORKDAY) is works
    assert CHINA.is_a(date.fromisoformat(day), Day.DAY_OFF) is not works


def test_days_of_the_week_do_not_go_by_the_calendar() -> None:
    assert CHINA.is_a(date(2026, 2, 16), Day.MON)
    assert not CHINA.is_a(date(2026, 2, 16), Day.SUN)


@pytest.mark.parametrize(
    ("utc", "covered"),
    [
        ("2026-10-25T00:30", True),  # 02:30 in summer time
        ("2026-10-25T01:30", True),  # 02:30 again, in winter time
        ("2026-10-25T02:00", False),  # 03:00
        ("2026-03-29T00:59", False),  # 01:59, and then it is 03:00: that night has no 02:30
        ("2026-03-29T01:00", False),
    ],
)
def test_an_hour_that_the_clock_shows_twice_counts_twice_and_one_that_it_skips_never_comes(
    utc: str, *, covered: bool
) -> None:
    local = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(BERLIN)
    assert span(from_="02:00", to="03:00").covers(local, NO_CALENDAR) is covered


def test_a_place_without_hours_is_never_open() -> None:
    assert not is_open((), at("2026-03-02T12:00"), NO_CALENDAR)


@pytest.mark.parametrize("wrong", ["8:00", "25:00", "24:01", "12:60", "noon", ""])
def test_a_time_of_day_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="no time of day"):
        span(from_=wrong)


def test_a_calendar_that_contradicts_itself_or_runs_backwards_is_refused() -> None:
    base = {"calendar": "c", "labels": {"zh": "c", "en": "c"}, "source": "test"}
    with pytest.raises(ValidationError, match="a day off and a working day"):
        CalendarSettings.model_validate({**base, "days_off": ["2026-01-01"], "workdays": ["2026-01-01"]})
    with pytest.raises(ValidationError, match="before 'from'"):
        CalendarSettings.model_validate({**base, "days_off": [{"from": "2026-01-02", "to": "2026-01-01"}]})


def test_a_zones_own_hours_go_before_its_units_and_a_wrong_calendar_stops_the_site() -> None:
    labels = {"zh": "一", "en": "one"}
    zones = [
        {"id": "a", "kind": "room", "floor": 1, "labels": labels},
        {"id": "b", "kind": "room", "floor": 1, "labels": labels, "opening": []},
    ]
    unit = {
        "id": "u",
        "labels": labels,
        "opening": [{"from": "09:00", "to": "18:00"}],
        "buildings": [{"id": "h", "labels": labels, "zones": zones}],
    }
    site = Document("site.yaml", {"site": "s", "labels": labels, "units": [unit]})
    registry = build_registry(site, [], [])
    assert registry.zones["u/a"].opening == (span(from_="09:00", to="18:00"),)
    assert registry.zones["u/b"].opening == ()
    with pytest.raises(ConfigurationError, match=r"calendars/c\.yaml"):
        build_registry(site, [], [], calendars=[Document("calendars/c.yaml", {"calendar": "c"})])
