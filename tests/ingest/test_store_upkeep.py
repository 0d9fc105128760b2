"""The ingest process looks after its embedded store by itself: closed days are compacted, old days go."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from domain.clock import FakeClock
from ingest import process
from ingest.duckdb_parts import folder_of
from ingest.face import QueryFace
from tests.ingest.ingest_site import SECOND_NS, START_NS, load, site
from tests.ingest.ingest_traffic import PATIENCE_S, publish, status_when
from tests.servers import connected, embedded_server

DAY_NS = 86_400 * SECOND_NS
SITE = site(store={"kind": "duckdb", "retention": {"raw_days": 3}})
POINTS = len(SITE.points)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("20*.parquet"))


async def parts_when(folder: Path, expected: list[str]) -> None:
    """Wait until there are just these parts."""
    found: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while found != expected:
                await asyncio.sleep(0.1)
                found = names(folder)
    except TimeoutError:
        raise AssertionError(found) from None


async def test_days_are_compacted_and_dropped_by_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "UPKEEP_PERIOD_S", 0.2)
    clock = FakeClock(START_NS + DAY_NS // 2)
    folder = folder_of(tmp_path / "data" / process.FILE_NAME)
    stop = asyncio.Event()
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        work = process.run(SITE, backbone, data_dir=tmp_path / "data", stop=stop, clock=clock)
        running = asyncio.create_task(work)
        for day in range(2):
            await publish(backbone, load(SITE, 10, day * 86_400), f"day-{day}")
        await status_when(backbone, lambda seen: seen["stored"] == 20 * POINTS)
        clock.advance(1.5 * 86_400)
        await parts_when(folder, ["2027-01-15.1.parquet", "2027-01-16.1.parquet"])
        assert (await QueryFace(backbone).counts()).stored == 20 * POINTS
        clock.advance(2 * 86_400)
        await parts_when(folder, ["2027-01-16.1.parquet"])
        assert (await QueryFace(backbone).counts()).stored == 10 * POINTS
        stop.set()
        await running
