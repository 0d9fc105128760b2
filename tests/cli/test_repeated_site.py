"""A hundred devices of forty points in under thirty lines: checked as installers check it, read from a real server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from cli.app import app
from cli.gateway_configuration import written as written_data
from cli.site_files import load_registry
from cli.yaml_documents import parse_document
from domain.clock import SystemClock
from domain.quality import GOOD, base_of
from domain.templates import expanded
from gateway.connectors.contract import Wiring
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from tests.gateway.gateway_sites import ListSink

SITE = """
site: tower
labels: {zh: 大厦, en: Tower}
units:
  - id: tower
    labels: {zh: 大厦, en: Tower}
    buildings:
      - id: main
        labels: {zh: 主楼, en: Main}
        zones: [{repeat: 1-10, id: "floor-{n:02}", kind: corridor, floor: {n}, labels: {zh: "{n} 层", en: "Floor {n}"}}]
"""

GATEWAY = """
gateway: gw
unit: tower
labels: {zh: 网关, en: Gateway}
connections:
  - id: line
    protocol: modbus_tcp
    settings: {host: 127.0.0.1, port: PORT, in_flight: 8}
    devices:
      - {repeat: {f: 1-10, n: 1-10}, id: "loop-{f:02}-{n:02}", profile: loop, zone: "floor-{f:02}",
         address: {f*10+n-10}, labels: {zh: "{f} 层 {n} 号回路", en: "Floor {f} loop {n}"}}
"""

PROFILE = """
profile: loop
protocol: modbus_tcp
kind: loop
labels: {zh: 回路, en: Loop}
source: this test
points:
  - {repeat: 1-40, id: "p{n:02}", kind: state, labels: {zh: "{n} 号点", en: "Point {n}"}, read: {address: {n+256}}}
"""


def written(folder: Path, port: int) -> Path:
    for name, text in {"site": SITE, "gateways/gw": GATEWAY, "profiles/loop": PROFILE}.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text.replace("PORT", str(port)), "utf-8")
    return folder


def test_it_is_short_and_it_passes_the_check(tmp_path: Path) -> None:
    lines = [line for text in (SITE, GATEWAY, PROFILE) for line in text.splitlines() if line.strip()]
    assert len(lines) < 30
    result = CliRunner().invoke(app, ["check", str(written(tmp_path, 502)), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["devices"], found["points"], found["zones"]) == (100, 4000, 10)


async def test_all_four_thousand_points_are_read_each_from_its_own_register(tmp_path: Path) -> None:
    banks = {
        unit: RegisterBank(holding={at: unit * 100 + at - 256 for at in range(257, 297)}) for unit in range(1, 101)
    }
    sink = ListSink()
    async with ModbusServer(banks) as server:
        registry = load_registry(written(tmp_path, server.port))
        connection = registry.gateways["tower/gw"].connections[0]
        devices = tuple(registry.devices[f"tower/{one.id}"] for one in connection.devices)
        table = registry.gateway_points("tower", "gw")
        wiring = Wiring(
            unit="tower", gateway="gw", connection=connection, devices=devices, table=table, clock=SystemClock()
        )
        connector = ModbusTcpConnector(wiring)
        task = asyncio.create_task(connector.run(sink))
        async with asyncio.timeout(30):
            while sum(len(batch) for batch in sink.batches) < 4000:
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert server.answered <= connector.health().polls + 8, "one request a device and poll"
    values = {}
    for batch in sink.batches:
        for point, value, quality in zip(batch.point, batch.value, batch.quality, strict=True):
            assert base_of(int(quality)) == GOOD
            values[table[int(point)].key] = float(value)
    assert len(values) == 4000
    assert values["tower/loop-01-01/p01"] == 101.0
    assert values["tower/loop-10-10/p40"] == 10_040.0
    assert values["tower/loop-03-07/p05"] == 2705.0
    assert registry.devices["tower/loop-03-07"].zone.settings.floor == 3


def test_a_secret_behind_repeated_entries_stays_as_it_was_written() -> None:
    """In what a gateway's bundle is made of: indexes of entries that were written out are not those of the file."""
    text = "l: [{repeat: 1-3, a: x}, {b: '${SECRET}'}, {repeat: 1-2, c: '${SECRET}'}]\n"
    document = expanded(parse_document(text, "a.yaml", {"SECRET": "hunter2"}))
    assert written_data(document) == {"l": [{"a": "x"}] * 3 + [{"b": "${SECRET}"}] + [{"c": "${SECRET}"}] * 2}
