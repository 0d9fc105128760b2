"""kill -9 of a whole gateway under load: nothing that it accepted is lost, and nobody counts a reading twice.

A kill between the log's acknowledgement and the row's removal leaves a row that is delivered and waits all the same.
The next life sends it again under the same id: the server refuses it where the first copy stands. A measure that is
late by then goes to the other lane, so that its two copies stand in two streams. `docs/faults.md` has the promise.
"""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from backbone.layout import BACKFILL, TELEMETRY
from backbone.messages import LogMessage
from backbone.sparkplug import decode_batch, decode_death
from domain.clock import NS_PER_S, SystemClock
from domain.quality import HISTORICAL
from gateway.spool import Spool, SpoolLimits
from tests.gateway.gateway_place import Site, has, site, until
from tests.gateway.gateway_sites import GATEWAY, UNIT

Key = tuple[int, int]
"""Point and time: by these every consumer knows a reading."""

PATIENCE_S = 90
"""How long a process may take to start and speak where thirty others want the processor: longer costs nothing."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A reading as it stands in the log."""

    stream: str
    message_id: str | None
    value: float
    quality: int


@pytest.mark.timeout(400)
async def test_killed_under_load_the_server_says_ndeath_and_nothing_accepted_is_lost_or_counted_twice(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as place:
        for life in range(1, 3):
            async with place.child():
                await until(functools.partial(has, place, "NBIRTH", life), PATIENCE_S)
                await until(functools.partial(has, place, "DDATA", 12 * life), PATIENCE_S)
            await until(functools.partial(has, place, "NDEATH", life), PATIENCE_S)
        deaths = [decode_death(m.data) for m in await place.log() if ".NDEATH." in m.subject]
        async with place.gateway():
            await until(functools.partial(delivered, place, time.time_ns()), PATIENCE_S)
        ids = {stream: [m.message_id for m in messages] for stream, messages in (await data(place)).items()}
        copies = await told(place)
        accepted, waiting = await left(place)
    assert deaths == [1, 2]
    assert len(copies.keys() | waiting) == accepted
    assert all(len(found) == len(set(found)) for found in ids.values()), "a message stands twice in a stream"
    for found in copies.values():
        assert len({(copy.message_id, copy.value) for copy in found}) == 1, "a copy under another id, or another value"
        assert all(copy.stream == TELEMETRY or copy.quality & HISTORICAL for copy in found)


async def delivered(place: Site, since_ns: int) -> bool:
    """Tell whether nothing waits that was there at a time, by a status of later than that."""
    status = await place.status()
    if not status or status["time_ns"] < since_ns + NS_PER_S or status["uplink"] != "up":
        return False
    oldest_ns = status["spool"]["oldest_ns"]
    return oldest_ns is None or oldest_ns > since_ns


async def data(place: Site) -> dict[str, list[LogMessage]]:
    """Return the data messages of both lanes."""
    return {TELEMETRY: await place.log(TELEMETRY, "tel.*.*.DDATA.>"), BACKFILL: await place.log(BACKFILL)}


async def told(place: Site) -> dict[Key, list[Copy]]:
    """Return all copies of each reading that the log has."""
    table, copies = place.registry.gateway_points(UNIT, GATEWAY), defaultdict(list)
    for stream, messages in (await data(place)).items():
        for message in messages:
            batch, unknown = decode_batch(message.data, table, UNIT, GATEWAY)
            assert unknown == 0
            columns = (batch.point, batch.time_ns, batch.value, batch.quality)
            for point, time_ns, value, quality in zip(*(column.tolist() for column in columns), strict=True):
                copies[point, time_ns].append(Copy(stream, message.message_id, value, quality))
    return copies


async def left(place: Site) -> tuple[int, set[Key]]:
    """Return how many readings were ever accepted, and those that still wait after the stop."""
    table, waiting = place.registry.gateway_points(UNIT, GATEWAY), set[Key]()
    spool = await Spool.open(place.folder / "state" / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
    for row in [*await spool.events(1000), *await spool.fresh(1000, 0)]:
        batch, _ = decode_batch(row.body, table, UNIT, GATEWAY)
        waiting.update(zip(batch.point.tolist(), batch.time_ns.tolist(), strict=True))
    accepted = (await spool.figures()).counters["accepted"]
    await spool.close()
    return accepted, waiting
