"""The event lane while a backlog drains: events raised at random moments, on their way into the log.

A gateway's spool, session and uplink, a real nats-server that syncs each message. First nothing else is on its
way; then a million readings wait that were spooled during an outage, the link is back, and the backfill lane
delivers them. Latency runs from the event's hand-over to the spool, its commit included, to the time at which
the log received it: both are the machine's clock.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from backbone.client import Backbone
from backbone.layout import TELEMETRY
from backbone.server import EmbeddedServer
from backbone.sparkplug import decode_data
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S, SystemClock, floor_ms
from domain.points import Point, PointKind, PointTable
from gateway.nodes import Nodes
from gateway.session import Session, Voice
from gateway.spool import Spool, SpoolLimits
from gateway.uplink import BACKFILL_WINDOW, LIVE_WINDOW, Uplink, UplinkSettings
from gateway.values import Values

UNIT, GATEWAY, PANEL = "u", "g", "panel"
DEVICES, POINTS = 100, 10
BACKLOG = 1_000_000
EVENTS, DRAINING_EVENTS = 300, 600
GAP_S = 0.02, 0.08
"""Shortest and longest time between two events."""


def rows() -> list[tuple[str, str, str]]:
    """Measure both phases, and how fast the backlog drains."""
    idle, draining, rate = asyncio.run(_measure())
    more = _cut(draining, 99) - _cut(idle, 99)
    return [
        ("event committed and in the log, idle, p50 / p99", _ms(idle), "-"),
        (f"  … while {BACKLOG:,} readings drain, p50 / p99", _ms(draining), "-"),
        ("  p99 above idle", f"{more * 1e3:.0f} ms", "200 ms"),
        ("  backlog drains meanwhile, 10 readings a row", f"{rate:,.0f} readings/s", "-"),
    ]


async def _measure() -> tuple[list[float], list[float], float]:
    """Return latencies in s, idle and draining, and readings of the backlog delivered a second."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with EmbeddedServer(folder / "nats") as server:
            spool = await Spool.open(folder / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
            house = _House(spool)
            try:
                async with _linked(server) as backbone, house.speaking(backbone):
                    idle = await house.raise_events(EVENTS)
                await house.fill(BACKLOG)
                await asyncio.sleep(UplinkSettings().late_s + 1)
                async with _linked(server) as backbone, house.speaking(backbone):
                    before, start = await house.waiting(), time.perf_counter()
                    draining = await house.raise_events(DRAINING_EVENTS)
                    rate = (before - await house.waiting()) * POINTS / (time.perf_counter() - start)
                    received = await _received(backbone, EVENTS + DRAINING_EVENTS)
            finally:
                await spool.close()
    late = [(received[number] - raised) / NS_PER_S for number, raised in enumerate([*idle, *draining])]
    return late[:EVENTS], late[EVENTS:], rate


class _House:
    """What stands between connectors and the log in a gateway's process."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._voice = Voice(GATEWAY, SystemClock())
        self._table = PointTable([*_points()])
        values = Values(self._table)
        devices = [PANEL, *(f"d{number}" for number in range(DEVICES))]
        self._own = Session(self._voice, values, unit=UNIT, node=GATEWAY, devices=devices)
        self._nodes = Nodes(self._own, self._voice, values, spool)
        self._raised = 0

    @asynccontextmanager
    async def speaking(self, backbone: Backbone) -> AsyncIterator[None]:
        """Deliver meanwhile."""
        uplink = Uplink(self._spool, self._nodes, self._voice)
        async with backbone.publisher(window=LIVE_WINDOW) as live, backbone.publisher(window=BACKFILL_WINDOW) as old:
            self._voice.attach(live)
            await self._own.birth(self._own.bd_seq + 1)
            self._voice.alive.set()
            delivering = asyncio.create_task(uplink.run(backbone, old))
            try:
                yield
            finally:
                delivering.cancel()
                await asyncio.gather(delivering, return_exceptions=True)
                self._voice.alive.clear()

    async def raise_events(self, count: int) -> list[int]:
        """Raise events at random moments; returns when each was handed over (ns), after the log has had time."""
        raised = []
        for _ in range(count):
            await asyncio.sleep(random.uniform(*GAP_S))
            raised.append(time.time_ns())
            batch = ReadingBatch.build(self._table, [floor_ms(raised[-1])], [0], [float(self._raised)])
            self._raised += 1
            await self._spool.emit(batch)
        await asyncio.sleep(1)
        return raised

    async def fill(self, count: int) -> None:
        """Spool measures as polls give them: one row for each device and round."""
        points = 1 + np.arange(DEVICES * POINTS)
        for _ in range(count // len(points)):
            now = np.full(len(points), floor_ms(time.time_ns()))
            await self._spool.emit(
                ReadingBatch.build(self._table, now, points, np.random.default_rng(1).random(len(points)))
            )
            await asyncio.sleep(NS_PER_MS / NS_PER_S)

    async def waiting(self) -> int:
        """Return the rows that wait."""
        return (await self._spool.figures()).batches


def _points() -> list[Point]:
    measures = [
        Point(unit=UNIT, gateway=GATEWAY, device=f"d{device}", name=f"p{point}")
        for device in range(DEVICES)
        for point in range(POINTS)
    ]
    return [Point(unit=UNIT, gateway=GATEWAY, device=PANEL, name="event", kind=PointKind.EVENT), *measures]


@asynccontextmanager
async def _linked(server: EmbeddedServer) -> AsyncIterator[Backbone]:
    async with await Backbone.connect(server.url, credentials=server.credentials["service"], name="bench") as backbone:
        await backbone.ensure_streams()
        yield backbone


async def _received(backbone: Backbone, count: int) -> dict[int, int]:
    """Return when the log received each event (ns), by its number."""
    found: dict[int, int] = {}
    async with asyncio.timeout(120):
        async for batch in backbone.reader(TELEMETRY, subjects=[f"tel.*.{UNIT}.DDATA.{GATEWAY}.{PANEL}"]):
            for message in batch:
                for number in decode_data(message.data).value.tolist():
                    found.setdefault(int(number), message.time_ns)
            if len(found) >= count:
                break
    return found


def _cut(late: list[float], percent: int) -> float:
    return statistics.quantiles(late, n=100)[percent - 1]


def _ms(late: list[float]) -> str:
    return f"{_cut(late, 50) * 1e3:.0f} / {_cut(late, 99) * 1e3:.0f} ms ({len(late)} events)"
