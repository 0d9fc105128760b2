"""Lines: what stands between devices and the platform — a Modbus server, or a radio bridge to a broker.

A line owns the devices of one connection of the site, keeps their life going, and asks the fault plan
before anything leaves it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from domain.clock import NS_PER_MS, Clock
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_devices import ModbusDevice
from simulators.devices.model import DeviceModel
from simulators.devices.mqtt import BrokerSettings, SensorUplink
from simulators.devices.mqtt_devices import MqttDevice, encode, spoil
from simulators.faults import Fault

REFRESH_S = 0.2
"""How often registers move; faster than any poll of a site that people would notice."""

TICK_S = 0.1
"""How closely sensors keep their publishing period."""

FaultOf = Callable[[str], Fault | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """A line at a glance. ``sent``: answers given or messages acknowledged."""

    where: str
    connected: bool
    sent: int
    waiting: int = 0
    dropped: int = 0
    trouble: str = ""


class Line(Protocol):
    """What a fleet asks of its lines."""

    @property
    def devices(self) -> Mapping[str, DeviceModel]:
        """Its devices by key."""

    async def start(self) -> None:
        """Open sockets; raises OSError when a port is taken."""

    async def run(self) -> None:
        """Live until cancelled."""

    async def stop(self) -> None:
        """Close sockets."""

    def changed(self, device: str) -> None:
        """Take note that a scenario changed a device."""

    def status(self) -> LineStatus:
        """Return how it goes."""


class ModbusLine:
    """Modbus devices behind one TCP port."""

    def __init__(
        self,
        devices: Mapping[str, ModbusDevice],
        address: tuple[str, int],
        *,
        fault_of: FaultOf,
        now_s: Callable[[], float],
        seed: int,
    ) -> None:
        """``address`` is host and port to listen on; ``now_s`` the fleet's time."""
        self.devices = devices
        self._address = address
        self._now_s = now_s
        keys = {device.unit_id: key for key, device in devices.items()}
        self.server = ModbusServer(
            {device.unit_id: device.bank for device in devices.values()},
            fault_of=lambda unit: fault_of(keys[unit]) if unit in keys else None,
            seed=seed,
        )

    async def start(self) -> None:
        """Fill the registers and listen."""
        self._refresh()
        await self.server.start(*self._address)

    async def run(self) -> None:
        """Keep the registers moving."""
        while True:
            await asyncio.sleep(REFRESH_S)
            self._refresh()

    async def stop(self) -> None:
        """Close the socket."""
        await self.server.stop()

    def changed(self, device: str) -> None:
        """Show a change at once."""
        self.devices[device].refresh(self._now_s())

    def status(self) -> LineStatus:
        """Return masters connected and answers given."""
        server = self.server
        return LineStatus(
            where=f"{self._address[0]}:{server.port}", connected=server.connections > 0, sent=server.answered
        )

    def _refresh(self) -> None:
        now_s = self._now_s()
        for device in self.devices.values():
            device.refresh(now_s)


class SensorLine:
    """MQTT sensors behind one broker connection."""

    def __init__(
        self,
        devices: Mapping[str, MqttDevice],
        broker: BrokerSettings,
        *,
        identifier: str,
        fault_of: FaultOf,
        now_s: Callable[[], float],
        clock: Clock,
        seed: int,
    ) -> None:
        """``clock`` stamps the messages; publishing is spread evenly over each device's period."""
        self.devices = devices
        self.uplink = SensorUplink(broker, identifier=identifier)
        self._broker = broker
        self._fault_of = fault_of
        self._now_s = now_s
        self._clock = clock
        self._chance = random.Random(seed)
        start_s = now_s()
        self._due_s = {
            key: start_s + device.period_s * at / len(devices) for at, (key, device) in enumerate(devices.items())
        }

    async def start(self) -> None:
        """Nothing to open: the broker may come later."""

    async def run(self) -> None:
        """Publish what is due, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.uplink.run())
            tasks.create_task(self._publish_due())

    async def stop(self) -> None:
        """Nothing to close: `run` closes its connection when it is cancelled."""

    def changed(self, device: str) -> None:
        """Publish a change with the next tick rather than with the next period."""
        self._due_s[device] = self._now_s()

    def status(self) -> LineStatus:
        """Return acknowledged, waiting and dropped messages."""
        uplink = self.uplink
        return LineStatus(
            where=f"{self._broker.host}:{self._broker.port}",
            connected=uplink.connected,
            sent=uplink.acknowledged,
            waiting=uplink.waiting,
            dropped=uplink.dropped,
            trouble=uplink.trouble,
        )

    async def _publish_due(self) -> None:
        while True:
            now_s = self._now_s()
            for key, due_s in self._due_s.items():
                if due_s <= now_s:
                    self._publish(key, now_s)
                    self._due_s[key] = max(due_s + self.devices[key].period_s, now_s)
            await asyncio.sleep(TICK_S)

    def _publish(self, key: str, now_s: float) -> None:
        device = self.devices[key]
        payload: dict[str, Any] = device.payload(now_s, self._clock.now_ns() // NS_PER_MS)
        fault = self._fault_of(key)
        if fault is None:
            self.uplink.send(device.topic, encode(payload))
        elif spoilt := spoil(payload, fault, self._chance):
            self.uplink.send(device.topic, spoilt, keep=False)
