"""The points of some devices of a running site, followed in the log: newest reading, quality, age, and a short past.

Begins with the newest birth and data of each device and, where the store answers, its newest reading of every
point; then what comes. What is old, or behind a gateway that is not heard, is *unknown*, whatever it said last.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from backbone.client import Backbone
from backbone.layout import TELEMETRY
from backbone.messages import LogMessage
from backbone.sparkplug import decode_birth
from backbone.sparkplug.data import decode_batch
from backbone.subjects import DEVICE_TYPES, NODE_TYPES, SPARKPLUG, parse
from dashboards.console.devices.device_words import Look, Shown, shown
from dashboards.console.texts import Language as ScreenLanguage
from dashboards.console.texts import text
from dashboards.live.board import Board, Reading
from dashboards.live.health import Condition, Health, node_health
from dashboards.live.site import LiveSite
from domain.clock import SystemClock
from domain.errors import FengsuiError, RefusedError, WireError
from domain.points import Point
from domain.quality import GOOD, base_of
from domain.site import Device, Registry
from ingest.face import LatestReading, QueryFace

STATUS_S = 1.0
FIRST_S = 1.5
"""How long the newest messages of the log are waited for: a device may never have told anything."""

KEPT = 16
"""Readings of a measure that its small curve is drawn of."""


@dataclass(frozen=True, slots=True)
class PointRow:
    """One point as it is known now; ``known`` is False where nobody can say its value."""

    device: Device
    point: Point
    reading: Reading | None
    shown: Shown
    past: tuple[float, ...] = ()

    @property
    def known(self) -> bool:
        """Tell whether the value may be believed."""
        return self.shown.look is not Look.UNKNOWN


@dataclass(slots=True)
class LivePoints:
    """Follows devices (``unit/device``) until `run` is cancelled."""

    registry: Registry
    devices: tuple[str, ...]
    clock: SystemClock = field(default_factory=SystemClock)
    board: Board = field(default_factory=Board)
    readings: dict[str, Reading] = field(default_factory=dict)
    past: dict[str, deque[float]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    unreadable: int = 0
    _site: LiveSite | None = None

    async def run(self, backbone: Backbone) -> None:
        """Follow for ever; a backbone that is away makes everything unknown until it is back."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_statuses(backbone), name="statuses")
            group.create_task(self._follow(backbone), name="log")

    async def begin(self, backbone: Backbone) -> bool:
        """Take what is known now: statuses, births, newest readings; returns whether the store answered."""
        await self._take_statuses(backbone)
        last = await backbone.last_seq(TELEMETRY)
        if last:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_S):
                    async for batch in backbone.reader(TELEMETRY, subjects=self._subjects(), newest=True):
                        self.apply(batch)
                        if batch[-1].seq >= last:
                            break
        return await self._ask_store(backbone)

    async def _ask_store(self, backbone: Backbone) -> bool:
        """Take the store's newest readings: of whole units where one reply holds them, else device by device."""
        face, units = QueryFace(backbone), {key.partition("/")[0] for key in self.devices}
        try:
            if len(self.devices) > len(units):
                with contextlib.suppress(RefusedError, WireError):
                    for unit in units:
                        self._take_latest(await face.latest(unit=unit))
                    return True
            for key in self.devices:
                with contextlib.suppress(RefusedError):  # the store may not know it yet
                    self._take_latest(await face.latest(device=key))
        except FengsuiError:
            return False
        return True

    def _take_latest(self, latest: Mapping[str, LatestReading]) -> None:
        for point, found in latest.items():
            self.take(point, Reading(found.time_ns, found.value, found.quality, found.text))

    async def _follow(self, backbone: Backbone) -> None:
        async for batch in backbone.reader(TELEMETRY, subjects=self._subjects(), newest=True):
            self.apply(batch)
            await asyncio.sleep(0)

    async def _watch_statuses(self, backbone: Backbone) -> None:
        while True:
            try:
                await self._take_statuses(backbone)
            except FengsuiError:
                self.board.connected = False
            self.changed.set()
            await asyncio.sleep(STATUS_S)

    async def _take_statuses(self, backbone: Backbone) -> None:
        self.board.connected = backbone.connected
        self.board.statuses = await backbone.statuses()

    def _subjects(self) -> list[str]:
        """Return the subjects of the devices and of their nodes; of a whole unit where there are many."""
        units = sorted({key.partition("/")[0] for key in self.devices})
        nodes = [f"{SPARKPLUG}.{unit}.{kind}.*" for unit in units for kind in NODE_TYPES]
        if len(self.devices) == 1:
            unit, _, device = self.devices[0].partition("/")
            return [*nodes, *(f"tel.*.{unit}.{kind}.*.{device}" for kind in DEVICE_TYPES)]
        return [*nodes, *(f"tel.*.{unit}.{kind}.>" for unit in units for kind in DEVICE_TYPES)]

    def apply(self, messages: Iterable[LogMessage]) -> None:
        """Take messages of the log, in its order; junk is counted and passed over."""
        for message in messages:
            try:
                source = parse(message.subject)
                if source.type in NODE_TYPES:
                    self.board.nodes.apply([message])
                elif f"{source.unit}/{source.device}" in self.devices:
                    self._take_message(source.type, source.unit, source.gateway, source.device or "", message)
            except WireError:
                self.unreadable += 1
        self.changed.set()

    def _take_message(self, kind: str, unit: str, gateway: str, device: str, message: LogMessage) -> None:
        if kind == "DBIRTH":
            self._learn(message)
            for metric in decode_birth(message.data).metrics:
                if metric.time_ns:
                    value = None if metric.value is None else float(metric.value)
                    self.take(f"{unit}/{device}/{metric.name}", Reading(metric.time_ns, value, metric.quality))
        elif kind == "DDATA":
            batch, _ = decode_batch(message.data, self.registry.points, unit, gateway)
            for at, index in enumerate(batch.point.tolist()):
                value = float(batch.value[at])
                reading = Reading(
                    int(batch.time_ns[at]),
                    None if math.isnan(value) else value,
                    int(batch.quality[at]),
                    batch.text.get(at),
                )
                self.take(batch.table[index].key, reading)

    def _learn(self, message: LogMessage) -> None:
        site = self._site or LiveSite(self.registry)
        self._site = site
        site.learn([message])
        self.registry = site.registry

    def take(self, key: str, reading: Reading) -> None:
        """Keep a reading when it is newer than the one that is known."""
        known = self.readings.get(key)
        if known is not None and known.time_ns >= reading.time_ns:
            return
        self.readings[key] = reading
        if reading.value is not None and base_of(reading.quality) == GOOD:
            self.past.setdefault(key, deque(maxlen=KEPT)).append(reading.value)

    def rows(self, language: str) -> list[PointRow]:
        """Return all points as they are known at this moment, in the order of the site."""
        now_ns = self.clock.now_ns()
        return [row for key in self.devices for row in self._rows_of(self.registry.devices[key], now_ns, language)]

    def health(self) -> list[tuple[str, Health]]:
        """Return the gateways (``unit/gateway``) of the devices, and what is known of each."""
        now_ns = self.clock.now_ns()
        nodes = dict.fromkeys(_node(self.registry.devices[key]) for key in self.devices)
        return [(node, node_health(self.board, self.registry, node, now_ns)) for node in nodes]

    def _rows_of(self, device: Device, now_ns: int, language: str) -> Sequence[PointRow]:
        health = node_health(self.board, self.registry, _node(device), now_ns)
        table = self.registry.points
        rows = []
        for at in table.of_device(device.gateway.unit, device.settings.id).tolist():
            point = table[at]
            reading = self.readings.get(point.key)
            told = shown(
                point, device.profile.kind, reading, now_ns, ScreenLanguage(language), reachable=health.reachable
            )
            if reading is None and health.condition is not Condition.FINE:
                told = Shown(told.value, told.look, condition_words(health, language), None)
            rows.append(PointRow(device, point, reading, told, tuple(self.past.get(point.key, ()))))
        return rows


def condition_words(health: Health, language: str) -> str:
    """Say how a gateway is."""
    return text(f"condition_{health.condition}", ScreenLanguage(language))


def _node(device: Device) -> str:
    return f"{device.gateway.unit}/{device.gateway.gateway}"
