"""What a walk test has shown, whatever was read first, and while the alerts service is away."""

from __future__ import annotations

import json

import pytest

from backbone.messages import LogMessage
from dashboards.live.walk_log import Sight, WalkLog
from domain.alarm import Place
from domain.walk_test import WalkMark
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import premises
from tests.dashboards.test_suppression_entries import walk_test


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
