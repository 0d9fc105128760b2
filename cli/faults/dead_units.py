"""Theme B: what one dead or odd device may cost the others."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np

from cli.faults.bench import Bench, bench, until
from cli.faults.devices import TIMEOUT_S, constant, counting, modbus_bench
from cli.faults.readings import Readings, kinds
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import GATEWAY, UNIT, device, modbus, modbus_profile, one_gateway, register
from cli.line_periods import MOST_GROWTH, LineOptions, measure_line
from domain.quality import Reason
from simulators.faults import Fault, FaultKind

ONE = modbus_profile("one", [register("v", 0)])
SILENT = Fault(kind=FaultKind.SILENT)
VALUES = {1: 11, 2: 22, 3: 33, 4: 44}


def strays(found: Readings, values: dict[int, int]) -> int:
    """Count good readings that have another unit's value."""
    return sum(int((found.of(f"d{unit}/v").good.value != value).sum()) for unit, value in values.items())


@scenario(
    "dead-unit-on-a-line",
    Theme.DEAD_UNIT,
    (15, 23),
    "TB #164, #458, #474, #494, #932; NR #409, #288",
    complaint=(
        "一台设备掉线，其余设备延迟数分钟至数小时",
        "one off-line unit delays healthy units by minutes to hours",
    ),
    holds=(
        "串口 12 站、1 站掉线：其余周期增长小于 10 %",
        "12 units on a serial line, one dies: the period of the others grows by less than 10 %",
    ),
    alone=True,
)
async def dead_unit_on_a_line(_folder: Path) -> Outcome:
    """Measure a slow line before and after a death; `fengsui simulate line` shows it in full."""
    outcome = Outcome()
    report = await measure_line(LineOptions(units=12, dead=1, baud=9600, timeout_s=0.3, seconds=9))
    outcome.figures |= {
        "period_s": report.period_s, "growth": f"{report.growth:.1f} %", "worst": f"{report.worst_growth:.1f} %",
        "longest_gap_s": round(report.longest_gap_s, 2),
    }  # fmt: skip
    outcome.hold(report.passed, f"a period grew by {report.worst_growth:.1f} %, not by less than {MOST_GROWTH:g} %")
    return outcome


@scenario(
    "two-lines-same-unit",
    Theme.DEAD_UNIT,
    (15, 22),
    "NEU #2148, #1672; TB #494",
    complaint=(
        "熔断按站号全局计，另一条线的同号设备也停读",
        "a breaker keyed by unit id stops the same id on another line",
    ),
    holds=(
        "两条线都有 1 号站，一条掉线：另一条一次不漏",
        "two lines with a unit 1 each, one dead: the other misses nothing",
    ),
)
async def two_lines(folder: Path) -> Outcome:
    """Let unit 1 of one line die."""
    outcome = Outcome()
    dead, well = counting(1), counting(1)
    async with dead.server, well.server:
        lines = [
            modbus(name, {"port": plant.server.port, "timeout_s": TIMEOUT_S}, [device(name, "one", 1)], period_s=0.1)
            for name, plant in (("dead", dead), ("well", well))
        ]
        async with bench(
            folder, one_gateway(*lines, profiles=[modbus_profile("one", [register("v", 0, type="u32")])])
        ) as made:
            await made.gateway().start()
            await made.until_told(20)
            dead.faults[1] = SILENT
            await asyncio.sleep(5)
            status = await made.status()
            outcome.account(await made.settle(), found := await made.readings())
    values = np.rint(found.of("well/v").good.value).astype(int)
    missing = int((np.diff(values) - 1).sum())
    outcome.figures |= {"missing": missing, "lost": ",".join(status["connections"]["dead"]["lost"])}
    outcome.hold(status["connections"]["dead"]["lost"] == ["dead"], "the dead unit is not named as lost")
    outcome.hold(status["connections"]["well"]["lost"] == [], "the living unit counts as lost")
    outcome.hold(missing == 0, f"{missing} reads of the living unit are missing")
    return outcome


@scenario(
    "one-session",
    Theme.DEAD_UNIT,
    (16,),
    "TB #473, #905; EDX #356, #685",
    complaint=(
        "多个读取者同时占用一条半双工线路；设备只许一个会话",
        "several readers on one half-duplex line; a device that allows one session only",
    ),
    holds=(
        "两种周期四台设备：一个会话，请求从不重叠",
        "four devices with two periods: one session, requests never overlap",
    ),
)
async def one_session(folder: Path) -> Outcome:
    """Read devices of two periods behind a server that takes one connection."""
    outcome = Outcome()
    plant = constant(VALUES, most_sessions=1, turnaround_s=0.02)
    devices = [device(f"d{unit}", "one", unit, period_s=0.2 if unit % 2 else 0.3) for unit in VALUES]
    async with modbus_bench(folder, plant, ONE, devices=devices) as made:
        await made.gateway().start()
        await made.until_told(80)
        outcome.account(await made.settle(), found := await made.readings())
    server = plant.server
    outcome.figures |= {"sessions": server.sessions, "overlaps": server.overlaps, "turned_away": server.turned_away}
    outcome.hold(server.sessions == 1, f"{server.sessions} sessions were opened")
    outcome.hold(server.turned_away == 0, f"{server.turned_away} more were tried")
    outcome.hold(server.overlaps == 0, f"{server.overlaps} requests came before the answer to the one before")
    outcome.hold(strays(found, VALUES) == 0, "a reading has another unit's value")
    return outcome


@scenario(
    "staggered-starts",
    Theme.DEAD_UNIT,
    (17,),
    "TB #799",
    complaint=("所有连接同时开始轮询", "all connections are polled at the same moment"),
    holds=("八条连接的起点散布在周期内", "the starts of eight connections are spread over the period"),
)
async def staggered(folder: Path) -> Outcome:
    """Look when each of eight connections is asked within its period."""
    outcome, period_s = Outcome(), 1.0
    plants = {f"line-{number}": constant({1: 1}) for number in range(8)}
    lines = []
    for name, plant in plants.items():
        await plant.server.start()
        lines.append(modbus(name, {"port": plant.server.port}, [device(name, "one", 1)], period_s=period_s))
    try:
        async with bench(folder, one_gateway(*lines, profiles=[ONE])) as made:
            await made.gateway().start()
            await made.until_told(24)
            outcome.account(await made.settle(), await made.readings())
    finally:
        for plant in plants.values():
            await plant.server.stop()
    phases = np.sort([plant.served[1][-1] % period_s for plant in plants.values()])
    around = np.concatenate((phases, phases + period_s))
    together = max(int(((around >= phase) & (around < phase + period_s / 10)).sum()) for phase in phases)
    outcome.figures |= {"connections": len(plants), "most_within_a_tenth": together}
    outcome.hold(together <= len(plants) // 2, f"{together} of {len(plants)} start within a tenth of the period")
    return outcome


@scenario(
    "failing-unit-is-named",
    Theme.DEAD_UNIT,
    (18, 24),
    "TEL #11782, PR #11785, #12021; ESPHome #6494",
    complaint=(
        "一站失败则全部数据作废，日志不说是哪一站",
        "one failing slave throws all data away, and the log does not say which",
    ),
    holds=(
        "四站死一站：其余照读、不闪断，状态里只有它的名字",
        "one of four dies: the others are read and never flap, the status names it alone",
    ),
)
async def failing_unit_is_named(folder: Path) -> Outcome:
    """Let unit 3 fall silent for a while and come back."""
    outcome = Outcome()
    plant = constant(VALUES)
    async with modbus_bench(folder, plant, ONE) as made:
        await made.gateway().start()
        await made.until_told(40)
        plant.faults[3] = SILENT
        await until_lost(made, ["d3"])
        plant.faults.clear()
        await until_lost(made, [])
        outcome.account(await made.settle(), found := await made.readings())
        deaths = {
            name: count
            for (kind, name), count in (await kinds(made.backbone, UNIT, GATEWAY)).items()
            if kind == "DDEATH"
        }
    outcome.figures["deaths"] = ",".join(f"{name} {count}" for name, count in deaths.items())
    outcome.hold(deaths == {"d3": 1}, f"deaths of devices: {deaths}")
    bad = {unit: len(found.of(f"d{unit}/v")) - len(found.of(f"d{unit}/v").good) for unit in VALUES if unit != 3}
    outcome.hold(not any(bad.values()), f"bad readings of the others: {bad}")
    return outcome


async def until_lost(made: Bench, names: list[str]) -> None:
    """Wait until the status names these devices as lost."""

    async def told() -> bool:
        return bool((await made.status()).get("connections", {}).get("line", {}).get("lost") == names)

    await until(told, f"{names} to be lost")


@scenario(
    "link-is-kept",
    Theme.DEAD_UNIT,
    (19, 22),
    "HA #72495, #115982, #134076; NEU #1602",
    complaint=("一站不答，库把整条连接断开，所有站都掉线", "one silent unit makes the library close the link for all"),
    holds=(
        "一站沉默、夹杂别站的帧：连接始终是同一个",
        "a silent unit and frames of strangers: the connection is the same throughout",
    ),
)
async def link_is_kept(folder: Path) -> Outcome:
    """Let unit 2 fall silent, and a stranger's frame come before each answer of unit 3."""
    outcome = Outcome()
    plant = constant(VALUES)
    async with modbus_bench(folder, plant, ONE, retry_s=0.5) as made:
        await made.gateway().start()
        await made.until_told(40)
        plant.faults |= {2: SILENT, 3: Fault(kind=FaultKind.STRAY_FRAME)}
        await asyncio.sleep(5)
        foreign = (await made.status())["connections"]["line"]["errors"].get("foreign", 0)
        outcome.account(await made.settle(), found := await made.readings())
    outcome.figures |= {"sessions": plant.server.sessions, "foreign": foreign}
    outcome.hold(plant.server.sessions == 1, f"the connection was opened {plant.server.sessions} times")
    outcome.hold(foreign > 0, "no foreign frame was counted")
    outcome.hold(strays(found, VALUES) == 0, "a reading has another unit's value")
    return outcome


@scenario(
    "comes-back",
    Theme.DEAD_UNIT,
    (20,),
    "HA #9026, #52773, #55284",
    complaint=("断线后不再恢复，要重启", "no recovery after an outage until a restart"),
    holds=(
        "服务器消失三秒：回来后数秒内四站都有数，不用重启",
        "the server is gone for 3 s: all four units are read within seconds of its return",
    ),
)
async def comes_back(folder: Path) -> Outcome:
    """Take the server away and put it back on the same port."""
    outcome = Outcome()
    plant = constant(VALUES)
    async with modbus_bench(folder, plant, ONE) as made:
        await made.gateway().start()
        await made.until_told(40)
        port = plant.server.port
        await plant.server.stop()
        await asyncio.sleep(3)
        plant.served.clear()
        back_s = time.time()
        await plant.server.start(port=port)

        async def all_asked() -> bool:
            return len(plant.served) == len(VALUES) and min(map(len, plant.served.values())) >= 5

        await until(all_asked, "all units to be read again")
        outcome.account(await made.settle(), found := await made.readings())
    first = max(
        float(series.time_s[series.time_s > back_s].min()) for series in (found.of(f"d{u}/v").good for u in VALUES)
    )
    reasons = found.of("d1/v").reasons
    outcome.figures |= {"back_after_s": round(first - back_s, 1), "link_down": reasons[Reason.LINK_DOWN]}
    outcome.hold(reasons[Reason.LINK_DOWN] > 0, "nobody was told that the line is away")
    outcome.hold(made.processes[GATEWAY].starts == 1, "it took a restart")
    return outcome


@scenario(
    "no-doomed-requests",
    Theme.DEAD_UNIT,
    (21,),
    "EDX #666, #684, #147, #25",
    complaint=(
        "队列塞满注定失败的请求；超时最短只能设一秒",
        "the queue fills with doomed requests; the shortest time-out is a second",
    ),
    holds=(
        "超时 100 毫秒：五秒内死站只被试探几次，活站照常",
        "time-out 100 ms: a dead unit is tried a few times in 5 s, the living ones are read on",
    ),
)
async def no_doomed_requests(folder: Path) -> Outcome:
    """Count the requests to a dead unit."""
    outcome = Outcome()
    plant = constant(VALUES)
    async with modbus_bench(folder, plant, ONE, timeout_s=0.1) as made:
        await made.gateway().start()
        await made.until_told(40)
        plant.faults[4] = SILENT
        plant.served.clear()
        await asyncio.sleep(5)
        asked = {unit: len(plant.served.get(unit, [])) for unit in VALUES}
        outcome.account(await made.settle(), await made.readings())
    outcome.figures |= {"asked_dead": asked[4], "asked_living": min(asked[unit] for unit in (1, 2, 3))}
    outcome.hold(1 <= asked[4] <= 8, f"the dead unit was asked {asked[4]} times in 5 s")
    outcome.hold(min(asked[unit] for unit in (1, 2, 3)) > asked[4], f"the living units were asked too rarely: {asked}")
    return outcome
