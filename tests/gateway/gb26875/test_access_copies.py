"""What is a copy and what is news: a resend raises nothing twice, a fire is never taken for a resend."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.clock import NS_PER_S, SystemClock
from gateway.connectors.gb26875.copies import SLOT_NS, is_lasting, stored_name
from simulators.gb26875.frames import Frame
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import FIRE, NORMAL, Server, calling, component, serving, stamp

SMOKE = f"{UNIT}/utd-fas/smoke"
HOUR_NS = 3600 * NS_PER_S


class Shifted:
    """The system's clock, moved by a test."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def now_ns(self) -> int:
        return SystemClock().now_ns() + self.ahead_ns


async def stored(server: Server, *frames: Frame) -> list[float]:
    async with calling(server) as device:
        for one in frames:
            await device.write(one.encode())
            await device.answer(one)
    return server.desk.values(SMOKE)


async def test_a_clock_that_begins_anew_at_each_boot_never_makes_a_fire_a_copy_of_the_last_one(tmp_path: Path) -> None:
    tag = stamp(-7 * 86_400)
    async with serving(tmp_path) as server, calling(server) as device:
        fire = device.frame(component(FIRE), sequence=0, time=tag)
        normal = device.frame(component(NORMAL), sequence=1, time=tag)
        assert await stored(server, fire, normal) == [FIRE, NORMAL]
    async with serving(tmp_path) as server:
        assert await stored(server, fire) == [FIRE]


async def test_a_resend_after_a_restart_is_known_for_half_an_hour_and_none_after_an_hour(tmp_path: Path) -> None:
    clock = Shifted()
    async with serving(tmp_path, clock=clock) as server, calling(server) as device:
        fire = device.frame(component(FIRE))
        assert await stored(server, fire) == [FIRE]
    clock.ahead_ns = SLOT_NS - 60 * NS_PER_S
    async with serving(tmp_path, clock=clock, clock_tolerance_s=7200) as server:
        assert await stored(server, fire) == []
    clock.ahead_ns = HOUR_NS
    async with serving(tmp_path, clock=clock, clock_tolerance_s=7200) as server:
        assert await stored(server, fire) == [FIRE]


@pytest.mark.parametrize("error_s", [0.0, 290.0, -290.0, 8 * 3600 + 200.0, -8 * 3600.0, 5.75 * 3600])
def test_a_clock_that_is_right_but_for_its_zone_makes_names_that_last(error_s: float) -> None:
    assert is_lasting(error_s, 300)


@pytest.mark.parametrize("error_s", [None, 400.0, -400.0, 8 * 3600 + 400.0, 86_400.0, -7 * 86_400.0, 29 * 86_400.0])
def test_any_other_clock_makes_names_for_a_minute(error_s: float | None) -> None:
    assert not is_lasting(error_s, 300)


def test_a_name_is_another_in_another_half_hour() -> None:
    name = b"12345678"
    assert stored_name(name, 0) == stored_name(name, SLOT_NS - 1) != stored_name(name, SLOT_NS)
    assert stored_name(name, -1) != stored_name(name, 0), "a gateway's clock may stand before 1970"
