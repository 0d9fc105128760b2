"""A control room whose rules and store are real: processes on a site folder, with a console and accounts.

The room of `tests.dashboards.control_room` has puppets where these stand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from alerts import process as alerts_process
from backbone.client import Backbone
from backbone.server import EmbeddedServer
from domain.accounts import UserRole
from domain.clock import NS_PER_S
from domain.site import Registry
from tests.dashboards.control_room import (
    ADMIN_PASSWORD,
    API_TOKEN,
    SIGNING_KEY,
    Console,
    ControlRoom,
    Puppets,
    serving,
)
from tests.rules.rules_desk_scene import keep, really_raised, rules_running, site_folder, store_running
from tests.servers import connected, embedded_server

OPERATOR_PASSWORD = "the operator's of the night"  # noqa: S105  # of a loopback server
MINUTES = 60
DIPS = (10, 40)
"""Minutes of the hour at which the water pressure falls; the record knows of the first."""


@dataclass
class RulesRoom(ControlRoom):
    """A room with an hour of water pressure in its store, from ``start_ns`` on."""

    registry: Registry | None = None
    start_ns: int = 0
    rules: AsyncExitStack | None = None
    """Closing it ends the rules process."""
    folder: Path = Path()

    async def start_rules(self) -> None:
        """Run a rules process again, after the one before was ended."""
        assert self.rules is not None
        await self.rules.enter_async_context(rules_running(self.folder / "site", self.folder, self.backbone))


@asynccontextmanager
async def rules_room(folder: Path) -> AsyncIterator[RulesRoom]:
    """Open the room; everything in it is stopped at the end."""
    site = site_folder(folder / "site")
    async with (
        embedded_server(folder, [("hotel", "gw-east")]) as server,
        connected(server) as backbone,
        AsyncExitStack() as rules,
    ):
        registry = await rules.enter_async_context(rules_running(site, folder, backbone))
        async with _room(folder, server, backbone, registry) as room:
            room.rules, room.folder = rules, folder
            yield room


@asynccontextmanager
async def _room(
    folder: Path, server: EmbeddedServer, backbone: Backbone, registry: Registry
) -> AsyncIterator[RulesRoom]:
    async with (
        store_running(registry, backbone, folder / "ingest"),
        _alerts(folder, registry, backbone),
    ):
        start_ns = (time.time_ns() // NS_PER_S // 60 * 60 - MINUTES * 60 - 120) * NS_PER_S
        await keep(backbone, registry, start_ns, MINUTES, DIPS)
        await really_raised(backbone, start_ns + (DIPS[0] * 60 + 6) * NS_PER_S)
        service = server.credentials["service"]
        settings = {
            "url": server.url,
            "user": service.user,
            "password": service.password,
            "port": 0,
            "api_token": API_TOKEN,
            "sign_in": True,
        }
        console = Console(settings, folder / "console.log")
        await console.start()
        try:
            yield RulesRoom(server, backbone, Puppets(), console, _nothing, registry=registry, start_ns=start_ns)
        finally:
            assert await console.stop() in (0, -9), console.log.read_text()


async def _nothing() -> None:
    """Alerts end with the room."""


@asynccontextmanager
async def _alerts(folder: Path, registry: Registry, backbone: Backbone) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(
        alerts_process.run(
            registry,
            backbone,
            database_url=f"sqlite:///{folder / 'alerts.db'}",
            answer_base_url="http://127.0.0.1:9/answer",
            signing_key=SIGNING_KEY,
            stop=stop,
            first_passwords={UserRole.ADMIN: ADMIN_PASSWORD, UserRole.OPERATOR: OPERATOR_PASSWORD},
        )
    )
    try:
        await serving(backbone, running)
        yield
    finally:
        stop.set()
        await running
