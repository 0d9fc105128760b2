"""A running site as the commands for transmitters meet it: a real nats-server, and a gateway's answers written here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from backbone.client import Backbone
from cli.app import app
from domain.errors import RefusedError
from tests.servers import connected, embedded_server

SECOND_NS = 1_000_000_000
START_NS = 1_800_000_000 * SECOND_NS

Answer = Callable[[dict[str, Any]], Mapping[str, Any]]

TRANSMITTERS: tuple[dict[str, Any], ...] = (
    {
        "unit": "hotel", "id": "east-utd", "state": "up", "peer": "10.0.0.7:50312", "since_ns": START_NS,
        "last_ns": START_NS + SECOND_NS, "profile": "standard", "frames": 41, "refused": 0, "duplicates": 2,
        "profile_reasons": [{"zh": "时间为二进制", "en": "binary time"}], "clock_error_s": -28_800.0, "duty": True,
    },
    {"unit": "hotel", "id": "west-utd", "state": "down", "peer": None, "frames": 0, "duty": True},
    {"unit": "hotel", "id": "pump-utd", "state": "never", "duty": False},
    {"unit": "school", "id": "gate-utd", "state": "up", "duty": True},
)  # fmt: skip

STRANGERS: tuple[dict[str, Any], ...] = (
    {
        "address": 889, "address_hex": "790300000000", "peer": "10.0.0.9:1024", "first_ns": START_NS,
        "last_ns": START_NS, "frames": 3, "types": {"2": 1, "21": 2}, "fire": True, "profile": "auto",
        "last_hex": "4040 01",
    },
    {
        "address": "013800001234", "address_hex": "341200800013", "peer": "10.0.0.8:99", "first_ns": START_NS,
        "last_ns": START_NS + SECOND_NS, "frames": 1, "types": {"21": 1}, "fire": False, "profile": "bcd",
    },
)  # fmt: skip


@dataclass
class Desk:
    """What a gateway is asked, and what it answers; a RefusedError in ``answers`` is raised."""

    folder: Path
    backbone: Backbone
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def host(self, unit: str, gateway: str) -> None:
        """Serve as a gateway that hosts transmitters."""
        await self.status(unit, gateway)
        await self.backbone.serve(f"svc.gateway.{unit}.{gateway}", self._answer)

    async def status(self, unit: str, gateway: str, *connections: str) -> None:
        """Say of a gateway that it hosts transmitters."""
        document = {"hosting": {"known": 4, "up": 2, "strangers": 2}, "connections": {name: {} for name in connections}}
        await self.backbone.put_status(f"gateway.{unit}.{gateway}", document)

    async def _answer(self, request: dict[str, Any]) -> Mapping[str, Any]:
        self.asked.append(request)
        answer = self.answers.get(request["command"])
        if answer is None:
            raise RefusedError(f"no command {request['command']}")
        return answer(request)

    async def fengsui(self, *arguments: str) -> Result:
        """Run a command against this site, in a thread of its own (it has a loop of its own)."""
        environment = {"FENGSUI_STATE": str(self.folder), "FENGSUI_LANG": None, "COLUMNS": "240"}

        def run() -> Result:
            return CliRunner().invoke(app, arguments, env=environment)

        return await asyncio.to_thread(run)


def listed(rows: Sequence[Mapping[str, Any]], name: str) -> Answer:
    """Return an answer that lists rows, those of the asked unit and transmitter only."""

    def answer(request: dict[str, Any]) -> Mapping[str, Any]:
        unit, transmitter = request.get("unit"), request.get("transmitter")
        return {name: [row for row in rows if unit in {None, row.get("unit")} and transmitter in {None, row.get("id")}]}

    return answer


def refusal(words: str) -> Answer:
    """Return an answer that refuses."""

    def answer(request: dict[str, Any]) -> Mapping[str, Any]:
        raise RefusedError(f"{request['command']}: {words}")

    return answer


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    """Run a server with one hosting gateway, ``hotel/gw-east``, and one that hosts nobody."""
    async with embedded_server(folder) as server, connected(server) as backbone:
        made = Desk(folder, backbone)
        made.answers["transmitters"] = listed(TRANSMITTERS, "transmitters")
        made.answers["strangers"] = listed(STRANGERS, "strangers")
        await backbone.put_status("gateway.hotel.gw-plain", {"hosting": None})
        await backbone.put_status("ingest.main", {})
        await made.host("hotel", "gw-east")
        yield made
