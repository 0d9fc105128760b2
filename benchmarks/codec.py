"""The Sparkplug codec: columns to payload and back, one core."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pysparkplug

from backbone.sparkplug import decode_batch, encode_batch
from domain.batch import ReadingBatch
from domain.points import Point, PointTable

READINGS = 1000
SECONDS = 1.0
T0_NS = 1_800_000_000_000_000_000


def rows() -> list[tuple[str, str, str]]:
    """Return encode and decode rates, and how much faster than an object-per-metric encoder."""
    table = PointTable(Point(unit="u1", gateway="g1", device="d1", name=f"p{n}") for n in range(READINGS))
    times = T0_NS + np.arange(READINGS) * 1_000_000
    batch = ReadingBatch.build(table, times, np.arange(READINGS), np.random.default_rng(1).random(READINGS))
    payload = encode_batch(batch, T0_NS)
    encode = rate(lambda: encode_batch(batch, T0_NS))
    decode = rate(lambda: decode_batch(payload, table, "u1", "g1"))
    foreign = rate(lambda: _encode_by_object(batch))
    return [
        ("Sparkplug encode, batches of 1,000", f"{encode / 1e6:.1f} M readings/s", "-"),
        ("Sparkplug decode, batches of 1,000", f"{decode / 1e6:.1f} M readings/s", "-"),
        ("encode, against pysparkplug in the same run", f"{encode / foreign:.0f} ×", "-"),
    ]


def rate(work: Callable[[], object]) -> float:
    """Return readings a second of ``work``, which handles ``READINGS``, over about a second."""
    work()
    count, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        work()
        count += READINGS
    return count / elapsed


def _encode_by_object(batch: ReadingBatch) -> bytes:
    metrics = tuple(
        pysparkplug.Metric(
            timestamp=time_ns // 1_000_000, name=None, datatype=pysparkplug.DataType.DOUBLE, value=value, alias=alias
        )
        for time_ns, value, alias in zip(
            batch.time_ns.tolist(), batch.value.tolist(), batch.table.aliases[batch.point].tolist(), strict=True
        )
    )
    return bytes(pysparkplug.DData(timestamp=T0_NS // 1_000_000, seq=0, metrics=metrics).encode())
