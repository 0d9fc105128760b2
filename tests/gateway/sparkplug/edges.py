"""Edges of another maker, whose payloads pysparkplug writes, and a connector with the hosting of a process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt
import pysparkplug
from pysparkplug import DataType, Metric

from domain.batch import ReadingBatch
from domain.clock import SystemClock
from domain.quality import HISTORICAL, base_of, reason_of
from domain.site import Registry
from gateway.connectors.contract import DeadLetter
from gateway.connectors.sparkplug.connector import SparkplugConnector
from gateway.hosting import Hosting
from gateway.nodes import Nodes
from gateway.session import Session, Voice
from gateway.spool import Spool, SpoolLimits
from gateway.values import Values
from tests.gateway.gateway_sites import GATEWAY, LABELS, UNIT, connection, registry_of, wiring_of

GROUP, EDGE, NODE = "Plant", "Edge", "plc-1"

PUMP: dict[str, Any] = {
    "profile": "pump_edge", "protocol": "sparkplug", "kind": "pump", "labels": LABELS, "source": "made up",
    "points": [
        {"id": "alive", "kind": "state", "labels": LABELS},
        {
            "id": "pressure", "quantity": "kPa", "floor": 0, "ceiling": 2000, "labels": LABELS,
            "read": {"metric": "Discharge/Pressure", "quantity": "MPa"},
        },
        {"id": "running", "kind": "state", "labels": LABELS, "read": {"metric": "Running"}},
    ],
}  # fmt: skip


def now_ms() -> int:
    return int(time.time() * 1000)


def metric(name: str | None, value: Any, kind: DataType = DataType.DOUBLE, **more: Any) -> Metric:
    stamp = more.pop("at", None)
    return Metric(
        timestamp=now_ms() if stamp is None else stamp, name=name, datatype=kind, value=value,
        is_null=value is None, **more,
    )  # fmt: skip


class Edge:
    """Births, data and deaths in one sequence; what it publishes with is given, so that a test may lose a message."""

    def __init__(self, client: aiomqtt.Client, bd_seq: int, group: str = GROUP, name: str = EDGE) -> None:
        self._client = client
        self._group, self._name = group, name
        self._bd_seq = bd_seq
        self.seq = 0
        self.asked = 0
        self.births: Callable[[], Any] | None = None

    async def say(self, kind: str, device: str | None, payload: bytes, qos: int = 0) -> None:
        tail = f"/{device}" if device is not None else ""
        await self._client.publish(f"spBv1.0/{self._group}/{kind}/{self._name}{tail}", payload, qos=qos)

    async def nbirth(self, *metrics: Metric) -> None:
        self.seq = 0
        control = metric("Node Control/Rebirth", False, DataType.BOOLEAN)
        own = metric("bdSeq", self._bd_seq, DataType.INT64)
        birth = pysparkplug.NBirth(timestamp=now_ms(), seq=0, metrics=(own, control, *metrics))
        await self.say("NBIRTH", None, birth.encode(include_dtypes=True))

    async def dbirth(self, device: str, *metrics: Metric) -> None:
        birth = pysparkplug.DBirth(timestamp=now_ms(), seq=self._next(), metrics=metrics)
        await self.say("DBIRTH", device, birth.encode(include_dtypes=True))

    async def data(self, device: str | None, *metrics: Metric, lost: bool = False, dtypes: bool = False) -> None:
        kind = pysparkplug.NData if device is None else pysparkplug.DData
        payload = kind(timestamp=now_ms(), seq=self._next(), metrics=metrics).encode(include_dtypes=dtypes)
        if not lost:
            await self.say("NDATA" if device is None else "DDATA", device, payload)

    async def ddeath(self, device: str) -> None:
        await self.say("DDEATH", device, pysparkplug.DDeath(timestamp=now_ms(), seq=self._next()).encode())

    async def listen(self) -> None:
        """Answer requests for births, for ever."""
        await self._client.subscribe(f"spBv1.0/{self._group}/NCMD/{self._name}")
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            command = pysparkplug.NCmd.decode(message.payload)
            assert [(one.name, one.value) for one in command.metrics] == [("Node Control/Rebirth", True)]
            self.asked += 1
            if self.births is not None:
                await self.births()

    def _next(self) -> int:
        self.seq = (self.seq + 1) % 256
        return self.seq


def death(bd_seq: int) -> bytes:
    return pysparkplug.NDeath(timestamp=now_ms(), bd_seq_metric=metric("bdSeq", bd_seq, DataType.INT64)).encode()


@contextlib.asynccontextmanager
async def edge(
    port: int, bd_seq: int = 0, *, group: str = GROUP, name: str = EDGE, **client: Any
) -> AsyncIterator[Edge]:
    will = aiomqtt.Will(f"spBv1.0/{group}/NDEATH/{name}", death(bd_seq), qos=1)
    async with aiomqtt.Client("127.0.0.1", port, identifier=f"edge-{group}-{name}", will=will, **client) as joined:
        made = Edge(joined, bd_seq, group, name)
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def transmitters(*devices: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    one = {
        "id": NODE, "unit": UNIT, "address": f"{GROUP}/{EDGE}", "zone": "room", "labels": LABELS,
        "devices": list(devices), **more,
    }  # fmt: skip
    return [one]


def edges_line(port: int, *devices: dict[str, Any], **settings: Any) -> dict[str, Any]:
    line = connection("edges", "sparkplug", {"host": "127.0.0.1", "port": port, **settings}, [])
    return {**line, "transmitters": transmitters(*devices)}


class Desk:
    """A connector with its spool; a `Sink` that keeps what is stored."""

    def __init__(self, registry: Registry, spool: Spool) -> None:
        values, voice = Values(registry.gateway_points(UNIT, GATEWAY)), Voice(GATEWAY, SystemClock())
        own = Session(voice, values, unit=UNIT, node=GATEWAY, devices=[])
        self.nodes = Nodes(own, voice, values, spool)
        self.hosting = Hosting(registry, unit=UNIT, gateway=GATEWAY, spool=spool, nodes=self.nodes, values=values)
        node = registry.gateways[f"{UNIT}/{NODE}"]
        self.connector = SparkplugConnector(
            replace(
                wiring_of(registry), hosting=self.hosting, transmitters=registry.hosted_by(UNIT, GATEWAY),
                hosted_devices=tuple(registry.devices[f"{UNIT}/{one.id}"] for one in node.connections[0].devices),
            )
        )  # fmt: skip
        self.batches: list[ReadingBatch] = []
        self.letters: list[DeadLetter] = []
        self.refuses: Exception | None = None

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        await self.hosting.emit(batch, names=names)
        if self.refuses is not None:
            raise self.refuses
        self.batches.append(batch)

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        await self.hosting.dead_letter(letter, names=names)
        self.letters.append(letter)

    def of(self, point: str) -> list[tuple[float, int, str]]:
        """Value, Sparkplug quality and reason of each reading of ``device/point``."""
        return [
            (float(batch.value[row]), base_of(int(batch.quality[row])), reason_of(int(batch.quality[row])).name)
            for batch, row in self._rows(point)
        ]

    def values(self, point: str) -> list[float]:
        return [value for value, _, _ in self.of(point)]

    def times(self, point: str) -> list[int]:
        return [int(batch.time_ns[row]) // 1_000_000 for batch, row in self._rows(point)]

    def texts(self, point: str) -> list[str | None]:
        return [batch.text.get(row) for batch, row in self._rows(point)]

    def historical(self, point: str) -> list[bool]:
        return [bool(batch.quality[row] & HISTORICAL) for batch, row in self._rows(point)]

    def _rows(self, point: str) -> list[tuple[ReadingBatch, int]]:
        index = self.hosting.table.get(f"{UNIT}/{point}")
        return [(batch, row) for batch in self.batches for row in range(len(batch)) if batch.point[row] == index]

    @property
    def up(self) -> int:
        return self.nodes.up_now

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.connector.run(self))
        try:
            async with asyncio.timeout(40):
                while not self.connector.health().ok and not task.done():
                    await asyncio.sleep(0.01)
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def desk(folder: Path, port: int, *devices: dict[str, Any], **settings: Any) -> AsyncIterator[Desk]:
    registry = registry_of(edges_line(port, *devices, **settings), profiles=[PUMP])
    spool = await Spool.open(folder / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
    try:
        yield Desk(registry, spool)
    finally:
        await spool.close()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(40):
        while not condition():
            await asyncio.sleep(0.01)
