"""An inn that is being handed over: `fengsui up`, two simulated panels, a phone, and a broker that is not there."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from backbone.server import free_ports
from cli.app import app
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from tests.alerts.phone_server import Phone, phone

NORMAL, FIRE = 1, 3
"""Component words: running normally; and on fire."""

PASSWORD = "hunter2-of-the-broker"  # noqa: S105  # of a broker that is not there
HOSTILE = "<script>alert(1)</script>"
UP_TIMEOUT_S = 90

SITE = """
site: inn
labels: {{zh: 客栈, en: Inn}}
timezone: Asia/Shanghai
units:
  - id: inn
    labels: {{zh: 山间客栈, en: Mountain inn}}
    safety_manager: p-lin
    buildings:
      - id: main
        labels: {{zh: 主楼, en: Main building}}
        zones:
          - {{id: lobby, kind: lobby, floor: 1, labels: {{zh: 大堂, en: lobby}}, responsible: p-lin}}
          - {{id: pumps, kind: pump_room, floor: -1, labels: {{zh: 水泵房, en: pump room}}, responsible: p-lin}}
people:
  - {{id: p-lin, labels: {{zh: 林经理, en: Ms Lin}}, role: safety_manager, channels: [phone]}}
channels:
  - {{id: phone, kind: webhook, url: "{phone}", secret: channel-secret-of-the-inn}}
"""

GATEWAY = """
gateway: gw
unit: inn
labels: {{zh: 前台网关, en: Front desk gateway}}
connections:
  - id: panels
    protocol: modbus_tcp
    period_s: 0.5
    settings: {{host: 127.0.0.1, port: {port}, timeout_s: 2, heartbeat_s: 2}}
    devices:
      - id: panel-1
        profile: small_panel
        address: 1
        zone: lobby
        labels: {{zh: "大堂控制器{hostile}", en: lobby panel}}
      - {{id: panel-2, profile: small_panel, address: 2, zone: pumps, labels: {{zh: 泵房控制器, en: pump room panel}}}}
  - id: broker
    protocol: mqtt_json
    settings: {{host: 127.0.0.1, port: {closed}, user: inn, password: {password}}}
    devices:
      - {{id: smoke-1, profile: wireless_smoke, address: s1, zone: lobby, labels: {{zh: 大堂感烟, en: lobby smoke}}}}
"""

PROFILE = """
profile: small_panel
protocol: modbus_tcp
kind: fire_panel
labels: {zh: 小型控制器, en: Small panel}
source: of this test
points:
  - {id: state, kind: state, labels: {zh: 系统状态, en: System state}, read: {address: 0}}
  - {id: l1p01, kind: state, labels: {zh: 1号点, en: Point 1}, read: {address: 1}}
  - {id: l1p02, kind: state, labels: {zh: 2号点, en: Point 2}, read: {address: 2}}
"""


@dataclass(slots=True)
class Inn:
    """The inn while it runs; panels are set by writing into their registers."""

    site: Path
    state: Path
    process: asyncio.subprocess.Process
    banks: dict[int, RegisterBank]
    phone: Phone

    def say(self, unit: int, point: int, word: int) -> None:
        """Let a panel's component say something."""
        self.banks[unit].holding[point] = word

    def pushes(self, place: str) -> int:
        """Return how many pushes were about a fire that a device told of."""
        fires = [one.message for one in self.phone.received if one.message["class"] == "fire"]
        return sum(one["place"]["device"] == place for one in fires)

    async def fengsui(self, *words: str) -> tuple[int, str, str]:
        """Run a command to its end, in a thread with a loop of its own; returns exit code, output and errors."""
        environment = {"FENGSUI_STATE": str(self.state), "COLUMNS": "200"}
        result = await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)
        return result.exit_code, result.stdout, result.stderr

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """Start a command as a process: to be watched, and stopped by a signal as by Ctrl-C."""
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "FENGSUI_STATE": str(self.state), "COLUMNS": "200"},
        )  # fmt: skip

    async def points(self, target: str) -> dict[str, dict[str, object]]:
        """Return what `watch` says of each point now."""
        code, out, err = await self.fengsui("watch", target, "--once", "--json")
        assert code == 0, err
        return {one["point"]: one for one in map(json.loads, out.splitlines())}

    def gateway_pid(self) -> int:
        """Return the process id of the gateway, a child of ours."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if b"gateway" in words and str(self.state).encode() in words:
                return int(entry.parent.name)
        raise AssertionError("no gateway runs")


def write_inn(folder: Path, *, port: int, phone_url: str) -> Path:
    """Write the inn's files; returns the site folder."""
    site = folder / "inn"
    for name in ("gateways", "profiles"):
        (site / name).mkdir(parents=True)
    (site / "site.yaml").write_text(SITE.format(phone=phone_url))
    closed = free_ports(1)[0]
    gateway = GATEWAY.format(port=port, closed=closed, password=PASSWORD, hostile=HOSTILE)
    (site / "gateways" / "gw.yaml").write_text(gateway)
    (site / "profiles" / "small_panel.yaml").write_text(PROFILE)
    return site


@asynccontextmanager
async def inn(folder: Path) -> AsyncIterator[Inn]:
    """Run the inn until the block ends."""
    banks = {unit: RegisterBank(holding={0: NORMAL, 1: NORMAL, 2: NORMAL}) for unit in (1, 2)}
    async with ModbusServer(banks) as server, phone() as platform:
        site, state = write_inn(folder, port=server.port, phone_url=platform.url), folder / "state"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "up", str(site), "--state", str(state), "--port", str(free_ports(1)[0]),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        made = Inn(site, state, process, banks, platform)
        try:
            async with asyncio.timeout(UP_TIMEOUT_S):
                while not await _is_up(made):
                    await asyncio.sleep(0.5)
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _is_up(made: Inn) -> bool:
    """Tell whether the panels are read and the alerts service answers."""
    code, out, _ = await made.fengsui("watch", "panel-1", "--once", "--json")
    read = code == 0 and all(json.loads(line)["known"] for line in out.splitlines())
    return read and (await made.fengsui("alerts", "list", "--json"))[0] == 0
