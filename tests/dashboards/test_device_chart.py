"""Curves, bands and spans as they are drawn: gaps are gaps, bad quality has a mark, what is unknown is not normal."""

from __future__ import annotations

import json
from datetime import UTC, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.devices.bands import band_of, drawn
from dashboards.console.devices.chart import GAP, Line, Picture, axes_of, options
from dashboards.console.devices.device_words import Look
from dashboards.console.devices.spans import MOST_S, Chosen, own_span, read_span
from dashboards.console.devices.trend import csv_of
from dashboards.console.moments import written
from dashboards.console.texts import Language
from dashboards.live.traces import STEPS, Span, Trace, gaps, not_good
from domain.clock import NS_PER_S
from domain.points import Point, PointKind
from domain.quality import BAD, GOOD, Reason, pack
from domain.quantity import Quantity
from domain.words import COMPONENT_STATE

S = NS_PER_S
SPAN = Span(1000 * S, 1900 * S)
LOST = pack(BAD, Reason.TIMEOUT)
CHINA = ZoneInfo("Asia/Shanghai")


def point(name: str = "pressure", **more: Any) -> Point:
    values: dict[str, Any] = {"quantity": Quantity("kPa"), "max_silence_s": 10.0, **more}
    return Point(unit="hotel", gateway="gw", device="p1", name=name, **values)


def state(name: str = "state", **more: Any) -> Point:
    return point(name, kind=PointKind.STATE, quantity=Quantity.NONE, word=COMPONENT_STATE, **more)


def trace(seconds: list[int], values: list[float | None], **more: Any) -> Trace:
    qualities = tuple(more.pop("qualities", [GOOD] * len(values)))
    return Trace("hotel/p1/pressure", tuple(at * S for at in seconds), tuple(values), qualities, **more)


def line(of: Trace, of_point: Point | None = None, **limits: float) -> Line:
    return Line(of_point or point(), "压力", of, limits)


def picture(**more: Any) -> Picture:
    return Picture(SPAN, UTC, bucket_s=3.0, bad_words="bad", gap_words="none", **more)


def test_a_curve_is_not_drawn_across_an_outage_and_the_outage_is_shaded() -> None:
    seconds = list(range(1000, 1100, 3)) + list(range(1700, 1900, 3))
    made = options([line(trace(seconds, [1.0] * len(seconds)))], picture())
    (curve,) = made["series"]
    assert [1099_001, None] in curve["data"]
    assert curve["data"] == sorted(curve["data"], key=lambda one: one[0])
    assert curve["connectNulls"] is False
    area = curve["markArea"]
    assert area["itemStyle"]["color"] == GAP
    assert [(one["xAxis"], other["xAxis"]) for one, other in area["data"]] == [(1_099_000, 1_700_000)]
    assert area["data"][0][0]["name"] == "none"


def test_a_point_that_may_be_silent_for_long_has_no_gap() -> None:
    assert gaps(trace([1000, 1100, 1890], [1.0] * 3), SPAN, 105, bucket_s=3) == [(1100 * S, 1890 * S)]
    assert gaps(trace([1000, 1100, 1890], [1.0] * 3), SPAN, 900, bucket_s=3) == []
    assert gaps(trace([], []), SPAN, 10, bucket_s=3) == [(SPAN.start_ns, SPAN.end_ns)]


@given(st.lists(st.integers(1000, 1899), max_size=40, unique=True), st.floats(1, 300))
def test_gaps_and_readings_never_overlap(seconds: list[int], silence_s: float) -> None:
    of = trace(sorted(seconds), [1.0] * len(seconds))
    found = gaps(of, SPAN, silence_s, bucket_s=1)
    assert all(begin < end for begin, end in found)
    assert all(not begin < at * S < end for begin, end in found for at in seconds)


def test_bad_quality_has_marks_of_its_own_and_a_late_reading_is_none() -> None:
    late = pack(GOOD, historical=True)
    of = trace([1000, 1003, 1006], [1.0, None, 2.0], qualities=[GOOD, LOST, late])
    assert not_good(of) == [1003 * S]
    made = options([line(of)], picture())
    assert made["series"][-1]["type"] == "scatter"
    assert made["series"][-1]["data"] == [[1_003_000, 0.015]]
    assert made["series"][-1]["yAxisIndex"] == 1


def test_limits_and_numbered_alarms_are_lines() -> None:
    made = options([line(trace([1000], [600.0]), high=1200.0)], picture(marks=[(1500 * S, "1")]))
    marks = made["series"][0]["markLine"]["data"]
    assert {"yAxis": 1200.0, "label": {"formatter": "high"}} in marks
    assert [one["xAxis"] for one in marks if "xAxis" in one] == [1_500_000]
    assert made["yAxis"][0]["max"] > 1200


def test_ranges_are_thin_lines_without_a_word_of_their_own() -> None:
    made = options([line(trace([1000, 1003], [2.0, 3.0], low=(1.0, 2.0), high=(4.0, 5.0)))], picture())
    assert [one.get("name") for one in made["series"]] == ["压力", None, None]
    assert made["yAxis"][0]["min"] < 1
    assert made["yAxis"][0]["max"] > 5


def test_two_quantities_have_an_axis_each_and_a_third_none() -> None:
    points = [point(), point("battery", quantity=Quantity("percent")), point("level", quantity=Quantity("m"))]
    assert len(axes_of(points)) == 3
    made = options([line(trace([1000], [1.0]), one) for one in points], picture())
    assert [one["yAxisIndex"] for one in made["series"]] == [0, 1]
    assert [axis.get("name") for axis in made["yAxis"]] == ["kPa", "%", None]


def test_times_are_those_of_the_site_and_no_markup_is_drawn() -> None:
    hostile = Line(point(), "<img src=x onerror=alert(1)>", trace([1000], [1.0]), {})
    made = options([hostile], Picture(SPAN, timezone(timedelta(hours=8))))
    assert made["series"][0]["data"][0][0] == 1_000_000 + 8 * 3_600_000
    assert made["tooltip"]["renderMode"] == "richText"
    json.dumps(made)


def test_nothing_to_draw_is_a_chart_all_the_same() -> None:
    assert options([], picture())["series"] == []


@pytest.mark.parametrize(("seconds", "resolution_s"), [(900, 3), (3600, 9), (2_592_000, 6480), (60, 1)])
def test_a_bucket_is_a_whole_second_and_a_span_has_few_of_them(seconds: int, resolution_s: int) -> None:
    span = Chosen(seconds).span(5_000_000_123_456_789)
    assert span.resolution_s == resolution_s
    assert span.seconds / span.resolution_s <= STEPS
    assert span.end_ns % S == 0


def test_a_span_of_one_s_own_is_read_from_address_and_fields() -> None:
    assert read_span({"span": "3600"}) == Chosen(3600)
    assert read_span({"span": "17"}) == read_span({"span": "x"}) == read_span({}) == Chosen()
    assert read_span({"from": str(1000 * S), "to": str(1900 * S)}).span(0) == Span(1000 * S, 1900 * S, follows=False)
    assert read_span({"from": "5", "to": "1"}) == Chosen()
    assert read_span({"from": "0", "to": str((MOST_S + 1) * S)}) == Chosen()
    chosen = own_span("2026-11-28T08:00", "2026-11-28T09:30", CHINA)
    assert chosen is not None
    assert chosen.span(0).seconds == 5400
    assert written(chosen.span(0).start_ns, CHINA) == "2026-11-28T08:00"
    assert own_span("2026-11-28T09:30", "2026-11-28T08:00", CHINA) is None
    assert own_span("now", "", CHINA) is None


def test_a_state_holds_until_the_next_word_and_is_unknown_after_too_long() -> None:
    of = trace([1100, 1400], [1.0, 2.0])
    band = band_of(state(max_silence_s=200.0), "facility_system", "烟感", of, span=SPAN, language=Language.ZH)
    told = [(one.start_ns // S, one.end_ns // S, one.look) for one in band.segments]
    assert told == [
        (1000, 1100, Look.UNKNOWN),
        (1100, 1300, Look.CALM),
        (1300, 1400, Look.UNKNOWN),
        (1400, 1600, Look.ALARM),
        (1600, 1900, Look.UNKNOWN),
    ]
    assert band.segments[3].words == "火警"


def test_a_bucket_of_a_long_span_stands_for_all_its_time() -> None:
    month = Span(0, 2_592_000 * S)
    seconds = list(range(0, 2_592_000, 1296))
    of = trace(seconds, [1.0] * len(seconds))
    band = band_of(state(max_silence_s=10.0), "", "x", of, span=month, language=Language.ZH)
    assert [one.look for one in band.segments] == [Look.CALM]


def test_a_word_from_before_the_span_holds_into_it_and_a_lost_one_does_not() -> None:
    long = state(max_silence_s=1e6)
    before = trace([], [], before=(500 * S, 1.0, GOOD))
    (whole,) = band_of(long, "", "x", before, span=SPAN, language=Language.EN).segments
    assert (whole.start_ns, whole.end_ns, whole.look) == (SPAN.start_ns, SPAN.end_ns, Look.CALM)
    of = trace([1200], [None], qualities=[LOST], before=(500 * S, 1.0, GOOD))
    assert [one.look for one in band_of(long, "", "x", of, span=SPAN, language=Language.EN).segments] == [
        Look.CALM,
        Look.UNKNOWN,
    ]


def test_words_that_are_said_again_are_one_block_told_with_its_times() -> None:
    of = trace([1000, 1300, 1600], [1.0, 1.0, 1.0])
    band = band_of(state(max_silence_s=1e6), "", "x", of, span=SPAN, language=Language.ZH)
    assert len(band.segments) == 1
    (row,) = drawn([band], SPAN, UTC, Language.ZH)
    (block,) = row["segments"]
    assert (block["from"], block["to"], block["look"]) == (0, 1, "calm")
    assert "00:16:40 – 00:31:40 · 15 分" in block["told"]


def test_the_file_has_what_is_drawn_in_the_site_s_time() -> None:
    of = trace([1000, 1003], [652.5, None], qualities=[GOOD, LOST], low=(650.0, None), high=(655.0, None))
    rows = csv_of(((point(), of),), CHINA).splitlines()
    assert rows[0] == "point,time,value,lowest,highest,quality,quantity"
    assert rows[1] == "hotel/p1/pressure,1970-01-01T08:16:40.000+08:00,652.5,650.0,655.0,192,kPa"
    assert rows[2] == f"hotel/p1/pressure,1970-01-01T08:16:43.000+08:00,,,,{LOST},kPa"
