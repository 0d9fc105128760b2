"""A gateway's place: devices on a line, a real nats-server with streams, and gateways to start, stop or kill."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from backbone import subjects
from backbone.client import Backbone
from backbone.messages import LogMessage
from backbone.server import EmbeddedServer
from backbone.sparkplug import decode_batch
from domain.clock import SystemClock
from domain.site import Registry
from gateway.process import Link, run
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault
from tests.gateway.gateway_sites import GATEWAY, UNIT, connection, device, registry_of
from tests.servers import connected, embedded_server

PRESSURE = {2: 10, 3: 1, 4: 4805}

CHILD = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from backbone.credentials import Credentials
from domain.clock import SystemClock
from gateway.process import Link, run
from tests.gateway.gateway_place import line_registry
from tests.gateway.gateway_sites import GATEWAY, UNIT

async def main():
    line, nats, mqtt, user, password, folder = sys.argv[2:]
    link = Link(nats_url=nats, credentials=Credentials(user, password), mqtt_host="127.0.0.1", mqtt_port=int(mqtt))
    await run(line_registry(int(line), timeout_s=2), unit=UNIT, gateway=GATEWAY, link=link, state_dir=Path(folder),
              clock=SystemClock(), stop=asyncio.Event())

asyncio.run(main())
"""


class Plant:
    """Two pressure transmitters and a panel on one simulated line, of its own."""

    def __init__(self) -> None:
        panel = {0: 1} | {0x100 + point: 1 for point in range(1, 25)}
        self.banks = {
            1: RegisterBank(holding=dict(PRESSURE)),
            2: RegisterBank(holding=dict(PRESSURE)),
            3: RegisterBank(holding=panel, most_registers=50),
        }
        self.faults: dict[int, Fault] = {}
        self.server = ModbusServer(self.banks, fault_of=self.faults.get)


def line_registry(port: int, timeout_s: float = 0.1) -> Registry:
    settings = {"host": "127.0.0.1", "port": port, "timeout_s": timeout_s, "retry_s": 0.2, "heartbeat_s": 1}
    devices = [
        device("pressure-1", "qdy30a_pressure", 1),
        device("pressure-2", "qdy30a_pressure", 2),
        device("panel-1", "fire_panel_modbus", 3),
    ]
    return registry_of(connection("line", "modbus_tcp", settings, devices, period_s=0.2))


class Site:
    """A plant, a server with streams, and gateways that may be started and stopped."""

    def __init__(self, plant: Plant, server: EmbeddedServer, backbone: Backbone, folder: Path) -> None:
        self.plant = plant
        self.server = server
        self.backbone = backbone
        self.folder = folder
        self.registry = line_registry(plant.server.port)

    @property
    def link(self) -> Link:
        return Link(
            nats_url=self.server.url,
            credentials=self.server.credentials[f"gateway.{UNIT}.{GATEWAY}"],
            mqtt_host="127.0.0.1",
            mqtt_port=self.server.mqtt_port,
        )

    @contextlib.asynccontextmanager
    async def gateway(self) -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()
        task = asyncio.create_task(
            run(
                self.registry,
                unit=UNIT,
                gateway=GATEWAY,
                link=self.link,
                state_dir=self.folder / "state",
                clock=SystemClock(),
                stop=stop,
            )
        )
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(task, 40)

    @contextlib.asynccontextmanager
    async def child(self) -> AsyncIterator[None]:
        """Run the gateway as a process of its own, which is killed at the end; its devices may be slow to answer."""
        link = self.link
        assert link.credentials is not None
        words = [
            self.plant.server.port,
            link.nats_url,
            link.mqtt_port,
            link.credentials.user,
            link.credentials.password,
        ]
        root, folder = Path(__file__).parents[2], self.folder / "state"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, str(root), *map(str, words), str(folder)
        )
        try:
            yield
        finally:
            child.kill()
            await child.wait()

    async def log(self, stream: str = "TELEMETRY", *filters: str) -> list[LogMessage]:
        return await self.backbone.messages(stream, subjects=filters or (">",))

    async def kinds(self) -> list[str]:
        return [subjects.parse(message.subject).type for message in await self.log()]

    async def readings(self) -> Counter[tuple[str, int]]:
        """How often each (point, time) stands in the log, live and backfill together."""
        table = self.registry.gateway_points(UNIT, GATEWAY)
        found: Counter[tuple[str, int]] = Counter()
        for message in [*await self.log("TELEMETRY", "tel.>"), *await self.log("BACKFILL")]:
            if ".DDATA." in message.subject or message.subject.startswith("backfill."):
                batch, unknown = decode_batch(message.data, table, UNIT, GATEWAY)
                assert unknown == 0
                keys = zip(batch.point.tolist(), batch.time_ns.tolist(), strict=True)
                found.update((table[point].key, time_ns) for point, time_ns in keys)
        return found

    async def status(self) -> dict[str, Any]:
        return (await self.backbone.statuses()).get(f"gateway.{UNIT}.{GATEWAY}", {})


@contextlib.asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    plant = Plant()
    async with (
        plant.server,
        embedded_server(folder, [(UNIT, GATEWAY)]) as server,
        connected(server) as backbone,
    ):
        yield Site(plant, server, backbone, folder)


async def until(condition: Callable[[], Any], timeout_s: float = 40) -> None:
    """Wait until an async condition holds."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.05)


async def has(place: Site, kind: str, count: int = 1) -> bool:
    return (await place.kinds()).count(kind) >= count
