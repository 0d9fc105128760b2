"""kill -9 of a real InfluxDB under load, and a token that is mended: nothing is lost, and the page says how it stands.

`benchmarks.store_outage` does the first for as long as a person wants.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ingest.face import QueryFace
from tests.ingest.answering_server import STORED, Answer, answering_as_documented
from tests.ingest.ingest_site import load, site
from tests.ingest.ingest_traffic import ingesting, publish, status_when
from tests.ingest.store_servers import free_port, influxd_process
from tests.ingest.test_ingest_killed import keep_publishing
from tests.servers import connected, embedded_server


async def test_kill_9_of_the_store_under_load_loses_nothing(tmp_path: Path) -> None:
    port = free_port()
    registry = site(store={"kind": "influxdb1", "url": f"http://127.0.0.1:{port}", "database": "fire"})
    enough = asyncio.Event()
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        connected(server, "ingest") as link,
        ingesting(registry, link, tmp_path / "data"),
    ):
        with influxd_process(tmp_path / "influxd", port=port) as process:
            publishing = asyncio.create_task(keep_publishing(backbone, enough))
            await status_when(backbone, lambda seen: seen["stored"] > 100)
            process.kill()
            found = await status_when(backbone, lambda seen: seen["store"] == "down" and (seen["oldest_s"] or 0) > 2)
            assert found["lag"]["live"]["messages"] > 0
            assert found["lag_messages"] >= found["lag"]["live"]["messages"]
        with influxd_process(tmp_path / "influxd", port=port):
            await status_when(backbone, lambda seen: seen["store"] == "up")
            enough.set()
            seconds = await publishing
            await status_when(backbone, lambda seen: seen["lag_messages"] == 0 and seen["oldest_s"] is None)
            counts = await QueryFace(backbone).counts()
            assert counts.stored == counts.distinct == len(load(registry, seconds))


async def test_refused_credentials_are_tried_again_when_the_file_of_the_token_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.writer.DENIED_PAUSE_S", 0.2)
    token = tmp_path / "token"
    token.write_text("wrong\n")
    heard: list[str] = []
    with answering_as_documented(
        lambda _: STORED if heard[-1] == "Token right" else Answer(401, '{"message":"unauthorized access"}')
    ) as seen_by_store:
        seen_by_store.headers = _Last(heard)
        registry = site(store={"kind": "influxdb2", "url": seen_by_store.url, "token_file": str(token)})
        async with (
            embedded_server(tmp_path) as server,
            connected(server) as backbone,
            ingesting(registry, backbone, tmp_path / "data"),
        ):
            messages = await publish(backbone, load(registry, 2), "one")
            found = await status_when(
                backbone, lambda seen: seen["store"] == "denied" and seen["lag_messages"] == messages
            )
            assert "unauthorized access" in found["last_error"]
            assert "wrong" not in str(found)
            token.unlink()
            await status_when(backbone, lambda seen: "token_file" in (seen["last_error"] or ""))
            token.write_text("right\n")
            found = await status_when(backbone, lambda seen: seen["store"] == "up" and seen["lag_messages"] == 0)
            assert found["stored"] == len(load(registry, 2))
            assert found["last_error"] is None


class _Last(list[dict[str, str]]):
    """Headers as they come; who asks is also told to the test's judge."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self._heard = heard

    def append(self, headers: dict[str, str]) -> None:
        self._heard.append(headers.get("authorization", ""))
        super().append(headers)
