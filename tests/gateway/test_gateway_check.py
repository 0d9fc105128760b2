"""`gateway.check`: each wrong value of a protocol's part is named with file, field and mend; profiles are sound."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from domain.documents import Document
from domain.points import PointKind
from domain.site import Profile, Registry, itself
from gateway import profiles_dir
from gateway.check import PROTOCOLS, check_profile, check_site
from gateway.connectors.modbus_tcp.plan import Layout, UnitPlan
from gateway.connectors.modbus_tcp.planner import Cost
from simulators.devices import registers
from tests.gateway.gateway_sites import (
    GATEWAY,
    LABELS,
    UNIT,
    built_in_profiles,
    connection,
    device,
    gateway_document,
    registry_of,
)

EXPECTED = {
    "fire_panel_modbus": ("fire_panel", ["state", *(f"l1p{point:02d}" for point in range(1, 25))]),
    "qdy30a_pressure": ("pressure_transmitter", ["pressure"]),
    "ddsu666_meter": (
        "power_meter",
        ["voltage", "current", "power", "reactive_power", "power_factor", "frequency", "energy"],
    ),
    "residual_current_breaker": (
        "residual_current_monitor",
        ["frequency", "residual_current", "temperature_a", "voltage_a", "current_a", "power_a",
         "temperature_b", "temperature_c", "power_total"],
    ),
    "wireless_smoke": ("smoke_detector", ["smoke", "test", "obscuration", "temperature", "battery"]),
    "camera_ai": ("camera", ["ebike_count", "behaviour", "confidence", "image"]),
    "gb26875_access": (
        "access_server", ["online", "strangers", "stranger_fire", "address_conflict", "refused_frames", "cut_peers"],
    ),
    "gb26875_transmitter": (
        "transmitter", ["state", "operation", "roll_call", "clock_error", "unread", "fire_elsewhere"],
    ),
    "gb26875_system": ("facility_system", ["state", "operation"]),
}  # fmt: skip


def plan_of(registry: Registry, device: str) -> UnitPlan:
    return Layout.of([registry.devices[f"{UNIT}/{device}"]]).plan(Cost(0.005, 0.00002))


def problems(*connections: dict[str, Any], profiles: tuple[dict[str, Any], ...] = ()) -> list[str]:
    registry = registry_of(*connections, profiles=profiles)
    own = [Document(f"profiles/{item['profile']}.yaml", item) for item in profiles]
    found = check_site(registry, [gateway_document(*connections)], [*built_in_profiles(), *own])
    return [str(problem) for problem in found]


def test_built_in_profiles_are_the_agreed_ones_and_sound() -> None:
    documents = {document.value(("profile",)): document for document in built_in_profiles()}
    assert documents.keys() >= EXPECTED.keys()
    for name, document in documents.items():
        profile = Profile.model_validate(document.data)
        if name in EXPECTED:
            assert (profile.kind, [point.id for point in profile.points]) == EXPECTED[name]
        assert check_profile(document, profile) == []
        assert profile.protocol in (*PROTOCOLS, itself.PROTOCOL)


def test_profiles_have_limits_and_kinds_of_the_agreed_table() -> None:
    profiles = {p.profile: p for p in (Profile.model_validate(d.data) for d in built_in_profiles())}
    pressure = profiles["qdy30a_pressure"].points[0]
    assert (pressure.low, pressure.high, pressure.floor, pressure.ceiling) == (250, 1200, -100, 2500)
    breaker = {point.id: point for point in profiles["residual_current_breaker"].points}
    assert (breaker["residual_current"].high, breaker["temperature_c"].high) == (300, 70)
    camera = {point.id: point.kind for point in profiles["camera_ai"].points}
    assert camera["image"] is PointKind.EVENT
    assert {point.kind for point in profiles["fire_panel_modbus"].points} == {PointKind.STATE}
    assert (profiles_dir() / "camera_ai.yaml").is_file()


@pytest.mark.parametrize(
    ("profile", "table", "expected"),
    [
        ("qdy30a_pressure", registers.qdy30a({"pressure": 480.5}, unit="kPa", decimals=1), {"pressure": 480.5}),
        ("qdy30a_pressure", registers.qdy30a({"pressure": 480.0}, unit="MPa", decimals=3), {"pressure": 480.0}),
        (
            "ddsu666_meter",
            registers.ddsu666(
                {"voltage": 230.0, "current": 5.0, "power": 1250.0, "reactive_power": -125.0, "power_factor": 0.5,
                 "frequency": 50.0, "energy": 1234.5}
            ),
            {"voltage": 230.0, "power": 1250.0, "reactive_power": -125.0, "energy": 1234.5},
        ),
        (
            "residual_current_breaker",
            registers.residual_current_breaker(
                {"frequency": 50.0, "residual_current": 45, "temperature_a": 34, "temperature_b": 33,
                 "temperature_c": 35, "voltage_a": 230, "current_a": 6.1, "power_a": 1310, "power_total": 3900}
            ),
            {"frequency": 50.0, "residual_current": 45, "current_a": 6.1, "power_total": 3900, "temperature_c": 35},
        ),
        ("fire_panel_modbus", registers.fire_panel({"state": 3, "l1p24": 2}), {"state": 3, "l1p24": 2}),
    ],
)  # fmt: skip
def test_profile_reads_what_the_simulated_device_encodes(
    profile: str, table: dict[int, int], expected: dict[str, float]
) -> None:
    """Both halves were written apart from the same map."""
    settings = {"host": "127.0.0.1"}
    registry = registry_of(connection("line", "modbus_tcp", settings, [device("d", profile, 1)]))
    plan = plan_of(registry, "d")
    names = [point.id for point in registry.profiles[profile].points]
    found: dict[str, float] = {}
    for block, decoder in zip(plan.blocks, plan.decoders, strict=True):
        words = [table.get(block.address + at, 0) for at in range(block.count)]
        values, _ = decoder.decode(struct.pack(f">{block.count}H", *words))
        found |= {names[row]: float(value) for row, value in zip(block.rows, values, strict=True)}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6)


def test_panel_is_read_in_two_requests_of_at_most_50_registers() -> None:
    registry = registry_of(connection("line", "modbus_tcp", {"host": "h"}, [device("panel-1", "fire_panel_modbus", 1)]))
    blocks = plan_of(registry, "panel-1").blocks
    assert [(block.address, block.count) for block in blocks] == [(0, 1), (0x101, 24)]


LINE = {"host": "127.0.0.1"}


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (
            lambda: problems(connection("line", "modbus_tcp", {"port": 502}, [])),
            "gateways/gw-east.yaml:1: connections[0].settings.host",
        ),
        (
            lambda: problems(connection("line", "modbus_tcp", {**LINE, "time_out": 1}, [])),
            "connections[0].settings.time_out",
        ),
        (lambda: problems(connection("line", "modbus_rtu", LINE, [])), "connections[0].protocol"),
        (
            lambda: problems(connection("line", "modbus_tcp", LINE, [device("d", "qdy30a_pressure", "one")])),
            "connections[0].devices[0].address",
        ),
        (
            lambda: problems(
                connection(
                    "line", "modbus_tcp", LINE, [device("a", "qdy30a_pressure", 1), device("b", "qdy30a_pressure", 1)]
                )
            ),
            "connections[0].devices[1].address",
        ),
        (
            lambda: problems(
                connection("line", "modbus_tcp", {**LINE, "heartbeat_s": 60}, [device("p", "fire_panel_modbus", 1)])
            ),
            "connections[0].settings.heartbeat_s (is 60)",
        ),
        (
            lambda: problems(connection("s", "mqtt_json", LINE, [device("d", "wireless_smoke", "a/b")])),
            "connections[0].devices[0].address",
        ),
        (
            lambda: problems(
                connection("s", "mqtt_json", LINE, [device("a", "camera_ai", 7), device("b", "camera_ai", "7")])
            ),
            "two devices have the same topic",
        ),
        (
            lambda: problems(connection("s", "mqtt_json", {**LINE, "version": "4"}, [])),
            "connections[0].settings.version",
        ),
    ],
)
def test_wrong_part_of_a_gateway_is_named_with_its_place(found: Any, wanted: str) -> None:
    lines = found()
    assert len(lines) == 1
    assert wanted in lines[0]
    assert " → " in lines[0]


def own_profile(read: dict[str, Any], options: dict[str, Any] | None = None, **point: Any) -> dict[str, Any]:
    return {
        "profile": "own",
        "protocol": "modbus_tcp",
        "kind": "x",
        "labels": LABELS,
        "source": "test",
        "options": options or {},
        "points": [{"id": "p", "labels": LABELS, "read": read, **point}],
    }


@pytest.mark.parametrize(
    ("profile", "wanted"),
    [
        (own_profile({}), "profiles/own.yaml:1: points[0].read.address"),
        (own_profile({"address": "0x10"}), "points[0].read.address"),
        (own_profile({"address": 1, "typ": "u16"}), "points[0].read.typ"),
        (own_profile({"address": 1, "type": "u17"}), "points[0].read.type"),
        (own_profile({"address": 1, "quantity": "degC"}, quantity="kPa"), "no measure of the point's quantity 'kPa'"),
        (own_profile({"address": 1, "type": "f64"}, {"max_registers": 3}), "spans 4 registers"),
        (own_profile({"address": 1}, {"word_order": "ABDC"}), "options.word_order"),
        (own_profile({"address": 1, "scale": 0}), "every reading 0"),
    ],
)
def test_wrong_part_of_a_profile_is_named_with_its_place(profile: dict[str, Any], wanted: str) -> None:
    lines = problems(connection("line", "modbus_tcp", LINE, [device("d", "own", 1)]), profiles=(profile,))
    assert len(lines) == 1
    assert wanted in lines[0]


def test_secrets_do_not_show_in_a_problem_or_in_the_settings() -> None:
    lines = problems(connection("s", "mqtt_json", {**LINE, "password": "hunter2", "user": 5}, []))
    assert len(lines) == 1
    assert "hunter2" not in lines[0]


def test_sound_gateway_has_no_problem() -> None:
    assert problems(connection("line", "modbus_tcp", LINE, [device("d", "qdy30a_pressure", 1)])) == []
    assert GATEWAY in str(gateway_document().data)
