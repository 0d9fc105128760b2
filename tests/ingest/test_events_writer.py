"""Changes of alerts and own figures in a real InfluxDB, through a server that is down, killed, and started again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from backbone.client import Backbone
from backbone.messages import LogMessage
from backbone.subjects import alert as alert_subject
from domain.alert import AlertEvent
from domain.clock import SystemClock
from ingest.dead_letters import DeadLetters
from ingest.events_survey import OPEN_ALERTS, Survey
from ingest.events_writer import EventsWriter
from ingest.influx_store import open_influx
from tests.ingest.alert_events import alert, message
from tests.ingest.ingest_site import UNIT, site
from tests.ingest.ingest_traffic import PATIENCE_S, ingesting, status_when
from tests.ingest.store_servers import free_port, influxd
from tests.servers import connected, embedded_server

CHANGES = 300


async def raise_alerts(backbone: Backbone, first: int, count: int) -> None:
    """Publish changes, all of the same moment and series."""
    for number in range(first, first + count):
        body = message(alert(f"alert-{number}"), AlertEvent.RAISED, number=number)
        await backbone.publish(alert_subject(UNIT, "supervisory", "raised"), body, message_id=f"event-{number}")


def ask(url: str, query: str) -> list[dict[str, Any]]:
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"{url}/query", params={"db": "fire", "q": query, "epoch": "ns"})
    found: list[dict[str, Any]] = answer.json()["results"][0].get("series", [])
    return found


async def eventually(url: str, query: str, expected: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """Ask until the answer is as expected."""
    async with asyncio.timeout(PATIENCE_S):
        while not expected(found := ask(url, query)):
            await asyncio.sleep(0.1)
    return found


async def test_changes_wait_for_a_store_that_is_down_and_poison_is_parked(tmp_path: Path) -> None:
    port = free_port()
    registry = site(store={"kind": "influxdb1", "url": f"http://127.0.0.1:{port}", "database": "fire"})
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        ingesting(registry, backbone, tmp_path / "data"),
    ):
        await raise_alerts(backbone, 1, CHANGES)
        await backbone.publish(alert_subject(UNIT, "fire", "raised"), b'{"no": "alert"}', message_id="poison")
        await status_when(backbone, lambda seen: (seen["events"] or {}).get("lag") == CHANGES + 1)
        with influxd(tmp_path / "influxd", port=port) as url:
            found = await status_when(backbone, lambda seen: seen["events"] == {"stored": CHANGES, "lag": 0})
            assert found["dead_letters"] == {"bad_payload": 1}
            counted = ask(url, 'SELECT count("id") FROM "alert"')
            assert counted[0]["values"][0][1] == CHANGES, "one row each, though all are of the same millisecond"
            await eventually(url, 'SELECT last("stored") FROM "pipeline" WHERE "process" = \'ingest\'', bool)
            await eventually(
                url, 'SELECT last("pressure.low") FROM "limit" GROUP BY "device"', lambda seen: len(seen) == 4
            )
            assert not ask(url, 'SELECT * FROM "standing"'), "nobody answered for alerts: unknown is no row"


async def test_a_writer_that_is_killed_writes_everything_once(tmp_path: Path) -> None:
    """The first writer stores and is gone before it acknowledges; the next one gets all of it again."""
    with influxd(tmp_path / "influxd") as url:
        registry = site(store={"kind": "influxdb1", "url": url, "database": "fire"})
        async with embedded_server(tmp_path) as server, connected(server) as backbone:
            await raise_alerts(backbone, 1, CHANGES)
            store, letters = open_influx(registry, registry.site.store), DeadLetters(tmp_path)
            first = EventsWriter(backbone, store, registry, letters)
            reader = await backbone.durable("ALERTS", name="ingest-events")
            taken: list[LogMessage] = []
            async with asyncio.timeout(PATIENCE_S):
                while len(taken) < CHANGES:
                    taken += await reader.fetch(1000, wait_s=1.0)
            assert await asyncio.to_thread(first._write, taken) == CHANGES
            for one in taken:  # what the server does by itself ten seconds after a kill -9
                await reader.nak(one, 0.0)
            await reader.close()
            second, stop = EventsWriter(backbone, store, registry, letters), asyncio.Event()
            running = asyncio.create_task(second.run(stop))
            async with asyncio.timeout(PATIENCE_S):
                while second.stored < CHANGES or await second.lag():
                    await asyncio.sleep(0.1)
            stop.set()
            await running
            store.close()
        assert ask(url, 'SELECT count("id") FROM "alert"')[0]["values"][0][1] == CHANGES


async def test_what_stands_open_is_written_when_the_service_answers(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    many = [alert(f"alert-{n}").model_dump(mode="json") for n in range(500)]

    async def listed(request: dict[str, Any]) -> dict[str, Any]:
        """Answer as ``svc.alerts.list`` does; with a full page first, so that units are asked one by one."""
        asked.append(request)
        more = [alert("alert-501").model_dump(mode="json")] if "unit" in request else many
        return {"alerts": more}

    with influxd(tmp_path / "influxd") as url:
        registry = site(store={"kind": "influxdb1", "url": url, "database": "fire"})
        async with embedded_server(tmp_path) as server, connected(server) as backbone:
            await backbone.serve(OPEN_ALERTS, listed)
            store = open_influx(registry, registry.site.store)
            await Survey(backbone, store, registry, SystemClock()).look(limits=False)
            store.close()
        found = ask(url, 'SELECT last("open") AS "open" FROM "standing" GROUP BY "zone"')
    assert {row["tags"]["zone"]: row["values"][0][1] for row in found} == {"east-b1-pump": 501, "-": 0}
    assert [one.get("unit") for one in asked] == [None, UNIT]
