"""Theme C: how many requests a cycle takes, also of devices that refuse some of what their manual says."""

from __future__ import annotations

from pathlib import Path

from cli.faults.bench import until
from cli.faults.devices import Plant, constant, modbus_bench
from cli.faults.readings import Readings
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import device, modbus_profile, register
from domain.quality import GOOD, Reason, base_of
from simulators.devices.modbus_pdu import RegisterBank


@scenario(
    "block-reads",
    Theme.SLOW,
    (25, 26, 28),
    "TB #406, #1589, #1821, #2052; EDX #629; HA #48497; solakon-one #219",
    complaint=("五十个寄存器逐个读，一轮要十五秒", "50 single reads take 15 s a cycle"),
    holds=("隔一个用一个的五十个寄存器：每轮一个请求", "fifty registers, every second one used: one request a cycle"),
)
async def block_reads(folder: Path) -> Outcome:
    """Count requests a cycle on a line that takes its time."""
    outcome = Outcome()
    plant = constant({1: 7}, registers=120, turnaround_s=0.05)
    profile = modbus_profile("many", [register(f"r{at}", 2 * at) for at in range(50)])
    async with modbus_bench(folder, plant, profile, period_s=0.2) as made:
        await made.gateway().start()
        await made.until_told(50 * 15)
        polls = (await made.status())["connections"]["line"]["polls"]
        asked = plant.server.requests[1]
        outcome.account(await made.settle(), found := await made.readings())
    cycles = len(found.of("d1/r0"))
    outcome.figures |= {"requests": plant.server.requests[1], "cycles": cycles, "points": 50}
    outcome.hold(asked <= polls + 4, f"{asked} requests for {polls} polls")
    outcome.hold(plant.server.requests[1] <= cycles + 2, f"{plant.server.requests[1]} requests for {cycles} cycles")
    return outcome


@scenario(
    "one-unit-many-devices",
    Theme.SLOW,
    (27,),
    "TB #2127",
    complaint=(
        "一站数据分给 13 个逻辑设备，轮询时间变 13 倍",
        "one unit that feeds 13 logical devices is polled 13 times",
    ),
    holds=("42 个寄存器分给 14 台设备：每轮一个请求", "42 registers for 14 devices: one request a cycle"),
)
async def one_unit_many_devices(folder: Path) -> Outcome:
    """Feed fourteen devices of three registers each from one unit."""
    outcome = Outcome()
    plant = constant({1: 7}, registers=42)
    profile = modbus_profile("three", [register(f"r{at}", at) for at in range(3)])
    devices = [device(f"part-{at}", "three", f"1+{3 * at}") for at in range(14)]
    async with modbus_bench(folder, plant, profile, devices=devices, period_s=0.2) as made:
        await made.gateway().start()
        await made.until_told(42 * 15)
        outcome.account(await made.settle(), found := await made.readings())
    cycles = len(found.of("part-0/r0"))
    outcome.figures |= {"requests": plant.server.requests[1], "cycles": cycles, "devices": len(devices)}
    outcome.hold(plant.server.requests[1] <= cycles + 2, f"{plant.server.requests[1]} requests for {cycles} cycles")
    return outcome


@scenario(
    "block-limit",
    Theme.SLOW,
    (29,),
    "openWB core #2890",
    complaint=(
        "手册写可读 80 个寄存器，实际超过 50 就拒绝",
        "documented for 80 registers a read, it refuses more than 50",
    ),
    holds=(
        "五轮之内找到真实上限，所有点都好，之后不再碰壁",
        "the true limit is found within five cycles, all points are good, and it is kept to",
    ),
)
async def block_limit(folder: Path) -> Outcome:
    """Read 80 registers of a device that gives 50 at a time."""
    outcome = Outcome()
    plant = Plant({1: RegisterBank(holding=dict.fromkeys(range(80), 7), most_registers=50)})
    profile = modbus_profile("eighty", [register(f"r{at}", at) for at in range(80)], max_registers=80)
    await _learns(folder, plant, profile, {f"r{at}" for at in range(80)}, outcome)
    return outcome


@scenario(
    "illegal-address",
    Theme.SLOW,
    (30, 31),
    "foxess_modbus #818; FLE #1109",
    complaint=(
        "块里有一个非法地址，整块读不到，还重置连接",
        "one illegal address in a block fails the block and resets the link",
    ),
    holds=(
        "只有那一点是坏的，其余五轮内都好，连接不重置",
        "that point alone is bad, all others are good within five cycles, the link is kept",
    ),
)
async def illegal_address(folder: Path) -> Outcome:
    """Plant an illegal address in the middle of sixty."""
    outcome = Outcome()
    plant = Plant({1: RegisterBank(holding={at: 7 for at in range(60) if at != 30})})
    profile = modbus_profile("sixty", [register(f"r{at}", at) for at in range(0, 60, 5)])
    found = await _learns(folder, plant, profile, {f"r{at}" for at in range(0, 60, 5) if at != 30}, outcome)
    outcome.hold(len(found.of("d1/r30").good) == 0, "the illegal address has a value")
    outcome.hold(found.of("d1/r30").reasons[Reason.EXCEPTION] > 0, "the illegal address has no reason")
    return outcome


@scenario(
    "silent-address",
    Theme.SLOW,
    (30, 35),
    "node-modbus-serial #505",
    complaint=("读非法地址时设备不回应，只能等超时", "devices that time out on illegal addresses instead of answering"),
    holds=(
        "只有那一点是坏的，其余都好，设备不被当作掉线",
        "that point alone is bad, all others become good, the device is not taken for dead",
    ),
)
async def silent_address(folder: Path) -> Outcome:
    """Plant an address that is never answered behind a block that is."""
    outcome = Outcome()
    holding = {at: 7 for at in [*range(20), *range(500, 520)] if at != 510}
    plant = Plant({1: RegisterBank(holding=holding, illegal=None)})
    wanted = [*range(0, 20, 5), *range(500, 520, 5)]
    profile = modbus_profile("far", [register(f"r{at}", at) for at in wanted])
    found = await _learns(
        folder, plant, profile, {f"r{at}" for at in wanted if at != 510}, outcome, cycles=12, timeout_s=0.6
    )
    outcome.hold(len(found.of("d1/r510").good) == 0, "the silent address has a value")
    return outcome


async def _learns(
    folder: Path,
    plant: Plant,
    profile: dict[str, object],
    good: set[str],
    outcome: Outcome,
    *,
    cycles: int = 5,
    timeout_s: float = 2.0,
) -> Readings:
    """Poll until ``good`` points are good for ten cycles in a row; note in which cycle that began."""
    async with modbus_bench(folder, plant, profile, period_s=0.2, timeout_s=timeout_s) as made:
        await made.gateway().start()

        async def settled() -> bool:
            found = await made.readings()
            return all(len(found.of(f"d1/{name}").good) >= 10 for name in good)

        await until(settled, "all good points")
        outcome.account(await made.settle(), found := await made.readings())
    goods = [[base_of(int(one)) == GOOD for one in found.of(f"d1/{name}").quality] for name in sorted(good)]
    first = max(each.index(True) + 1 for each in goods)
    relapses = sum(each[each.index(True) :].count(False) for each in goods)
    outcome.figures |= {"good_in_cycle": first, "sessions": plant.server.sessions, "requests": plant.server.requests[1]}
    outcome.hold(first <= cycles, f"the last good point came in cycle {first}")
    outcome.hold(plant.server.sessions == 1, f"the connection was opened {plant.server.sessions} times")
    outcome.hold(relapses == 0, f"points that were good became bad again {relapses} times")
    return found
