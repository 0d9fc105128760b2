"""The spool: committed readings a second, in large and in everyday batches, and taken out again."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, SystemClock
from domain.points import Point, PointKind, PointTable
from gateway.spool import Spool, SpoolLimits

DEVICES = 40
POINTS = 50
CALLERS = 8
MANY_CALLERS = 100
"""Emitters that wait at one time, as behind an access server or many bus lines: their batches share commits."""
SECONDS = 3.0
T0_NS = 1_800_000_000_000_000_000


def rows() -> list[tuple[str, str, str]]:
    """Return commit rates for batches of 1,000 and of 10 readings, and the rate of taking out."""
    table = PointTable(
        Point(unit="u", gateway="g", device=f"d{d}", name=f"p{p}", kind=PointKind.STATE if p < 2 else PointKind.MEASURE)
        for d in range(DEVICES)
        for p in range(POINTS)
    )
    large, taken = asyncio.run(_measure(_batches(table, 1000), CALLERS))
    small, _ = asyncio.run(_measure(_batches(table, 10), CALLERS))
    many, _ = asyncio.run(_measure(_batches(table, 10), MANY_CALLERS))
    return [
        ("spool, committed, 8 callers × batches of 1,000", f"{large:,.0f} readings/s", "200,000 / 500,000"),
        ("spool, committed, 8 callers × batches of 10", f"{small:,.0f} readings/s", "-"),
        (f"spool, committed, {MANY_CALLERS} callers × batches of 10", f"{many:,.0f} readings/s", "200,000 / 500,000"),
        ("spool, taken out and removed", f"{taken:,.0f} readings/s", "-"),
    ]


def _batches(table: PointTable, size: int) -> list[ReadingBatch]:
    """Return a batch of one device's readings for each device."""
    random = np.random.default_rng(3)
    made = []
    for device in range(DEVICES):
        points = device * POINTS + np.arange(size) % POINTS
        times = T0_NS + np.arange(size) // POINTS * NS_PER_MS
        made.append(ReadingBatch.build(table, times, points, random.random(size)))
    return made


async def _measure(batches: Sequence[ReadingBatch], callers: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        limits = SpoolLimits(most_bytes=8 * 2**30)
        spool = await Spool.open(Path(name) / "spool.sqlite", limits=limits, clock=SystemClock())
        start = time.perf_counter()
        counts = await asyncio.gather(*(_write(spool, batches, start + SECONDS) for _ in range(callers)))
        written = sum(counts) / (time.perf_counter() - start)
        start, removed = time.perf_counter(), 0
        while rows := await spool.events(256) + await spool.fresh(32, 0):
            spool.published(rows)
            removed += sum(row.readings for row in rows)
        taken = removed / (time.perf_counter() - start)
        await spool.close()
    return written, taken


async def _write(spool: Spool, batches: Sequence[ReadingBatch], until: float) -> int:
    count = 0
    while time.perf_counter() < until:
        for batch in batches:
            await spool.emit(batch)
            count += len(batch)
    return count
