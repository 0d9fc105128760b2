"""kill -9 of the ingest process under load: what the streams accepted is stored, and nothing twice."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import duckdb
import pytest

from backbone.client import Backbone
from backbone.server import EmbeddedServer
from ingest.face import QueryFace
from ingest.process import FILE_NAME
from tests.ingest.ingest_site import load, site
from tests.ingest.ingest_traffic import PATIENCE_S, as_set, publish, status_when
from tests.servers import connected, embedded_server

CHILD = Path(__file__).with_name("ingest_child.py")
ROOT = Path(__file__).parents[2]
SITE = site()
KILLS = 3


@asynccontextmanager
async def child(server: EmbeddedServer, folder: Path, *dying: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the ingest process; at the end it is asked to stop, if it still runs."""
    login = server.credentials["service"]
    arguments = (str(CHILD), server.url, login.user, login.password, str(folder), *dying)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_S)


async def keep_publishing(backbone: Backbone, enough: asyncio.Event, *, twice: bool = True) -> int:
    """Publish live and late readings until it is enough; every tenth second's come ``twice``."""
    second = 0
    while not enough.is_set():
        rows = load(SITE, 1, second)
        await publish(backbone, rows, f"s{second}", late=second % 4 == 3)
        if twice and second % 10 == 0:
            await publish(backbone, rows, f"again{second}", late=True)
        await asyncio.sleep(0.01)
        second += 1
    return second


async def test_kill_9_again_and_again_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    dice = random.Random(20270115)
    enough = asyncio.Event()
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        publishing = asyncio.create_task(keep_publishing(backbone, enough))
        started = set[int]()
        for _ in range(KILLS):
            async with child(server, tmp_path / "data") as process:
                found = await status_when(
                    backbone, lambda seen: seen["started_ns"] not in started and seen["stored"] > 0
                )
                started.add(found["started_ns"])
                await asyncio.sleep(dice.uniform(0, 0.6))
                process.kill()
                assert await process.wait() == -9
        enough.set()
        expected = as_set(load(SITE, await publishing))
        async with child(server, tmp_path / "data") as process:
            await status_when(
                backbone,
                lambda seen: seen["started_ns"] not in started and seen["store"] == "up" and seen["lag_messages"] == 0,
            )
            counts = await QueryFace(backbone).counts()
            assert counts.stored == counts.distinct == len(expected)
            process.terminate()
            assert await process.wait() == 0
    with duckdb.connect(str(tmp_path / "data" / FILE_NAME), read_only=True) as connection:
        rows = connection.execute("SELECT key, time_ns, value FROM readings JOIN points ON id = point").fetchall()
        applied = connection.execute("SELECT count(*) FROM applied").fetchall()
    assert len(rows) == len(expected)
    assert set(rows) == expected
    assert applied == [(2,)], "one range for each of the two streams"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_process_that_dies_around_its_commit_repeats_nothing_and_skips_nothing(
    tmp_path: Path, when: str
) -> None:
    enough = asyncio.Event()
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        publishing = asyncio.create_task(keep_publishing(backbone, enough, twice=False))
        async with child(server, tmp_path / "data", when) as process:
            assert await asyncio.wait_for(process.wait(), PATIENCE_S) == -9
        died_ns = time.time_ns()
        enough.set()
        expected = as_set(load(SITE, await publishing))
        async with child(server, tmp_path / "data") as process:
            found = await status_when(
                backbone,
                lambda seen: seen["started_ns"] > died_ns and seen["store"] == "up" and seen["lag_messages"] == 0,
            )
            counts = await QueryFace(backbone).counts()
        assert counts.stored == counts.distinct == len(expected)
        assert found["duplicates_refused"] == 0, "messages that were stored are known by their sequence"
        assert (found["messages_known"] > 0) == (when == "after")
