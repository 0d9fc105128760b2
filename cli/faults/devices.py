"""Devices of scenarios: banks whose answers can be told apart, a whole Modbus bench in one call, a numbered sensor."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiomqtt

from backbone.server import free_ports
from cli.faults.bench import Bench, bench, until
from cli.faults.small_site import device, modbus, one_gateway
from domain.errors import LinkError
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from simulators.faults import Fault

PERIOD_S = 0.1
TIMEOUT_S = 1.0
"""Long enough for a busy machine; scenarios about time-outs set their own."""


@dataclass
class Plant:
    """Modbus units behind one port. ``faults``: which unit does what wrong now; ``served``: answers' numbers by unit.

    A unit in ``counting`` answers each read with how often it was asked, in the registers 0 and 1 (u32).
    """

    banks: Mapping[int, RegisterBank]
    counting: frozenset[int] = frozenset()
    faults: dict[int, Fault] = field(default_factory=dict)
    served: dict[int, list[float]] = field(default_factory=dict)
    most_sessions: int = 16
    turnaround_s: float = 0.0

    def __post_init__(self) -> None:
        """Prepare the server; it listens from ``async with plant.server`` on."""
        self.server = ModbusServer(
            self.banks, fault_of=self._asked, most_sessions=self.most_sessions, turnaround_s=self.turnaround_s
        )

    def _asked(self, unit: int) -> Fault | None:
        fault = self.faults.get(unit)
        times = self.served.setdefault(unit, [])
        times.append(time.time())
        if unit in self.counting:
            self.banks[unit].holding.update({0: len(times) >> 16, 1: len(times) & 0xFFFF})
        return fault


def counting(*units: int) -> Plant:
    """Return units that number their answers."""
    return Plant({unit: RegisterBank(holding={0: 0, 1: 0}) for unit in units}, frozenset(units))


def constant(values: Mapping[int, int], registers: int = 1, **more: Any) -> Plant:
    """Return units whose registers all hold the unit's own value: a value that strays is seen."""
    banks = {unit: RegisterBank(holding=dict.fromkeys(range(registers), value)) for unit, value in values.items()}
    return Plant(banks, **more)


@contextlib.asynccontextmanager
async def modbus_bench(
    folder: Path,
    plant: Plant,
    profile: Mapping[str, Any],
    *,
    devices: Sequence[Mapping[str, Any]] | None = None,
    period_s: float = PERIOD_S,
    more: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Bench]:
    """Run a bench whose gateway reads ``plant`` on one connection, a device ``d<unit>`` for each unit."""
    async with plant.server:
        named = devices or [device(f"d{unit}", str(profile["profile"]), unit) for unit in plant.banks]
        line = modbus("line", {"port": plant.server.port, "timeout_s": TIMEOUT_S, **settings}, named, period_s=period_s)
        async with bench(folder, one_gateway(line, profiles=[profile], **(more or {}))) as made:
            yield made


class Broker:
    """A Mosquitto of our own that can be killed and started again; keeps sessions on disk."""

    def __init__(self, folder: Path) -> None:
        """Files go below ``folder``."""
        self._folder = folder
        self.port = free_ports(1)[0]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it answers; raises LinkError where Mosquitto is not installed."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise LinkError("mosquitto is not installed: apt install mosquitto")
        config = self._folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\nautosave_interval 1\n"
            f"autosave_on_changes true\nmax_queued_messages 0\npersistence_location {self._folder}/\n"
            f"user {getpass.getuser()}\n"  # started by root it would give up the right to write here
        )
        self._process = await asyncio.create_subprocess_exec(
            program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        await until(self._answers, "the broker")

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Kill."""
        await self.kill()


async def publish(port: int, topic: str, payloads: Sequence[bytes | str | Mapping[str, Any]]) -> None:
    """Publish messages at QoS 1, each acknowledged by the broker before the next."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for payload in payloads:
            sent = json.dumps(payload) if isinstance(payload, Mapping) else payload
            await client.publish(topic, sent, 1)


async def hears(made: Bench, connection: str, name: str = "gw") -> None:
    """Wait until a connection of the gateway is up."""

    async def up() -> bool:
        return bool((await made.status(name)).get("connections", {}).get(connection, {}).get("ok"))

    await until(up, f"connection {connection} of {name}")
