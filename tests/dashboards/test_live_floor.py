"""One floor: every alert of it is somewhere on it, and nothing that is not heard is calm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.site_files import load_registry
from dashboards.live.board import Board
from dashboards.live.floor import (
    LOOKS,
    Component,
    FloorState,
    Placed,
    devices_by_unit,
    floor_state,
    floors_of,
    look_of,
    premises_of,
)
from dashboards.live.lamps import is_folded
from dashboards.live.tally import FloorKey
from domain.alarm import AlarmClass, Place
from domain.alert import AlertView
from domain.site import Registry
from tests.dashboards.board_makers import GATEWAY_WELL, NOW_NS, alert, well
from tests.dashboards.control_room import ROOT
from tests.dashboards.district import district

HOTEL = load_registry(ROOT / "examples" / "hotel")
FIRST: FloorKey = ("hotel", "east", 1)
NAMES = ["smoke-02", "panel-1", "camera-1", "smoke-08", None]


def at(device: str | None, zone: str = "east-1-lobby", **more: Any) -> Place:
    return Place(unit="hotel", building="east", floor=1, zone=zone, device=device, **more)


def state_of(board: Board, registry: Registry = HOTEL, floor: FloorKey = FIRST, *, known: bool = True) -> FloorState:
    premises = premises_of(registry, devices_by_unit(registry)[floor[0]])
    return floor_state(board, registry, premises, floor, NOW_NS, known=known)


def placed(state: FloorState, name: str) -> Placed:
    return next(one for one in state.things if one.thing.key.rpartition("/")[2] == name)


def test_a_calm_floor_has_its_devices_where_they_were_written() -> None:
    state = state_of(well())
    assert len(state.things) == 17
    assert {one.standing.look for one in state.things} == {"calm"}
    assert placed(state, "panel-1").at == (860, 430)
    assert [zone.settings.id for zone, _ in state.zones] == [
        *("east-1-exit", "east-1-lobby", "east-1-stair", "east-1-kitchen", "east-1-control")
    ]
    assert floors_of(HOTEL, "hotel", "east") == [5, 4, 3, 2, 1, -1]
    assert floors_of(HOTEL, "hotel", "west") == floors_of(HOTEL, "inn", "east") == []


@pytest.mark.parametrize(
    ("document", "known", "unknown"),
    [
        ({}, True, 17),
        ({**GATEWAY_WELL, "time_ns": NOW_NS - 60 * 10**9}, True, 17),
        (GATEWAY_WELL, False, 17),
        ({**GATEWAY_WELL, "connections": {"sensors": {"ok": True, "lost": ["smoke-02"]}}}, True, 1),
        ({**GATEWAY_WELL, "connections": {"power-line": {"ok": True, "lost": ["smoke-02"]}}}, True, 0),
        ({**GATEWAY_WELL, "connections": {"sensors": ["junk"]}}, True, 0),
    ],
)
def test_what_is_not_heard_is_unknown_and_never_calm(document: dict[str, Any], known: bool, unknown: int) -> None:  # noqa: FBT001  # a table
    board = well()
    board.statuses["gateway.hotel.gw-east"] = document
    state = state_of(board, known=known)
    assert [one.standing.look for one in state.things].count("unknown") == state.silent == unknown
    assert {standing.look for _, standing in state.zones} == {"calm" if known else "unknown"}


def test_an_alert_shows_at_its_device_and_waits_until_it_is_acknowledged() -> None:
    fire = alert(1, place=at("smoke-02"))
    fault = alert(2, place=at("smoke-02"), alarm_class=AlarmClass.FAULT)
    now = placed(state_of(well(fire, fault)), "smoke-02").standing
    assert (now.look, now.alerts, now.others, now.fresh, now.doubtful) == ("fire", 1, 1, True, False)
    seen = [one.model_copy(update={"acknowledged_at_ns": NOW_NS}) for one in (fire, fault)]
    assert not placed(state_of(well(*seen)), "smoke-02").standing.fresh
    unknown = well(fire.model_copy(update={"data_unknown": True}))
    assert placed(state_of(unknown), "smoke-02").standing.doubtful


def test_an_alert_without_a_device_is_its_zones() -> None:
    ebike = alert(1, place=at(None, "east-1-exit"), alarm_class=AlarmClass.HAZARD, rule="ebike_parked_at_exit")
    zones = {zone.settings.id: standing for zone, standing in state_of(well(ebike)).zones}
    assert zones["east-1-exit"].look == "hazard"
    assert zones["east-1-lobby"].look == "calm"


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(AlarmClass), st.sampled_from([None, "a1"])), max_size=12)
)
def test_every_alert_of_a_floor_is_somewhere_on_it(made: list[tuple[str | None, AlarmClass, str | None]]) -> None:
    alerts = [
        alert(number, place=at(name), alarm_class=alarm_class, suppressed_by=hidden)
        for number, (name, alarm_class, hidden) in enumerate(made, 1)
    ]
    state = state_of(well(*alerts))
    shown = [one.standing for one in state.things] + [standing for _, standing in state.zones]
    open_ones = [one for one in alerts if not is_folded(one)]
    assert sum(one.alerts + one.others for one in shown) == len(open_ones)
    assert {one.look for one in shown if one.alerts} <= {look_of(one) for one in open_ones}
    orders = [one.standing.order for one in state.things]
    assert orders == sorted(orders)
    assert all(one.look in LOOKS for one in shown)


def component_fire(**more: Any) -> AlertView:
    place = Place(unit="hotel", building="east", floor=3, zone="corridor", device="fas-0", point="smoke-1", **more)
    return alert(1, place=place)


def test_a_component_stands_on_its_own_floor_far_from_its_panel() -> None:
    registry, board = district(4), well(component_fire())
    board.statuses["gateway.hotel.gw-access"] = dict(GATEWAY_WELL)
    third = state_of(board, registry, ("hotel", "east", 3))
    assert {one.thing.key for one in third.things if one.standing.look == "fire"} == {"hotel/fas-0/smoke-1"}
    assert all(isinstance(one.thing, Component) for one in third.things)
    assert third.things[0].labels.zh == "三楼走廊烟感"
    assert third.things[0].device.key == "hotel/fas-0"
    first = state_of(board, registry, ("hotel", "east", 1))
    assert {one.standing.look for one in first.things} == {"unknown"}  # no line of a transmitter was ever up
