"""A site folder, its simulated lines, a nats-server, and one gateway of it as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from typer.testing import CliRunner, Result

from backbone import subjects
from backbone.client import Backbone
from backbone.layout import BACKFILL, TELEMETRY
from backbone.messages import LogMessage
from backbone.server import EmbeddedServer
from backbone.sparkplug import decode_data
from cli.app import app
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault
from tests.gateway.gateway_sites import GATEWAY, LABELS, SITE, UNIT, connection, device
from tests.servers import connected, embedded_server

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
KEY = f"{UNIT}/{GATEWAY}"
REGISTERS = {2: 10, 3: 1, 4: 4805}
WATCH_S = 1.0
DEVICES = ("pressure-1", "pressure-2")


class CountingServer(ModbusServer):
    """Counts how often somebody connected."""

    accepted = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        await super()._serve(reader, writer)


class Line:
    """A Modbus server of its own with pressure transmitters on units 1 to 9."""

    def __init__(self) -> None:
        self.faults: dict[int, Fault] = {}
        self.server = CountingServer(
            {unit: RegisterBank(holding=dict(REGISTERS)) for unit in range(1, 10)}, fault_of=self.faults.get
        )

    def described(
        self, name: str, devices: Sequence[Mapping[str, Any]], *, period_s: float = 0.1, **more: Any
    ) -> dict[str, Any]:
        settings = {"host": "127.0.0.1", "port": self.server.port, "timeout_s": 2.0, "retry_s": 0.2}
        return connection(name, "modbus_tcp", {**settings, **more}, devices, period_s=period_s)


def pressure(number: int, **more: Any) -> dict[str, Any]:
    return device(f"pressure-{number}", "qdy30a_pressure", number, **more)


class Desk:
    """Everything that a test holds; ``write`` changes the folder, ``fengsui`` runs a command."""

    def __init__(self, folder: Path, lines: tuple[Line, Line], server: EmbeddedServer, backbone: Backbone) -> None:
        self.site = folder / "site"
        self.state = folder / "state"
        self.near, self.far = lines
        self.server = server
        self.backbone = backbone
        self.since_ns = 0
        """When the newest gateway process was started: what an earlier one said last is of no interest."""

    def both(self, period_s: float = 0.1) -> list[dict[str, Any]]:
        """Two lines with a device each."""
        near = self.near.described("near", [pressure(1)], period_s=period_s)
        return [near, self.far.described("far", [pressure(2)], period_s=period_s)]

    def write(self, connections: Sequence[Mapping[str, Any]], site: Path | None = None, **more: Any) -> Path:
        """Write a site folder with this gateway; JSON is YAML."""
        folder = site or self.site
        (folder / "gateways").mkdir(parents=True, exist_ok=True)
        (folder / "site.yaml").write_text(json.dumps(SITE))
        told = {"gateway": GATEWAY, "unit": UNIT, "labels": LABELS, "connections": list(connections), **more}
        draft = folder / "draft"
        draft.write_text(json.dumps(told, indent=1))
        draft.replace(folder / "gateways" / f"{GATEWAY}.yaml")
        return folder

    async def fengsui(self, *arguments: str) -> Result:
        """Run a command against this site, in a thread of its own (it has a loop of its own)."""
        environment = {"FENGSUI_STATE": str(self.state), "FENGSUI_LANG": "en", "COLUMNS": "200"}
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments, env=environment))

    @contextlib.asynccontextmanager
    async def gateway(self, *more: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run the gateway as a process until the block ends, which stops it cleanly."""
        self.since_ns = time.time_ns()
        words = ["--site", str(self.site), "--state", str(self.state), "--unit", UNIT, "--gateway", GATEWAY]
        with (self.state / "gateway.log").open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cli", "gateway", *words, "--health-watch", str(WATCH_S), *more,
                cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), 30)

    async def status(self) -> dict[str, Any]:
        """The newest status document of the newest process, with an empty ``config`` before there is one."""
        found: dict[str, Any] = (await self.backbone.statuses()).get(f"gateway.{UNIT}.{GATEWAY}", {})
        return found if found.get("time_ns", 0) > self.since_ns else {"config": {"last": {}}, "connections": {}}

    async def ended(self, kind: str, number: int = 0) -> dict[str, Any]:
        """Wait for an outcome of this kind; returns the status document."""
        return await until(self.status, lambda told: _has(told, kind, number))

    async def heard(self, *devices: str) -> None:
        """Wait until the log has data of each of these devices."""

        async def counted() -> Counter[str]:
            return Counter(
                source.device
                for message in await self.log()
                if (source := subjects.parse(message.subject)).type == "DDATA" and source.device
            )

        await until(counted, lambda found: all(found[one] for one in devices))

    async def log(self) -> list[LogMessage]:
        return await self.backbone.messages(TELEMETRY, subjects=["tel.>"])

    async def said(self, kind: str, name: str) -> int:
        """How often the log has a birth or a death of a device."""
        return sum(
            (subjects.parse(one.subject).type, subjects.parse(one.subject).device) == (kind, name)
            for one in await self.log()
        )

    async def readings(self) -> Counter[tuple[str, int, int]]:
        """How often each (device, alias, time) stands in the log and in backfill."""
        found: Counter[tuple[str, int, int]] = Counter()
        for message in [*await self.log(), *await self.backbone.messages(BACKFILL)]:
            if ".DDATA." in message.subject or message.subject.startswith("backfill."):
                data = decode_data(message.data)
                name = message.subject.rpartition(".")[2]
                found.update(
                    (name, alias, at) for alias, at in zip(data.alias.tolist(), data.time_ns.tolist(), strict=True)
                )
        return found


def _has(told: Mapping[str, Any], kind: str, number: int) -> bool:
    config = told.get("config") or {}
    return bool(config.get("last", {}).get("kind") == kind and config.get("number", 0) >= number)


async def until(look: Callable[[], Awaitable[T]], holds: Callable[[T], object], timeout_s: float = 40) -> T:
    """Wait until what is seen satisfies; returns it."""
    async with asyncio.timeout(timeout_s):
        while not holds(seen := await look()):
            await asyncio.sleep(0.1)
        return seen


@contextlib.asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    """Two lines, a server in the state folder, a site with both lines written."""
    lines = Line(), Line()
    async with (
        lines[0].server,
        lines[1].server,
        embedded_server(folder / "state", [(UNIT, GATEWAY), (UNIT, "gw-west")]) as server,
        connected(server) as backbone,
    ):
        made = Desk(folder, lines, server, backbone)
        made.write(made.both())
        yield made
