"""Readings of devices that the site gets later: they are stored when it has them, each once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from backbone.client import Backbone
from backbone.sparkplug import encode_batch, with_seq
from backbone.subjects import backfill, telemetry
from ingest.face import QueryFace
from ingest.unnamed import FILE_NAME, Unnamed
from tests.ingest.ingest_site import GATEWAY, START_NS, UNIT, readings, site
from tests.ingest.ingest_traffic import ingesting, status_when
from tests.servers import connected, embedded_server

OLD, NEW = site(1), site(2)


async def test_what_came_before_its_device_was_known_is_stored_once_it_is(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:

        async def send(subject: str, seconds: list[float]) -> None:
            keys = ["pressure-2/pressure"] * len(seconds)
            batch = readings(NEW, keys, seconds, seconds)
            await backbone.publish(subject, with_seq(encode_batch(batch, START_NS), 0))

        live, late = (make(UNIT, GATEWAY) for make in (_live, _late))
        async with ingesting(OLD, backbone, tmp_path / "ingest"):
            await send(live, [1, 2])
            await send(late, [0.5])
            await status_when(backbone, lambda told: told["unknown_points"] == 3)
        assert (tmp_path / "ingest" / FILE_NAME).exists()
        async with ingesting(OLD, backbone, tmp_path / "ingest"):
            await send(live, [3])
            await status_when(backbone, lambda told: told["unknown_points"] == 1)
        for expected in (4, 5):
            async with ingesting(NEW, backbone, tmp_path / "ingest"):
                await status_when(backbone, lambda told: told["lag_messages"] == 0)
                counted = await stored(backbone, at_least=4)
                assert counted == (4, 4)
                if expected == 5:
                    await send(live, [4])
                    assert await stored(backbone, at_least=5) == (5, 5)
        assert Unnamed(tmp_path / "ingest").due(NEW) == []


async def stored(backbone: Backbone, at_least: int) -> tuple[int, int]:
    face = QueryFace(backbone)
    counted = await face.counts()
    while counted.stored < at_least:
        await asyncio.sleep(0.05)
        counted = await face.counts()
    return counted.stored, counted.distinct


def _live(unit: str, gateway: str) -> str:
    return telemetry(unit, "DDATA", gateway, "pressure-2")


def _late(unit: str, gateway: str) -> str:
    return backfill(unit, gateway, "pressure-2")


def test_a_damaged_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("[[1]")
    assert Unnamed(tmp_path).due(NEW) == []
