"""What happened on the stage before the pictures: alarms of the scenario, what people did, what keeps quiet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from domain.alert import Confirmation
from domain.clock import NS_PER_S
from tests.screens.stage import Stage

PLAYED_S = 32.0
"""When everything of the night stands open."""

OPERATOR = "何师傅"


@asynccontextmanager
async def _playing(running: Stage, seconds: float) -> AsyncIterator[None]:
    """Play the scenario for a while, then let devices and alarms stand as they are."""
    stop = asyncio.Event()
    playing = asyncio.create_task(running.demo.play_scenario(None, stop))
    await asyncio.sleep(seconds)
    try:
        yield
    finally:
        stop.set()
        await playing


@asynccontextmanager
async def hotel_night(running: Stage) -> AsyncIterator[Mapping[str, str]]:
    """Play the hotel; yields what stands at the places of the shots' paths."""
    async with _playing(running, PLAYED_S):
        alerts = running.alerts
        await running.alert("panel_fire")
        ebike = await running.alert("ebike_charging_at_exit")
        silent = await running.alert("device_silent")
        smoke = await running.alert("smoke_alarm")
        await alerts.acknowledge(smoke.id, by=OPERATOR)
        await alerts.comment(smoke.id, by=OPERATOR, text="已派人到厨房核实")
        await alerts.confirm(smoke.id, by=OPERATOR, finding=Confirmation.FALSE, cause="烹饪油烟")
        until_ns = time.time_ns() + 2 * 3600 * NS_PER_S
        await alerts.shelve(silent.id, by=OPERATOR, reason="更换电池，材料已到", until_ns=until_ns)
        await asyncio.sleep(2)
        yield {
            "alert": ebike.id,
            "device": "hotel/pressure-3",
            "gateway": "hotel/gw-east",
            "rule": "ebike_charging_at_exit",
            "unit": "hotel",
            "building": "hotel/east",
            "floor": "hotel/east/1",
        }


@asynccontextmanager
async def district_night(running: Stage) -> AsyncIterator[Mapping[str, str]]:
    """Play the district for a while: transmitters come, one fires, one is cut, one floods."""
    async with _playing(running, 45.0):
        yield {}
