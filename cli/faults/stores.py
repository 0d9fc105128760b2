"""Theme A, at the far end and on the disk: a store that is ill, and a disk that is full."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np

from cli.faults.bench import NEWS_S, Bench, bench, until
from cli.faults.devices import Plant, constant, modbus_bench
from cli.faults.losses import MANY
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import device, modbus, modbus_profile, one_gateway, register, state
from domain.measurements import Measurement
from simulators.devices.modbus_pdu import RegisterBank
from simulators.store import StoreMood, StoreServer

ONE = modbus_profile("one", [register("v", 0)])
LEAST = 40
PROBE = b"fengsui_probe"
"""The line that ingest sends to tell a poisonous line from a store that refuses everything."""
OWN = tuple(f"{name},".encode() for name in Measurement)
"""Rows beside the readings: alerts, limits, figures of our own."""
UNITS = {unit: unit for unit in range(1, 9)}
MOUNT, UNMOUNT = "/usr/bin/mount", "/usr/bin/umount"
FULL_BYTES = 12 * 2**20
"""Of the small disk: room for an empty spool and its log."""


@contextlib.asynccontextmanager
async def whole_way(folder: Path, store: StoreServer) -> AsyncIterator[Bench]:
    """Run devices, a gateway, the backbone and the ingest process over ``store``."""
    async with (
        store,
        modbus_bench(folder, constant(UNITS), ONE, more={"store": {"kind": "influxdb1", "url": store.url}}) as made,
    ):
        await made.gateway().start()
        await made.process("ingest", name="ingest").start()

        async def begun() -> bool:
            return len(store.kept.readings) >= LEAST

        await until(begun, "the store to have something")
        yield made


async def compare(made: Bench, store: StoreServer, outcome: Outcome, refused: str = "") -> int:
    """Stop the gateway, wait until the store has caught up, and compare counts.

    ``refused``: a point that the store never takes; returns how many readings of it there are.
    """
    spool, found = await made.settle(), await made.readings()
    outcome.account(spool, found)
    never = len(found.of(refused)) if refused else 0
    wanted = found.distinct - never

    async def caught_up() -> bool:
        return (await made.document("ingest.main")).get("lag_messages") == 0

    await asyncio.sleep(NEWS_S)  # a document of before must not be taken for news
    await until(caught_up, "ingest to catch up")
    kept = sum(not series.startswith((PROBE, *OWN)) for series, _, _ in store.kept.readings)
    outcome.figures |= {"stored": kept, "answers": " ".join(f"{code}×{n}" for code, n in sorted(store.answers.items()))}
    outcome.hold(kept == wanted, f"the store has {kept} readings of {wanted}")
    return never


@scenario(
    "store-ill",
    Theme.LOSS,
    (6, 9, 12),
    "TB #1117, #877; thingsboard #6880, #1614; TEL #15868",
    complaint=(
        "存储出错后数据缺失，日志却正常",
        "points are missing after the store was ill, though the log looks healthy",
    ),
    holds=(
        "依次 503、429、全拒 400、慢、不应答：恢复后一条不少",
        "503, 429, 400 to everything, slow, no answer: all readings are stored after",
    ),
)
async def store_ill(folder: Path) -> Outcome:
    """Let the store be ill in five ways, two seconds each."""
    outcome, store = Outcome(), StoreServer()
    async with whole_way(folder, store) as made:
        for mood in (StoreMood.UNAVAILABLE, StoreMood.BUSY, StoreMood.REFUSES, StoreMood.SLOW, StoreMood.HANGS):
            store.mood = mood
            await asyncio.sleep(2)
        store.mood = StoreMood.WELL
        await compare(made, store, outcome)
    outcome.hold(store.answers[503] > 0, "the store was never unavailable")
    return outcome


@scenario(
    "store-poison",
    Theme.LOSS,
    (12,),
    "TEL #11005, #2245, #15121",
    complaint=("服务器因一条坏数据拒收整批", "one bad point makes the server reject the whole batch"),
    holds=(
        "一台设备的行总被 400：只有它的进死信，其余一条不少",
        "400 to the lines of one device: they alone become dead letters, all others are stored",
    ),
)
async def store_poison(folder: Path) -> Outcome:
    """Let the store refuse every request that holds a line of device d3."""
    outcome, store = Outcome(), StoreServer(poison=b"device=d3,")
    async with whole_way(folder, store) as made:
        await asyncio.sleep(3)
        refused = await compare(made, store, outcome, refused="d3/v")
        letters = (await made.document("ingest.main")).get("dead_letters", {})
    outcome.figures |= {"refused": refused, "dead_letters": sum(letters.values())}
    outcome.hold(sum(letters.values()) == refused, f"{sum(letters.values())} dead letters for {refused} readings")
    return outcome


@scenario(
    "store-small-requests",
    Theme.LOSS,
    (12,),
    "TEL #11005, #2245",
    complaint=("请求太大被拒（413），整批卡住", "a request that is too large blocks the batch (413)"),
    holds=(
        "只收 50 行以内的请求：自动减半，一条不少",
        "at most 50 lines a request are taken: halved until they fit, none is missing",
    ),
)
async def store_small_requests(folder: Path) -> Outcome:
    """Pile up lines behind a store that is away, then let it take small requests only."""
    outcome, store = Outcome(), StoreServer(most_lines=50)
    async with whole_way(folder, store) as made:
        store.mood = StoreMood.UNAVAILABLE
        await asyncio.sleep(4)
        store.mood = StoreMood.TOO_LARGE
        await compare(made, store, outcome)
    outcome.hold(store.answers[413] > 0, "no request was too large")
    return outcome


@scenario(
    "disk-full",
    Theme.LOSS,
    (7, 14),
    "TB #1483; TEL #9712, #18085",
    complaint=("磁盘写满后停止工作", "a full disk ends it"),
    holds=(
        "磁盘满：火警与状态照收，丢弃有数，腾出空间后照常",
        "the disk is full: states are still taken, drops are counted, all goes on when there is room",
    ),
    needs_root=True,
)
async def disk_full(folder: Path) -> Outcome:
    """Fill the disk under a spool in an outage; a small file system in memory is the disk."""
    outcome = Outcome()
    banks = {unit: RegisterBank(holding=dict.fromkeys(range(50), unit)) for unit in range(1, 11)}
    banks[30] = RegisterBank(holding={0: 0})
    plant, word = Plant(banks), modbus_profile("word", [state("state", 0)])
    devices = [device(f"d{unit}", "many" if unit < 30 else "word", unit) for unit in banks]
    async with plant.server:
        line = modbus("line", {"port": plant.server.port, "timeout_s": 1, "in_flight": 4}, devices, period_s=0.1)
        async with bench(folder, one_gateway(line, profiles=[MANY, word])) as made:
            disk = made.state / "gateway"
            disk.mkdir(mode=0o700)
            with small_disk(disk):
                await made.gateway().start()
                await made.until_told(500)
                made.cut()
                await asyncio.sleep(1)
                filled = fill(disk / "filler")
                for step in range(1, 9):
                    banks[30].holding[0] = 2 * step
                    await asyncio.sleep(1)
                (disk / "filler").unlink()
                made.mend()
                await made.until_delivered()
                banks[30].holding[0] = 100
                await asyncio.sleep(1)
                spool, found = await made.settle(), await made.readings()
    outcome.account(spool, found)
    told = np.rint(found.of("d30/state").good.value).astype(int).tolist()
    missing = sorted(set(range(2, 18, 2)) - set(told))
    outcome.figures |= {"filler_bytes": filled, "states": len(told), "starts": made.processes["gw"].starts}
    outcome.hold(not missing, f"states are missing: {missing}")
    outcome.hold(told[-1:] == [100], "what came after is missing")
    return outcome


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a small file system in memory at ``folder``; needs root."""
    options = f"size={FULL_BYTES},mode=0700"
    subprocess.run([MOUNT, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)  # noqa: S603 -- our own words
    try:
        yield
    finally:
        subprocess.run([UNMOUNT, "--lazy", str(folder)], check=True)  # noqa: S603 -- as above


def fill(path: Path) -> int:
    """Write until there is no room; returns how many bytes there was room for."""
    written = 0
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            written += file.write(bytes(4096))
    return written
