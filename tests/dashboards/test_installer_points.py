"""What of a gateway is still to be proven, and what it tells of an adopted transmitter. No server."""

from __future__ import annotations

from dashboards.console.installer.adopted_page import told_of
from dashboards.console.installer.adopting import first_id
from dashboards.console.installer.points_tab import State, rows_of, state_of
from dashboards.console.installer.walk_page import in_order
from dashboards.live.board import Reading
from dashboards.live.walk_log import Sight, Sighting, Walked, WalkLog
from dashboards.live.walks import told_points
from domain.clock import NS_PER_S
from domain.points import Point
from domain.quality import GOOD
from domain.walk_test import WalkMark
from tests.dashboards.board_makers import NOW_NS
from tests.dashboards.premises import premises
from tests.dashboards.test_suppression_entries import walk_test


def test_no_reading_is_never_well_and_old_or_bad_ones_are_told_apart() -> None:
    registry = premises()
    point = next(one for one in registry.points if one.key == "hotel/pressure/pressure")
    assert state_of(point, None, NOW_NS) is State.NEVER
    assert state_of(point, Reading(NOW_NS, 1.0, GOOD), NOW_NS) is State.WELL
    assert state_of(point, Reading(NOW_NS - 11 * NS_PER_S, 1.0, GOOD), NOW_NS) is State.STALE
    assert state_of(point, Reading(NOW_NS, 1.0, 0), NOW_NS) is State.BAD
    assert state_of(point, Reading(NOW_NS, None, GOOD), NOW_NS) is State.BAD
    readings = {point.key: Reading(NOW_NS, 1.0, GOOD)}
    rows = rows_of(registry.points, readings, NOW_NS)
    assert rows[0].unproven >= rows[-1].unproven
    assert {one.device: one.unproven for one in rows}["hotel/pressure"] == 1


def test_what_a_gateway_tells_is_read_as_what_may_be_missing() -> None:
    assert told_of({}, None).known
    told = told_of({"peer": None, "profile": 7}, {"frames": [{"time_ns": 5, "direction": "in", "hex": "4040"}, 7]})
    assert (told.peer, told.profile, told.frames) == ("", "7", ((5, "in", "4040"),))
    assert first_id("192.168.1.4:7533") == "utd-192-168-1-4-7533"


def test_a_walk_shows_what_was_seen_last_first_then_what_is_still_to_be_walked() -> None:
    registry = premises()
    test = walk_test(devices=("panel",))
    points = told_points(registry, test).points
    assert {point.device for point in points} == {"panel"}
    assert told_points(registry, walk_test(zones=("pump",))).points == []
    first, second, third = (Sighting(point) for point in list(registry.points)[:3])
    first.seen_ns, first.alert, first.event_ns, first.raised_ns = NOW_NS, "a1", NOW_NS - NS_PER_S, NOW_NS
    third.seen_ns = NOW_NS + 5
    assert [one.point.name for one in in_order([first, second, third], None)] == [
        third.point.name,
        first.point.name,
        second.point.name,
    ]
    assert in_order([first, second, third], Sight.ALARMED) == [first]
    assert (first.took_s, third.took_s) == (1.0, None)


def test_the_newest_mark_counts_no_alarm_hides_a_failure_and_a_point_that_is_not_walked_is_marked_too() -> None:
    registry = premises()
    test = walk_test(devices=("panel",))
    walked, beside = list(registry.points)[:2]
    log = WalkLog.of(test, Walked([walked]), registry.points)

    def marked(point: Point, number: int, *, works: bool) -> None:
        name = f"{point.device}/{point.name}"
        mark = WalkMark(
            number=number, walk_test=test.id, point=name, works=works, by="li", at_ns=number, remark="", reason=""
        )
        log.take_marks([mark, mark])

    marked(walked, 1, works=True)
    assert (log.sightings[walked.key].sight, log.is_done) == (Sight.HAND_WORKS, True)
    log.sightings[walked.key].alert = "a1"
    assert log.sightings[walked.key].sight is Sight.ALARMED
    marked(walked, 2, works=False)
    assert (log.sightings[walked.key].sight, log.is_done) == (Sight.HAND_FAILS, False)
    assert [mark.works for mark in log.sightings[walked.key].marks] == [True, False]
    marked(beside, 3, works=True)
    assert (log.sightings[beside.key].sight, log.count(Sight.HAND_WORKS)) == (Sight.HAND_WORKS, 1)
