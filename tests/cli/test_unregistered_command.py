"""``fengsui unregistered`` on a running gateway: a device that pushes and an edge that was born, both in no file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import yaml

from backbone.server import free_ports
from backbone.server_config import GatewayUser
from cli.unregistered_command import adoption
from domain.clock import SystemClock
from gateway.process import Link, run
from tests.cli.gateway_desk import Desk
from tests.gateway.gateway_sites import GATEWAY, UNIT, registry_of
from tests.gateway.http_push.push_desk import TOKEN, message, pushes
from tests.gateway.sparkplug.edges import NODE, edge, edges_line, metric
from tests.servers import connected, embedded_server


async def test_who_speaks_and_is_in_no_file_is_shown_with_the_lines_to_adopt_it(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    stop = asyncio.Event()
    user = GatewayUser(UNIT, GATEWAY, ((UNIT, NODE),))
    async with embedded_server(tmp_path, [user]) as server, connected(server) as backbone:
        edges = server.credentials["edges"]
        line = edges_line(server.mqtt_port, user=edges.user, password=edges.password)
        link = Link(
            nats_url=server.url,
            credentials=server.credentials[user.name],
            mqtt_host="127.0.0.1",
            mqtt_port=server.mqtt_port,
        )
        gateway = asyncio.create_task(
            run(
                registry_of(pushes(port=port), line), unit=UNIT, gateway=GATEWAY, link=link,
                state_dir=tmp_path / "gateway", clock=SystemClock(), stop=stop,
            )
        )  # fmt: skip
        try:
            site = Desk(tmp_path, backbone)
            async with edge(server.mqtt_port, name="New", username=edges.user, password=edges.password) as plc:
                async with asyncio.timeout(60):
                    while True:
                        await plc.nbirth(metric("Temp", 1.0))
                        await _push(port)
                        told = (await site.fengsui("unregistered", "--json")).stdout
                        rows = {row["address"]: row for row in json.loads(told or "[]")}
                        if {"999", "Plant/New"} <= set(rows):
                            break
                        await asyncio.sleep(0.3)
            table = await site.fengsui("unregistered", "--lang", "en")
            lines = await site.fengsui("unregistered", "--yaml")
        finally:
            stop.set()
            await gateway
    assert rows["999"]["connection"] == "cloud"
    assert "Plant/New" in table.stdout
    assert {one["address"] for one in yaml.safe_load(lines.stdout)} == {"999", "Plant/New"}


async def _push(port: int) -> None:
    async with httpx.AsyncClient() as client:
        try:
            await client.post(
                f"http://127.0.0.1:{port}/push",
                json=message(imei="999"),
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
        except httpx.HTTPError:
            return  # the port is not open yet


def test_lines_to_adopt_hold_whatever_somebody_calls_himself() -> None:
    for address in ("a: b # c", "it's\n- id: x", "\x1b[2J", "温度/节点", "'" * 5):
        row = {"gateway": "u/g", "connection": "c", "address": address}
        for one in (row, {**row, "edge": "e"}):
            found = yaml.safe_load(adoption(one))
            assert [set(item) for item in found] == [set(found[0])]
            assert "zone" in found[0]
