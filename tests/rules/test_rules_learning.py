"""A rules process that learns: from the births that stand in the stream, and from those that pass."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import ALARMS
from backbone.sparkplug import encode_batch, encode_birth, with_seq
from backbone.sparkplug.births import Birth
from backbone.sparkplug.learning import births
from domain.alarm import Transition
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS
from domain.points import Point
from rules import process
from rules.engine import Engine
from rules.ground import Ground
from rules.worker import Ownership, Worker
from tests.rules.rules_traffic import until
from tests.rules.transmitter_scene import LEARNED, UNIT, birth, registry, ruleset
from tests.servers import connected, embedded_server

BY_NAME = {point.name: point for point in LEARNED}


class Speaker:
    """Publishes what the scene's gateways would: births first."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._table = registry().points
        self._last_ms = 0

    async def introduce(self, *points: Point) -> None:
        """Publish the birth of a device with further points: it lists all there are."""
        self._table = self._table.grown(points)
        device, gateway = points[0].device, points[0].gateway
        listed = [point for point in self._table if point.device == device]
        await self._publish("DBIRTH", gateway, device, birth(listed, self._now_ns()))

    async def say(self, device: str, **values: float) -> None:
        """Publish readings of a device; dashes in names are written as underscores."""
        rows = [self._table.index(f"{UNIT}/{device}/{name.replace('_', '-')}") for name in values]
        time_ns = self._now_ns()
        batch = ReadingBatch.build(self._table, [time_ns] * len(rows), rows, list(values.values()))
        payload = with_seq(encode_batch(batch, time_ns), 0)
        await self._publish("DDATA", self._table[rows[0]].gateway, device, payload)

    async def live(self) -> None:
        """Say that the nodes are there."""
        for gateway in ("host", "t1", "t2"):
            payload = encode_birth(Birth(metrics=(), seq=0, time_ns=self._now_ns(), bd_seq=0))
            await self._backbone.publish(subjects.telemetry(UNIT, "NBIRTH", gateway), payload)

    async def _publish(self, kind: str, gateway: str, device: str, payload: bytes) -> None:
        await self._backbone.publish(subjects.telemetry(UNIT, kind, gateway, device), payload)

    def _now_ns(self) -> int:
        self._last_ms = max(self._last_ms + 1, time.time_ns() // NS_PER_MS)
        return self._last_ms * NS_PER_MS


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


async def fires(backbone: Backbone) -> list[Transition]:
    """Return what was said of components in fire."""
    said = [Transition.model_validate_json(one.data) for one in await backbone.messages(ALARMS)]
    return [one for one in said if one.rule == "component_fire"]


async def test_a_component_that_nobody_wrote_down_is_born_burns_and_is_remembered(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        speaker = Speaker(backbone)
        await speaker.live()
        await speaker.introduce(BY_NAME["c40-1-1"])  # before anybody listens: it stands in the stream of births
        async with running(backbone):
            await speaker.say("fas", c40_1_1=3)
            await until(lambda: _count(backbone, 1))
            await speaker.introduce(BY_NAME["c40-1-2"])
            await speaker.say("fas", c40_1_2=3)
            await until(lambda: _count(backbone, 2))
        async with running(backbone):
            await speaker.introduce(BY_NAME["c40-1-3"], BY_NAME["c40-1-4"])
            await speaker.say("fas", c40_1_1=1, c40_1_3=3)
            await until(lambda: _count(backbone, 4))
            await until(lambda: _learned(backbone, 4))
            status = (await backbone.statuses())["rules.main"]
        said = await fires(backbone)
    assert [(one.kind.value, one.place.point, one.place.zone) for one in said] == [
        ("raised", "c40-1-1", "lobby"),
        ("raised", "c40-1-2", "lobby"),
        ("cleared", "c40-1-1", "lobby"),
        ("raised", "c40-1-3", "lobby"),
    ]
    assert "点c40-1-1报火警" in said[0].text_zh
    assert status["unknown_points"] == 0


async def test_points_are_remembered_when_the_stream_has_lost_their_births(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        speaker = Speaker(backbone)
        await speaker.live()
        async with running(backbone):
            await speaker.introduce(BY_NAME["c40-1-1"])
            await speaker.say("fas", c40_1_1=3)
            await until(lambda: _count(backbone, 1))
        forgetful = [point for point in registry().points if point.device == "fas"]
        payload = birth(forgetful, time.time_ns())
        await backbone.publish(subjects.telemetry(UNIT, "DBIRTH", "t1", "fas"), payload)
        async with running(backbone):
            await speaker.say("fas", c40_1_1=1)
            await until(lambda: _count(backbone, 2))
        said = await fires(backbone)
    assert [one.kind.value for one in said] == ["raised", "cleared"]


async def test_births_that_come_together_are_learned_together(tmp_path: Path) -> None:
    models = [BY_NAME["c40-1-1"], BY_NAME["s12-1"], BY_NAME["c1"]]
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        speaker = Speaker(backbone)
        await speaker.live()
        for number in range(40):
            for model in models:
                await speaker.introduce(replace(model, name=f"{model.name}-{number}"))
        await until(lambda: _born(backbone, 120))  # the stream of births follows the log a moment later
        async with running(backbone):
            await until(lambda: _learned(backbone, 120))
            status = (await backbone.statuses())["rules.main"]
        assert status["grown"] == 1


class HeldGround(Ground):
    """Ground that grows when the test lets it."""

    def __init__(self) -> None:
        super().__init__(registry(), {UNIT}, ruleset())
        self.may_grow = threading.Semaphore(0)
        self.growing = 0

    def grow(self, engine: Engine) -> Engine:
        """Wait for leave, in the thread that grows."""
        self.growing += 1
        self.may_grow.acquire()
        return super().grow(engine)


async def test_a_fire_before_a_birth_does_not_wait_for_what_the_birth_makes_grow(tmp_path: Path) -> None:
    ground, ended = HeldGround(), asyncio.Event()
    ground.build()
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        speaker = Speaker(backbone)
        await speaker.live()
        worker = Worker(ground, backbone, partition=subjects.partition_of(UNIT, backbone.partitions))
        task = asyncio.create_task(worker.run(Ownership(epoch=1, still_ours=_always, ended=ended)))
        await until(lambda: _is(worker.status.log_ns > 0))
        await speaker.introduce(BY_NAME["c40-1-1"])
        await until(lambda: _is(ground.growing == 1))
        await speaker.say("fas", smoke_1=3)  # while the worker grows: it finds this and the next birth together
        await speaker.introduce(BY_NAME["c40-1-2"])
        ground.may_grow.release()
        try:
            await until(lambda: _count(backbone, 1), timeout_s=15)
            await until(lambda: _is(ground.growing == 2))
            assert worker.status.grown == 1
        finally:
            ground.may_grow.release()
            ended.set()
            await task


async def _always() -> bool:
    return True


async def _is(fact: bool) -> bool:  # noqa: FBT001  # it is the question
    return fact


async def _count(backbone: Backbone, number: int) -> bool:
    return len(await fires(backbone)) >= number


async def _learned(backbone: Backbone, number: int) -> bool:
    return (await backbone.statuses()).get("rules.main", {}).get("learned") == number


async def _born(backbone: Backbone, number: int) -> bool:
    known = {point.key for point in registry().points}
    return len({point.key for point in await births(backbone)} - known) == number
