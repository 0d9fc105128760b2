"""From documents to the registry: what is resolved, and that every problem is collected in one go."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from domain.alert import AlertEvent
from domain.documents import Document
from domain.errors import ConfigurationError
from domain.ids import stable_id
from domain.points import PointKind
from domain.quantity import Quantity
from domain.site import Registry, WebhookSettings, build_registry


def labels(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


SITE: dict[str, Any] = {
    "site": "inn",
    "labels": labels("客栈", "Inn"),
    "units": [
        {
            "id": "inn",
            "labels": labels("客栈", "Inn"),
            "buildings": [
                {
                    "id": "main",
                    "labels": labels("主楼", "Main"),
                    "zones": [
                        {"id": "exit-1", "kind": "exit", "floor": 1, "labels": labels("出口", "exit")},
                        {"id": "pump", "kind": "pump_room", "floor": -1, "labels": labels("泵房", "pumps")},
                    ],
                }
            ],
        }
    ],
    "people": [{"id": "chen", "labels": labels("陈", "Chen"), "role": "supervisor"}],
    "escalation": [{"classes": ["fire"], "steps": [{"after_s": 0, "to": ["supervisors", "responsible", "chen"]}]}],
}
GATEWAY: dict[str, Any] = {
    "gateway": "gw",
    "unit": "inn",
    "labels": labels("网关", "Gateway"),
    "connections": [
        {
            "id": "line",
            "protocol": "modbus_tcp",
            "devices": [
                {"id": "p-1", "profile": "press", "zone": "pump", "labels": labels("压力", "Pressure"), "address": 1},
                {
                    "id": "p-2",
                    "profile": "press",
                    "zone": "exit-1",
                    "labels": labels("压力", "Pressure"),
                    "address": 2,
                    "limits": {"pressure": {"low": 300, "max_silence_s": 5}},
                },
            ],
        }
    ],
}
PROFILE: dict[str, Any] = {
    "profile": "press",
    "protocol": "modbus_tcp",
    "kind": "pressure_transmitter",
    "labels": labels("变送器", "Transmitter"),
    "source": "assumption",
    "max_silence_s": 30,
    "points": [
        {"id": "pressure", "quantity": "kPa", "labels": labels("压力", "Pressure"), "low": 250, "high": 1200},
        {"id": "state", "kind": "state", "labels": labels("状态", "State"), "max_silence_s": 10},
    ],
}


def build(
    site: dict[str, Any] = SITE, gateway: dict[str, Any] = GATEWAY, profile: dict[str, Any] = PROFILE
) -> Registry:
    return build_registry(
        Document("site.yaml", site), [Document("gw.yaml", gateway)], [Document("press.yaml", profile)], ["modbus_tcp"]
    )


def test_a_site_resolves_to_points_with_the_devices_own_limits() -> None:
    registry = build()
    points = [(point.key, point.low, point.high, point.max_silence_s) for point in registry.points]
    assert points == [
        ("inn/p-1/pressure", 250, 1200, 30),
        ("inn/p-1/state", None, None, 10),
        ("inn/p-2/pressure", 300, 1200, 5),
        ("inn/p-2/state", None, None, 10),
    ]
    assert registry.points[0].quantity is Quantity.KPA
    assert registry.points[1].kind is PointKind.STATE
    assert registry.point_labels["inn/p-2/state"].of("zh") == "状态"
    assert registry.point_labels["inn/p-2/state"].of("en") == "State"


def test_everything_is_found_by_its_id() -> None:
    registry = build()
    assert set(registry.zones) == {"inn/exit-1", "inn/pump"}
    assert set(registry.devices) == {"inn/p-1", "inn/p-2"}
    assert set(registry.gateways) == {"inn/gw"}
    assert registry.device_of(2).settings.id == "p-2"
    assert registry.device_of(2).key == "inn/p-2"
    assert len(registry.gateway_points("inn", "gw")) == 4
    assert len(registry.gateway_points("inn", "other")) == 0
    assert registry.devices["inn/p-1"].place("state") == Place(
        unit="inn",
        building="main",
        floor=-1,
        zone="pump",
        zone_kind="pump_room",
        gateway="gw",
        device="p-1",
        point="state",
    )


def test_problems_of_all_files_come_together_in_order() -> None:
    site, gateway, profile = (copy.deepcopy(one) for one in (SITE, GATEWAY, PROFILE))
    site["escalation"][0]["steps"][0]["to"] = ["nobody"]
    gateway["connections"][0]["devices"][0]["zone"] = "attic"
    gateway["connections"][0]["devices"][1]["limits"] = {"flow": {"low": 1}, "pressure": {"low": 1200}}
    profile["points"][1]["floor"], profile["points"][1]["ceiling"] = 2, 1
    with pytest.raises(ConfigurationError) as caught:
        build(site, gateway, profile)
    assert [(one.file, one.field, one.message) for one in caught.value.problems] == [
        ("gw.yaml", "connections[0].devices[0].zone", "no such zone"),
        ("gw.yaml", "connections[0].devices[1].limits.flow", "no such point"),
        ("gw.yaml", "connections[0].devices[1].limits.pressure", "low limit 1200 is not below high limit 1200"),
        ("press.yaml", "points[1]", "floor 2 is not below ceiling 1"),
        ("site.yaml", "escalation[0].steps[0].to[0]", "no such person"),
    ]


def test_a_broken_site_file_does_not_hide_the_problems_of_the_others() -> None:
    gateway = copy.deepcopy(GATEWAY)
    del gateway["labels"]
    with pytest.raises(ConfigurationError) as caught:
        build({"site": "inn"}, gateway)
    assert {one.file for one in caught.value.problems} == {"site.yaml", "gw.yaml"}


def test_two_names_with_one_wire_alias_are_refused() -> None:
    gateway, profile = copy.deepcopy(GATEWAY), copy.deepcopy(PROFILE)
    gateway["connections"][0]["devices"] = [{**GATEWAY["connections"][0]["devices"][0], "id": "d"}]
    for point, name in zip(profile["points"], ("5963-19581", "26133-41020"), strict=True):
        point["id"] = name
    with pytest.raises(ConfigurationError, match="inn/d/5963-19581 and inn/d/26133-41020 share a wire alias → rename"):
        build(gateway=gateway, profile=profile)


def test_secrets_stay_out_of_what_is_logged() -> None:
    site = copy.deepcopy(SITE)
    site["channels"] = [{"id": "phone", "kind": "webhook", "url": "http://127.0.0.1/", "secret": "hunter2"}]
    site["store"] = {"kind": "influxdb2", "url": "http://127.0.0.1:8086", "token": "hunter2"}
    registry = build(site)
    (phone,) = registry.site.channels
    assert isinstance(phone, WebhookSettings)
    assert phone.secret == "hunter2"  # noqa: S105 - a made-up one
    assert "hunter2" not in repr(registry)


def test_models_are_frozen() -> None:
    registry = build()
    with pytest.raises(ValueError, match="frozen"):
        registry.site.units[0].id = "other"  # type: ignore[misc]  # mypy sees it too


def test_classes_stand_in_order_of_priority() -> None:
    assert [one.value for one in AlarmClass] == [
        "fire",
        "linkage",
        "supervisory",
        "fault",
        "hazard",
        "duty",
        "system",
    ]
    assert [one.priority for one in AlarmClass] == list(range(7))
    assert str(AlertEvent.RECEIPT) == "receipt"


def test_a_transition_survives_json_and_refuses_what_it_does_not_know() -> None:
    transition = Transition(
        id=stable_id("rule", "inn/exit-1", 7, "raised"),
        kind=TransitionKind.RAISED,
        rule="ebike-charging",
        rule_version="1",
        alarm_class=AlarmClass.HAZARD,
        level=Level.CRITICAL,
        entity_kind=EntityKind.ZONE,
        entity="inn/exit-1",
        place=Place(unit="inn", zone="exit-1", floor=1),
        partition=0,
        input_seq=7,
        event_time_ns=1_800_000_000_000_000_001,
        log_time_ns=1_800_000_000_500_000_000,
        latched=False,
        text_zh="请立即消除隐患！",
        text_en="Remove it at once.",
    )
    assert Transition.model_validate_json(transition.model_dump_json()) == transition
    with pytest.raises(ValueError, match="Extra inputs"):
        Transition.model_validate({**transition.model_dump(), "colour": "red"})
    with pytest.raises(ValueError, match="at least 32"):
        Transition.model_validate({**transition.model_dump(), "id": "short"})
