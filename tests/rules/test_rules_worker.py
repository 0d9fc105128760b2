"""Workers on a real nats-server: what stands in ALARMS is what one quiet run over the log would say.

The log is the truth: the expectation is always an engine that reads all of TELEMETRY in one go.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import TELEMETRY
from backbone.server import EmbeddedServer
from backbone.sparkplug import encode_batch, encode_birth, encode_death
from backbone.sparkplug.births import Birth
from domain.alarm import TransitionKind
from domain.batch import ReadingBatch
from rules import process
from rules.compiler import compile_plan
from rules.decoding import Decoder
from rules.engine import Engine
from tests.rules.rules_scene import registry, ruleset, site_index
from tests.rules.rules_traffic import (
    PARTITION,
    PARTITIONS,
    SITE,
    TABLE,
    Gateways,
    by_alarm,
    caught_up,
    expected,
    forgetful,
    transitions,
    until,
)
from tests.servers import connected, embedded_server


@asynccontextmanager
async def running(backbone: Backbone) -> AsyncIterator[None]:
    """Run the rules process within this one."""
    stop = asyncio.Event()
    task = asyncio.create_task(process.run(registry(), backbone, ruleset(), stop=stop))
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def killable(server: EmbeddedServer, name: str = "one") -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the rules process as one of its own; SIGTERM at the end if it still lives."""
    who = server.credentials["service"]
    script = Path(__file__).with_name("rules_process.py")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), "-", name, server.url, who.user, who.password, str(PARTITIONS), "1")
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def test_a_fire_goes_from_telemetry_to_alarms_and_a_restart_says_nothing_twice(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        gateways = Gateways(backbone, 1)
        async with running(backbone):
            await gateways.send("panel-1", state=1, l1p01=1, l1p02=1)
            await gateways.send("panel-1", state=3, l1p01=3, l1p02=1)
            await until(lambda: _fires(backbone, TransitionKind.RAISED))
            await until(lambda: caught_up(backbone))
            status = (await backbone.statuses())["rules.main"]
        (fire,) = [one for one in await transitions(backbone) if one.rule == "panel_fire"]
        assert (fire.rule, fire.entity, fire.kind) == ("panel_fire", "u/panel-1/l1p01", TransitionKind.RAISED)
        assert fire.partition == PARTITION
        assert status["rules"] == len(ruleset())
        assert status["version"] == ruleset().version
        assert sorted(status["partitions"]) == [0, 1]
        assert status["readings"] == 6
        assert await backbone.last_seq(TELEMETRY, subjects.tick(PARTITION)) > 0
        async with running(backbone):
            await gateways.send("panel-1", state=1, l1p01=1, l1p02=1)
            await until(lambda: _fires(backbone, TransitionKind.CLEARED))
        assert await _fires(backbone, TransitionKind.RAISED, TransitionKind.CLEARED, whole=True)


async def _fires(backbone: Backbone, *kinds: TransitionKind, whole: bool = False) -> bool:
    """Tell whether the panel's fire said this: as its last words, or as all that it ever said.

    Devices that never spoke are silent alarms by and by, so that the number of all transitions tells nothing.
    """
    said = [one.kind for one in await transitions(backbone) if one.rule == "panel_fire"]
    return (said if whole else said[-len(kinds) :]) == list(kinds)


async def _count(backbone: Backbone, wanted: int) -> bool:
    return len(await transitions(backbone)) >= wanted


async def test_strangers_and_junk_are_counted_and_harm_nothing(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        async with running(backbone):
            await backbone.publish(subjects.telemetry("u", "DDATA", "gw-a", "panel-1"), b"\xff\xff junk")
            await backbone.publish(subjects.telemetry("u", "DDATA", "gw-a", "unheard-of"), b"")
            await backbone.publish(subjects.telemetry("u", "DDATA", "gw-x", "panel-1"), b"")
            await backbone.publish(subjects.telemetry("u", "NBIRTH", "gw-a"), b"\x0a\x0a\x0a")
            others = ReadingBatch.build(TABLE, [1], [0], [1.0])
            await backbone.publish(subjects.telemetry("u", "DDATA", "gw-b", "smoke-1"), encode_batch(others, 1))
            await Gateways(backbone, 1).send("smoke-1", smoke=1)
            await until(lambda: _count(backbone, 1))
            await until(lambda: _status(backbone, unknown_points=1))
            status = (await backbone.statuses())["rules.main"]
        assert (status["unreadable"], status["unknown_devices"], status["unknown_points"]) == (2, 2, 1)


async def _status(backbone: Backbone, **wanted: int) -> bool:
    status = (await backbone.statuses()).get("rules.main", {})
    return all(status.get(name) == value for name, value in wanted.items())


async def test_a_death_certificate_of_an_earlier_session_is_old_news(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        log = []
        for kind, payload in (
            ("NBIRTH", encode_birth(Birth(metrics=(), seq=0, time_ns=0, bd_seq=7))),
            ("NDEATH", encode_death(6, 0)),
            ("NDEATH", encode_death(7, 0)),
        ):
            await backbone.publish(subjects.telemetry("u", kind, "gw-a"), payload)
        log = await backbone.messages(TELEMETRY)
    engine = Engine(compile_plan(ruleset(), SITE), PARTITION)
    messages = Decoder(SITE, PARTITION, PARTITIONS).decode(log)
    engine.feed(messages[:2])
    assert (engine.counts.old_deaths, engine.liveness.dead.tolist()) == (1, [False, False])
    engine.feed(messages[2:])
    assert engine.liveness.dead.tolist() == [True, False]


async def test_killed_at_random_moments_it_says_what_an_uninterrupted_run_says(tmp_path: Path) -> None:
    seed = time.time_ns()  # another course each time; the law does not depend on it
    rng = random.Random(seed)
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        await forgetful(backbone)
        done = asyncio.Event()
        babble = asyncio.create_task(Gateways(backbone, seed).babble(done))
        for _ in range(3):
            async with killable(server) as child:
                before = len(await transitions(backbone))
                await until(lambda before=before: _count(backbone, before + 1))  # type: ignore[misc]  # bound early
                await asyncio.sleep(rng.uniform(0, 1))
                child.send_signal(signal.SIGKILL)
        done.set()
        await babble
        async with killable(server):
            await until(lambda: caught_up(backbone))
        said, wanted = await transitions(backbone), await expected(backbone)
    assert by_alarm(said) == by_alarm(wanted)
    assert {one.id: one for one in said} == {one.id: one for one in wanted}
    assert len(said) > 50


async def test_an_owner_that_slept_cannot_write_among_those_of_its_successor(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        await forgetful(backbone)
        done = asyncio.Event()
        babble = asyncio.create_task(Gateways(backbone, 3).babble(done))
        async with killable(server) as first:
            await until(lambda: _count(backbone, 1))
            async with killable(server, "two"):
                await asyncio.sleep(1)
                first.send_signal(signal.SIGSTOP)
                asleep = len(await transitions(backbone))
                await until(lambda: _count(backbone, asleep + 10))
                first.send_signal(signal.SIGCONT)
                await asyncio.sleep(2)
                done.set()
                await babble
                await until(lambda: caught_up(backbone))
        said, wanted = await transitions(backbone), await expected(backbone)
    assert by_alarm(said) == by_alarm(wanted)


async def test_a_lost_checkpoint_costs_a_replay_and_nothing_else(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        await forgetful(backbone)
        done = asyncio.Event()
        async with running(backbone):
            babble = asyncio.create_task(Gateways(backbone, 4).babble(done))
            await until(lambda: _count(backbone, 20))
            done.set()
            await babble
        before = [one.id for one in await transitions(backbone)]
        await backbone.save_checkpoint(f"rules-{PARTITION}", b"eaten by a bad disk")
        await asyncio.sleep(0.5)  # past the duplicate window: the server would take every id again
        async with running(backbone):
            await until(lambda: caught_up(backbone))
            status = (await backbone.statuses())["rules.main"]
        after = [one.id for one in await transitions(backbone)]
    assert after[: len(before)] == before
    assert len(after) == len(set(after))
    assert sum(one["skipped"] for one in status["by_partition"]) >= len(before)


def test_the_scene_has_one_partition_with_devices() -> None:
    assert len(site_index().devices) == len(SITE.devices)
