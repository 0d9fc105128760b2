"""A reset of a facility system ends what its components reported, also where the panel says nothing of them."""

from __future__ import annotations

import pytest

from domain.quality import GOOD, Reason, pack
from gateway.connectors.gb26875.objects import (
    ComponentState,
    InformationObject,
    SystemOperation,
    SystemState,
    text_bytes,
)
from gateway.connectors.gb26875.resets import ENDED, WORDS
from tests.gateway.gb26875.mapped import Mapped

FIRE, FAULT, STARTED, NORMAL = 2, 4, 32, 1
AT_10_2, AT_7_7 = bytes((10, 0, 2, 0)), bytes((7, 0, 7, 0))


def component(one: Mapped, state: int, *, at: bytes = AT_10_2, system: int = 1) -> ComponentState:
    return ComponentState(system, 1, 40, at, state, text_bytes("", 31), one.stamp())


def word(one: Mapped, state: int, *, system: int = 1) -> SystemState:
    return SystemState(system, 1, state, one.stamp())


def operation(one: Mapped, flags: int, *, system: int = 1) -> SystemOperation:
    return SystemOperation(system, 1, flags, 3, one.stamp())


def resets(one: Mapped) -> list[list[InformationObject]]:
    return [
        [operation(one, 1)],
        [word(one, 0b10_0000_0000_0001)],
        [word(one, NORMAL | FIRE), word(one, NORMAL)],
    ]


@pytest.mark.parametrize("way", [0, 1, 2], ids=["type 4 bit 0", "type 1 bit 13", "type 1 bit 1 falls"])
def test_a_reset_ends_the_fire_of_declared_and_learned_components(way: int) -> None:
    one = Mapped()
    one.say(component(one, FIRE | NORMAL), component(one, FIRE | FAULT | STARTED, at=AT_7_7))
    for item in resets(one)[way]:
        one.say(item)
    assert ("fas/smoke-1", NORMAL, WORDS) in one.rows
    assert ("fas/c40-7-7", FAULT, WORDS) in one.rows
    assert one.quality("fas/smoke-1") == pack(GOOD, Reason.SUBSTITUTED)


def test_a_reset_in_the_same_frame_as_the_fire_ends_it_too() -> None:
    one = Mapped()
    one.say(word(one, NORMAL | FIRE), word(one, NORMAL))
    assert one.rows == [("fas/state", NORMAL | FIRE, ""), ("fas/state", NORMAL, "")]
    one.say(component(one, FIRE))
    one.say(operation(one, 1))
    assert ("fas/smoke-1", 0, WORDS) in one.rows


def test_a_component_that_is_still_in_fire_says_so_again_behind_the_reset() -> None:
    one = Mapped()
    one.say(component(one, FIRE))
    one.say(operation(one, 1))
    before_ns = one.time_ns("fas/smoke-1")
    one.say(component(one, FIRE))
    assert one.rows == [("fas/smoke-1", FIRE, "")]
    assert one.time_ns("fas/smoke-1") > before_ns


def test_a_reset_touches_no_component_of_another_system_and_none_that_reports_only_a_fault() -> None:
    one = Mapped()
    one.say(component(one, FIRE, system=11), component(one, FAULT))
    one.say(operation(one, 1))
    assert one.rows == [("fas/operation", 1, "operator 3")]
    one.say(operation(one, 1, system=11))
    assert [(name, value) for name, value, _ in one.rows if "c40" in name] == [("utd/s11-1-c40-10-2", 0)]


def test_normal_after_normal_mute_and_confirm_end_nothing() -> None:
    one = Mapped()
    one.say(component(one, FIRE))
    for item in (word(one, NORMAL), operation(one, 2), operation(one, 32)):
        one.say(item)
        assert all(not name.startswith("fas/smoke") for name, _, _ in one.rows)


def test_an_old_reset_out_of_a_devices_memory_ends_nothing() -> None:
    one = Mapped()
    one.say(component(one, FIRE))
    one.say(operation(one, 1), command=5)
    assert all(not name.startswith("fas/smoke") for name, _, _ in one.rows)


def test_what_ends_is_the_alarm_and_never_a_fault_or_a_shield() -> None:
    assert not ENDED & (1 | FAULT | 8 | 1 << 8)
