"""Live before history: counted in piles, at a store that a test holds up, so that no machine's haste decides it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from backbone.client import Backbone
from backbone.layout import BACKFILL, TELEMETRY
from backbone.sparkplug import encode_batch, with_seq
from domain.batch import ReadingBatch
from ingest.catalogue import Catalogue
from ingest.dead_letters import DeadLetters
from ingest.duckdb_store import DuckDbStore
from ingest.lane import HISTORY
from ingest.latest import LatestValues
from ingest.store import Mark, Written
from ingest.writer import Writer
from tests.ingest.ingest_site import START_NS, load, site
from tests.ingest.ingest_traffic import PATIENCE_S, publish
from tests.servers import connected, embedded_server

SITE = site()
OLD_MESSAGES, OLD_EACH = 120, 1000


class HeldStore(DuckDbStore):
    """The real store; each write waits until the test lets it pass, and is noted: its stream, its readings."""

    def __init__(self, folder: Path) -> None:
        super().__init__(SITE.points, folder / "held.duckdb")
        self.passes = threading.Semaphore(0)
        self.begun = 0
        self.writes: list[tuple[str, int]] = []

    def write(self, rows: ReadingBatch, marks: Mapping[str, Sequence[Mark]]) -> Written:
        """Wait, note, write."""
        self.begun += 1
        assert self.passes.acquire(timeout=PATIENCE_S)
        self.writes.append((next(iter(marks)), len(rows)))
        return super().write(rows, marks)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def publish_history(backbone: Backbone) -> None:
    async with backbone.publisher() as publisher:
        for number in range(OLD_MESSAGES):
            times = START_NS + (number * OLD_EACH + np.arange(OLD_EACH)) * 1_000_000
            old = ReadingBatch.build(SITE.points, times, np.zeros(OLD_EACH), np.arange(float(OLD_EACH)))
            payload = with_seq(encode_batch(old, START_NS), 0)
            await publisher.submit("backfill.hotel.gw-east.pressure-1", payload, message_id=f"old-{number}")


@asynccontextmanager
async def held_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Backbone, Writer, HeldStore]]:
    """Run a writer over a long history; its first pile is at the store, which is held up."""
    monkeypatch.setattr("ingest.lane.MOST_AGE_S", 0.02)
    stop, store = asyncio.Event(), HeldStore(folder)
    async with embedded_server(folder) as server, connected(server) as backbone:
        await publish_history(backbone)
        catalogue, latest = Catalogue(SITE, folder), LatestValues(SITE.points)
        writer = Writer(backbone, store, catalogue, letters=DeadLetters(folder), latest=latest)
        running = asyncio.create_task(writer.run(stop))
        try:
            # ticks are none here: nothing but history is there to be stored
            await until(lambda: store.begun == 1)
            yield backbone, writer, store
        finally:
            stop.set()
            store.passes.release(10_000)
            await asyncio.wait_for(running, PATIENCE_S)
            store.close()


async def test_a_live_pile_waits_for_one_small_pile_of_history_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with held_up(tmp_path, monkeypatch) as (backbone, writer, store):
        live, _ = writer.lanes
        await publish(backbone, load(SITE, 1, start_s=10_000), "live")
        await until(lambda: live.ready)
        store.passes.release(2)
        await until(lambda: len(store.writes) == 2)
        assert [stream for stream, _ in store.writes] == [BACKFILL, TELEMETRY]
        store.passes.release(10_000)
        await until(lambda: writer.tally.stored == OLD_MESSAGES * OLD_EACH + len(SITE.points))
    assert max(readings for _, readings in store.writes) <= HISTORY.most_readings + OLD_EACH


async def test_a_history_has_its_turn_after_each_live_pile_so_that_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with held_up(tmp_path, monkeypatch) as (backbone, writer, store):
        live, history = writer.lanes
        for number in range(4):
            await publish(backbone, load(SITE, 1, start_s=10_000 + number), f"live {number}")
            await until(lambda: live.ready and history.ready)
            done = len(store.writes)
            store.passes.release(2)
            await until(lambda done=done: len(store.writes) == done + 2)  # type: ignore[misc]  # a condition
    order = [stream for stream, _ in store.writes]
    after_live = [after for stream, after in pairwise(order) if stream == TELEMETRY]
    assert len(after_live) >= 3
    assert set(after_live) == {BACKFILL}
