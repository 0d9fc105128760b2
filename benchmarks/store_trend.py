"""A day's trend of one point over very many stored readings, and what a reading costs on disk.

`make bench ARGS=store_trend` makes 10 million readings; ``FENGSUI_BENCH_ROWS=100000000`` makes the hundred million of
the budget (some minutes, 1 GB of disk at most). 2,500 points, one reading each every 10 s, values that wander as a
pressure does, with two decimals: 21.6 million readings a day. Closed days are compacted, the newest day is not.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from domain.batch import ReadingBatch
from domain.points import Point, PointTable
from ingest.aggregate import Aggregate
from ingest.duckdb_compaction import maintain
from ingest.duckdb_layout import DAY_NS
from ingest.duckdb_status import status
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, RangeQuery

ROWS_VARIABLE, DEFAULT_ROWS = "FENGSUI_BENCH_ROWS", 10_000_000
POINTS, PERIOD_NS = 2_500, 10 * 10**9
BATCH_STEPS = 20
T0_NS = 20_833 * DAY_NS
TRIES = 15
ASKED_POINT = 1_234
MINUTE_NS = 60 * 10**9


def rows() -> list[tuple[str, str, str]]:
    """Return the rate of writing and compacting, the trend's time, bytes per reading."""
    wanted = int(os.environ.get(ROWS_VARIABLE, DEFAULT_ROWS))
    table = PointTable(
        Point(unit="hotel", gateway="gw", device=f"device-{at // 10:03d}", name=f"point_{at % 10}")
        for at in range(POINTS)
    )
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDbStore(table, Path(folder) / "readings.duckdb")
        try:
            return measured(store, table, wanted)
        finally:
            store.close()


def measured(store: DuckDbStore, table: PointTable, wanted: int) -> list[tuple[str, str, str]]:
    """Fill a store as its days would have, and ask it."""
    end_ns, writing_s, compacting_s = fill(store, table, wanted)
    known = status(store)
    stored, compacted = known["rows"], sum(part["rows"] for part in known["partitions"])
    size = sum(part["bytes"] for part in known["partitions"])
    found = [
        ("readings written, commits of 50,000, two threads", f"{stored / writing_s:,.0f} readings/s", "1,000,000"),
        ("bytes a reading, new", f"{known['new']['bytes_per_reading'] or 0:.2f}", "-"),
    ]
    if compacted:
        rate = f"{compacted / compacting_s:,.0f} readings/s"
        found += [
            ("compacted to Parquet and verified", rate, "-"),
            ("bytes a reading, compacted", f"{size / compacted:.2f}", "-"),
        ]
    for name, start_ns in (("newest 24 hours", end_ns - DAY_NS), ("first 24 hours", T0_NS)):
        for kind, resolution_ns in (("every reading", 0), ("means of a minute", MINUTE_NS)):
            times = [asked(store, start_ns, resolution_ns) for _ in range(TRIES)]
            text = f"median {1000 * sorted(times)[TRIES // 2]:.1f} ms ({1000 * min(times):.1f}-{1000 * max(times):.1f})"
            found.append((f"trend of one point, {name}, {kind}, of {stored:,} readings", text, "100 ms"))
    if compacted:
        took = min(late(store, table, number) for number in range(5))
        found.append(
            ("late readings stored into a compacted day, 50,000 a commit", f"{50_000 / took:,.0f} readings/s", "-")
        )
    return found


def late(store: DuckDbStore, table: PointTable, number: int) -> float:
    """Return the seconds of a commit of late readings that stand between stored ones of the first day."""
    times = T0_NS + (np.arange(BATCH_STEPS) + 100 * number) * PERIOD_NS + PERIOD_NS // 2
    point = np.tile(np.arange(POINTS, dtype=np.int32), BATCH_STEPS)
    batch = ReadingBatch.build(table, np.repeat(times, POINTS), point, np.full(len(point), 1.0))
    began = time.perf_counter()
    written = store.write(batch, {})
    if written.stored != len(batch):
        raise SystemExit("late readings were refused: the benchmark is wrong")
    return time.perf_counter() - began


def fill(store: DuckDbStore, table: PointTable, wanted: int) -> tuple[int, float, float]:
    """Write day by day, compacting each day when it is over; returns the end, and seconds of writing and compacting."""
    dice = np.random.default_rng(5)
    level = np.full(POINTS, 500.0)
    point = np.tile(np.arange(POINTS, dtype=np.int32), BATCH_STEPS)
    steps = wanted // POINTS
    writing_s = compacting_s = 0.0
    day = T0_NS // DAY_NS
    for first in range(0, steps, BATCH_STEPS):
        walk = level + np.cumsum(dice.normal(0, 0.05, (BATCH_STEPS, POINTS)), axis=0)
        level = walk[-1]
        times = T0_NS + (first + np.arange(BATCH_STEPS)) * PERIOD_NS
        batch = ReadingBatch.build(table, np.repeat(times, POINTS), point, np.round(walk.ravel(), 2))
        began = time.perf_counter()
        store.write(batch, {"TELEMETRY": [Mark(first + 1, first + 1)]})
        writing_s += time.perf_counter() - began
        if times[-1] // DAY_NS > day:
            day = times[-1] // DAY_NS
            began = time.perf_counter()
            maintain(store, int(times[-1]) + 2 * 3600 * 10**9, 0, force=True)
            compacting_s += time.perf_counter() - began
    return int(T0_NS + steps * PERIOD_NS), writing_s, compacting_s


def asked(store: DuckDbStore, start_ns: int, resolution_ns: int) -> float:
    """Return the seconds of one question, as the query service puts it."""
    query = RangeQuery(
        points=(ASKED_POINT,),
        start_ns=start_ns,
        end_ns=start_ns + DAY_NS,
        resolution_ns=resolution_ns,
        aggregate=Aggregate.MEAN,
    )
    began = time.perf_counter()
    (series,) = store.range(query)
    if not len(series.time_ns):
        raise SystemExit("the trend is empty: the benchmark is wrong")
    return time.perf_counter() - began


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ")
