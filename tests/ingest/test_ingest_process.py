"""The whole ingest process against a real nats-server: stored, counted, answered, and poison set aside."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import pytest

from backbone.subjects import partition_of, telemetry, tick
from domain.errors import LinkError, StoreError
from domain.quality import BAD, Reason, pack
from ingest.dead_letters import NAME
from ingest.duckdb_store import DuckDbStore
from ingest.face import QueryFace
from ingest.process import FILE_NAME
from tests.ingest.answering_server import STORED, Answer, answering_as_documented
from tests.ingest.ingest_site import GATEWAY, SECOND_NS, START_NS, UNIT, load, readings, site
from tests.ingest.ingest_traffic import PATIENCE_S, ingesting, publish, status_when
from tests.ingest.store_servers import free_port, influxd
from tests.servers import connected, embedded_server

SITE = site()
TIMEOUT = pack(BAD, Reason.TIMEOUT)


async def test_live_and_late_readings_are_stored_once_and_answered(tmp_path: Path) -> None:
    rows = load(SITE, 20)
    halves = rows.take(rows.time_ns < START_NS + 10 * SECOND_NS), rows.take(rows.time_ns >= START_NS + 10 * SECOND_NS)
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        async with ingesting(SITE, backbone, tmp_path / "data"):
            await publish(backbone, halves[1], "live")
            await publish(backbone, halves[0], "late", late=True)
            await publish(backbone, halves[0].as_historical(), "late again", late=True)
            found = await status_when(
                backbone, lambda seen: seen["stored"] == len(rows) and seen["duplicates_refused"] == len(halves[0])
            )
            assert found["store"] == "up"
            assert found["store_kind"] == "duckdb"
            await status_when(backbone, lambda seen: seen["lag_messages"] == 0)

            face = QueryFace(backbone)
            counts = await face.counts()
            assert counts.stored == counts.distinct == len(rows)
            assert (counts.first_ns, counts.last_ns) == (START_NS, START_NS + 19 * SECOND_NS)
            keys = ["hotel/pressure-2/pressure", "hotel/camera-1/image"]
            series = await face.range(keys, START_NS, START_NS + 60 * SECOND_NS)
            assert [one.point for one in series] == keys
            assert series[0].value == tuple(second + 2 / 1000 for second in range(20))
            coarse = await face.range(keys[:1], START_NS, START_NS + 60 * SECOND_NS, resolution_s=10, aggregate="max")
            assert coarse[0].time_ns == (START_NS, START_NS + 10 * SECOND_NS)
            assert coarse[0].value == (9.002, 19.002)
            latest = await face.latest(device="hotel/pressure-2")
            assert latest.keys() == {"hotel/pressure-2/pressure", "hotel/pressure-2/level"}
            assert latest["hotel/pressure-2/pressure"].value == 19.002
            assert latest["hotel/pressure-2/pressure"].time_ns == START_NS + 19 * SECOND_NS
            assert await face.latest(points=["hotel/pressure-2/pressure"]) == {
                "hotel/pressure-2/pressure": latest["hotel/pressure-2/pressure"]
            }
            assert len(await face.latest(unit="hotel")) == len(SITE.points)
        DuckDbStore(SITE.points, tmp_path / "data" / FILE_NAME).close()  # nobody holds it any more


async def test_newest_readings_are_there_after_a_restart_with_reasons_and_words(tmp_path: Path) -> None:
    rows = readings(
        SITE,
        ["pressure-1/pressure", "camera-1/image"],
        [1, 2],
        [math.nan, 1.0],
        quality=[TIMEOUT, 192],
        text={1: "http://x/东楼.jpg"},
    )
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        async with ingesting(SITE, backbone, tmp_path / "data"):
            await publish(backbone, rows, "one")
            await status_when(backbone, lambda seen: seen["stored"] == 2)
        async with connected(server, "second") as again, ingesting(SITE, again, tmp_path / "data"):
            await status_when(again, lambda seen: seen["stored"] == 0 and seen["store_kind"] == "duckdb")
            latest = await QueryFace(again).latest(unit="hotel")
        assert latest["hotel/pressure-1/pressure"].value is None
        assert latest["hotel/pressure-1/pressure"].quality == TIMEOUT
        assert latest["hotel/camera-1/image"].text == "http://x/东楼.jpg"
        assert "hotel/pressure-2/pressure" not in latest


async def test_poison_is_set_aside_and_everything_else_goes_on(tmp_path: Path) -> None:
    wider = site(devices=6)
    subject = telemetry(UNIT, "DDATA", GATEWAY, "pressure-1")
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        async with ingesting(SITE, backbone, tmp_path / "data"):
            await backbone.publish(tick(0), b"{}", message_id="tick-0-1")
            await backbone.publish(subject, b"\xff\xff\xff not sparkplug", message_id="junk-1")
            await backbone.publish(subject, b"", message_id="empty")
            await backbone.publish("backfill.hotel.gw-east", b"", message_id="short")
            await publish(backbone, load(wider, 1), "known and unknown")
            await backbone.publish(telemetry(UNIT, "DBIRTH", GATEWAY, "pressure-1"), b"\x00 birth", message_id="birth")
            found = await status_when(backbone, lambda seen: seen["stored"] == len(SITE.points))
            found = await status_when(backbone, lambda seen: seen["lag_messages"] == 0)
        assert found["dead_letters"] == {"bad_payload": 1, "bad_subject": 1}
        assert found["unknown_points"] == len(wider.points) - len(SITE.points)
        assert len(found["unknown_subjects"]) == 2
        assert found["last_error"] is None
        letters = [json.loads(line) for line in (tmp_path / "data" / NAME).read_text().splitlines()]
        assert {letter["subject"] for letter in letters} == {
            f"tel.{partition_of(UNIT, 4)}.hotel.DDATA.gw-east.pressure-1",
            "backfill.hotel.gw-east",
        }


async def test_a_store_that_is_down_makes_messages_wait_and_nothing_is_lost(tmp_path: Path) -> None:
    port = free_port()
    registry = site(store={"kind": "influxdb1", "url": f"http://127.0.0.1:{port}", "database": "fire"})
    rows = load(registry, 30)
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        ingesting(registry, backbone, tmp_path / "data"),
    ):
        messages = await publish(backbone, rows, "early")
        found = await status_when(backbone, lambda seen: seen["store"] == "down" and seen["lag_messages"] == messages)
        assert "no answer" in found["last_error"]
        with pytest.raises(LinkError, match="newest readings are not read"):
            await QueryFace(backbone).latest(unit="hotel")
        with influxd(tmp_path / "influxd", port=port):
            found = await status_when(backbone, lambda seen: seen["stored"] == len(rows))
            assert found["store"] == "up"
            await status_when(backbone, lambda seen: seen["lag_messages"] == 0)
            assert (await QueryFace(backbone).counts()).stored == len(rows)
            await eventually(QueryFace(backbone), "hotel/pressure-1/pressure", 29.0)


async def eventually(face: QueryFace, key: str, value: float) -> None:
    """Wait until the newest reading of a point has a value: the store is read again some seconds after it came."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                if (await face.latest(points=[key]))[key].value == value:
                    return
            except LinkError:
                pass
            await asyncio.sleep(0.1)


async def test_refused_credentials_stop_the_writing_and_keep_the_messages(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backbone.durable.ACK_WAIT_S", 2.0)
    answers = [Answer(401, '{"error":"authorization failed"}')]
    with answering_as_documented(lambda _: answers[-1]) as seen_by_store:
        registry = site(store={"kind": "influxdb2", "url": seen_by_store.url, "token": "wrong"})
        async with embedded_server(tmp_path) as server, connected(server) as backbone:
            async with ingesting(registry, backbone, tmp_path / "data"):
                messages = await publish(backbone, load(registry, 2), "one")
                found = await status_when(backbone, lambda seen: seen["store"] == "denied")
                assert "authorization failed" in found["last_error"]
                assert "set 'token'" in found["last_error"]
                found = await status_when(backbone, lambda seen: seen["lag_messages"] == messages)
                assert found["stored"] == 0
            assert any(record.levelname == "ERROR" for record in caplog.records)
            answers.append(STORED)
            async with connected(server, "second") as again, ingesting(registry, again, tmp_path / "data"):
                await status_when(again, lambda seen: seen["stored"] == 2 * len(registry.points))
    assert seen_by_store.accepted


async def test_a_file_that_is_no_use_ends_the_process_with_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "data" / FILE_NAME).mkdir(parents=True)
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        with pytest.raises(StoreError, match="can't be opened"):
            async with ingesting(SITE, backbone, tmp_path / "data") as task:
                await task
