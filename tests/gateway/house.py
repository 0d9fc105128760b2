"""A gateway that hosts transmitters, without a connector: spool, nodes, hosting and uplink on a real server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, FakeClock
from domain.documents import Document
from domain.points import Point, PointKind
from domain.site import Registry, build_registry
from domain.words import COMPONENT_STATE
from gateway.hosting import Hosting
from gateway.nodes import Nodes
from gateway.session import Session, Voice
from gateway.spool import Spool, SpoolLimits
from gateway.uplink import Uplink, UplinkSettings
from gateway.values import Values
from tests.gateway.gateway_sites import GATEWAY, LABELS, SITE, UNIT, built_in_profiles, gateway_document

T0_MS = 1_800_000_000_000


def transmitter(number: int, **more: Any) -> dict[str, Any]:
    """A transmitter ``utd-<n>`` with one fire alarm system ``fas-<n>`` and one declared detector."""
    smoke = {"id": "smoke", "at": "1-1", "type": 40, "labels": LABELS}
    system = {"id": f"fas-{number}", "type": 1, "labels": LABELS, "components": [smoke]}
    return {
        "id": f"utd-{number}", "unit": UNIT, "address": number, "zone": "room", "labels": LABELS, "systems": [system],
        **more,
    }  # fmt: skip


def hosting_registry(count: int) -> Registry:
    """A site whose one gateway hosts ``count`` transmitters."""
    access = {
        "id": "access",
        "protocol": "gb26875",
        "settings": {"port": 0},
        "transmitters": [transmitter(number) for number in range(count)],
    }
    return build_registry(Document("site.yaml", SITE), [gateway_document(access)], built_in_profiles())


def found(number: int, name: str, kind: PointKind = PointKind.STATE) -> Point:
    """A component of transmitter ``number`` that nobody wrote in the site."""
    return Point(
        unit=UNIT, gateway=f"utd-{number}", device=f"fas-{number}", name=name, kind=kind, label_zh=f"部件{name}",
        word=COMPONENT_STATE if kind is PointKind.STATE else "", max_silence_s=86_400,
    )  # fmt: skip


def node(number: int) -> str:
    return f"{UNIT}/utd-{number}"


class House:
    """Everything of a hosting process but its connectors."""

    def __init__(self, registry: Registry, spool: Spool, clock: FakeClock) -> None:
        self.spool = spool
        self.clock = clock
        self.voice = Voice(GATEWAY, clock)
        table = registry.gateway_points(UNIT, GATEWAY)
        values = Values(table)
        self.own = Session(self.voice, values, unit=UNIT, node=GATEWAY, devices=[])
        self.nodes = Nodes(self.own, self.voice, values, spool)
        self.hosting = Hosting(registry, unit=UNIT, gateway=GATEWAY, spool=spool, nodes=self.nodes, values=values)
        self._ms = clock.now_ns() // NS_PER_MS

    async def tell(self, number: int, name: str, value: float, *, device: str | None = None, label: bytes = b"") -> int:
        """Emit one reading of a transmitter's component; returns its time in ms."""
        self._ms += 1
        point = self.hosting.table.index(f"{UNIT}/{device or f'fas-{number}'}/{name}")
        batch = ReadingBatch.build(self.hosting.table, [self._ms * NS_PER_MS], [point], [value])
        await self.hosting.emit(batch, names=[label] if label else ())
        return self._ms

    async def emptied(self) -> None:
        async with asyncio.timeout(30):
            while (await self.spool.figures()).batches:
                await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def speaking(
        self, backbone: Backbone, *, farewell: bool = True, refused_wait_s: float = 1.0
    ) -> AsyncIterator[None]:
        """Deliver; at the end with the words of a clean stop, or without any."""
        settings = UplinkSettings(refused_wait_s=refused_wait_s)
        uplink = Uplink(self.spool, self.nodes, self.voice, settings=settings)
        async with backbone.publisher() as live, backbone.publisher(window=8) as history:
            self.voice.attach(live)
            await self.own.birth(self.own.bd_seq + 1)
            self.voice.alive.set()
            self.nodes.repeat_births()
            tasks = [asyncio.create_task(uplink.run(backbone, history)), asyncio.create_task(self.nodes.run())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                if farewell:
                    async with asyncio.timeout(40):
                        await self.nodes.farewell()
                        await live.flush()
                self.voice.alive.clear()


@contextlib.asynccontextmanager
async def house(folder: Path, registry: Registry, *, life: int = 0) -> AsyncIterator[House]:
    """Open the spool in ``folder``, as a process does that starts; each ``life`` has an hour of its own."""
    clock = FakeClock((T0_MS + life * 3_600_000) * NS_PER_MS)
    spool = await Spool.open(folder / "spool.sqlite", limits=SpoolLimits(), clock=clock)
    try:
        yield House(registry, spool, clock)
    finally:
        await spool.close()
