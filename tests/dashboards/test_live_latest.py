"""Newest readings for the board: large devices in parts, and one refusal hides nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backbone.client import Backbone
from dashboards.live.board import Board, Reading
from dashboards.live.feed import Feed
from dashboards.live.latest import LatestReadings
from dashboards.live.link import Link
from dashboards.live.site import LiveSite
from dashboards.live.tail import AlertTail
from domain.batch import ReadingBatch
from domain.clock import NS_PER_S, SystemClock
from domain.points import Point, PointKind
from domain.quality import GOOD
from domain.site import Registry
from ingest.catalogue import Catalogue
from ingest.duckdb_store import DuckDbStore
from ingest.latest import LatestValues
from ingest.query_service import MOST_LATEST, QueryService
from tests.dashboards.board_makers import NOW_NS
from tests.dashboards.district import district
from tests.servers import connected, embedded_server

DISTRICT = district(8)
PANEL = "hotel/fas-0"


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at_ns = NOW_NS

    def now_ns(self) -> int:
        return self.at_ns


@dataclass(frozen=True, slots=True)
class Site:
    """A server with a store behind it, and what that knows."""

    backbone: Backbone
    catalogue: Catalogue


def grown(components: int) -> Registry:
    """Return the district with a panel that told of so many components."""
    return DISTRICT.grown(
        Point(unit="hotel", gateway="utd-0", device="fas-0", name=f"c40-{number}", kind=PointKind.STATE)
        for number in range(components)
    )


@asynccontextmanager
async def store_of(registry: Registry, folder: Path, full: Registry | None = None) -> AsyncIterator[Site]:
    """Run a server and a store that knows a registry and has a reading of each point of ``full``."""
    table = (full or registry).points
    store, latest, count = DuckDbStore(table, folder / "readings.duckdb"), LatestValues(table), len(table)
    catalogue = Catalogue(registry, folder / "learned")
    latest.seed(
        ReadingBatch(
            table,
            point=np.arange(count, dtype=np.int32),
            time_ns=np.full(count, NOW_NS, np.int64),
            value=np.ones(count),
            quality=np.full(count, GOOD, np.uint16),
        )
    )
    try:
        async with embedded_server(folder) as server, connected(server) as backbone:
            await QueryService(store, catalogue, latest).serve(backbone)
            yield Site(backbone, catalogue)
    finally:
        store.close()


def link_of(site: Site) -> Link:
    async def connect() -> Backbone:
        return site.backbone

    return Link(connect)


async def asking(site: Site, registry: Registry, clock: HandClock | None = None) -> LatestReadings:
    link = link_of(site)
    await link.open()
    return LatestReadings(link, LiveSite(registry), clock or HandClock())


async def of_device(latest: LatestReadings, device: str) -> dict[str, Reading]:
    return {key: reading async for part in latest.of_device(device) for key, reading in part.items()}


async def of_points(latest: LatestReadings, keys: list[str]) -> set[str]:
    return {key async for part in latest.of_points(keys) for key in part}


async def test_a_device_with_more_points_than_a_reply_holds_is_shown_whole(tmp_path: Path) -> None:
    registry = grown(MOST_LATEST + 500)
    async with store_of(registry, tmp_path) as site:
        found = await of_device(await asking(site, registry), PANEL)
        assert len(found) == registry.points.count_of_device("hotel", "fas-0")
        assert found[f"{PANEL}/c40-{MOST_LATEST}"] == Reading(NOW_NS, 1.0, GOOD)


async def test_a_device_that_is_larger_in_the_store_than_here_is_shown_as_far_as_it_is_known(tmp_path: Path) -> None:
    async with store_of(grown(MOST_LATEST + 500), tmp_path) as site:
        found = await of_device(await asking(site, grown(3)), PANEL)
        assert f"{PANEL}/c40-2" in found
        assert f"{PANEL}/c40-3" not in found


async def test_points_that_the_store_does_not_know_hide_no_other(tmp_path: Path) -> None:
    known = [point.key for point in DISTRICT.points]
    async with store_of(DISTRICT, tmp_path) as site:
        latest = await asking(site, DISTRICT)
        asked = [*known[:5], "hotel/new/roll_call", *known[5:], "hotel/other/roll_call"]
        assert await of_points(latest, asked) == set(known)


async def test_a_point_that_was_refused_is_asked_for_again_after_a_while(tmp_path: Path) -> None:
    clock, full = HandClock(), grown(1)
    late = full.points[len(DISTRICT.points)]
    async with store_of(DISTRICT, tmp_path, full) as site:
        latest = await asking(site, full, clock)
        assert await of_points(latest, [late.key]) == set()
        site.catalogue.learn([late])
        assert await of_points(latest, [late.key]) == set()
        clock.at_ns += 60 * NS_PER_S
        assert await of_points(latest, [late.key]) == {late.key}


async def test_a_device_that_the_store_does_not_know_keeps_no_other_from_being_shown(tmp_path: Path) -> None:
    wide = district(12)
    stranger = next(key for key in wide.devices if key not in DISTRICT.devices)
    async with store_of(DISTRICT, tmp_path) as site:
        board = Board()
        feed = Feed(link_of(site), LiveSite(wide), board, AlertTail(), SystemClock())
        feed.watch(stranger)
        feed.watch(PANEL)
        running = asyncio.create_task(feed.run())
        try:
            async with asyncio.timeout(20):
                while f"{PANEL}/state" not in board.readings or len(board.roll_calls) < 8:
                    await asyncio.sleep(0.05)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert not any(key.startswith(f"{stranger}/") for key in board.readings)
