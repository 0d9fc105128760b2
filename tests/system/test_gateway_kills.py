"""kill -9 of gateways five hundred times, during traffic, outages and starts: what came in went out, once.

Real processes and sockets: nats-server, Mosquitto, four gateways on uplinks that are cut and mended at random, each
with a Modbus unit that numbers its answers and a sensor that numbers its messages.

| law | of |
|---|---|
| the log has as many readings as the spool says were committed, and none was dropped | all |
| a message with a PUBACK is in the log, with its own time and number | the sensor |
| each life of the gateway delivered its first reads without a hole: a kill costs the last ones only | the unit |
| a state that lasted long enough is told, in order, and nothing that was not a state | the unit |
| no message id stands twice in a stream; events stand in the order in which they were committed | all |
| the store counts each reading once | all |
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from backbone.layout import TELEMETRY
from cli.faults.bench import Bench, bench, until
from cli.faults.devices import hears
from cli.faults.readings import Readings
from cli.faults.small_site import SmallSite
from domain.quality import GOOD, base_of
from ingest.face import QueryFace
from simulators.cable import Cut
from tests.servers import mosquitto
from tests.system.kill_plant import CountedSensor, CountingUnit, connections, profiles
from tests.system.zygote import Zygote

GATEWAYS = 4
KILLS = int(os.environ.get("FENGSUI_KILLS") or (500 if os.environ.get("FENGSUI_REQUIRE_ALL") == "1" else 50))
PATIENCE_S = 120.0


@dataclass(slots=True)
class Victim:
    """A gateway, what it reads, and how often it was killed."""

    name: str
    unit: CountingUnit
    sensor: CountedSensor
    gateway: Zygote
    kills: int = 0


@pytest.mark.timeout(900)
async def test_kills_lose_nothing_that_was_accepted_and_tell_nothing_twice(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(mosquitto(tmp_path))
        plants = {f"gw{number}": (CountingUnit(), CountedSensor(f"gw{number}", port)) for number in range(GATEWAYS)}
        for unit, _ in plants.values():
            await stack.enter_async_context(unit.server)
        site = SmallSite(
            gateways={name: connections(*plant) for name, plant in plants.items()}, profiles=profiles(plants)
        )
        made = await stack.enter_async_context(bench(tmp_path, site))
        victims = [
            Victim(name, *plant, await stack.enter_async_context(zygote(made, name))) for name, plant in plants.items()
        ]
        async with storm(made, victims), asyncio.TaskGroup() as group:
            for number, victim in enumerate(victims):
                kills = KILLS // GATEWAYS + (number < KILLS % GATEWAYS)
                group.create_task(killing(victim, kills, random.Random(number)))
        total = 0
        for victim in victims:
            await made.until_delivered(victim.name)
            assert await victim.gateway.stop() == 0
            total += judge(made, victim, await made.readings(victim.name))
        assert sum(victim.kills for victim in victims) == KILLS
        assert await stored(made, total) == (total, total)


def zygote(made: Bench, name: str) -> Zygote:
    words = ["--site", str(made.site), "--state", str(made.state)]
    return Zygote([*made.gateway_words(name), *words], made.folder / f"{name}.log")


@contextlib.asynccontextmanager
async def storm(made: Bench, victims: Sequence[Victim]) -> AsyncIterator[None]:
    """Start all gateways, let their sensors speak and their uplinks be cut; at the end all is whole again."""
    stop = asyncio.Event()
    for victim in victims:
        await victim.gateway.start()
    for victim in victims:
        await hears(made, "radio", victim.name)
    tasks = [asyncio.create_task(victim.sensor.run(stop)) for victim in victims]
    cutting = [asyncio.create_task(outages(made, one.name, random.Random(at))) for at, one in enumerate(victims)]
    try:
        yield
    finally:
        stop.set()
        for task in cutting:
            task.cancel()
        await asyncio.gather(*cutting, return_exceptions=True)
        for victim in victims:
            made.mend(victim.name)
        await asyncio.gather(*tasks)


async def killing(victim: Victim, kills: int, chance: random.Random) -> None:
    """Kill a gateway again and again: in its start, in its traffic, and when it has just caught up."""
    for _ in range(kills):
        longest_s = chance.choices((0.4, 1.5, 4.0), (3, 5, 2))[0]
        await asyncio.sleep(chance.uniform(0.0, longest_s))
        await victim.gateway.kill()
        victim.kills += 1
        victim.unit.life += 1
        await victim.gateway.start()


async def outages(made: Bench, name: str, chance: random.Random) -> None:
    """Cut and mend an uplink for ever; some outages are so long that measures become history."""
    while True:
        await asyncio.sleep(chance.uniform(0.5, 6.0))
        made.cut(chance.choice(list(Cut)), name)
        await asyncio.sleep(chance.choice((0.3, 1.0, 2.0, 7.0)))
        made.mend(name)


def judge(made: Bench, victim: Victim, found: Readings) -> int:
    """Hold a gateway to every law; returns how many different readings the log has of it."""
    spool = made.spool(victim.name)
    assert spool.waiting == 0
    assert spool.dropped == 0
    assert not [name for name in spool.counters if name.startswith("dead.")]
    assert spool.produced == found.delivered == spool.published, "committed, and not in the log; or the reverse"
    per_stream = Counter((one.stream, one.id) for one in found.messages)
    assert max(per_stream.values()) == 1, "a message stands twice in a stream"
    assert {one.stream for one in found.messages} > {TELEMETRY} or KILLS < 50, "no outage made history"
    judge_sensor(victim, found)
    judge_reads(victim, found)
    judge_states(victim, found)
    return found.distinct


def judge_sensor(victim: Victim, found: Readings) -> None:
    """Every message with a PUBACK is there, once a time, with its own number."""
    acknowledged = {time_ms: number for number, time_ms in victim.sensor.acknowledged.items()}
    assert len(acknowledged) > 20
    for point in ("n", "told"):
        series = found.of(f"sensor-{victim.name}/{point}").good
        told = dict(zip(np.rint(series.time_s * 1000).astype(int).tolist(), series.value.tolist(), strict=True))
        lost = acknowledged.keys() - told.keys()
        assert not lost, f"{victim.name}: {len(lost)} of {len(acknowledged)} messages with a PUBACK are lost"
        assert all(told[time_ms] == number for time_ms, number in acknowledged.items())


def judge_reads(victim: Victim, found: Readings) -> None:
    """Each life of the gateway delivered its first reads, all of them up to the last one that it committed."""
    series = found.of(f"unit-{victim.name}/reads").good
    values = series.value.astype(int).tolist()
    assert values == sorted(set(values)), "a read stands there with two times, or out of its order"
    told = set(values)
    assert told <= {read.count for read in victim.unit.reads}
    for life, reads in groupby(victim.unit.reads, key=lambda read: read.life):
        present = [read.count in told for read in reads]
        assert present == sorted(present, reverse=True), f"{victim.name}, life {life}: a hole among the reads"


def judge_states(victim: Victim, found: Readings) -> None:
    """States are told in their order, and none that lasted is missing."""
    series = found.of(f"unit-{victim.name}/state").good
    told = [int(value) for value, _ in groupby(series.value.tolist())]
    assert told == sorted(set(told)), "a state came back that was over"
    assert set(victim.unit.lasting()) <= set(told), "a state that lasted was not told"
    assert set(told) <= {read.state for read in victim.unit.reads}
    live = found.rows_of(f"unit-{victim.name}/state")
    assert live.max(initial=0) < len(found) - found.history, "a state came as history"
    assert all(base_of(int(quality)) == GOOD for quality in found.quality[live[-1:]])
    assert (np.diff(found.time_ns[live]) > 0).all(), "states stand in the log in another order than they were read"


async def stored(made: Bench, total: int) -> tuple[int, int]:
    """Let the store have everything; returns how many readings it counts, and how many different ones."""
    await made.process("ingest", name="ingest").start()

    async def has_all() -> bool:
        status = await made.document("ingest.main")
        return bool(status.get("lag_messages") == 0 and status.get("stored", 0) >= total)

    await until(has_all, "the store to have everything", PATIENCE_S)
    counts = await QueryFace(made.backbone).counts()
    return counts.stored, counts.distinct
