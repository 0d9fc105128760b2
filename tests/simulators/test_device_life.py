"""Background life, ramps, replays: repeatable by seed, right at their ends."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.devices.modbus_devices import PowerMeter, PressureTransmitter
from simulators.devices.mqtt_devices import HUGE_BYTES, Camera, SmokeSensor, encode, spoil
from simulators.devices.signals import Ramp, Replay, Signal
from simulators.errors import UnknownNameError
from simulators.faults import Fault, FaultKind

MOMENTS = st.floats(min_value=0, max_value=1e6)


@given(MOMENTS)
def test_life_stays_within_its_swing_and_repeats_by_seed(moment: float) -> None:
    one, same, other = (Signal.make(480.0, 6.0, f"{seed}/pressure-1/pressure") for seed in (1, 1, 2))
    assert abs(one.at(moment) - 480.0) <= 6.0
    assert one.at(moment) == same.at(moment)
    assert one._waves != other._waves


@given(MOMENTS)
def test_a_ramp_is_held_at_both_ends(moment: float) -> None:
    value = Ramp(60.0, 240.0, 10.0, 2.0).at(moment)
    assert value == 60.0 if moment <= 10 else 60.0 <= value <= 240.0
    assert moment < 12 or value == 240.0


def test_a_ramp_starts_where_another_one_stands() -> None:
    transmitter = PressureTransmitter("pressure-1", 1)
    transmitter.ramp("pressure", to=180.0, over_s=10.0, now_s=0.0)
    transmitter.ramp("pressure", to=480.0, over_s=5.0, now_s=5.0)
    course = transmitter._signals["pressure"].course
    assert [course.at(t) for t in (5.0, 7.5, 10.0)] == [330.0, 405.0, 480.0]


def test_a_replay_interpolates_and_ends_on_its_last_value() -> None:
    replay = Replay((0.0, 2.0, 4.0), (1.0, 3.0, 2.0), from_s=10.0, speed=2.0)
    assert [replay.at(t) for t in (9.0, 10.0, 10.5, 11.0, 11.5, 12.0, 99.0)] == [1.0, 1.0, 2.0, 3.0, 2.5, 2.0, 2.0]


def test_a_replay_is_left_as_it_was_recorded() -> None:
    sensor = SmokeSensor("smoke-1", "s01")
    sensor.replay("obscuration", (0.0, 1.0), (0.5, 0.5), now_s=0.0, speed=1.0)
    assert {sensor.values(t)["obscuration"] for t in (0.0, 0.3, 7.0)} == {0.5}


def test_current_follows_power_until_a_scenario_sets_it() -> None:
    meter = PowerMeter("meter-1", 1)
    meter.set("power", 218.5)
    values = meter.values(3.0)
    assert values["current"] == pytest.approx(values["power"] / values["voltage"] / values["power_factor"])
    meter.set("current", 5.0)
    assert meter.values(4.0)["current"] == 5.0


def test_energy_adds_up_and_never_runs_back() -> None:
    meter = PowerMeter("meter-1", 1)
    meter.set("power", 3600.0)
    before = meter.values(0.0)["energy"]
    assert meter.values(1000.0)["energy"] - before == pytest.approx(1.0, rel=0.01)
    assert meter.values(500.0)["energy"] == meter.values(1000.0)["energy"]


def test_a_point_that_does_not_exist_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'pressure'"):
        PressureTransmitter("pressure-1", 1).set("presure", 1)
    with pytest.raises(UnknownNameError, match="must be a number"):
        PressureTransmitter("pressure-1", 1).set("pressure", "low")


def test_camera_reports_words_and_a_new_event_id_at_each_change() -> None:
    camera = Camera("camera-1", "c1")
    before = camera.payload(0.0, 1_800_000_000_000)
    assert (before["behaviour"], before["count"], before["image"]) == ("none", 0, None)
    camera.set("behaviour", "parked")
    camera.set("ebike_count", 1)
    camera.set("image", "http://127.0.0.1/1.jpg")
    after = camera.payload(0.0, 1_800_000_000_000)
    assert (after["behaviour"], after["count"], after["class"]) == ("parked", 1, "ebike")
    assert after["image"] == "http://127.0.0.1/1.jpg"
    assert after["event_id"] != before["event_id"]
    assert camera.topic == "cameras/c1/event"
    with pytest.raises(UnknownNameError):
        camera.set("behaviour", "flying")
    with pytest.raises(UnknownNameError):
        camera.set("behaviour", 9)


def test_smoke_payload_has_the_agreed_fields() -> None:
    payload = SmokeSensor("smoke-1", "s01").payload(1.0, 1_800_000_000_000)
    assert set(payload) == {"ts", "smoke", "obscuration", "temperature", "battery", "test"}
    assert (payload["ts"], payload["smoke"], payload["test"]) == (1_800_000_000_000, 0, 0)


def test_spoilt_payloads_are_spoilt_as_named() -> None:
    payload = SmokeSensor("smoke-1", "s01").payload(1.0, 1_800_000_000_000)
    spoilt = {kind: spoil(payload, Fault(kind=kind), random.Random(1)) for kind in FaultKind}
    assert spoilt[FaultKind.SILENT] == b""
    with pytest.raises(ValueError, match=r"codec|Expecting|decode"):
        json.loads(spoilt[FaultKind.GARBAGE])
    assert b'"smoke": NaN' in spoilt[FaultKind.NAN]
    assert json.loads(spoilt[FaultKind.NAN])["ts"] == payload["ts"]
    assert len(spoilt[FaultKind.HUGE]) > HUGE_BYTES
    assert {type(value) for value in json.loads(spoilt[FaultKind.WRONG_TYPES]).values()} == {list}
    assert spoilt[FaultKind.DELAY] == encode(payload), "a fault of another protocol changes nothing"
