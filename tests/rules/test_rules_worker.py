"""Workers on a real nats-server: what stands in ALARMS is what one quiet run over the log would say.

The log is the truth: the expectation is always an engine that reads all of TELEMETRY in one go.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from nats.js import api

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import ALARMS, TELEMETRY
from backbone.server import EmbeddedServer
from backbone.sparkplug import encode_batch, encode_birth, encode_death, with_seq
from backbone.sparkplug.births import Birth
from domain.alarm import Transition, TransitionKind
from domain.batch import ReadingBatch
from domain.cancellation import heed_cancellation
from rules import process
from rules.compiler import compile_plan
from rules.decoding import Decoder
from rules.engine import Engine
from rules.packing import unpack
from rules.site_index import SiteIndex
from tests.rules.rules_scene import registry, ruleset, site_index
from tests.servers import connected, embedded_server

PARTITIONS = 2
PARTITION = subjects.partition_of("u", PARTITIONS)
SITE = SiteIndex(registry(), {"u"})
TABLE = registry().points


class Gateways:
    """Publishes what the scene's gateways would."""

    def __init__(self, backbone: Backbone, seed: int) -> None:
        self._backbone = backbone
        self._rng = random.Random(seed)
        self._last_ms = 0

    async def send(self, device: str, **values: float) -> None:
        """Publish one reading each of some points of a device."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 10**6)
        points = [TABLE.index(f"u/{device}/{name}") for name in values]
        batch = ReadingBatch.build(TABLE, np.full(len(points), self._last_ms * 10**6), points, list(values.values()))
        gateway = TABLE[points[0]].gateway
        payload = with_seq(encode_batch(batch, self._last_ms * 10**6), 0)
        await self._backbone.publish(subjects.telemetry("u", "DDATA", gateway, device), payload)

    async def babble(self, until: asyncio.Event) -> None:
        """Send changing values until told to stop."""
        rng = self._rng
        while not until.is_set():
            await self.send(
                "panel-1", state=rng.choice([0, 1, 1, 3]), l1p01=rng.choice([1, 1, 3, 5]), l1p02=rng.choice([1, 3])
            )
            await self.send("camera-1", behaviour=rng.choice([0, 2, 3]), ebike_count=rng.choice([0, 1, 2]))
            await self.send("pressure-1", pressure=rng.choice([200.0, 300.0, 420.0]))
            await self.send("smoke-1", smoke=rng.choice([0, 0, 1]), test=rng.choice([0, 1]))
            await asyncio.sleep(0.02)


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
async def killable(server: EmbeddedServer) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the rules process as one of its own; SIGTERM at the end if it still lives."""
    who = server.credentials["service"]
    script = Path(__file__).with_name("rules_process.py")
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(script), server.url, who.user, who.password, str(PARTITIONS)
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def transitions(backbone: Backbone) -> list[Transition]:
    """Read all of ALARMS."""
    return [Transition.model_validate_json(one.data) for one in await backbone.messages(ALARMS)]


async def expected(backbone: Backbone) -> list[Transition]:
    """Evaluate TELEMETRY in one quiet run, as far as the last worker came before it stopped."""
    checkpoint = await backbone.load_checkpoint(f"rules-{PARTITION}")
    assert checkpoint is not None
    end_seq = unpack(checkpoint)[0]["place"]["seq"]
    log = await backbone.messages(TELEMETRY, subjects=subjects.partition_subjects(PARTITION), end_seq=end_seq)
    engine = Engine(compile_plan(ruleset(), SITE), PARTITION)
    return engine.feed(Decoder(SITE, PARTITION, PARTITIONS).decode(log))


async def until(true: Callable[[], Awaitable[bool]], timeout_s: float = 40) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(timeout_s):
        while not await true():
            heed_cancellation()
            await asyncio.sleep(0.1)


async def caught_up(backbone: Backbone) -> bool:
    """Tell whether the worker has read all that there is now."""
    status = (await backbone.statuses()).get("rules.main", {})
    newest = await backbone.last_seq(TELEMETRY, f"tel.{PARTITION}.>")
    return any(one["partition"] == PARTITION and one["seq"] >= newest for one in status.get("by_partition", ()))


def by_alarm(said: list[Transition]) -> dict[tuple[str, str], list[str]]:
    """Return ids by alarm, in order: fire goes first within a batch, an alarm's own order stands."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in said:
        found.setdefault((one.rule, one.entity), []).append(one.id)
    return found


async def test_a_fire_goes_from_telemetry_to_alarms_and_a_restart_says_nothing_twice(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        gateways = Gateways(backbone, 1)
        async with running(backbone):
            await gateways.send("panel-1", state=1, l1p01=1, l1p02=1)
            await gateways.send("panel-1", state=3, l1p01=3, l1p02=1)
            await until(lambda: _count(backbone, 1))
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
            await until(lambda: _count(backbone, 3))
        kinds = [one.kind for one in await transitions(backbone) if one.rule == "panel_fire"]
        assert kinds == [TransitionKind.RAISED, TransitionKind.CLEARED]


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
        await _forgetful(backbone)
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
        await _forgetful(backbone)
        done = asyncio.Event()
        babble = asyncio.create_task(Gateways(backbone, 3).babble(done))
        async with killable(server) as first:
            await until(lambda: _count(backbone, 1))
            async with killable(server):
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
        await _forgetful(backbone)
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


async def _forgetful(backbone: Backbone) -> None:
    """Shrink ALARMS' duplicate window to nothing, so that only our own exactness counts."""
    js = backbone._js
    config = (await js.stream_info(ALARMS)).config
    assert config.duplicate_window is not None
    config.duplicate_window = 0.1
    await js.update_stream(api.StreamConfig(**config.__dict__))


def test_the_scene_has_one_partition_with_devices() -> None:
    assert len(site_index().devices) == len(SITE.devices)
