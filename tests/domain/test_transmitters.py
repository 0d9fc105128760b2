"""Transmitters become gateways of their units; tables and registries grow without moving what is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch import ReadingBatch
from domain.documents import Document
from domain.errors import ConfigurationError
from domain.points import Point, PointKind, PointTable
from domain.quantity import Quantity
from domain.site import Registry, build_registry
from domain.words import BITS, COMPONENT_STATE, ROLL_CALL, SYSTEM_STATE, VALUES, spoken

COLLIDING = ("5963-19581", "26133-41020")
"""Point names of a device ``d`` that have one alias, found by search."""


def labels(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def zone(name: str, floor: int) -> dict[str, Any]:
    return {"id": name, "kind": "room", "floor": floor, "labels": labels(name, name)}


def unit(name: str) -> dict[str, Any]:
    building = {"id": "main", "labels": labels("主楼", "Main"), "zones": [zone("duty", 1), zone("hall", 2)]}
    return {"id": name, "labels": labels(name, name), "buildings": [building]}


SMOKE: dict[str, Any] = {"id": "smoke", "at": "10-2", "type": 42, "zone": "hall", "labels": labels("烟感", "Smoke")}
TANK: dict[str, Any] = {
    "id": "tank",
    "at": "1-1",
    "labels": labels("水箱", "Tank"),
    "analogs": [{"type": 2, "quantity": "m", "low": 1.5}, {"type": 5, "id": "outlet", "quantity": "kPa"}],
}
FAS: dict[str, Any] = {"id": "fas", "type": 1, "labels": labels("报警系统", "Alarm"), "components": [SMOKE, TANK]}
UTD: dict[str, Any] = {
    "id": "utd",
    "unit": "inn",
    "address": 889,
    "zone": "duty",
    "labels": labels("传输装置", "Transmitter"),
    "systems": [FAS],
}


def registry_with(*transmitters: dict[str, Any]) -> Registry:
    connection = {"id": "access", "protocol": "gb26875", "transmitters": list(transmitters)}
    gateway = {"gateway": "centre", "unit": "town", "labels": labels("接入", "Access"), "connections": [connection]}
    points = [{"id": "state", "kind": "state", "word": "gb_system_state", "labels": labels("状态", "State")}]
    profiles = [
        {
            "profile": f"gb26875_{what}",
            "protocol": "gb26875",
            "kind": what,
            "labels": labels(what, what),
            "source": "test",
            "points": points,
        }
        for what in ("transmitter", "system")
    ]
    return build_registry(
        Document("site.yaml", {"site": "s", "labels": labels("城", "Town"), "units": [unit("town"), unit("inn")]}),
        [Document("gateways/centre.yaml", gateway)],
        [Document(f"profiles/{at}.yaml", profile) for at, profile in enumerate(profiles)],
        ["gb26875"],
    )


def test_a_transmitter_is_a_gateway_of_its_own_unit_with_its_host_beside_it() -> None:
    registry = registry_with(UTD)
    assert set(registry.gateways) == {"town/centre", "inn/utd"}
    assert registry.transmitters["inn/utd"].host == "town/centre"
    assert registry.transmitters["inn/utd"].connection == "access"
    assert [one.key for one in registry.hosted_by("town", "centre")] == ["inn/utd"]
    assert registry.hosted_by("inn", "utd") == ()


def test_the_transmitter_and_each_of_its_systems_are_devices() -> None:
    registry = registry_with(UTD)
    assert set(registry.devices) == {"inn/utd", "inn/fas"}
    assert registry.devices["inn/utd"].profile.kind == "transmitter"
    assert registry.devices["inn/fas"].zone.key == "inn/duty"
    assert registry.devices["inn/fas"].settings.address == "1-1"


def test_a_component_has_a_state_and_its_analog_values_in_its_own_zone() -> None:
    registry = registry_with(UTD)
    smoke = registry.points[registry.points.index("inn/fas/smoke")]
    assert (smoke.kind, smoke.word, smoke.gateway) == (PointKind.STATE, COMPONENT_STATE, "utd")
    assert registry.zone_of(smoke).key == "inn/hall"
    tank = registry.points[registry.points.index("inn/fas/tank-a2")]
    assert (tank.quantity, tank.low) == (Quantity.METRE, 1.5)
    assert registry.zone_of(tank).key == "inn/duty"
    assert registry.points.get("inn/fas/outlet") is not None
    assert registry.points[registry.points.index("inn/fas/state")].word == SYSTEM_STATE
    assert registry.point_labels["inn/fas/smoke"].zh == "烟感"


def test_the_host_reads_the_points_of_all_its_nodes() -> None:
    registry = registry_with(UTD)
    assert {point.gateway for point in registry.gateway_points("town", "centre")} == {"utd"}
    assert len(registry.gateway_points("inn", "utd")) == len(registry.points)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": "nowhere"}, "no such unit"),
        ({"zone": "roof"}, "no such zone"),
        ({"id": "fas"}, "device id is used twice"),
        ({"systems": [FAS | {"components": [SMOKE, SMOKE | {"at": "1-9"}]}]}, "component id is used twice"),
        ({"systems": [FAS | {"components": [SMOKE | {"zone": "roof"}]}]}, "no such zone"),
        ({"address": None}, "address"),
    ],
)
def test_what_is_wrong_with_a_transmitter_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        registry_with(UTD | change)


def test_two_transmitters_of_a_unit_with_one_id_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="has this id"):
        registry_with(UTD, UTD | {"systems": []})


def test_limits_in_the_wrong_order_are_refused() -> None:
    wrong = TANK | {"analogs": [{"type": 2, "quantity": "m", "low": 3, "high": 1}]}
    with pytest.raises(ConfigurationError, match="is not below"):
        registry_with(UTD | {"systems": [FAS | {"components": [wrong]}]})


def found(name: str, device: str = "fas", zone_id: str | None = None) -> Point:
    return Point(
        unit="inn", gateway="utd", device=device, name=name, label_zh=f"部件{name}", word=COMPONENT_STATE, zone=zone_id
    )


def test_a_registry_grows_by_points_of_devices_that_it_has() -> None:
    registry = registry_with(UTD)
    grown = registry.grown([found("c42-7-7", zone_id="hall"), found("c42-7-8", device="ghost"), found("smoke")])
    assert len(grown.points) == len(registry.points) + 1
    point = grown.points[len(registry.points)]
    assert point.key == "inn/fas/c42-7-7"
    assert grown.point_labels[point.key].zh == "部件c42-7-7"
    assert grown.point_labels[point.key].en == "c42-7-7"
    assert grown.zone_of(point).key == "inn/hall"
    assert registry.grown([found("smoke")]) is registry


def test_a_birth_by_another_gateway_takes_no_key_of_a_device() -> None:
    registry = registry_with(UTD)
    stale = replace(found("c42-7-7"), gateway="old-utd")
    assert registry.grown([stale]) is registry
    grown = registry.grown([stale, found("c42-7-7")])
    assert grown.points[len(registry.points)].gateway == "utd"


def test_a_zone_that_a_birth_names_and_the_site_lacks_is_that_of_the_device() -> None:
    registry = registry_with(UTD)
    assert registry.zone_of(found("x", zone_id="nowhere")).key == "inn/duty"


@given(st.lists(st.text("abcdef", min_size=1, max_size=3), max_size=20))
def test_growing_moves_no_index_and_takes_no_alias_twice(names: list[str]) -> None:
    table = PointTable([found("a"), found("b")])
    grown = table.grown(found(name) for name in names)
    assert [grown[at].key for at in range(len(table))] == [point.key for point in table]
    assert {point.name for point in grown} == {"a", "b", *names}
    assert grown.grown(found(name) for name in names) is grown
    batch = ReadingBatch.build(table, [1, 2], [0, 1], [5.0, 6.0], text={1: "x"})
    moved = batch.moved_to(grown)
    assert moved.table is grown
    assert np.array_equal(moved.point, batch.point)
    assert moved.text == batch.text


def test_a_point_whose_alias_is_taken_stays_out() -> None:
    one, two = (found(name, device="d") for name in COLLIDING)
    assert one.alias == two.alias
    assert [point.name for point in PointTable([one]).grown([two])] == [one.name]
    assert [point.name for point in PointTable([found("a")]).grown([two, one])] == ["a", two.name]


def test_a_batch_does_not_move_to_a_shorter_table() -> None:
    table = PointTable([found("a"), found("b")])
    with pytest.raises(ValueError, match="has not grown"):
        ReadingBatch.build(table, [1], [1], [0.0]).moved_to(PointTable([found("a")]))


def test_words_are_spoken_bit_by_bit_and_unknown_bits_by_number() -> None:
    assert spoken(COMPONENT_STATE, 0b110, "zh") == ["火警", "故障"]
    assert spoken(SYSTEM_STATE, 1 << 8 | 1, "en") == ["normal running", "mains fault"]
    assert spoken(COMPONENT_STATE, 1 << 12, "en") == ["bit 12"]
    assert spoken(ROLL_CALL, 4, "zh") == ["线路中断"]
    assert spoken(ROLL_CALL, 9, "zh") == ["9"]
    assert spoken("no_such_word", 0, "zh") == []


def test_every_word_has_both_languages_and_bits_in_order() -> None:
    for bits in (*BITS.values(), *VALUES.values()):
        assert list(bits) == list(range(len(bits)))
        assert all(named.zh and named.en for named in bits.values())


@given(st.lists(st.integers(1, 40), max_size=6), st.lists(st.integers(1, 40), max_size=6))
def test_tables_that_grew_from_one_another_are_as_if_made_at_once(first: list[int], second: list[int]) -> None:
    base = PointTable([found("a")])
    lines = [[base], [base]]
    for sizes, line in zip((first, second), lines, strict=True):
        for step, size in enumerate(sizes):
            line.append(line[-1].grown(found(f"p{len(line)}-{step}-{at}") for at in range(size)))
    for line in lines:
        for table in line:
            afresh = PointTable(list(table))
            assert len(table) == len(afresh)
            assert np.array_equal(table.aliases, afresh.aliases)
            assert np.array_equal(table.event_lane, afresh.event_lane)
            assert [table.homes[code] for code in table.home] == [afresh.homes[code] for code in afresh.home]
            assert table.of_device("inn", "fas").tolist() == list(range(len(table)))
            mine, other = table.sorted_aliases("inn", "utd"), afresh.sorted_aliases("inn", "utd")
            assert np.array_equal(mine[0], other[0])
            assert np.array_equal(mine[1], other[1])
            assert [table.get(point.key) for point in lines[0][-1]] == [afresh.get(p.key) for p in lines[0][-1]]
            with pytest.raises(IndexError):
                table[len(table)]
