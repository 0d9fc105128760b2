"""The example: its size, that everything in it exists, and that its story leaves room for slow machines."""

from __future__ import annotations

import re

import pytest

from cli.simulate_commands import load_play
from domain.site import ZoneKind, itself
from simulators.catalogue import make_model
from simulators.scenario_model import AnswerStep, DeviceStep, FaultStep, OperatorStep
from tests.simulators.hotel import FOLDER, hotel

EBIKE_TEXT = "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！"

PLAY = load_play(FOLDER / "scenario.yaml")
SCENARIO = PLAY.scenario


def test_forty_devices_and_two_hundred_and_fifty_points() -> None:
    registry = hotel()
    assert registry.written == (42, 250)
    kinds = [device.profile.kind for device in registry.devices.values() if device.profile.profile != itself.PROFILE]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "fire_panel": 1,
        "power_meter": 6,
        "residual_current_monitor": 9,
        "pressure_transmitter": 6,
        "smoke_detector": 16,
        "camera": 4,
    }


def test_every_device_is_simulated_and_is_of_its_profiles_kind() -> None:
    for device in PLAY.registry.devices.values():
        if device.profile.profile == itself.PROFILE:
            continue  # the gateway, which is real
        model = make_model(device)
        assert model is not None, device.key
        assert model.kind == device.profile.kind


def test_camera_and_meter_watch_the_exit_of_floor_1_and_mr_chen_answers_for_it() -> None:
    for name in ("camera-1", "meter-1"):
        zone = PLAY.registry.devices[f"hotel/{name}"].zone
        assert (zone.settings.kind, zone.settings.floor, zone.settings.responsible) == (ZoneKind.EXIT, 1, "p-chen")
        assert (zone.building.labels.zh, zone.settings.labels.zh) == ("东楼", "安全出口")


def test_the_text_is_expected_word_for_word() -> None:
    texts = [item.expectation.alert.text for item in SCENARIO.expected if item.expectation.alert]
    assert EBIKE_TEXT in texts


def test_the_story_has_all_its_parts() -> None:
    steps = [placed.step for placed in SCENARIO.steps]
    faults = [step.fault for step in steps if isinstance(step, FaultStep)]
    assert [(fault.link or fault.device, fault.for_s) for fault in faults] == [("smoke-05", 26), ("uplink", 15)]
    assert [step.person for step in steps if isinstance(step, AnswerStep)] == ["p-lin"]
    assert [step.operator.value for step in steps if isinstance(step, OperatorStep)] == ["acknowledge"] * 3 + ["reset"]
    touched = {step.device for step in steps if isinstance(step, DeviceStep)}
    assert touched == {"camera-1", "meter-1", "panel-1", "pressure-3", "smoke-13"}


def test_exactly_one_charging_alert_and_never_a_second() -> None:
    charging = [
        item.expectation
        for item in SCENARIO.expected
        if (alert := item.expectation.alert) and alert.rule == "ebike_charging_at_exit" and alert.event == "raised"
    ]
    assert [item.count for item in charging if item.count] == [1]
    assert sum(item.never for item in charging) == 1


@pytest.mark.parametrize("item", SCENARIO.expected, ids=lambda item: f"line {item.line}")
def test_windows_leave_room_for_a_slow_machine(item: object) -> None:
    """At least 8 s for what must happen, and all is over before the end."""
    expected = next(other for other in SCENARIO.expected if other is item)
    assert expected.end_s <= SCENARIO.duration_s
    if not expected.expectation.never:
        assert expected.end_s - expected.start_s >= 8


def test_no_secret_stands_in_the_folder() -> None:
    for path in (FOLDER / "site.yaml", FOLDER / "gateways" / "gw-east.yaml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"\b(secret|password|token):", line):
                assert re.search(r"\$\{FENGSUI_[A-Z_]+:-\}", line), line
