"""The whole way on this machine: gateway batches → JetStream (synced) → rules and store; alarm latency.

Real processes for rules, ingest and alerts; this process plays 25 gateways: it encodes batches of
1,000 readings and publishes them with awaited acks. The store alone is measured in the same run.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import numpy as np

from backbone.client import Backbone
from backbone.layout import ALERTS
from backbone.publisher import Publisher
from backbone.server import EmbeddedServer
from backbone.sparkplug import encode_batch, with_seq
from backbone.subjects import telemetry
from benchmarks import big_site
from benchmarks.store import rate
from domain.batch import ReadingBatch, concat
from domain.clock import NS_PER_MS, floor_ms
from domain.points import PointTable
from domain.site import Device, Registry
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark

STEPS = 20
"""Readings of each point in one batch: 50 points × 20 = 1,000 readings."""
MESSAGES = 3000
STORE_COMMITS = 20
FIRE_WORD = 0b011
EVENT_PAUSE_S = 0.1
WINDOW = 64


def rows() -> list[tuple[str, str, str]]:
    """Measure throughput and alarm latency, idle and at 80 % of the measured throughput."""
    return asyncio.run(_measure())


async def _measure() -> list[tuple[str, str, str]]:
    site = big_site.registry()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with EmbeddedServer(folder / "nats") as server:
            credentials = server.credentials["service"]
            async with await Backbone.connect(server.url, credentials=credentials, name="bench") as backbone:
                await backbone.ensure_streams()
                async with _processes(folder, "rules", "ingest", "alerts"):
                    await _ready(backbone)
                    load = Load(site, backbone)
                    whole = await load.throughput(MESSAGES)
                    panels = [device for device in site.devices.values() if device.profile.profile == "panel"]
                    half = len(panels) // 2
                    idle = await _latency(site, backbone, panels[:half])
                    busy = await _latency_under(load, 0.8 * whole, site, backbone, panels[half:])
        alone = _store_alone(Load(site, backbone), site.points, folder / "alone.duckdb")
    return [
        ("whole way: batch → synced log → rules and store", f"{whole:,.0f} readings/s", "150,000 / 300,000"),
        ("  as a share of what the store alone takes", f"{whole / alone:.0%} of {alone:,.0f}", "50 %"),
        ("panel event → alert on the stream, idle, p50 / p99", _ms(idle), "p99 50 / 20 ms"),
        ("panel event → alert at 80 % load, p50 / p99", _ms(busy), "p99 250 / 100 ms"),
    ]


class Load:
    """Publishes batches of the made-up site as fast as it is told."""

    def __init__(self, site: Registry, backbone: Backbone) -> None:
        self._site = site
        self._backbone = backbone
        self._count = 0
        self._random = np.random.default_rng(7)
        self._devices = [device for device in site.devices.values() if device.profile.profile == "analog"]

    async def throughput(self, messages: int) -> float:
        """Return readings a second from the first publish until rules and store have them all."""
        start = time.perf_counter()
        async with self._backbone.publisher(window=WINDOW) as publisher:
            for _ in range(messages):
                await self.publish(publisher)
        readings = self._count * STEPS * big_site.POINTS
        while True:
            found = await self._backbone.statuses()
            if found["rules.main"]["readings"] >= readings and found["ingest.main"]["stored"] >= readings:
                return messages * STEPS * big_site.POINTS / (time.perf_counter() - start)
            await asyncio.sleep(0.05)

    async def publish(self, publisher: Publisher) -> None:
        """Publish 1,000 new readings of the next device."""
        device, batch = self.next_batch()
        payload = with_seq(encode_batch(batch, time.time_ns()), self._count % 256)
        subject = telemetry(device.gateway.unit, "DDATA", device.gateway.gateway, device.settings.id)
        await publisher.submit(subject, payload, message_id=f"load-{self._count}")

    def next_batch(self) -> tuple[Device, ReadingBatch]:
        """Return 20 readings of each point of the next device, a millisecond apart and up to now."""
        device = self._devices[self._count % len(self._devices)]
        self._count += 1
        points = np.tile(self._site.points.of_device(device.gateway.unit, device.settings.id), STEPS)
        newest = floor_ms(time.time_ns())
        ages = np.repeat(np.arange(STEPS - 1, -1, -1), big_site.POINTS) * NS_PER_MS
        values = 600 + 50 * self._random.standard_normal(len(points))
        return device, ReadingBatch.build(self._site.points, newest - ages, points, values)

    async def keep_up(self, rate: float, stop: asyncio.Event) -> None:
        """Publish at ``rate`` readings a second until told to stop."""
        pause = STEPS * big_site.POINTS / rate
        due = time.perf_counter()
        async with self._backbone.publisher(window=WINDOW) as publisher:
            while not stop.is_set():
                await self.publish(publisher)
                due += pause
                await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def _latency(site: Registry, backbone: Backbone, panels: Sequence[Device]) -> list[float]:
    """Return seconds from publishing a panel's fire to its alert on the stream, one for each panel."""
    start = await backbone.last_seq(ALERTS) + 1
    seen: dict[str, float] = {}

    async def watch() -> None:
        async for batch in backbone.reader(ALERTS, subjects=["alert.*.fire.raised"], start_seq=start):
            now = time.perf_counter()
            for message in batch:
                seen[json.loads(message.data)["data"]["place"]["device"]] = now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.5)
    delays: list[float] = []
    for panel in panels:
        seen.clear()
        sent = time.perf_counter()
        await _fire(site, backbone, panel)
        async with asyncio.timeout(30):
            while panel.settings.id not in seen:
                await asyncio.sleep(0.001)
        delays.append(seen[panel.settings.id] - sent)
        await asyncio.sleep(EVENT_PAUSE_S)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return delays


async def _fire(site: Registry, backbone: Backbone, panel: Device) -> None:
    now = floor_ms(time.time_ns())
    unit, name = panel.gateway.unit, panel.settings.id
    batch = ReadingBatch.build(site.points, [now], site.points.of_device(unit, name), [FIRE_WORD])
    subject = telemetry(unit, "DDATA", panel.gateway.gateway, name)
    await backbone.publish(subject, with_seq(encode_batch(batch, now), 0), message_id=f"{panel.key}-{now}")


async def _latency_under(
    load: Load, rate: float, site: Registry, backbone: Backbone, panels: Sequence[Device]
) -> list[float]:
    stop = asyncio.Event()
    loading = asyncio.create_task(load.keep_up(rate, stop))
    await asyncio.sleep(2)
    delays = await _latency(site, backbone, panels)
    stop.set()
    await loading
    return delays


def _store_alone(load: Load, points: PointTable, path: Path) -> float:
    """Return readings a second that the embedded store takes by itself: the same batches, 50 a commit."""
    parts = []
    for _ in range(STORE_COMMITS):
        parts.append(concat([load.next_batch()[1] for _ in range(50)]))
        time.sleep(0.03)  # so that a device's next readings are newer than its last ones
    store = DuckDbStore(points, path, threads=1)
    sequence = count(1)
    found = rate(lambda part: store.write(part, {"TELEMETRY": [Mark(next(sequence), 0)]}), parts)
    store.close()
    return found


@asynccontextmanager
async def _processes(folder: Path, *names: str) -> AsyncIterator[None]:
    """Run real processes on the made-up site."""
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.big_site", name, str(folder))
        for name in names
    ]
    try:
        yield
    finally:
        for process in started:
            with suppress(ProcessLookupError):  # it ended by itself, and has said why
                process.kill()
            await process.wait()


async def _ready(backbone: Backbone) -> None:
    async with asyncio.timeout(60):
        while not {"rules.main", "ingest.main", "alerts.main"} <= set(await backbone.statuses()):
            await asyncio.sleep(0.2)


def _ms(delays: list[float]) -> str:
    cuts = statistics.quantiles(delays, n=100)
    return f"{cuts[49] * 1e3:.0f} / {cuts[98] * 1e3:.0f} ms ({len(delays)} events)"
