"""Theme A: what must not be lost when links, processes, brokers and disks go away."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import numpy as np

from cli.faults.devices import counting, modbus_bench
from cli.faults.readings import Series
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import (
    modbus_profile,
    register,
)
from simulators.cable import Cut

COUNTING = modbus_profile("counting", [register("reads", 0, type="u32")])
MANY = modbus_profile("many", [register(f"r{at:02d}", at) for at in range(50)])


def holes(series: Series) -> int:
    """Count the numbers that are missing between the first and the last one that a counting unit gave."""
    values = np.rint(series.good.value).astype(int).tolist()
    return sum(after - before - 1 for before, after in pairwise(values))


@scenario(
    "reconnects",
    Theme.LOSS,
    (1,),
    "TB #2124",
    complaint=("每次重连都会重建缓存库，积压丢失", "every reconnect destroys and rebuilds the store"),
    holds=(
        "断开重连六次，读数一个不少，缓存还是同一个",
        "six reconnects: no reading is missing, the spool is the same",
    ),
)
async def reconnects(folder: Path) -> Outcome:
    """Cut and mend the uplink six times."""
    outcome = Outcome()
    async with modbus_bench(folder, counting(1), COUNTING, period_s=0.05) as made:
        await made.gateway().start()
        await made.until_told(10)
        for _ in range(6):
            made.cut()
            await asyncio.sleep(0.5)
            made.mend()
            await asyncio.sleep(0.5)
        outcome.account(await made.settle(), found := await made.readings())
    spools = {message.id.split("-")[1] for message in found.messages}
    outcome.figures["spools"] = len(spools)
    outcome.hold(len(spools) == 1, f"the spool was made anew: {len(spools)} of them")
    outcome.hold(holes(found.of("d1/reads")) == 0, "reads are missing")
    return outcome


@scenario(
    "first-seconds",
    Theme.LOSS,
    (2, 3),
    "TB #2157, #1507, #158",
    complaint=("断线后最初 10–20 秒的数据丢失", "the first 10-20 s after link loss are missing"),
    holds=("网线被拔七秒（对端不报错）：每次读数都在", "a link that falls silent for 7 s: every single read is there"),
)
async def first_seconds(folder: Path) -> Outcome:
    """Let the uplink fall into a black hole: nobody is told that it is gone."""
    outcome = Outcome()
    async with modbus_bench(folder, counting(1), COUNTING, period_s=0.05) as made:
        await made.gateway().start()
        await made.until_told(10)
        made.cut(Cut.BLACK_HOLE)
        await asyncio.sleep(7)
        made.mend()
        outcome.account(await made.settle(), found := await made.readings())
    missing = holes(found.of("d1/reads"))
    outcome.figures["missing"] = missing
    outcome.hold(missing == 0, f"{missing} reads are missing")
    return outcome


@scenario(
    "restart-in-outage",
    Theme.LOSS,
    (3, 14),
    "TB #1507, #158; TEL #802, #9712",
    complaint=(
        "默认只缓存在内存，断线时重启数据就没了",
        "the store is memory by default: a restart in an outage loses it",
    ),
    holds=(
        "断线期间被 kill -9 一次、正常重启一次，积压都在",
        "killed once and restarted once in the outage: the backlog is there",
    ),
)
async def restart_in_outage(folder: Path) -> Outcome:
    """Kill and restart the gateway while nothing can be delivered."""
    outcome = Outcome()
    async with modbus_bench(folder, counting(1), COUNTING, period_s=0.05) as made:
        gateway = made.gateway()
        await gateway.start()
        await made.until_told(10)
        made.cut()
        for end in (gateway.kill, gateway.stop):
            await asyncio.sleep(2.5)
            await end()
            await gateway.start()
        await asyncio.sleep(2.5)
        made.mend()
        outcome.account(await made.settle(), await made.readings())
    outcome.hold(outcome.figures.get("history", 0), "nothing came as history: there was no backlog")
    return outcome


@scenario(
    "backbone-killed",
    Theme.LOSS,
    (3, 6),
    "TB #1507, #1117, #877",
    complaint=(
        "服务器重启后数据流停止，日志却正常",
        "the flow stops after the server's restart though the log looks healthy",
    ),
    holds=(
        "中枢被 kill -9、停四秒再起：读数一个不少",
        "the backbone is killed and back after 4 s: no reading is missing",
    ),
)
async def backbone_killed(folder: Path) -> Outcome:
    """Kill nats-server under traffic."""
    outcome = Outcome()
    async with modbus_bench(folder, counting(1), COUNTING, period_s=0.05) as made:
        await made.gateway().start()
        await made.until_told(20)
        await made.server.kill()
        await made.server.wait()
        await asyncio.sleep(4)
        await made.server.start()
        outcome.account(await made.settle(), found := await made.readings())
    missing = holes(found.of("d1/reads"))
    outcome.figures["missing"] = missing
    outcome.hold(missing == 0, f"{missing} reads are missing")
    return outcome
