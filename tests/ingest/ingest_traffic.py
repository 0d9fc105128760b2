"""Messages as gateways publish them, and waiting for what ingest says about them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from backbone.client import Backbone
from backbone.sparkplug import encode_batch, with_seq
from backbone.subjects import backfill, telemetry
from domain.batch import ReadingBatch
from domain.site.registry import Registry
from ingest import process
from tests.ingest.ingest_site import GATEWAY, START_NS, UNIT

PATIENCE_S = 60.0


async def publish(backbone: Backbone, rows: ReadingBatch, name: str, *, late: bool = False) -> int:
    """Publish readings, a message for each device, acknowledged by the stream; returns how many messages."""
    devices = np.array([rows.table[int(point)].device for point in rows.point])
    for device in np.unique(devices):
        part = rows.take(devices == device)
        payload = with_seq(encode_batch(part, START_NS), 0)
        subject = backfill(UNIT, GATEWAY, str(device)) if late else telemetry(UNIT, "DDATA", GATEWAY, str(device))
        await backbone.publish(subject, payload, message_id=f"{name}-{device}")
    return len(np.unique(devices))


@asynccontextmanager
async def ingesting(registry: Registry, backbone: Backbone, data_dir: Path) -> AsyncIterator[asyncio.Task[None]]:
    """Run the ingest process's work in this event loop."""
    stop = asyncio.Event()
    task = asyncio.create_task(process.run(registry, backbone, data_dir=data_dir, stop=stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)


async def status_when(backbone: Backbone, expected: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for a status document of ingest that is as expected, and return it."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = (await backbone.statuses()).get(process.STATUS_KEY, {})
                if found and expected(found):
                    return found
                await asyncio.sleep(0.1)
    except TimeoutError:
        msg = f"the status never was as expected; last: {found}"
        raise AssertionError(msg) from None


def as_set(rows: ReadingBatch) -> set[tuple[str, int, float | None]]:
    """Return (key, time, value) of readings."""
    return {
        (rows.table[point].key, time_ns, None if math.isnan(value) else value)
        for point, time_ns, value in zip(rows.point.tolist(), rows.time_ns.tolist(), rows.value.tolist(), strict=True)
    }
