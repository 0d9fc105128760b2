"""Theme E: when was it read, by whose clock, and is it still true?"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np

from backbone.server import free_ports
from cli.faults.bench import bench, until
from cli.faults.devices import Broker, Plant, counting, hears, modbus_bench, publish
from cli.faults.jumping_gateway import OFFSET_VARIABLE
from cli.faults.losses import COUNTING
from cli.faults.readings import kinds
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import (
    GATEWAY,
    UNIT,
    device,
    field,
    modbus,
    modbus_profile,
    one_gateway,
    register,
    sensor_profile,
    sensors,
    state,
)
from domain.quality import Reason, reason_of
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault, FaultKind


@scenario(
    "no-restamping",
    Theme.STALE,
    (36, 40),
    "TB #2119, PR #2120, #2065; ESPHome #6075",
    complaint=(
        "断线后旧值配新时间反复上报，分不清死和不变",
        "after link loss the last value is sent again with new time stamps",
    ),
    holds=(
        "设备沉默四秒：其间没有好值，且说明原因",
        "a device silent for 4 s: no good reading of that time, and a reason",
    ),
)
async def no_restamping(folder: Path) -> Outcome:
    """Let a device fall silent; look at the times of what was told of it."""
    outcome = Outcome()
    plant = counting(1)
    async with modbus_bench(folder, plant, COUNTING, timeout_s=0.3, retry_s=0.3, longest_retry_s=1) as made:
        await made.gateway().start()
        await made.until_told(20)
        plant.faults[1] = Fault(kind=FaultKind.SILENT)
        silent_s = time.time()
        await asyncio.sleep(4)
        plant.faults.clear()
        back_s = time.time()
        await asyncio.sleep(2)
        outcome.account(await made.settle(), found := await made.readings())
    series = found.of("d1/reads")
    good = series.good
    within = int(((good.time_s > silent_s + 0.4) & (good.time_s < back_s)).sum())
    values = good.value.tolist()
    outcome.figures |= {"good_while_silent": within, "timeouts": series.reasons[Reason.TIMEOUT], "good": len(good)}
    outcome.hold(within == 0, f"{within} good readings while the device was silent")
    outcome.hold(series.reasons[Reason.TIMEOUT] > 0, "nobody was told why")
    outcome.hold(len(set(values)) == len(values), "a value was told with two times")
    outcome.hold(good.time_s[-1] > back_s, "it did not come back")
    return outcome


@scenario(
    "no-old-value-after-new",
    Theme.STALE,
    (37,),
    "TB #1990",
    complaint=("周期上报先发旧缓存再发新值，规则被搅乱", "the periodic report sends the old cache after the new value"),
    holds=(
        "状态变化二十次，心跳照发：旧值从不排在新值之后",
        "twenty changes of a state amid heartbeats: an old value never follows a new one",
    ),
)
async def no_old_value_after_new(folder: Path) -> Outcome:
    """Change a state often, with a short heartbeat."""
    outcome = Outcome()
    bank = RegisterBank(holding={0: 0})
    plant, profile = Plant({1: bank}), modbus_profile("word", [state("state", 0)])
    async with modbus_bench(folder, plant, profile, period_s=0.05, heartbeat_s=0.15) as made:
        await made.gateway().start()
        await made.until_told(5)
        for step in range(1, 21):
            bank.holding[0] = step
            asked = len(plant.served[1])
            while len(plant.served[1]) < asked + 5:  # noqa: ASYNC110 -- the server counts, it sets no event
                await asyncio.sleep(0.02)
        outcome.account(await made.settle(), found := await made.readings())
    rows = found.rows_of("d1/state")
    values = found.value[rows]
    backwards = int((np.diff(values) < 0).sum()) + int((np.diff(found.time_ns[rows]) <= 0).sum())
    heartbeats = int((np.diff(values) == 0).sum())
    outcome.figures |= {"changes": len(np.unique(values)) - 1, "heartbeats": heartbeats, "backwards": backwards}
    outcome.hold(set(range(1, 21)) <= set(values.astype(int).tolist()), "changes are missing")
    outcome.hold(heartbeats > 5, "there were no heartbeats")
    outcome.hold(backwards == 0, f"{backwards} times an older value or time came after a newer one")
    return outcome


@scenario(
    "no-drift",
    Theme.STALE,
    (38,),
    "TB #2024",
    complaint=("轮询与上报周期逐渐错开，时间被拉长", "poll and report drift apart: time is stretched"),
    holds=(
        "每 0.2 秒一次，读八秒：时刻落在同一网格，漂移不到一个周期的一成",
        "8 s at 0.2 s: the times stay on one grid, the drift is below a tenth of a period",
    ),
)
async def no_drift(folder: Path) -> Outcome:
    """Fit the times of reads to a grid."""
    outcome, period_s = Outcome(), 0.2
    async with modbus_bench(folder, counting(1), COUNTING, period_s=period_s) as made:
        await made.gateway().start()
        await made.until_told(10)
        await asyncio.sleep(8)
        outcome.account(await made.settle(), found := await made.readings())
    times = found.of("d1/reads").time_s
    slots = np.rint((times - times[0]) / period_s)
    off = times - times[0] - slots * period_s
    half = len(off) // 2
    drift_s = abs(float(np.median(off[half:]) - np.median(off[:half])))
    outcome.figures |= {"drift_ms": round(drift_s * 1000, 1), "seconds": round(float(times[-1] - times[0]), 1)}
    outcome.hold(drift_s < period_s / 10, f"the times moved by {drift_s * 1000:.0f} ms against the grid")
    return outcome


@scenario(
    "device-time",
    Theme.STALE,
    (39,),
    "TB #1006, #186",
    complaint=("设备自带的时间被忽略，或让映射出错", "device time stamps are ignored or break the mapping"),
    holds=(
        "设备时间原样入库；时钟差十分钟的标记并改用网关时间",
        "the device's own time is kept to the ms; one 10 min off is marked and not believed",
    ),
)
async def device_time(folder: Path) -> Outcome:
    """Send messages with times of three seconds ago, and some of a clock that is ten minutes fast."""
    outcome = Outcome()
    profile = sensor_profile("radio", [field("n")], time="ts")
    async with Broker(folder) as broker:
        site = one_gateway(sensors("mqtt", broker.port, [device("s1", "radio", "s1")]), profiles=[profile])
        async with bench(folder, site) as made:
            await made.gateway().start()
            await hears(made, "mqtt")
            start_ms = time.time_ns() // 1_000_000 - 3000
            right = {n: start_ms + 7 * n for n in range(1, 31)}
            fast = {n: start_ms + 600_000 + 7 * n for n in range(101, 111)}
            await publish(broker.port, "radio/s1", [{"n": n, "ts": at} for n, at in (right | fast).items()])
            await made.until_told(40)
            outcome.account(await made.settle(), found := await made.readings())
    series = found.of("s1/n")
    told = dict(
        zip(np.rint(series.value).astype(int).tolist(), np.rint(series.time_s * 1000).astype(int).tolist(), strict=True)
    )
    marked = int(sum(reason_of(int(one)) is Reason.CLOCK for one in series.quality))
    exact = sum(told.get(n) == at for n, at in right.items())
    outcome.figures |= {"exact": exact, "marked": marked}
    outcome.hold(exact == len(right), f"{len(right) - exact} device times were changed")
    outcome.hold(marked == len(fast), f"{marked} of {len(fast)} readings of the fast clock are marked")
    outcome.hold(all(told[n] < at - 500_000 for n, at in fast.items()), "a clock ten minutes fast was believed")
    return outcome


@scenario(
    "never-reached",
    Theme.STALE,
    (40,),
    "TB #1243, #1945; ESPHome #6075",
    complaint=("从没连上过的设备显示在线", "a device is shown active though it was never reached"),
    holds=("连不上的设备：列为掉线，一个好值也没有", "a device that nobody reaches: lost, and not one good reading"),
)
async def never_reached(folder: Path) -> Outcome:
    """Name a device at a port where nobody listens."""
    outcome = Outcome()
    line = modbus("line", {"port": free_ports(1)[0]}, [device("d1", "one", 1)], period_s=0.2)
    async with bench(folder, one_gateway(line, profiles=[modbus_profile("one", [register("v", 0)])])) as made:
        await made.gateway().start()
        await made.until_told(1)

        async def told() -> bool:
            line = (await made.status()).get("connections", {}).get("line", {})
            return bool(line.get("lost") == ["d1"] and not line["ok"])

        await until(told, "the device to be lost")

        async def dead() -> bool:
            said = await kinds(made.backbone, UNIT, GATEWAY)
            return said["DBIRTH", "d1"] <= said["DDEATH", "d1"]

        await until(dead, "the log to say that the device is dead", 10)
        outcome.account(await made.settle(), found := await made.readings())
    good = len(found.of("d1/v").good)
    outcome.figures |= {"good": good, "link_down": found.of("d1/v").reasons[Reason.LINK_DOWN]}
    outcome.hold(good == 0, f"{good} good readings of a device that does not exist")
    outcome.hold(found.of("d1/v").reasons[Reason.LINK_DOWN] > 0, "no reading says that the link is down")
    return outcome


@scenario(
    "gateway-clock-jumps",
    Theme.STALE,
    (38, 39),
    "TB #2024, #1006",
    complaint=("网关时钟跳变后数据错位或停读", "a jump of the gateway's clock shifts data or stops the polls"),
    holds=(
        "时钟退一小时、进两小时：轮询不停，无重复时刻，退回的标记",
        "an hour back, two hours on: polls go on, no time twice, what went back is marked",
    ),
)
async def gateway_clock_jumps(folder: Path) -> Outcome:
    """Move the wall clock of a running gateway."""
    outcome = Outcome()
    offset = folder / "offset"
    async with modbus_bench(folder, counting(1), COUNTING) as made:
        gateway = made.process(
            *made.gateway_words(GATEWAY)[1:], name=GATEWAY, module="cli.faults.jumping_gateway",
            **{OFFSET_VARIABLE: str(offset)},
        )  # fmt: skip
        await gateway.start()
        await made.until_told(15)
        for jump_s in (-3600, 3600):
            offset.write_text(str(jump_s))
            await asyncio.sleep(2.5)
        await asyncio.sleep(2)
        await gateway.stop()
        outcome.account(made.spool(), found := await made.readings())
    series = found.of("d1/reads")
    values = np.rint(series.good.value).astype(int)
    missing = int((np.diff(values) - 1).sum())
    marked = int(sum(reason_of(int(one)) is Reason.CLOCK for one in series.quality))
    ahead = int((series.time_s > time.time() + 1800).sum())
    outcome.figures |= {"missing": missing, "marked": marked, "ahead": ahead}
    outcome.hold(missing == 0, f"{missing} reads are missing")
    outcome.hold(marked > 5, f"{marked} readings of the time that went back are marked")
    outcome.hold(ahead > 5, "the clock did not jump ahead")
    return outcome
