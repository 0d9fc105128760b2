"""What a walk test has shown, whatever was read first, and while the alerts service is away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backbone.messages import LogMessage
from dashboards.live.walk_log import Sight, WalkLog
from domain.alarm import Place
from domain.errors import LinkError
from domain.walk_test import WalkMark
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import premises
from tests.dashboards.test_suppression_entries import walk_test
from tests.servers import connected, embedded_server


def raised_by_the_panel(test_id: str) -> bytes:
    place = Place(unit="hotel", device="panel")
    raised = alert(1, place=place, walk_test=test_id, raised_at_ns=NOW_NS + 5, event_time_ns=NOW_NS)
    return json.dumps({"data": raised.model_dump(mode="json")}).encode()


@pytest.mark.parametrize("works", [True, False])
def test_an_alarm_of_a_device_is_its_changed_points_though_marks_were_read_before_it(works: bool) -> None:  # noqa: FBT001  # pytest gives it
    registry = premises()
    test = walk_test(devices=("panel",))
    walked, unseen = [one for one in registry.points if one.device == "panel"][:2]
    log = WalkLog.of(test, [walked, unseen], registry.points)
    name = f"{walked.device}/{walked.name}"
    mark = WalkMark(number=1, walk_test=test.id, point=name, works=works, by="li", at_ns=1, remark="", reason="")
    log.take_marks([mark])
    log.sightings[walked.key].seen_ns = NOW_NS
    log.take_alerts([LogMessage("alert.hotel.a1.raised", raised_by_the_panel(test.id), 1, NOW_NS + 6)])
    assert log.sightings[walked.key].alert == "a1"
    assert log.sightings[walked.key].sight is (Sight.ALARMED if works else Sight.HAND_FAILS)
    assert log.sightings[unseen.key].alert is None


async def test_the_logs_are_read_while_the_service_is_away_and_no_ended_test_is_without_its_marks(
    tmp_path: Path,
) -> None:
    registry = premises()
    running = walk_test(devices=("panel",), from_seq=0)
    walked = next(one for one in registry.points if one.device == "panel")
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await backbone.publish("alert.hotel.a1.raised", raised_by_the_panel(running.id), message_id="a1")
        for test in (running, running.model_copy(update={"ended_ns": NOW_NS + 10, "ended_by": "zhao"})):
            log = WalkLog.of(test, [walked], registry.points)
            log.sightings[walked.key].seen_ns = NOW_NS
            if test.is_running:
                await log.catch_up(backbone)
            else:
                with pytest.raises(LinkError):
                    await log.catch_up(backbone)
            assert log.sightings[walked.key].sight is Sight.ALARMED
