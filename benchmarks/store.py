"""The embedded store: readings a second into its file (one thread, commits on disk).

2,500 points, 50,000 readings a commit, values with two decimals as instruments give them. New
readings are the everyday case; late ones fill a gap that an outage left; copies are refused.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from domain.batch import ReadingBatch
from domain.points import Point, PointTable
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, RangeQuery

DEVICES, POINTS = 250, 10
BATCH = 50_000
BATCHES = 60
T0_NS, SECOND_NS = 1_800_000_000_000_000_000, 1_000_000_000


def rows() -> list[tuple[str, str, str]]:
    """Return write rates, the cost of the widest questions, and bytes on disk."""
    table = PointTable(
        Point(unit="hotel", gateway="gw", device=f"device-{device:03d}", name=f"point_{channel}")
        for device in range(DEVICES)
        for channel in range(POINTS)
    )
    batches = [batch(table, number) for number in range(BATCHES)]
    with tempfile.TemporaryDirectory() as folder:
        return embedded(table, batches, Path(folder) / "readings.duckdb")


def embedded(table: PointTable, batches: Sequence[ReadingBatch], path: Path) -> list[tuple[str, str, str]]:
    """Write a quarter late, and some of it twice; then ask."""
    store = DuckDbStore(table, path, threads=1)
    sequence = count(1)

    def write(part: ReadingBatch) -> None:
        store.write(part, {"TELEMETRY": [Mark(next(sequence), 0)]})

    late, live = batches[: len(batches) // 4], batches[len(batches) // 4 :]
    fresh, filled, again = rate(write, live), rate(write, late), rate(write, live[-len(late) :])
    counting = seconds(store.counts)
    whole = RangeQuery(points=(7,), start_ns=0, end_ns=2**62, resolution_ns=60 * SECOND_NS)
    asking = seconds(lambda: store.range(whole))
    store.close()
    size = path.stat().st_size / (len(batches) * BATCH)
    opening = seconds(lambda: DuckDbStore(table, path, threads=1).close())
    return [
        ("DuckDB, new readings stored, one thread", f"{fresh:,.0f} readings/s", "500,000"),
        ("DuckDB, late readings stored / copies refused", f"{filled:,.0f} / {again:,.0f} readings/s", "-"),
        (f"DuckDB, {len(batches) * BATCH:,} rows: count distinct / open", f"{counting:.2f} / {opening:.2f} s", "-"),
        ("DuckDB, one point by the minute, all of its history", f"{asking * 1000:.0f} ms", "-"),
        ("DuckDB, on disk", f"{size:.1f} bytes a reading", "-"),
    ]


def batch(table: PointTable, number: int) -> ReadingBatch:
    """Return readings of all points, second by second."""
    span = BATCH // len(table)
    second = np.repeat(np.arange(number * span, (number + 1) * span), len(table))
    point = np.tile(np.arange(len(table)), span)
    value = np.round(500 + 100 * np.sin(second / 60 + point), 2)
    return ReadingBatch.build(table, T0_NS + second * SECOND_NS, point, value)


def rate(work: Callable[[ReadingBatch], object], parts: Sequence[ReadingBatch]) -> float:
    """Return readings a second."""
    return sum(map(len, parts)) / seconds(lambda: [work(part) for part in parts])


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
