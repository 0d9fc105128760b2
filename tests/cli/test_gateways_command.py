"""``fengsui gateways`` on a running gateway: lines, spool, and what could not be used."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from domain.clock import SystemClock
from gateway.process import Link, run
from simulators.devices.jbf293k import FAULT, JbfCard, telegram
from tests.cli.gateway_desk import Desk
from tests.gateway.gateway_sites import GATEWAY, UNIT, connection, device, registry_of
from tests.servers import connected, embedded_server

KEY = f"{UNIT}/{GATEWAY}"


@contextlib.asynccontextmanager
async def running(folder: Path, card: JbfCard) -> AsyncIterator[Desk]:
    """Run a server and a gateway with a panel on one line and nothing on another."""
    panel = connection(
        "panel", "jbf293k", {"host": "127.0.0.1", "port": card.port, "poll_s": 0.05}, [device("p", "jbf293k_panel", 1)]
    )
    away = connection("away", "modbus_tcp", {"host": "127.0.0.1", "port": 1}, [device("w", "qdy30a_pressure", 1)])
    stop = asyncio.Event()
    async with embedded_server(folder, [(UNIT, GATEWAY)]) as server, connected(server) as backbone:
        link = Link(
            nats_url=server.url,
            credentials=server.credentials[f"gateway.{UNIT}.{GATEWAY}"],
            mqtt_host="127.0.0.1",
            mqtt_port=server.mqtt_port,
        )
        process = asyncio.create_task(
            run(
                registry_of(panel, away), unit=UNIT, gateway=GATEWAY, link=link, state_dir=folder / "gateway",
                clock=SystemClock(), stop=stop,
            )
        )  # fmt: skip
        try:
            yield Desk(folder, backbone)
        finally:
            stop.set()
            await process


async def test_a_line_that_is_away_and_a_message_of_nobody_are_told(tmp_path: Path) -> None:
    async with JbfCard() as card, running(tmp_path, card) as site:
        card.tell(telegram(FAULT, controller=99, loop=1, point=2))
        async with asyncio.timeout(30):
            while True:
                status = (await site.fengsui("gateways", "--json")).stdout
                found = json.loads(status).get(KEY, {}) if status else {}
                panel_ok = found.get("connections", {}).get("panel", {}).get("ok")
                if found.get("dead_letters") and panel_ok and found["uplink"] == "up":
                    break
                await asyncio.sleep(0.2)
        table = await site.fengsui("gateways", KEY, "--lang", "en")
        letters = await site.fengsui("gateways", "--dead-letters", "--json")
        shown = await site.fengsui("gateways", "--dead-letters")
        unknown = await site.fengsui("gateways", "hotel/nobody")
    assert table.exit_code == 0, table.output
    for words in ("● up", "1/2", "unknown_controller 1", "● ok", "✗ down", "link_down"):
        assert words in table.stdout, table.stdout
    (letter,) = json.loads(letters.stdout)
    assert (letter["gateway"], letter["connection"], letter["reason"]) == (KEY, "panel", "unknown_controller")
    assert letter["raw"].startswith("8163")
    assert "unknown_controller" in shown.stdout
    assert unknown.exit_code == 1
    assert KEY in unknown.stderr


async def test_a_gateway_that_says_nothing_any_more_is_unknown_never_well(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        site = Desk(tmp_path, backbone)
        nobody = await site.fengsui("gateways")
        await backbone.put_status(f"gateway.{UNIT}.{GATEWAY}", {"uplink": "up", "connections": {}})
        await asyncio.sleep(5.2)  # what the clock decides takes its time: a status of 5 s ago is none
        silent = await site.fengsui("gateways", "--lang", "en")
    assert nobody.exit_code == 1
    assert silent.exit_code == 1
    assert "unknown, silent for" in silent.stdout
    assert "● up" not in silent.stdout
