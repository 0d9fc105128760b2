"""Small sites for gateway tests: one unit, one zone, one gateway with the connections a test asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from cli.yaml_documents import read_document
from domain.batch import ReadingBatch
from domain.clock import Clock, SystemClock
from domain.documents import Document
from domain.quality import Reason, base_of, reason_of
from domain.site import Registry, build_registry
from domain.templates import expanded
from gateway import profiles_dir
from gateway.connectors.contract import DeadLetter, Wiring

UNIT, GATEWAY = "hotel", "gw-east"
LABELS = {"zh": "名称", "en": "name"}

SITE: dict[str, Any] = {
    "site": "test",
    "labels": LABELS,
    "units": [
        {
            "id": UNIT,
            "labels": LABELS,
            "buildings": [
                {
                    "id": "east",
                    "labels": LABELS,
                    "zones": [{"id": "room", "kind": "room", "floor": 1, "labels": LABELS}],
                }
            ],
        }
    ],
}


def built_in_profiles() -> list[Document]:
    return [expanded(read_document(path)) for path in sorted(profiles_dir().glob("*.yaml"))]


def device(name: str, profile: str, address: int | str, **more: Any) -> dict[str, Any]:
    return {"id": name, "profile": profile, "zone": "room", "labels": LABELS, "address": address, **more}


def connection(
    name: str, protocol: str, settings: Mapping[str, Any], devices: Sequence[Mapping[str, Any]], period_s: float = 0.1
) -> dict[str, Any]:
    return {
        "id": name, "protocol": protocol, "period_s": period_s, "settings": dict(settings), "devices": list(devices)
    }  # fmt: skip


def gateway_document(*connections: Mapping[str, Any], **more: Any) -> Document:
    data = {"gateway": GATEWAY, "unit": UNIT, "labels": LABELS, "connections": list(connections), **more}
    return Document("gateways/gw-east.yaml", data)


def registry_of(*connections: Mapping[str, Any], profiles: Sequence[Mapping[str, Any]] = (), **more: Any) -> Registry:
    own = [Document(f"profiles/{item['profile']}.yaml", dict(item)) for item in profiles]
    return build_registry(
        Document("site.yaml", SITE), [gateway_document(*connections, **more)], [*built_in_profiles(), *own]
    )


def wiring_of(registry: Registry, clock: Clock | None = None, at: int = 0) -> Wiring:
    gateway = registry.gateways[f"{UNIT}/{GATEWAY}"]
    settings = gateway.connections[at]
    return Wiring(
        unit=UNIT,
        gateway=GATEWAY,
        connection=settings,
        devices=tuple(registry.devices[f"{UNIT}/{item.id}"] for item in settings.devices),
        table=registry.gateway_points(UNIT, GATEWAY),
        clock=clock or SystemClock(),
    )


class ListSink:
    """A sink that keeps everything in memory."""

    def __init__(self) -> None:
        self.batches: list[ReadingBatch] = []
        self.letters: list[DeadLetter] = []
        self.names: set[bytes] = set()

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        self.batches.append(batch)
        self.names.update(names)

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        self.letters.append(letter)
        self.names.update(names)

    def of(self, point: str) -> list[tuple[float, int, Reason]]:
        """Value, Sparkplug quality and reason of each reading of ``device/point``."""
        found = []
        for batch in self.batches:
            index = batch.table.index(f"{UNIT}/{point}")
            for row in range(len(batch)):
                if batch.point[row] == index:
                    quality = int(batch.quality[row])
                    found.append((float(batch.value[row]), base_of(quality), reason_of(quality)))
        return found

    def times(self, point: str) -> list[int]:
        return [
            int(batch.time_ns[row])
            for batch in self.batches
            for row in range(len(batch))
            if batch.point[row] == batch.table.index(f"{UNIT}/{point}")
        ]


class HeldSink(ListSink):
    """A sink whose commits take as long as a test wants, or fail."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.waiting = 0
        self.error: Exception | None = None

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        self.waiting += 1
        await self.open.wait()
        if self.error is not None:
            raise self.error
        await super().emit(batch, names=names)

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        await self.open.wait()
        await super().dead_letter(letter, names=names)
