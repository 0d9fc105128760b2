"""Theme D: exceptions, bad frames, numbers that are none: what is not the device's value must never pass as good."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

from cli.faults.bench import until
from cli.faults.dead_units import ONE, VALUES, strays
from cli.faults.devices import Plant, constant, modbus_bench
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import modbus_profile, register, state
from domain.quality import GOOD, Reason, base_of
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault, FaultKind

CODES = range(1, 12)
ALARM = 2
POINTS = ("state", "v")


@scenario(
    "exception-codes",
    Theme.FALSE_VALUE,
    (32, 34),
    "HA #51103, #54345; TEL #13630, #14671",
    complaint=("设备忙被记成 0，报警位被清掉", "a busy slave was recorded as 0: dangerous for alarm bits"),
    holds=(
        "异常码 1–11：从不变成数值，质量写明原因，恢复后报警位还在",
        "exceptions 1 to 11: never a value, the quality says why, the alarm bit is there after",
    ),
)
async def exception_codes(folder: Path) -> Outcome:
    """Let eleven devices with an alarm bit answer one exception each."""
    outcome = Outcome()
    plant = Plant({code: RegisterBank(holding={0: ALARM, 1: 7}) for code in CODES})
    profile = modbus_profile("panel", [state("state", 0), register("v", 1)])
    async with modbus_bench(folder, plant, profile, period_s=0.3, retry_s=0.3, longest_retry_s=0.5) as made:
        await made.gateway().start()
        await made.until_told(11 * 8)
        plant.faults |= {code: Fault(kind=FaultKind.EXCEPTION, code=code) for code in CODES}
        await asyncio.sleep(4)
        plant.faults.clear()

        async def healed() -> bool:
            found = await made.readings()
            return all(
                base_of(int(found.of(f"d{code}/{name}").quality[-1])) == GOOD for code in CODES for name in POINTS
            )

        await until(healed, "all devices to be good again")
        outcome.account(await made.settle(), found := await made.readings())
    false = 0
    for code in CODES:
        word, value = found.of(f"d{code}/state"), found.of(f"d{code}/v")
        false += int((word.good.value != ALARM).sum()) + int((value.good.value != 7).sum())
        wanted = Reason.BUSY if code in (5, 6) else Reason.EXCEPTION
        outcome.hold(value.reasons[wanted] > 0, f"exception {code}: no reading says {wanted.name}")
        outcome.hold(word.good.value[-1:].tolist() == [ALARM], f"exception {code}: the alarm bit is gone")
        outcome.hold(word.quality[-1:].tolist() == word.good.quality[-1:].tolist(), f"exception {code}: not good again")
    outcome.figures |= {"codes": len(CODES), "false_values": false}
    outcome.hold(false == 0, f"{false} readings are neither the device's value nor bad")
    return outcome


@scenario(
    "late-answers",
    Theme.FALSE_VALUE,
    (33,),
    "TEL #9253; grid-x/modbus #78",
    complaint=(
        "一个迟到的应答让之后所有事务号错位，重启才好",
        "a late reply makes every later transaction id mismatch until a restart",
    ),
    holds=(
        "迟到与错事务号的应答一个都不当真，之后立即正常",
        "late answers and wrong transactions are never believed; all is well right after",
    ),
)
async def late_answers(folder: Path) -> Outcome:
    """Let answers come after the time-out, then with another transaction's id."""
    outcome = Outcome()
    plant = constant(VALUES)
    async with modbus_bench(folder, plant, ONE, timeout_s=0.2, retry_s=0.3, longest_retry_s=0.5) as made:
        await made.gateway().start()
        await made.until_told(40)
        for fault in (Fault(kind=FaultKind.DELAY, delay_s=0.35), Fault(kind=FaultKind.WRONG_TRANSACTION)):
            plant.faults |= dict.fromkeys((1, 3), fault)
            await asyncio.sleep(2.5)
        plant.faults.clear()
        before = len((await made.readings()).of("d1/v").good)

        async def well() -> bool:
            found = await made.readings()
            return min(len(found.of(f"d{unit}/v").good) for unit in VALUES) >= before + 10

        await until(well, "all units to be good again")
        late = (await made.status())["connections"]["line"]["errors"].get("late", 0)
        outcome.account(await made.settle(), found := await made.readings())
    false = strays(found, VALUES)
    outcome.figures |= {"late": late, "false_values": false}
    outcome.hold(late > 0, "no late answer was counted")
    outcome.hold(false == 0, f"{false} readings have another unit's value")
    return outcome


@scenario(
    "bad-frames",
    Theme.FALSE_VALUE,
    (22, 33, 34),
    "NEU #1602; grid-x/modbus #78; TEL #13630",
    complaint=("坏报文、别站的报文使服务重置或取到假值", "junk and foreign frames reset the server or become values"),
    holds=(
        "短帧、别站帧、乱码、断线各两秒：无假值，逐个恢复",
        "short, foreign, junk frames and hang-ups, 1.5 s each: no false value, all recover",
    ),
)
async def bad_frames(folder: Path) -> Outcome:
    """Spoil the answers of two of four units in every way there is."""
    outcome = Outcome()
    plant = constant(VALUES)
    wrong = (FaultKind.SHORT_FRAME, FaultKind.FOREIGN_FRAME, FaultKind.GARBAGE, FaultKind.DROP)
    async with modbus_bench(folder, plant, ONE, timeout_s=0.2, retry_s=0.3, longest_retry_s=0.5) as made:
        await made.gateway().start()
        await made.until_told(40)
        for kind in wrong:
            plant.faults |= dict.fromkeys((2, 4), Fault(kind=kind))
            await asyncio.sleep(1.5)
        plant.faults.clear()
        before = {unit: len((await made.readings()).of(f"d{unit}/v").good) for unit in VALUES}

        async def well() -> bool:
            found = await made.readings()
            return all(len(found.of(f"d{unit}/v").good) >= count + 5 for unit, count in before.items())

        await until(well, "all units to be good again")
        outcome.account(await made.settle(), found := await made.readings())
    false = strays(found, VALUES)
    bad = sum(len(found.of(f"d{unit}/v")) - len(found.of(f"d{unit}/v").good) for unit in (2, 4))
    outcome.figures |= {"kinds": len(wrong), "false_values": false, "bad_quality": bad}
    outcome.hold(bad > 0, "no reading was marked bad")
    outcome.hold(false == 0, f"{false} readings have another unit's value")
    return outcome


@scenario(
    "partial-failure",
    Theme.FALSE_VALUE,
    (34,),
    "TEL #13630, #14671",
    complaint=("一处读失败，其余读数全丢", "a partial failure loses the rest of the gather"),
    holds=(
        "一块寄存器报异常 4：其余照读，设备不算掉线",
        "a block of registers answers exception 4: the rest is read, the device is not lost",
    ),
)
async def partial_failure(folder: Path) -> Outcome:
    """Break a third of a device's registers."""
    outcome = Outcome()
    bank = RegisterBank(holding=dict.fromkeys([*range(20), *range(1000, 1020)], 7))
    plant = Plant({1: bank})
    wanted = [*range(0, 20, 4), *range(1000, 1020, 4)]
    profile = modbus_profile("split", [register(f"r{at}", at) for at in wanted])
    async with modbus_bench(folder, plant, profile, period_s=0.2) as made:
        await made.gateway().start()
        await made.until_told(len(wanted) * 8)
        bank.broken = dict.fromkeys(range(1000, 1020), 4)
        await asyncio.sleep(3)
        lost = (await made.status())["connections"]["line"]["lost"]
        outcome.account(await made.settle(), found := await made.readings())
    well = min(len(found.of(f"d1/r{at}").good) for at in wanted if at < 1000)
    total = len(found.of("d1/r0"))
    broken = found.of("d1/r1000")
    outcome.figures |= {"good": well, "of": total, "exceptions": broken.reasons[Reason.EXCEPTION]}
    outcome.hold(well == total, f"{total - well} readings of the sound registers are bad")
    outcome.hold(broken.reasons[Reason.EXCEPTION] > 3, "the broken registers do not say why")
    outcome.hold(lost == [], f"lost: {lost}")
    return outcome


@scenario(
    "numbers-that-are-none",
    Theme.FALSE_VALUE,
    (35,),
    "ioBroker.modbus #718",
    complaint=("NaN、−3.4e38 被当作测量值", "NaN and -3.4e38 pass as measurements"),
    holds=(
        "NaN、±∞、−3.4e38、超量程：都不是好值",
        "NaN, infinities, -3.4e38 and what is out of range: none of them is a good value",
    ),
)
async def numbers_that_are_none(folder: Path) -> Outcome:
    """Let floats say what sensors say when they are broken."""
    outcome = Outcome()
    numbers = (float("nan"), float("inf"), float("-inf"), -3.4028234663852886e38, 4000.0, 20.5)
    holding: dict[int, int] = {}
    for at, number in enumerate(numbers):
        high, low = struct.unpack(">HH", struct.pack(">f", number))
        holding |= {2 * at: high, 2 * at + 1: low}
    points = [{**register(f"f{at}", 2 * at, type="f32"), "floor": -100, "ceiling": 1000} for at in range(len(numbers))]
    points += [register(f"free{at}", 2 * at, type="f32") for at in range(4)]
    plant = Plant({1: RegisterBank(holding=holding)})
    async with modbus_bench(folder, plant, modbus_profile("floats", points)) as made:
        await made.gateway().start()
        await made.until_told(100)
        outcome.account(await made.settle(), found := await made.readings())
    good = {f"f{at}": len(found.of(f"d1/f{at}").good) for at in range(len(numbers))}
    free = {f"free{at}": len(found.of(f"d1/free{at}").good) for at in range(4)}
    outcome.figures |= {"good_of_bad": sum(good.values()) - good["f5"], "good_without_range": sum(free.values())}
    outcome.hold(good.pop("f5") > 5, "the one real value is not good")
    outcome.hold(not any(good.values()), f"good readings of what is no value: {good}")
    outcome.hold(not any(free.values()), f"good readings where no range is written: {free}")
    return outcome
