"""The version 2 write path against a real server that speaks it: VictoriaMetrics, read by its own export."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.batch import ReadingBatch
from domain.errors import LinkError, RefusedError
from domain.quality import BAD, Reason, pack
from ingest.face import QueryFace
from ingest.influx_endpoint import version_2
from ingest.influx_store import InfluxStore
from tests.ingest.ingest_site import START_NS, load, readings, site
from tests.ingest.ingest_traffic import ingesting, publish, status_when
from tests.ingest.store_servers import victoria_metrics
from tests.servers import connected, embedded_server

TIMEOUT = pack(BAD, Reason.TIMEOUT)


YEARS_NS = 5 * 365 * 86_400 * 1_000_000_000


def earlier(rows: ReadingBatch) -> ReadingBatch:
    """Return the readings some years earlier: this server takes none from the future."""
    return ReadingBatch.build(rows.table, rows.time_ns - YEARS_NS, rows.point, rows.value, rows.quality, text=rows.text)


def export(url: str, match: str) -> list[dict[str, Any]]:
    """Return the series that match, as the server has them now."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        client.get("/internal/force_flush").raise_for_status()
        answer = client.get("/api/v1/export", params={"match[]": match, "reduce_mem_usage": "1"})
        answer.raise_for_status()
        return [json.loads(line) for line in answer.text.splitlines()]


def test_what_is_written_by_version_2_can_be_exported_with_all_its_tags(tmp_path: Path) -> None:
    registry = site()
    with victoria_metrics(tmp_path / "vm") as url:
        store = InfluxStore(registry, version_2(url, "fire", "org"), compress=True)
        assert store.write(earlier(load(registry, 30)), {}).stored == 30 * len(registry.points)
        (series,) = export(url, '{__name__="pressure_transmitter_pressure",device="pressure-2"}')
        store.close()
    assert series["metric"] == {
        "__name__": "pressure_transmitter_pressure",
        "building": "east",
        "device": "pressure-2",
        "gateway": "gw-east",
        "unit": "hotel",
        "zone": "east-b1-pump",
    }
    assert series["timestamps"] == [(START_NS - YEARS_NS) // 1_000_000 + 1000 * second for second in range(30)]
    assert series["values"] == [second + 2 / 1000 for second in range(30)]


async def test_a_site_may_keep_its_readings_there(tmp_path: Path) -> None:
    with victoria_metrics(tmp_path / "vm") as url:
        registry = site(store={"kind": "victoria_metrics", "url": url, "compress": True})
        rows = earlier(load(registry, 3))
        async with (
            embedded_server(tmp_path) as server,
            connected(server) as backbone,
            ingesting(registry, backbone, tmp_path / "data"),
        ):
            await publish(backbone, rows, "one")
            await status_when(backbone, lambda seen: seen["stored"] == len(rows) and seen["lag_messages"] == 0)
            newest = await QueryFace(backbone).latest(points=["hotel/pressure-2/pressure"])
            assert newest["hotel/pressure-2/pressure"].value == 2.002
            with pytest.raises((RefusedError, LinkError), match="written only"):
                await QueryFace(backbone).counts()
        (series,) = await asyncio.to_thread(
            export, url, '{__name__="pressure_transmitter_pressure",device="pressure-2"}'
        )
    assert series["values"] == [0.002, 1.002, 2.002]


def test_bad_readings_are_their_quality_and_words_do_no_harm(tmp_path: Path) -> None:
    registry = site()
    rows = readings(
        registry,
        ["pressure-1/pressure", "pressure-1/pressure", "camera-1/image"],
        [0, 1, 2],
        [600, math.nan, 1],
        quality=[192, TIMEOUT, 192],
        text={2: "http://x/1.jpg"},
    )
    with victoria_metrics(tmp_path / "vm") as url:
        store = InfluxStore(registry, version_2(url, "fire", "org"))
        assert store.write(earlier(rows), {}).refused == ()
        found = {series["metric"]["__name__"]: series["values"] for series in export(url, '{unit="hotel"}')}
        store.close()
    assert found["pressure_transmitter_pressure"] == [600]
    assert found["pressure_transmitter_pressure.quality"] == [TIMEOUT]
    assert found["camera_image"] == [1]
