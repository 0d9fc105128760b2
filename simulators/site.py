"""`Fleet`: every device of a site, simulated from its `Registry`.

Connections decide sockets: a Modbus connection becomes a server on the host and port that the gateway is
told to read, an MQTT connection becomes a client of the same broker, a connection with transmitters becomes
one client for each of them. The fleet's time axis starts when it is made; it drives the background life and
the faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo

from domain.clock import Clock, SystemClock
from domain.errors import ConfigurationError, Problem
from domain.site import Connection, Device, Registry
from simulators.catalogue import fault_kinds, find_device, make_model
from simulators.devices.modbus_devices import ModbusDevice
from simulators.devices.model import DeviceModel
from simulators.devices.mqtt import BrokerSettings
from simulators.devices.mqtt_devices import MqttDevice
from simulators.errors import SimulationError
from simulators.faults import Fault, FaultPlan
from simulators.gb26875.buttons import Push
from simulators.gb26875.equipment import NORMAL
from simulators.gb26875.line import TransmitterLine
from simulators.gb26875.link import Link
from simulators.lines import Line, LineStatus, ModbusLine, SensorLine
from simulators.replay import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device at a glance, for a table."""

    device: Device
    values: Mapping[str, float]
    touched: frozenset[str]
    fault: Fault | None


class Fleet:
    """All simulated devices of a site; ``async with`` starts and stops them."""

    def __init__(
        self,
        registry: Registry,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build models and lines; raises `ConfigurationError` for connections without host and port."""
        self._registry = registry
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._started_s = monotonic()
        self._seed = seed
        self._faults = FaultPlan()
        self._tasks: list[asyncio.Task[None]] = []
        self.skipped: list[Device] = []
        self._lines: dict[str, Line] = {}
        self._line_of: dict[str, Line] = {}
        self._models: dict[str, DeviceModel] = {}
        self._links: dict[str, Link] = {}
        self._build()

    def now_s(self) -> float:
        """Return the fleet's time."""
        return self._monotonic() - self._started_s

    async def start(self) -> None:
        """Open every line; raises `SimulationError` naming the port that is taken."""
        for name, line in self._lines.items():
            try:
                await line.start()
            except OSError as error:
                await self.stop()
                msg = f"connection '{name}' can't listen: {error.strerror or error}; end the program on that port"
                raise SimulationError(msg) from error
        self._tasks = [asyncio.create_task(line.run(), name=f"line {name}") for name, line in self._lines.items()]

    async def stop(self) -> None:
        """Close every line."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for line in self._lines.values():
            await line.stop()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    @property
    def ports(self) -> dict[str, int]:
        """The ports that Modbus connections listen on, by connection (``unit/gateway/connection``)."""
        return {name: line.server.port for name, line in self._lines.items() if isinstance(line, ModbusLine)}

    def set(self, device: str, values: Mapping[str, Any]) -> None:
        """Put points of a device at levels or words; raises `UnknownNameError`."""
        key, model = self._model(device)
        for point, value in values.items():
            model.set(point, value)
        self._line_of[key].changed(key)

    def ramp(self, device: str, point: str, *, to: float, over_s: float) -> None:
        """Move a point on a straight line; raises `UnknownNameError`."""
        _, model = self._model(device)
        model.ramp(point, to=to, over_s=over_s, now_s=self.now_s())

    def replay(self, device: str, point: str, series: Series, *, speed: float = 1.0) -> None:
        """Let a point follow a recorded series from now on; raises `UnknownNameError`."""
        _, model = self._model(device)
        model.replay(point, series.times_s, series.values, now_s=self.now_s(), speed=speed)

    def strike(self, device: str, fault: Fault, *, for_s: float | None = None) -> None:
        """Let a device misbehave; raises `SimulationError` for a fault that its protocol has not."""
        found = find_device(self._registry, device)
        if fault.kind not in fault_kinds(found):
            msg = f"{device} can't have the fault '{fault.kind}'"
            raise SimulationError(msg)
        self._faults.strike(found.key, fault, now_s=self.now_s(), for_s=for_s)
        if found.key in self._links:
            self._links[found.key].wake()

    def mend(self, device: str) -> None:
        """End a device's fault."""
        key = find_device(self._registry, device).key
        self._faults.mend(key)
        if key in self._links:
            self._links[key].wake()

    def push(self, transmitter: str, button: Push) -> None:
        """Press a button of a transmitter; raises `SimulationError` for what is not there."""
        self.link(transmitter).push(button)

    def link(self, transmitter: str) -> Link:
        """Return a transmitter's line; raises `SimulationError` for a device that is none."""
        key = find_device(self._registry, transmitter).key
        if key not in self._links:
            msg = f"{transmitter} is no transmitter"
            raise SimulationError(msg)
        return self._links[key]

    def rows(self) -> list[DeviceRow]:
        """Return every simulated device as it is now."""
        now_s = self.now_s()
        rows = [
            DeviceRow(
                device=self._registry.devices[key],
                values=model.values(now_s),
                touched=frozenset(model.touched),
                fault=self._faults.active(key, now_s),
            )
            for key, model in self._models.items()
        ]
        return rows + [self._transmitter_row(key, link, now_s) for key, link in self._links.items()]

    def lines(self) -> dict[str, LineStatus]:
        """Return every line as it is now, by connection (``unit/gateway/connection``)."""
        return {name: line.status() for name, line in self._lines.items()}

    def _model(self, name: str) -> tuple[str, DeviceModel]:
        key = find_device(self._registry, name).key
        if key not in self._models:
            msg = f"{name} is not simulated: its profile has no model"
            raise SimulationError(msg)
        return key, self._models[key]

    def _transmitter_row(self, key: str, link: Link, now_s: float) -> DeviceRow:
        state = link.transmitter.state
        return DeviceRow(
            device=self._registry.devices[key],
            values={"state": float(state)},
            touched=frozenset() if state == NORMAL else frozenset({"state"}),
            fault=self._faults.active(key, now_s),
        )

    def _build(self) -> None:
        problems: list[Problem] = []
        for gateway_key, gateway in self._registry.gateways.items():
            if gateway_key in self._registry.transmitters:
                continue  # it has a line on its host's connection
            for connection in gateway.connections:
                name = f"{gateway_key}/{connection.id}"
                devices = [self._registry.devices[f"{gateway.unit}/{item.id}"] for item in connection.devices]
                try:
                    self._add_line(name, connection, devices)
                except (KeyError, TypeError, ValueError) as error:
                    problems.append(_problem(gateway.gateway, connection, error))
        if problems:
            raise ConfigurationError(problems)

    def _add_line(self, name: str, connection: Connection, devices: list[Device]) -> None:
        if connection.transmitters:
            self._add_transmitters(name, connection)
            return
        models = {device.key: make_model(device, seed=self._seed) for device in devices}
        self.skipped += [device for device in devices if models[device.key] is None]
        modbus = {key: model for key, model in models.items() if isinstance(model, ModbusDevice)}
        sensors = {key: model for key, model in models.items() if isinstance(model, MqttDevice)}
        line: Line
        if modbus:
            line = self._modbus_line(connection, modbus)
        elif sensors:
            line = self._sensor_line(name, connection, sensors)
        else:
            return
        self._lines[name] = line
        self._models |= line.devices
        self._line_of |= dict.fromkeys(line.devices, line)

    def _add_transmitters(self, name: str, connection: Connection) -> None:
        """Add a listening connection's transmitters; its own device is the listener, which is the gateway's."""
        zone = ZoneInfo(self._registry.site.timezone)
        line = TransmitterLine(connection, zone=zone, fault_of=self._fault_of, clock=self._clock, seed=self._seed)
        self._lines[name] = line
        self._links |= line.links

    def _modbus_line(self, connection: Connection, devices: Mapping[str, ModbusDevice]) -> ModbusLine:
        address = str(connection.settings["host"]), int(connection.settings["port"])
        return ModbusLine(devices, address, fault_of=self._fault_of, now_s=self.now_s, seed=self._seed)

    def _sensor_line(self, name: str, connection: Connection, devices: Mapping[str, MqttDevice]) -> SensorLine:
        settings = connection.settings
        broker = BrokerSettings(
            host=str(settings["host"]),
            port=int(settings["port"]),
            user=settings.get("user") or None,
            password=settings.get("password") or None,
            version=str(settings.get("version", "3.1.1")).removesuffix(".0"),
            tls=bool(settings.get("tls")),
            ca_file=settings.get("ca_file"),
            cert_file=settings.get("cert_file"),
            key_file=settings.get("key_file"),
        )
        return SensorLine(
            devices,
            broker,
            identifier=f"sim-{name.replace('/', '-')}",
            fault_of=self._fault_of,
            now_s=self.now_s,
            clock=self._clock,
            seed=self._seed,
        )

    def _fault_of(self, key: str) -> Fault | None:
        return self._faults.active(key, self.now_s())


def _problem(gateway: str, connection: Connection, error: Exception) -> Problem:
    return Problem(
        file=f"gateways/{gateway}.yaml",
        line=1,
        field=f"connection '{connection.id}'",
        value=None,
        message=f"can't be simulated: {error!r}",
        mend="give its settings a 'host' and a 'port'",
    )
