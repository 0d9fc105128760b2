"""What a walk test has shown of which point, whatever was read first, and while the alerts service is away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backbone.messages import LogMessage
from backbone.sparkplug.data import encode_batch
from backbone.subjects import telemetry
from dashboards.live.walk_log import Sight, Walked, WalkLog
from domain.alarm import Place
from domain.batch import ReadingBatch
from domain.errors import LinkError
from domain.points import Point
from domain.walk_test import WalkMark
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import premises
from tests.dashboards.test_suppression_entries import walk_test
from tests.servers import connected, embedded_server

REGISTRY = premises()
STATE, LOOP = (one for one in REGISTRY.points if one.device == "panel")
RULE = alert().rule
CAUSED_AT = 10
"""Where in TELEMETRY the alarm of the device was caused."""


def reading(point: Point, value: float, seq: int) -> LogMessage:
    batch = ReadingBatch.build(REGISTRY.points, [NOW_NS + seq], [list(REGISTRY.points).index(point)], [value])
    subject = telemetry("hotel", "DDATA", "gw-east", point.device)
    return LogMessage(subject, encode_batch(batch, NOW_NS + seq), seq, NOW_NS + seq)


def alarm_of_the_panel(test_id: str, **changes: object) -> LogMessage:
    return LogMessage("alert.hotel.fire.raised", raised_by_the_panel(test_id, **changes), 1, NOW_NS + CAUSED_AT)


def walk(watched: dict[str, set[str]], *, alarm_first: bool = False, caused_at: int | None = CAUSED_AT) -> WalkLog:
    """Walk the panel: its loop changes, an alarm of the panel is caused by that, its state changes after it."""
    test = walk_test(devices=("panel",))
    log = WalkLog.of(test, Walked([STATE, LOOP], watched), REGISTRY.points)
    at = NOW_NS + CAUSED_AT
    alarm = alarm_of_the_panel(test.id, input_seq=caused_at, raised_at_ns=at, event_time_ns=at)
    if alarm_first:
        log.take_alerts([alarm])
    log.take_data([reading(STATE, 0, 5), reading(LOOP, 0, 6), reading(LOOP, 2, CAUSED_AT), reading(STATE, 2, 12)])
    log.take_alerts([alarm])
    return log


@pytest.mark.parametrize("alarm_first", [False, True])
@pytest.mark.parametrize("caused_at", [CAUSED_AT, None])
@pytest.mark.parametrize(
    ("watched", "loop"),
    [
        ({RULE: {LOOP.key}}, Sight.ALARMED),
        ({RULE: {LOOP.key, "hotel/pressure/pressure"}}, Sight.ALARMED),
        ({RULE: {LOOP.key, STATE.key}}, Sight.DEVICE_ALARMED),
        ({RULE: {LOOP.key, "hotel/panel/not-walked"}}, Sight.DEVICE_ALARMED),
        ({}, Sight.DEVICE_ALARMED),
        ({RULE: {"hotel/panel/not-walked"}}, Sight.CHANGED),
        ({RULE: {"hotel/panel/not-walked", "hotel/panel/nor-this"}}, Sight.CHANGED),
    ],
)
def test_an_alarm_of_a_device_is_a_points_only_where_its_rule_watches_no_other_there(
    watched: dict[str, set[str]], loop: Sight, caused_at: int | None, *, alarm_first: bool
) -> None:
    log = walk(watched, alarm_first=alarm_first, caused_at=caused_at)
    assert log.sightings[LOOP.key].sight is loop
    assert (log.sightings[LOOP.key].alert == "a1") is (loop is not Sight.CHANGED)
    assert log.sightings[LOOP.key].is_proven is (loop is Sight.ALARMED)
    assert log.sightings[LOOP.key].value == 2
    changed_after = log.sightings[STATE.key]
    assert (changed_after.sight, changed_after.alert) == (Sight.CHANGED, None)


@pytest.mark.parametrize("own_first", [False, True])
def test_a_points_own_alarm_proves_it_beside_one_of_its_device(*, own_first: bool) -> None:
    log = walk({RULE: {LOOP.key, STATE.key}}) if not own_first else walk({RULE: set()})
    place = Place(unit="hotel", device="panel", point=LOOP.name)
    log.take_alerts([alarm_of_the_panel("w1", id="own", place=place, raised_at_ns=NOW_NS + 20)])
    log.watched = {RULE: {LOOP.key, STATE.key}}
    log.take_alerts([alarm_of_the_panel("w1", input_seq=11)])
    found = log.sightings[LOOP.key]
    assert (found.sight, found.alert) == (Sight.ALARMED, "own")
    assert found.took_s is not None


def test_a_rule_of_one_point_proves_a_measure_of_which_nothing_else_is_seen() -> None:
    measure = next(one for one in REGISTRY.points if one.name == "pressure")
    log = WalkLog.of(walk_test(), Walked([measure], {RULE: {measure.key}}), REGISTRY.points)
    log.take_alerts([alarm_of_the_panel("w1", place=Place(unit="hotel", device="pressure"))])
    assert log.sightings[measure.key].sight is Sight.ALARMED


def raised_by_the_panel(test_id: str, **changes: object) -> bytes:
    facts: dict[str, object] = {
        "place": Place(unit="hotel", device="panel"), "raised_at_ns": NOW_NS + 5, "event_time_ns": NOW_NS,
    }  # fmt: skip
    raised = alert(1, walk_test=test_id, **facts | changes)
    return json.dumps({"data": raised.model_dump(mode="json")}).encode()


@pytest.mark.parametrize("works", [True, False])
def test_an_alarm_of_a_device_is_its_points_though_marks_were_read_before_it(works: bool) -> None:  # noqa: FBT001  # pytest gives it
    test = walk_test(devices=("panel",))
    walked, unseen = LOOP, STATE
    log = WalkLog.of(test, Walked([walked, unseen], {RULE: {walked.key}}), REGISTRY.points)
    name = f"{walked.device}/{walked.name}"
    mark = WalkMark(number=1, walk_test=test.id, point=name, works=works, by="li", at_ns=1, remark="", reason="")
    log.take_marks([mark])
    log.take_alerts([LogMessage("alert.hotel.a1.raised", raised_by_the_panel(test.id), 1, NOW_NS + 6)])
    assert log.sightings[walked.key].alert == "a1"
    assert log.sightings[walked.key].sight is (Sight.ALARMED if works else Sight.HAND_FAILS)
    assert log.sightings[unseen.key].alert is None


async def test_the_logs_are_read_while_the_service_is_away_and_no_ended_test_is_without_its_marks(
    tmp_path: Path,
) -> None:
    running = walk_test(devices=("panel",), from_seq=0)
    walked = Walked([LOOP], {RULE: {LOOP.key}})
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await backbone.publish("alert.hotel.a1.raised", raised_by_the_panel(running.id), message_id="a1")
        for test in (running, running.model_copy(update={"ended_ns": NOW_NS + 10, "ended_by": "zhao"})):
            log = WalkLog.of(test, walked, REGISTRY.points)
            if test.is_running:
                await log.catch_up(backbone)
            else:
                with pytest.raises(LinkError):
                    await log.catch_up(backbone)
            assert log.sightings[LOOP.key].sight is Sight.ALARMED
