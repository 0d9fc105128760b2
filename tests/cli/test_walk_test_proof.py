"""Which alarms prove a point of a walk test: those that it is walked for. By the library's rules, on a small site."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import pytest

from backbone.messages import LogMessage
from cli.rule_files import load_ruleset
from cli.walk_test_points import DEFAULT_CLASSES, walked_points
from dashboards.live.walk_log import Sight, WalkLog
from domain.alarm import AlarmClass, Place
from domain.documents import Document
from domain.site import Registry, build_registry
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import files, labels
from tests.dashboards.test_suppression_entries import walk_test

DETECTOR, COMPONENT = "hotel/detector/smoke", "hotel/panel/l1p01"
RULES = {rule.id: rule for rule in load_ruleset()}
BOTH = (AlarmClass.FIRE, AlarmClass.SUPERVISORY)


def site() -> Registry:
    """Return the premises, with a detector that has one point beside its panel."""
    premises, gateway, profiles = files()
    device = {"id": "detector", "profile": "one", "zone": "exit", "address": 3, "labels": labels("感烟", "Smoke")}
    line = gateway["connections"][0]
    line = line | {"devices": [*line["devices"], device]}
    point = {"id": "smoke", "kind": "state", "labels": labels("烟", "Smoke")}
    one: dict[str, Any] = {
        "profile": "one", "protocol": "modbus_tcp", "kind": "smoke_detector", "labels": labels("感烟", "Smoke"),
        "source": "test", "max_silence_s": 10, "points": [point],
    }  # fmt: skip
    documents = [Document("p.yaml", profile) for profile in (*profiles, one)]
    gateways = [Document("gw-east.yaml", gateway | {"connections": [line]})]
    return build_registry(Document("site.yaml", premises), gateways, documents)


REGISTRY = site()


def walked(key: str, classes: Collection[AlarmClass] = DEFAULT_CLASSES) -> WalkLog:
    """Walk the device of a point, which is all that is walked there."""
    test = walk_test(devices=(key.split("/")[1],))
    log = WalkLog.of(test, walked_points(REGISTRY, RULES.values(), test, classes), REGISTRY.points)
    assert set(log.sightings) == {key}
    return log


def raised(log: WalkLog, rule: str, key: str, after_ns: int, *, of_device: bool = False) -> None:
    unit, device, point = key.split("/")
    facts: dict[str, Any] = {
        "id": rule, "rule": rule, "alarm_class": RULES[rule].alarm_class, "walk_test": log.test.id,
        "place": Place(unit=unit, device=device, point=None if of_device else point),
        "raised_at_ns": NOW_NS + after_ns, "event_time_ns": NOW_NS + after_ns,
    }  # fmt: skip
    data = json.dumps({"data": alert(**facts).model_dump(mode="json")}).encode()
    log.take_alerts([LogMessage(f"alert.hotel.{rule}.raised", data, after_ns, NOW_NS + after_ns)])


@pytest.mark.parametrize("classes", [DEFAULT_CLASSES, BOTH])
def test_a_component_that_is_shielded_has_not_shown_that_it_sees_a_fire(classes: Collection[AlarmClass]) -> None:
    log = walked(COMPONENT, classes)
    raised(log, "panel_shielded", COMPONENT, 5)
    assert (log.sightings[COMPONENT].sight, log.sightings[COMPONENT].rule) == (Sight.UNSEEN, None)
    assert not log.is_done


@pytest.mark.parametrize("classes", [DEFAULT_CLASSES, (AlarmClass.FIRE, AlarmClass.FAULT)])
def test_a_device_of_one_point_that_is_silent_proves_nothing(classes: Collection[AlarmClass]) -> None:
    log = walked(DETECTOR, classes)
    raised(log, "device_silent", DETECTOR, 5, of_device=True)
    assert (log.sightings[DETECTOR].sight, log.is_done) == (Sight.UNSEEN, False)
    raised(log, "smoke_alarm", DETECTOR, 6, of_device=True)
    assert (log.sightings[DETECTOR].sight, log.sightings[DETECTOR].rule) == (Sight.ALARMED, "smoke_alarm")


@pytest.mark.parametrize("fault", ["panel_fault", "point_silent", "panel_shielded"])
@pytest.mark.parametrize("fire_first", [False, True])
def test_a_fire_proves_a_point_whatever_fault_came_before_or_after_it(fault: str, *, fire_first: bool) -> None:
    log = walked(COMPONENT)
    first, then = ("panel_fire", fault) if fire_first else (fault, "panel_fire")
    raised(log, first, COMPONENT, 5)
    assert log.is_done is fire_first
    raised(log, then, COMPONENT, 9)
    found = log.sightings[COMPONENT]
    assert (found.sight, found.rule, found.alert) == (Sight.ALARMED, "panel_fire", "panel_fire")
    assert found.raised_ns == NOW_NS + (5 if fire_first else 9)
    assert log.is_done


def test_a_point_that_is_walked_for_another_class_alone_is_proven_by_that_class() -> None:
    test = walk_test(devices=("panel",))
    walk = walked_points(REGISTRY, RULES.values(), test, (AlarmClass.SUPERVISORY,))
    log = WalkLog.of(test, walk, REGISTRY.points)
    raised(log, "panel_fire", COMPONENT, 5)
    assert log.sightings[COMPONENT].sight is Sight.UNSEEN
    raised(log, "panel_shielded", COMPONENT, 6)
    assert log.sightings[COMPONENT].sight is Sight.ALARMED
