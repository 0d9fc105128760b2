"""All 250 points of the hotel, written by the simulators' half and read by the gateway's: the same values.

Neither half imports the other; an error in one of them can't cancel out here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.site_files import load_registry
from domain.batch import ReadingBatch
from domain.clock import SystemClock
from domain.points import PointKind
from domain.quality import GOOD, base_of
from domain.site import Registry, itself
from gateway.connectors import CONNECTORS
from gateway.connectors.contract import DeadLetter, Wiring
from simulators.site import Fleet
from tests.servers import mosquitto
from tests.simulators.hotel import FOLDER, environment

WHOLE_REGISTERS = {"residual_current_monitor", "pressure_transmitter"}
"""Kinds whose registers count whole mA, °C, V, W, or thousandths of a MPa: half of one may be lost."""


class Latest:
    """A sink that keeps the last good value of each point."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.texts: dict[str, str] = {}
        self.letters: list[DeadLetter] = []

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        del names
        for row in range(len(batch)):
            key = batch.table[int(batch.point[row])].key
            if base_of(int(batch.quality[row])) == GOOD:
                self.values[key] = float(batch.value[row])
                self.texts |= {key: batch.text[row]} if row in batch.text else {}

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        del names
        self.letters.append(letter)


async def read(registry: Registry, sink: Latest, stop: asyncio.Event) -> None:
    """Run the gateway's own connectors on every connection of the hotel until ``stop``."""
    running = []
    for gateway in registry.gateways.values():
        table = registry.gateway_points(gateway.unit, gateway.gateway)
        for connection in gateway.connections:
            wiring = Wiring(
                unit=gateway.unit,
                gateway=gateway.gateway,
                connection=connection,
                devices=tuple(registry.devices[f"{gateway.unit}/{item.id}"] for item in connection.devices),
                table=table,
                clock=SystemClock(),
            )
            running.append(asyncio.create_task(CONNECTORS[connection.protocol].connector(wiring).run(sink)))
    await stop.wait()
    for task in running:
        task.cancel()
    for task in running:
        with contextlib.suppress(asyncio.CancelledError):
            await task


def still(fleet: Fleet) -> None:
    """Take the background life away, so that what was read can be compared."""
    for model in fleet._models.values():
        for signal in model._signals.values():
            signal.swing = 0.0


@pytest.fixture
def ports() -> dict[str, str]:
    return environment()


def is_gateways_own(registry: Registry, point: int) -> bool:
    """Tell whether a point is what a gateway tells of itself: no simulated device shows it."""
    return registry.device_of(point).profile.profile == itself.PROFILE


async def test_every_point_arrives_with_the_value_that_the_device_shows(tmp_path: Path, ports: dict[str, str]) -> None:
    async with mosquitto(tmp_path) as broker:
        registry = load_registry(FOLDER, ports | {"FENGSUI_MQTT_PORT": str(broker)})
        fleet = Fleet(registry, seed=7)
        still(fleet)
        async with fleet:
            fleet.set("panel-1", {"state": "test", "l1p07": "fire", "l1p24": ["fault", "shielded"]})
            fleet.set("camera-1", {"behaviour": "charging", "ebike_count": 2, "image": "http://cam/1.jpg"})
            fleet.set("smoke-03", {"smoke": 1, "test": 1})
            fleet.set("pressure-1", {"pressure": -20})
            sink, stop = Latest(), asyncio.Event()
            reading = asyncio.create_task(read(registry, sink, stop))
            async with asyncio.timeout(60):
                while len(sink.values) < 247:
                    await asyncio.sleep(0.1)
            stop.set()
            await reading
            shown = {f"{row.device.key}/{name}": value for row in fleet.rows() for name, value in row.values.items()}
    without_picture = {f"hotel/camera-{number}/image" for number in (2, 3, 4)}
    written = {point.key for at, point in enumerate(registry.points) if not is_gateways_own(registry, at)}
    assert set(sink.values) == written - without_picture
    assert sink.texts == {"hotel/camera-1/image": "http://cam/1.jpg"}
    assert sink.letters == []
    for key, value in shown.items():
        point = registry.points[registry.points.index(key)]
        device = registry.devices[f"{point.unit}/{point.device}"]
        lost = 0.0 if point.kind is PointKind.STATE else 0.51 if device.profile.kind in WHOLE_REGISTERS else 0.002
        assert sink.values[key] == pytest.approx(value, abs=lost, rel=1e-6), key
