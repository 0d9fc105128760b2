"""What the page of figures asks and says: spans, whose load, figures beside their limits, rows, plots."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.floods.limits import LIMITS
from alerts.kpi_face import LONGEST_NS, SLOT_NS, Figures, FloodView, Mark, Spread
from dashboards.console.components import Cell
from dashboards.console.kpi import charts, marks
from dashboards.console.kpi.rows import COLUMNS, KINDS, TABLES, Where, entity_cell, seconds
from dashboards.console.kpi.spans import (
    MOST_OFFERED,
    Question,
    Span,
    local_ns,
    offered,
    seen,
    unit_called,
    whose_choices,
)
from dashboards.console.moments import written
from dashboards.console.texts import Language
from dashboards.live.load import MINUTE_NS, WHOLE, Whose
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.site import Labels, Registry
from domain.site.operators import OperatorPosition, OperatorSettings
from tests.dashboards.board_makers import NOW_NS
from tests.dashboards.premises import premises

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY_NS = 86_400 * NS_PER_S
NOBODY = Spread(count=0, outstanding=0, p50_s=None, p95_s=None)


def figures(slots: tuple[int, ...] = (), *, hours: int = 24, **changes: Any) -> Figures:
    """Return figures until NOW of ``hours``; everything that is not said is empty."""
    filled = slots or (0,) * (hours * 6)
    values: dict[str, Any] = {
        "unit": None,
        "position": None,
        "from_ns": NOW_NS - hours * 3600 * NS_PER_S,
        "until_ns": NOW_NS,
        "alarms": sum(filled),
        "per_hour": 0.0,
        "per_day": 0.0,
        "slots": filled,
        "peak": max(filled),
        "peak_at_ns": None,
        "slots_above": 0.0,
        "flood_share": 0.0,
        "floods": (),
        "by_class": {},
        "by_level": {},
        "top": (),
        "top_share": 0.0,
        "stale": (),
        "stale_most": 0,
        "chattering": (),
        "unauthorised": 0,
        "acknowledge": NOBODY,
        "confirm": NOBODY,
        "close": NOBODY,
        "false_share": None,
        "detectors": (),
        "delivery": (),
        "work_items": (),
        "marks": (),
    }
    return Figures(**{**values, **changes})


@pytest.fixture(scope="module")
def registry() -> Registry:
    return premises()


def test_an_address_names_span_and_whose_and_is_written_back() -> None:
    asked = Question.read({"span": "week", "unit": "hotel", "position": "north"}, SHANGHAI)
    assert asked == Question(Span.WEEK, whose=Whose(unit="hotel"))
    assert asked.address(SHANGHAI) == "/kpi?span=week&unit=hotel"
    own = Question.read({"span": "own", "from": "2026-11-27T08:00", "to": "2026-11-28T08:00"}, SHANGHAI)
    assert own.until_ns - own.from_ns == DAY_NS
    assert own.address(SHANGHAI) == "/kpi?span=own&from=2026-11-27T08%3A00&to=2026-11-28T08%3A00"
    assert not own.goes_on
    assert Question.read({"span": "own", "from": "yesterday"}, SHANGHAI).span is Span.DAY
    assert Question.read({"span": "a year"}, SHANGHAI) == Question()


@given(
    st.dictionaries(st.sampled_from(["span", "from", "to", "unit", "position"]), st.text(max_size=70)),
    st.integers(10**18, 2 * 10**18),
)
def test_any_address_asks_a_period_that_the_service_counts(query: dict[str, str], now_ns: int) -> None:
    begin, end = Question.read(query, SHANGHAI).period(now_ns)
    assert 0 < end - begin <= LONGEST_NS


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001  # of a wall clock
    st.integers(0, 800),
)
def test_a_time_of_ones_own_is_kept_by_its_address(begin: datetime, days: int) -> None:
    from_ns = local_ns(begin.strftime("%Y-%m-%dT%H:%M"), SHANGHAI)
    assert from_ns is not None
    asked = Question(Span.OWN, from_ns, from_ns + days * DAY_NS + MINUTE_NS)
    pairs = {"span": "own", "from": written(asked.from_ns, SHANGHAI), "to": written(asked.until_ns, SHANGHAI)}
    found = Question.read(pairs, SHANGHAI)
    assert abs(found.from_ns - asked.from_ns) <= 3600 * NS_PER_S  # in the nights in which clocks were set
    low, high = found.period(max(found.until_ns, found.from_ns + MINUTE_NS))
    assert 0 < high - low <= LONGEST_NS


def test_a_minute_has_one_question() -> None:
    first, last = Question().period(NOW_NS), Question().period(NOW_NS + 59 * NS_PER_S)
    assert first == last == (NOW_NS + MINUTE_NS - DAY_NS, NOW_NS + MINUTE_NS)
    assert Question().period(NOW_NS + MINUTE_NS) != first


def many(registry: Registry, units: int) -> Registry:
    """Return a site with so many units, and a position."""
    one = registry.units["hotel"]
    found = {
        f"u{number}": one.model_copy(
            update={"id": f"u{number}", "labels": Labels(zh=f"单位{number}", en=f"No {number}")}
        )
        for number in range(units)
    }
    position = OperatorPosition(id="north", labels=Labels(zh="北区", en="North"), units=("u0",))
    site = registry.site.model_copy(update={"operators": OperatorSettings(positions=(position,))})
    return replace(registry, site=site, units=found)


def test_who_has_a_scope_asks_for_their_units_only(registry: Registry) -> None:
    site = many(registry, 3)
    assert whose_choices(site, None) == [WHOLE, Whose(position="north"), *(Whose(unit=f"u{n}") for n in range(3))]
    mine = whose_choices(site, frozenset({"u1"}))
    assert mine == [Whose(unit="u1")]
    for beyond in (WHOLE, Whose(position="north"), Whose(unit="u2")):
        assert seen(Question(whose=beyond), mine) == Question(whose=Whose(unit="u1"))
    assert seen(Question(), whose_choices(site, frozenset())) is None


def test_a_province_of_units_is_found_by_name_not_listed(registry: Registry) -> None:
    site = many(registry, MOST_OFFERED + 1)
    choices = whose_choices(site, None)
    assert offered(choices, Whose(unit="u7")) == [WHOLE, Whose(position="north"), Whose(unit="u7")]
    assert unit_called(site, choices, " No 17 ") == Whose(unit="u17")
    assert unit_called(site, choices, "单位20") == Whose(unit="u20")
    assert unit_called(site, choices, "u200") == Whose(unit="u200")
    assert unit_called(site, choices, "nowhere") is None
    assert unit_called(site, choices, "") is None


def mark(name: str, value: float | None, *, good: bool | None, limit: float = 6) -> Mark:
    return Mark(name=name, value=value, limit=limit, good=good, limit_is="isa-18.2")


def test_a_figure_is_coloured_only_over_its_target_with_a_mark_and_a_word() -> None:
    found = figures(
        marks=(
            mark("per_hour", 3.0, good=True),
            mark("peak", 21, good=False, limit=10),
            mark("top_share", None, good=None),
        )
    )
    calm, over, unknown = marks.rows(found, Language.EN)
    assert (calm["look"], calm["cells"]["judged"]) == ("", Cell("within", "✓", "soft"))
    assert (over["look"], over["cells"]["judged"]) == ("caution", Cell("over target", "▲", "caution"))
    assert (unknown["look"], unknown["cells"]["judged"]) == ("", Cell("can't be told", "?", "soft"))
    assert [row["cells"]["value"].words for row in (calm, over, unknown)] == ["3", "21", "—"]
    assert over["cells"]["limit"] == "≤ 10"


def test_every_figure_of_the_service_has_a_name_here_and_a_way_to_its_rows() -> None:
    assert set(marks.NAMES) == set(LIMITS)
    found = figures(peak_at_ns=NOW_NS - DAY_NS)
    for name in LIMITS:
        assert marks.rows_at(found, name, SHANGHAI) or marks.TABLES[name] in TABLES
    assert marks.rows_at(found, "peak", SHANGHAI) == ("/history?since=2027-01-14T16%3A00&until=2027-01-14T16%3A10")
    assert "level=critical" in marks.rows_at(found, "critical_share", SHANGHAI)
    assert "unit=hotel" in marks.rows_at(figures(unit="hotel"), "per_hour", SHANGHAI)
    assert marks.rows_at(found, "unauthorised", SHANGHAI) == "/suppression"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("flood_share", 0.0123, "1.2%"),
        ("delivery", 0.99, "99.0%"),
        ("acknowledge_p95_s", 61.26, "61.26 s"),
        ("per_hour", 0.12, "0.12"),
        ("per_day", 144.0, "144"),
        ("of_tomorrow", 1234567.0, "1.235e+06"),
    ],
)
def test_figures_are_written_by_their_kind(name: str, value: float, words: str) -> None:
    assert marks.value_words(name, value) == words


def test_tables_lead_to_devices_rules_and_alarms(registry: Registry) -> None:
    where = Where(registry, SHANGHAI, NOW_NS, Language.EN)
    common = {"unit": "hotel", "rule": "pressure_low", "entity": "hotel/pressure/pressure"}
    found = figures(
        top=({**common, "alarm_class": AlarmClass.FAULT, "count": 3, "share": 0.25},),
        stale=({**common, "alert_id": "a1", "alarm_class": AlarmClass.FAULT, "since_ns": NOW_NS - 2 * DAY_NS},),
    )
    (top,) = COLUMNS["top"].rows(found, where)
    assert top["cells"]["entity"] == Cell("fire pump room · Sprinkler pump · Pressure", go="/devices/hotel/pressure")
    assert top["cells"]["rule"] == Cell("pressure_low", go="/history?rule=pressure_low&unit=hotel")
    assert top["cells"]["share"] == "25.0%"
    (stale,) = COLUMNS["stale"].rows(found, where)
    assert stale["cells"]["rule"].go == "/alarm/a1"
    assert stale["cells"]["stands"] == "2 d 0 h"
    assert entity_cell(where, "hotel", "hotel/exit").go == "/history?unit=hotel&zone=exit"
    assert entity_cell(where, "hotel", "hotel/gone") == Cell("hotel/gone")


def test_every_table_has_its_columns_in_its_rows(registry: Registry) -> None:
    where = Where(registry, SHANGHAI, NOW_NS, Language.ZH)
    common: dict[str, Any] = {"unit": "hotel", "rule": "r", "entity": "hotel/pressure", "alarm_class": "fault"}
    flood = FloodView(
        id="f",
        scope="unit",
        place="hotel",
        position="site",
        unit="hotel",
        building=None,
        first_alert="a1",
        first_ns=NOW_NS,
        begun_ns=NOW_NS,
        ended_ns=None,
        alarms=12,
        peak=11,
    )
    found = figures(
        top=({**common, "count": 1, "share": 1.0},),
        chattering=({"unit": "hotel", "rule": "r", "entity": "e", "in_a_minute": 3, "in_an_hour": 4},),
        stale=({**common, "alert_id": "a", "since_ns": NOW_NS},),
        floods=(flood,),
        detectors=({"unit": "hotel", "entity": "e", "false": 1, "found": 2, "rate": 0.5},),
        delivery=(
            {
                **dict.fromkeys(("messages", "accepted", "dead", "answered", "failed_tries"), 1),
                "channel": "sms",
                "success": None,
                "p95_s": 75.0,
            },
        ),
        work_items=(
            {
                **common,
                "id": "w",
                "kind": KINDS[0],
                "alert_id": "a",
                "facts": {},
                "opened_ns": NOW_NS,
                "seen_ns": NOW_NS,
                "closed_ns": None,
            },
        ),
    )
    for name in TABLES:
        rows = COLUMNS[name].rows(found, where)
        assert rows, name
        for row in rows:
            assert set(row["cells"]) == {column.key for column in COLUMNS[name].heads(Language.ZH)}, name


def test_times_that_people_took_are_read_as_people_say_them() -> None:
    assert [seconds(value, Language.EN) for value in (None, 0.04, 59.9, 75.0, 4000.0)] == [
        "—",
        "0.0 s",
        "59.9 s",
        "1 min",
        "1 h 6 min",
    ]


def test_bars_are_ten_minutes_up_to_two_days_and_hours_beyond() -> None:
    day = figures((0,) * 143 + (11,))
    assert charts.bars(day)[-1] == (NOW_NS - SLOT_NS, 11)
    week = figures((2,) * (7 * 144), hours=7 * 24)
    assert len(charts.bars(week)) == 7 * 24
    assert {count for _, count in charts.bars(week)} == {12}
    assert charts.load_words(day, Language.EN) == (
        "a bar each 10 min, 144 bars · 0.076 in 10 min on average · at most 11 · 1 above 10"
    )
    assert "168 above 6" in charts.load_words(week, Language.EN)


def test_bars_above_the_limit_are_coloured_and_hatched_and_the_limit_is_in_sight() -> None:
    drawn = charts.load_options(figures((0,) * 142 + (10, 11)), SHANGHAI, Language.ZH)
    (series,) = drawn["series"]
    assert ["itemStyle" in one for one in series["data"][-2:]] == [False, True]
    assert "decal" in series["data"][-1]["itemStyle"]
    assert series["markLine"]["data"][0]["yAxis"] == 10
    assert drawn["yAxis"]["max"] == 20
    assert drawn["tooltip"]["renderMode"] == "richText"
    json.dumps(drawn)


def test_classes_and_levels_have_a_bar_each_with_nothing_as_nothing() -> None:
    found = figures(by_class={AlarmClass.FIRE: 2}, by_level={"critical": 2})
    drawn = charts.class_options(found, Language.EN)
    assert drawn["yAxis"]["data"][0] == "Fire"
    assert [one["value"] for one in drawn["series"][0]["data"]] == [2, 0, 0, 0, 0, 0, 0, 2, 0, 0]
    assert charts.class_words(found, Language.EN).startswith("Fire 2, Linkage 0")
