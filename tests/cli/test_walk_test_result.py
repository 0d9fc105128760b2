"""What is signed after a walk test: of each point what was seen of that point, and no more. On the example hotel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alerts.walk_test_face import DEFAULT_S
from backbone.messages import LogMessage
from cli.commission_walks import verdicts
from cli.rule_files import load_ruleset
from cli.session import Session
from cli.site_files import load_registry
from cli.state import State
from cli.walk_test_points import DEFAULT_CLASSES, walked_points
from cli.walk_test_result import result_of
from cli.walk_test_screen import progress_line
from dashboards.live.walk_log import Sight, WalkLog
from domain.alarm import Place
from domain.walk_test import WalkTestView
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.test_suppression_entries import walk_test

SITE = Path(__file__).parents[2] / "examples" / "hotel"
DETECTOR = "hotel/smoke-01"
SMOKE, HEAT = f"{DETECTOR}/smoke", f"{DETECTOR}/temperature"
CAUSED_AT = 10


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return Session(SITE, load_registry(SITE), State(tmp_path_factory.mktemp("state")))


def walked(session: Session) -> WalkLog:
    """Walk the detector: its smoke was seen to change, then an alarm of the detector was caused."""
    test: WalkTestView = walk_test(devices=("smoke-01",), until_ns=NOW_NS + DEFAULT_S * 10**9)
    rules = load_ruleset(session.registry, SITE / "rules")
    log = WalkLog.of(test, walked_points(session.registry, rules, test, DEFAULT_CLASSES), session.registry.points)
    assert set(log.sightings) == {SMOKE, HEAT}
    smoke = log.sightings[SMOKE]
    smoke.seen_ns, smoke.seen_seq, smoke.seen_log_ns, smoke.value = NOW_NS, CAUSED_AT - 1, NOW_NS, 1.0
    return log


def alarmed(log: WalkLog, rule: str) -> None:
    place = Place(unit="hotel", device="smoke-01")
    raised = alert(rule=rule, place=place, walk_test="w1", raised_at_ns=NOW_NS + 5, input_seq=CAUSED_AT)
    data = json.dumps({"data": raised.model_dump(mode="json")}).encode()
    log.take_alerts([LogMessage("alert.hotel.fire.raised", data, 1, NOW_NS + 5)])


@pytest.mark.parametrize(
    ("rule", "smoke", "heat"),
    [
        ("smoke_alarm", Sight.ALARMED, Sight.UNSEEN),
        ("heat_fixed", Sight.CHANGED, Sight.ALARMED),
        ("battery_low", Sight.CHANGED, Sight.UNSEEN),
        ("device_silent", Sight.CHANGED, Sight.UNSEEN),
        ("a-rule-that-is-gone", Sight.DEVICE_ALARMED, Sight.UNSEEN),
    ],
)
def test_a_detectors_alarm_is_the_point_that_its_rule_watches(
    session: Session, rule: str, smoke: Sight, heat: Sight
) -> None:
    log = walked(session)
    alarmed(log, rule)
    assert {key: one.sight for key, one in log.sightings.items()} == {SMOKE: smoke, HEAT: heat}


def test_a_result_says_in_both_languages_that_it_cannot_tell_whose_alarm_it_was(session: Session) -> None:
    log = walked(session)
    alarmed(log, "a-rule-that-is-gone")
    document: dict[str, Any] = json.loads(json.dumps(result_of(session, log, ["fire"])))
    found = {point["point"]: point for point in document["points"]}
    assert found[SMOKE]["sight_words"] == {
        "zh": "设备已报警，不能确定是哪个测点",
        "en": "its device alarmed, which point is not known",
    }
    assert (found[SMOKE]["seen"], found[SMOKE]["alert_of_device"], found[SMOKE]["alert"]) == (False, True, "a1")
    assert (document["alarmed"], document["device_alarmed"], document["unseen"]) == (0, 1, 1)
    counts = [document[sight.value] for sight in Sight]
    assert sum(counts) == document["total"]
    assert "不能确定测点 1" in progress_line(log, "zh").plain
    assert "1 whose device alarmed, point not known" in progress_line(log, "en").plain
    assert verdicts([(Path("result.json"), document, None)]) == {}
