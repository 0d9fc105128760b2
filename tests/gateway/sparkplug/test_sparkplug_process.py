"""A gateway that adopts an edge of our own MQTT listener, as a process: the log hears a hosted node."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from pysparkplug import DataType

from backbone import subjects
from backbone.client import Backbone
from backbone.server import EmbeddedServer
from backbone.server_config import ACCOUNT, GatewayUser
from backbone.sparkplug.learning import births
from domain.clock import SystemClock
from gateway.process import Link, run
from tests.gateway.foreign_host import ForeignHost
from tests.gateway.gateway_sites import GATEWAY, LABELS, UNIT, registry_of
from tests.gateway.sparkplug.edges import NODE, PUMP, edge, edges_line, metric
from tests.servers import connected, embedded_server

PUMP_1: dict[str, Any] = {"id": "pump-1", "name": "Pump-1", "profile": "pump_edge", "labels": LABELS}


@contextlib.asynccontextmanager
async def adopting(folder: Path, server: EmbeddedServer) -> AsyncIterator[None]:
    user = server.credentials["edges"]
    line = edges_line(server.mqtt_port, PUMP_1, user=user.user, password=user.password)
    link = Link(
        nats_url=server.url,
        credentials=server.credentials[f"gateway.{UNIT}.{GATEWAY}"],
        mqtt_host="127.0.0.1",
        mqtt_port=server.mqtt_port,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(
        run(
            registry_of(line, profiles=[PUMP]), unit=UNIT, gateway=GATEWAY, link=link, state_dir=folder / "state",
            clock=SystemClock(), stop=stop,
        )
    )  # fmt: skip
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await task


async def seen(backbone: Backbone, node: str, kind: str, count: int = 1) -> None:
    """Wait until the log has so many messages of a type of the node."""
    filters = [f"*.*.{kind}.{node}" if kind.startswith("N") else f"tel.*.*.{kind}.{node}.*"]
    async with asyncio.timeout(30):
        while len(await backbone.messages("TELEMETRY", subjects=filters)) < count:
            await asyncio.sleep(0.05)


async def test_an_edge_on_our_own_listener_becomes_a_hosted_node_of_its_unit(tmp_path: Path) -> None:
    async with (
        embedded_server(tmp_path, [GatewayUser(UNIT, GATEWAY, ((UNIT, NODE),))]) as server,
        connected(server) as backbone,
    ):
        user = server.credentials["edges"]
        async with (
            adopting(tmp_path, server),
            edge(server.mqtt_port, 3, username=user.user, password=user.password) as plc,
        ):

            async def births_of() -> None:
                await plc.nbirth(metric("Temp", 20.0, alias=1))
                await plc.dbirth("Pump-1", metric("Discharge/Pressure", 0.4, alias=2), metric("Fire", 0, alias=3))

            plc.births = births_of  # the gateway may come later, and asks
            await births_of()
            await seen(backbone, NODE, "DDATA", 2)
            await plc.data("Pump-1", metric(None, 0.5, alias=2))
            await plc.data(None, metric("Temp", 21.0))
            await seen(backbone, NODE, "DDATA", 3)
            async with asyncio.timeout(30):
                while (found := (await backbone.statuses()).get(f"gateway.{UNIT}.{GATEWAY}", {})).get("uplink") != "up":
                    await asyncio.sleep(0.1)
            answer = await backbone.request(subjects.gateway_service(UNIT, GATEWAY), {"command": "edges"})
            assert [(one["address"], one["state"]) for one in answer["edges"]] == [("Plant/Edge", "up")]
            async with asyncio.timeout(30):
                while not any(value == 500.0 for *_, value in await pressures(backbone)):
                    await asyncio.sleep(0.1)
            plc._client._client._sock_close()  # the line is cut: the server speaks its will
            await seen(backbone, NODE, "NDEATH")
        host = ForeignHost()
        host.take(
            await backbone.messages("TELEMETRY", subjects=["tel.>", "*.*.NBIRTH.*", "*.*.NDATA.*", "*.*.NDEATH.*"])
        )
        known = {point.key for point in await births(backbone)}
        groups = {subjects.parse(one.subject).unit for one in await backbone.messages("TELEMETRY", subjects=["tel.>"])}
    assert found["hosting"]["edges"] == 1
    assert found["connections"]["edges"]["ok"]
    assert {f"{UNIT}/{NODE}/Temp", f"{UNIT}/pump-1/pressure", f"{UNIT}/pump-1/alive"} <= known
    assert groups == {UNIT}  # nothing of the edge's own topics is in our log


async def pressures(backbone: Backbone) -> list[tuple[str, str, int, float]]:
    host = ForeignHost()
    host.take(await backbone.messages("TELEMETRY", subjects=["tel.>", "*.*.NBIRTH.*", "*.*.NDATA.*", "*.*.NDEATH.*"]))
    return host.nodes[f"{UNIT}/{NODE}"].values


async def test_streams_of_a_server_without_accounts_are_taken_over(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        kept = await backbone.publish("alert.hotel.fire.raised", b"{}")
    streams = tmp_path / "nats" / "jetstream" / "jetstream"
    (streams / ACCOUNT).rename(streams / "$G")  # as it was before the edges had an account of their own
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        assert await backbone.last_seq("ALERTS") == kept.seq


async def test_edges_and_our_own_see_nothing_of_each_other(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        user = server.credentials["edges"]
        async with edge(server.mqtt_port, group=UNIT, name=GATEWAY, username=user.user, password=user.password) as liar:
            await liar.nbirth(metric("Temp", 1.0))
            await liar.dbirth("d", metric("Temp", 1.0, DataType.FLOAT))
            await asyncio.sleep(0.5)
        assert await backbone.messages("TELEMETRY") == []
