"""kill -9 of rules workers two hundred times, and of a cluster's leader twenty times: ALARMS is that of one quiet run.

Real processes: nats-server (one, or three as a cluster with three replicas) and two rules processes that share the
partitions. Gateways talk all the time. ALARMS' duplicate window is shrunk to nothing, so only our own exactness
counts. At the end the log is read once by one engine: the same transitions, with the same ids, none missing, none
twice, each alarm's in their order.

``FENGSUI_RULES_KILLS`` and ``FENGSUI_LEADER_KILLS`` say how often: 20 and 3, or 200 and 20 where everything is asked
for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from backbone.client import Backbone
from backbone.lease import holder
from backbone.subjects import LEASE_BUCKET
from domain.cancellation import heed_cancellation
from domain.errors import LinkError
from tests.cluster import NODES, USER, Cluster, cluster_of_three, member
from tests.rules.rules_traffic import (
    PARTITION,
    PARTITIONS,
    Gateways,
    by_alarm,
    caught_up,
    expected,
    forgetful,
    transitions,
    until,
)
from tests.servers import connected, embedded_server
from tests.system.zygote import Zygote

ALL = os.environ.get("FENGSUI_REQUIRE_ALL") == "1"
KILLS = int(os.environ.get("FENGSUI_RULES_KILLS") or (200 if ALL else 20))
LEADER_KILLS = int(os.environ.get("FENGSUI_LEADER_KILLS") or (20 if ALL else 3))
SCRIPT = Path(__file__).parents[1] / "rules" / "rules_process.py"
NAMES = ("east", "west")
PATIENCE_S = 120.0


@pytest.mark.timeout(1200)
async def test_killed_workers_say_what_an_uninterrupted_run_says(tmp_path: Path) -> None:
    chance = random.Random(6)
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        who = server.credentials["service"]
        async with plant(tmp_path, backbone, [server.url, who.user, who.password, str(PARTITIONS), "1"]) as workers:
            epoch = 0
            for _ in range(KILLS):
                name = await victim(backbone, chance, epoch)
                if name == await owner_of(backbone):
                    epoch = await epoch_of(backbone)
                await workers[name].kill()
                await workers[name].start()
        await judge(backbone)
    assert epoch > KILLS // 2, "the partition hardly ever changed hands"


@pytest.mark.timeout(1800)
async def test_a_cluster_whose_leader_is_killed_says_what_an_uninterrupted_run_says(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with cluster_of_three(tmp_path) as cluster, member(cluster, partitions=PARTITIONS) as backbone:
        words = [cluster.url, USER.user, USER.password, str(PARTITIONS), str(NODES)]
        async with plant(tmp_path, backbone, words) as workers:
            for number in range(LEADER_KILLS):
                await kill_leader(cluster, backbone, ("TELEMETRY", "ALARMS", "KV_leases")[number % 3], chance)
                if number % 4 == 3:  # and a worker that has to find its checkpoint in what is left
                    name = chance.choice(NAMES)
                    await workers[name].kill()
                    await workers[name].start()
            await cluster.leader_of(backbone, "ALARMS")
        await judge(backbone)


async def victim(backbone: Backbone, chance: random.Random, epoch: int) -> str:
    """Wait for a random moment and say whom to kill: mostly the owner, some time after it took over; or anybody."""
    if chance.random() < 0.3:
        await asyncio.sleep(chance.random())
        return chance.choice(NAMES)

    async def changed_hands() -> bool:
        return await epoch_of(backbone) > epoch

    await until(changed_hands, PATIENCE_S)
    await asyncio.sleep(chance.choice((0.1, 0.4, 0.8)) * chance.random())
    return await owner_of(backbone)


async def kill_leader(cluster: Cluster, backbone: Backbone, stream: str, chance: random.Random) -> None:
    """Kill the node that leads a stream, let the others elect and work, and start it again."""
    await asyncio.sleep(chance.uniform(0.0, 2.0))
    node = await cluster.leader_of(backbone, stream, PATIENCE_S)
    await node.kill()
    said = len(await patiently(backbone))
    await until_more(backbone, said)
    await node.start()


async def until_more(backbone: Backbone, said: int) -> None:
    """Wait until the workers have said something new: with two nodes of three they must."""
    async with asyncio.timeout(PATIENCE_S):
        while len(await patiently(backbone)) <= said:
            heed_cancellation()
            await asyncio.sleep(0.2)


async def patiently(backbone: Backbone) -> Sequence[object]:
    """Read ALARMS as soon as somebody answers."""
    while True:
        try:
            return await transitions(backbone)
        except LinkError:
            heed_cancellation()
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def plant(folder: Path, backbone: Backbone, words: list[str]) -> AsyncIterator[dict[str, Zygote]]:
    """Run two workers under traffic; at the end they work it off and stop."""
    await forgetful(backbone)
    async with contextlib.AsyncExitStack() as stack:
        workers = {
            name: await stack.enter_async_context(Zygote([name, *words], folder / f"{name}.log", SCRIPT))
            for name in NAMES
        }
        for worker in workers.values():
            await worker.start()
        done = asyncio.Event()
        babble = asyncio.create_task(Gateways(backbone, 6).babble(done))
        await until_more(backbone, 0)
        yield workers
        done.set()
        await babble
        await until(lambda: caught_up(backbone), PATIENCE_S)
        for worker in workers.values():
            assert await worker.stop() == 0


async def judge(backbone: Backbone) -> None:
    """Hold ALARMS against one quiet run over the log."""
    said, wanted = await transitions(backbone), await expected(backbone)
    ids = [one.id for one in said]
    assert len(ids) == len(set(ids)), "a transition stands there twice"
    assert by_alarm(said) == by_alarm(wanted)
    assert {one.id: one for one in said} == {one.id: one for one in wanted}
    assert len(said) > 50


async def owner_of(backbone: Backbone) -> str:
    """Return who holds the partition that all devices are in."""
    entry = await backbone.kv_get(LEASE_BUCKET, f"rules-{PARTITION}")
    return holder(entry) if entry else ""


async def epoch_of(backbone: Backbone) -> int:
    """Return how often it was taken."""
    entry = await backbone.kv_get(LEASE_BUCKET, f"rules-{PARTITION}")
    return int(json.loads(entry.value)["epoch"]) if entry else 0
