"""Roll-calls on the screen: shares without lines that were down, hours of the plan, rows, the CSV. No server."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboards.api.roll_calls import FIELDS, calls_csv, span_of
from dashboards.console.roll_calls import rows
from dashboards.console.roll_calls.figures import PLAN, done_in, share_of, windows_of
from dashboards.console.texts import Language
from dashboards.live.roll_call_desk import Call
from dashboards.live.roll_calls import Result
from dashboards.live.today import day_start_ns
from domain.clock import NS_PER_S
from tests.dashboards.board_makers import NOW_NS
from tests.dashboards.district import district

SHANGHAI = ZoneInfo("Asia/Shanghai")


def call(number: int, result: str, **changes: Any) -> Call:
    document = {
        "id": f"c{number}", "unit": "hotel", "transmitter": "utd-0", "by": "lin", "called_ns": NOW_NS + number,
        "minutes": 3, "deadline_ns": NOW_NS + 180 * NS_PER_S, "result": result, "cause": "", "answered_ns": None,
        "operator": None,
    }  # fmt: skip
    return Call.read(document | changes)


def test_a_line_that_was_down_is_counted_and_is_no_part_of_any_share() -> None:
    took = {"answered_ns": NOW_NS + 40 * NS_PER_S}
    share = share_of(
        [
            call(1, "present", **took),
            call(2, "late", **took),
            call(3, "no_answer"),
            call(4, "line_down"),
            call(5, "waiting"),
        ]
    )
    assert share.calls == 5
    assert share.took_s == pytest.approx(40, abs=0.1)
    assert share.answered == pytest.approx(2 / 3)
    assert share.in_time == pytest.approx(1 / 3)
    assert "1 line down not counted" in rows.share_words(share, Language.EN)
    nothing = share_of([call(1, "line_down")])
    assert nothing.answered is None
    assert "线路中断 1 次" in rows.share_words(nothing, Language.ZH)


def at(hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, 28, hour, minute, tzinfo=SHANGHAI).timestamp()) * NS_PER_S


PLANNED: Mapping[str, Any] = {"per_day": 3, "at_night": 1, "hours": [8, 22], "night_hours": [22, 6]}


@pytest.mark.parametrize(
    ("now_ns", "expected"),
    [
        (at(9), [(2, at(8), True), (1, at(22), False)]),
        (at(23), [(1, at(22), True), (2, at(8) + 86_400 * NS_PER_S, False)]),
        (at(3), [(1, at(22) - 86_400 * NS_PER_S, True), (2, at(8), False)]),
        (at(7), [(2, at(8), False), (1, at(22), False)]),
    ],
)
def test_the_hours_that_are_open_or_next_are_known_though_no_moment_is(
    now_ns: int, expected: list[tuple[int, int, bool]]
) -> None:
    found = windows_of(PLANNED, now_ns, SHANGHAI)
    assert [(one.calls, one.start_ns, one.is_open) for one in found] == expected


def test_a_plan_of_another_version_or_none_has_no_hours() -> None:
    assert windows_of({}, at(9), SHANGHAI) == []
    assert windows_of({"per_day": 2, "hours": "often"}, at(9), SHANGHAI) == []
    assert rows.plan_words({}, Language.EN).startswith("nothing is planned")
    words = rows.plan_words({**PLANNED, "minutes": 3, "again_s": 600}, Language.EN)
    assert words == "3 calls a day each (1 at night), 3 min to answer. After no answer a second call, 10 min later."


def test_done_are_the_planned_checks_of_the_open_hours() -> None:
    window = windows_of(PLANNED, at(9), SHANGHAI)[0]
    calls = [
        call(1, "present", by=PLAN, called_ns=at(8, 30)),
        call(2, "line_down", by=PLAN, called_ns=at(8, 40)),
        call(3, "present", called_ns=at(8, 50)),
        call(4, "present", by=PLAN, called_ns=at(7)),
    ]
    assert done_in(window, calls) == 1
    assert "1 of 10" in rows.window_words(window, 1, 5, Language.EN, SHANGHAI)
    assert "08:00–22:00" in rows.window_words(window, 1, 5, Language.ZH, SHANGHAI)


def test_rows_tell_line_down_apart_and_a_waiting_call_counts_down() -> None:
    registry = district(2)
    names = rows.names_of(registry, ["hotel/utd-0"], Language.EN)
    moment = (NOW_NS, UTC)
    down = rows.call_row(call(1, "line_down", cause="line_lost"), names, registry, Language.EN, moment)
    waits = rows.call_row(call(2, "waiting"), names, registry, Language.EN, moment)
    later = rows.call_row(call(3, "ill", by=PLAN), names, registry, Language.EN, moment)
    assert (down["look"], down["cells"]["result"].look) == ("unknown", "unknown")
    assert down["cells"]["result"].words == "Line down · line lost during the call"
    assert waits["cells"]["left"] == NOW_NS + 180 * NS_PER_S
    assert later["cells"]["result"].words == "unknown result"
    assert later["cells"]["by"] == "plan"
    order = rows.by_urgency([call(1, "present"), call(2, "no_answer"), call(3, "waiting"), call(4, "ill")])
    assert [one.id for one in order] == ["c3", "c2", "c1", "c4"]


def test_junk_of_a_gateway_is_read_as_what_may_be_missing() -> None:
    found = Call.read({"id": 7, "called_ns": "soon", "result": ["present"], "operator": True})
    assert (found.id, found.called_ns, found.result, found.operator, found.took_s) == ("7", 0, None, None, None)


def test_the_csv_keeps_formulas_harmless_and_says_seconds() -> None:
    answered = {"answered_ns": NOW_NS + 42 * NS_PER_S, "operator": 7, "by": "=HYPERLINK(1)"}
    lines = list(csv.DictReader(calls_csv([call(0, "present", **answered), call(1, "ill")]).splitlines()))
    assert tuple(lines[0]) == FIELDS
    assert (lines[0]["by"], lines[0]["took_s"], lines[0]["result"]) == ("'=HYPERLINK(1)", "42.0", "present")
    assert (lines[1]["result"], lines[1]["answered"]) == ("unknown", "")


def test_a_day_is_the_sites_day() -> None:
    start_ns, end_ns = span_of(date(2026, 11, 28), SHANGHAI)
    assert (start_ns, end_ns - start_ns) == (at(0), 86_400 * NS_PER_S)
    assert day_start_ns(at(23, 59), SHANGHAI) == at(0)
    assert span_of(date.max, UTC)[0] > 0
    assert span_of(date.min, SHANGHAI)[1] < 0
    assert Result.LINE_DOWN.name == "LINE_DOWN"
