"""Theme A, the spool: how long it lasts, that it drains, and what it survives."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np

from cli.faults.bench import Bench, bench, until
from cli.faults.devices import Plant, counting, modbus_bench
from cli.faults.losses import COUNTING, MANY, holes
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import (
    device,
    modbus,
    modbus_profile,
    one_gateway,
    register,
    state,
)
from simulators.devices.modbus_pdu import RegisterBank


@scenario(
    "forecast",
    Theme.LOSS,
    (4, 14),
    "TB #959; TEL #4578, #4919, #9712",
    complaint=("算不出能离线多久，也看不到缓存多满", "nobody can tell how long the gateway may be offline"),
    holds=(
        "预报 F 秒：离线 0.5 F 不丢，2 F 才开始丢并计数",
        "it says F s: after 0.5 F offline nothing is dropped, after 2 F it is, and counted",
    ),
    alone=True,
)
async def forecast(folder: Path) -> Outcome:
    """Fill a spool of one MiB; hold the gateway to its own forecast."""
    outcome = Outcome()
    plant = Plant({unit: RegisterBank(holding=dict.fromkeys(range(50), unit)) for unit in range(1, 21)})
    async with modbus_bench(folder, plant, MANY, period_s=0.1, more={"spool_bytes": 2**20}, in_flight=8) as made:
        gateway = made.gateway()
        await gateway.start()
        await made.until_told(6000)
        await asyncio.sleep(3)
        wait_s = await told_forecast(made)
        made.cut()
        await asyncio.sleep(0.5 * wait_s)
        await gateway.stop()
        early = made.spool()
        await gateway.start()
        await asyncio.sleep(2 * wait_s + 2)
        await gateway.stop()
        late = made.spool()
        await gateway.start()
        made.mend()
        outcome.account(await made.settle(), await made.readings())
    outcome.figures |= {"forecast_s": round(wait_s, 1), "dropped_early": early.dropped, "dropped_late": late.dropped}
    outcome.hold(early.dropped == 0, f"{early.dropped} readings were dropped within half of the forecast")
    outcome.hold(late.dropped > 0, "nothing was dropped after twice the forecast: it is far too low")
    return outcome


async def told_forecast(made: Bench) -> float:
    """Return what the gateway says how long it may be offline, as soon as it knows."""

    async def known() -> bool:
        return (await made.status()).get("spool", {}).get("offline_forecast_s") is not None

    await until(known, "a forecast")
    return float((await made.status())["spool"]["offline_forecast_s"])


@scenario(
    "backlog-drains",
    Theme.LOSS,
    (5, 9),
    "TB #2094; TEL #15868, #16314, #16500, #16696",
    complaint=(
        "恢复后积压不往外发，或重启后全部重发",
        "the backlog does not drain, or all history is sent again at start",
    ),
    holds=(
        "积压发完，新数据不等它；再重启一次不重发",
        "the backlog drains while fresh readings pass it; a restart sends nothing again",
    ),
)
async def backlog_drains(folder: Path) -> Outcome:
    """Pile up an outage of rows, watch it drain, and start once more."""
    outcome = Outcome()
    plant = Plant({unit: RegisterBank(holding={0: unit}) for unit in range(1, 16)})
    one = modbus_profile("one", [register("v", 0)])
    async with modbus_bench(folder, plant, one, period_s=0.1, in_flight=8) as made:
        await made.gateway().start()
        await made.until_told(100)
        made.cut()
        await asyncio.sleep(8)
        made.mend()
        mended_s = time.time()
        await made.until_delivered()
        outcome.figures["drained_s"] = round(time.time() - mended_s, 1)
        await made.settle()
        before = len(await made.readings())
        await made.gateway().start()
        await asyncio.sleep(1)
        outcome.account(await made.settle(), found := await made.readings())
    outcome.figures["before_restart"] = before
    outcome.hold(found.history > 0, "nothing came as history: there was no backlog")
    return outcome


@scenario(
    "full-spool",
    Theme.LOSS,
    (7, 14),
    "TB #1483, #1640; TEL #9712",
    complaint=("缓存写满后再也不恢复", "a store that was full once never recovers"),
    holds=(
        "写满：测量值先抽稀，状态一个不丢，丢了多少有数，恢复后照常",
        "full: measures are thinned and counted, no state is lost, and all goes on after",
    ),
)
async def full_spool(folder: Path) -> Outcome:
    """Fill a spool of one MiB to several times its size while a state word changes."""
    outcome = Outcome()
    banks = {unit: RegisterBank(holding=dict.fromkeys(range(50), unit)) for unit in range(1, 21)}
    banks[30] = RegisterBank(holding={0: 0})
    plant, word = Plant(banks), modbus_profile("word", [state("state", 0)])
    devices = [device(f"d{unit}", "many" if unit < 30 else "word", unit) for unit in banks]
    async with plant.server:
        settings = {"port": plant.server.port, "timeout_s": 1, "in_flight": 8}
        line = modbus("line", settings, devices, period_s=0.1)
        async with bench(folder, one_gateway(line, profiles=[MANY, word], spool_bytes=2**20)) as made:
            await made.gateway().start()
            await made.until_told(1000)
            made.cut()
            for step in range(1, 13):
                banks[30].holding[0] = 2 * step
                await asyncio.sleep(1)
            made.mend()
            await made.until_delivered()
            banks[30].holding[0] = 100
            await asyncio.sleep(1)
            outcome.account(spool := await made.settle(), found := await made.readings())
    told = np.rint(found.of("d30/state").good.value).astype(int).tolist()
    outcome.figures["states"] = len(told)
    outcome.hold(spool.dropped > 0, "nothing was dropped: the spool was not full")
    outcome.hold(set(range(2, 26, 2)) <= set(told), f"states are missing: {sorted(set(range(2, 26, 2)) - set(told))}")
    outcome.hold(told[-1:] == [100], "what came after is missing")
    return outcome


@scenario(
    "corrupt-spool",
    Theme.LOSS,
    (8,),
    "TEL #18528",
    complaint=(
        "缓存文件损坏后程序起不来，只能手工删数据",
        "a corrupt buffer file panics at start; the cure is deleting data by hand",
    ),
    holds=(
        "坏文件放到一边，其中的火警送达（毁掉的记为死信），网关照常",
        "the file is set aside, the fire in it is delivered or told as lost, the gateway goes on",
    ),
)
async def corrupt_spool(folder: Path) -> Outcome:
    """Overwrite half of the pages of a spool that holds a fire."""
    outcome = Outcome()
    banks = {1: RegisterBank(holding={0: 1}), 2: RegisterBank(holding=dict.fromkeys(range(50), 2))}
    word = modbus_profile("word", [{**state("state", 0), "word": "gb_component_state"}])
    plant = Plant(banks)
    devices = [device("panel", "word", 1), device("d2", "many", 2)]
    async with plant.server:
        line = modbus("line", {"port": plant.server.port}, devices, period_s=0.05)
        async with bench(folder, one_gateway(line, profiles=[MANY, word])) as made:
            gateway = made.gateway()
            await gateway.start()
            await made.until_told(100)
            made.cut()
            await asyncio.sleep(1)
            banks[1].holding[0] = 3  # fire
            await asyncio.sleep(3)
            await gateway.stop()
            banks[1].holding[0] = 1
            lost = made.spool().waiting
            spoil(made.spool_file())
            await gateway.start()
            made.mend()
            await asyncio.sleep(2)
            spool, found = await made.settle(), await made.readings()
    outcome.account(spool, found)
    fires = [value for value in found.of("panel/state").good.value.tolist() if value == 3]
    aside = len(list(made.spool_file().parent.glob("*.damaged-*")))
    outcome.figures |= {
        "waiting_when_spoilt": lost,
        "fires": len(fires),
        "set_aside": aside,
        "lost_rows": spool.counters["dead.lost_row"],
    }
    outcome.hold(aside >= 1, "no file was set aside: it was not damaged")
    outcome.hold(spool.counters["damaged_files"] >= 1, "the damage is not counted")
    outcome.hold(
        fires or spool.counters["dead.lost_row"], "the fire in the damaged file is neither delivered nor told as lost"
    )
    return outcome


PAGE = 4096


def spoil(path: Path) -> None:
    """Overwrite every second page of a database's last third: behind the fire, most likely."""
    data = bytearray(path.read_bytes())
    for at in range(len(data) * 2 // 3 // PAGE * PAGE, len(data) - PAGE, 2 * PAGE):
        data[at : at + PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)


@scenario(
    "empty-restart",
    Theme.LOSS,
    (9, 10),
    "TEL #16981, PR #17247, #16314",
    complaint=("重启后最后一条已送达的数据又发一遍", "the last delivered metric is sent again after a restart"),
    holds=(
        "送完后重启四次（两次 kill -9）：没有一条重复",
        "four restarts after all was delivered, two of them kills: no copy",
    ),
)
async def empty_restart(folder: Path) -> Outcome:
    """Restart a gateway whose devices have fallen silent."""
    outcome = Outcome()
    plant = counting(1)
    async with modbus_bench(folder, plant, COUNTING, period_s=0.05) as made:
        gateway = made.gateway()
        for end in (gateway.stop, gateway.kill, gateway.stop, gateway.kill):
            await gateway.start()
            await made.until_told(len(await made.readings()) + 20)
            await end()
        await gateway.start()
        outcome.account(await made.settle(), found := await made.readings())
    outcome.figures["restarts"] = 4
    values = found.of("d1/reads").good.value
    outcome.hold(len(np.unique(values)) == len(values), "a read stands in the log with two times")
    return outcome


@scenario(
    "config-edit",
    Theme.LOSS,
    (11, 13),
    "TEL #2679, #69; EDX app SDK",
    complaint=("改配置就清空积压", "editing the configuration deletes the backlog"),
    holds=(
        "断线时改周期、加设备、重启：积压一条不少",
        "period changed and a device added in an outage: the backlog is all there",
    ),
)
async def config_edit(folder: Path) -> Outcome:
    """Write other site files in the middle of an outage and start again with them."""
    outcome = Outcome()
    plant = counting(1, 2)
    async with modbus_bench(folder, plant, COUNTING, devices=[device("d1", "counting", 1)], period_s=0.05) as made:
        gateway = made.gateway()
        await gateway.start()
        await made.until_told(20)
        made.cut()
        await asyncio.sleep(3)
        await gateway.stop()
        waiting = made.spool().waiting
        both = [device("d1", "counting", 1), device("d2", "counting", 2)]
        line = modbus("line", {"port": plant.server.port}, both, period_s=0.1)
        made.rewrite(one_gateway(line, profiles=[COUNTING]))
        await gateway.start()
        made.mend()
        await asyncio.sleep(2)
        outcome.account(await made.settle(), found := await made.readings())
    outcome.figures["waiting_at_edit"] = waiting
    outcome.hold(waiting > 20, "there was no backlog")
    outcome.hold(holes(found.of("d1/reads")) <= 1, "reads of the backlog are missing")
    outcome.hold(len(found.of("d2/reads")) > 0, "the added device is not read")
    return outcome
