"""Traffic for rules workers on a real nats-server, and what they have to say of it.

The log is the truth: the expectation is always an engine that reads all of TELEMETRY in one go.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import numpy as np
from nats.js import api

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import ALARMS, TELEMETRY
from backbone.sparkplug import encode_batch, with_seq
from domain.alarm import Transition
from domain.batch import ReadingBatch
from domain.cancellation import heed_cancellation
from domain.errors import LinkError
from rules.compiler import compile_plan
from rules.decoding import Decoder
from rules.engine import Engine
from rules.packing import unpack
from rules.site_index import SiteIndex
from tests.rules.rules_scene import registry, ruleset

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
        while True:
            try:
                await self._backbone.publish(subjects.telemetry("u", "DDATA", gateway, device), payload, timeout_s=2)
            except LinkError:  # an election: perhaps it is in the log, then it is there twice, which the log may
                await asyncio.sleep(0.1)
            else:
                return

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
    """Wait for something to come true; that nobody answers, as in an election, is "not yet"."""
    async with asyncio.timeout(timeout_s):
        while not await _is(true):
            heed_cancellation()
            await asyncio.sleep(0.1)


async def _is(true: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await true()
    except LinkError:
        return False


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


async def forgetful(backbone: Backbone) -> None:
    """Shrink ALARMS' duplicate window to nothing, so that only our own exactness counts."""
    js = backbone._js
    config = (await js.stream_info(ALARMS)).config
    assert config.duplicate_window is not None
    config.duplicate_window = 0.1
    await js.update_stream(api.StreamConfig(**config.__dict__))
