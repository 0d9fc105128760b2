"""A control room over a site folder: a real nats-server, the real alerts service, the console as its own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alerts import process as alerts_process
from backbone.client import Backbone
from cli.site_files import load_registry
from domain.alert import AlertView
from domain.site import Registry
from tests.dashboards.control_room import API_TOKEN, ROOT, SIGNING_KEY, Console, ControlRoom, Puppets, serving
from tests.servers import connected, embedded_server

HOTEL_GATEWAY = "gateway.hotel.gw-east"
HOTEL = ROOT / "examples" / "hotel"


@asynccontextmanager
async def site_room(folder: Path, site: Path = HOTEL, gateway: str = "hotel/gw-east") -> AsyncIterator[ControlRoom]:
    """Open a room over ``site``, whose ``gateway`` is a puppet; everything in it is stopped at the end."""
    registry = load_registry(site)
    unit, _, name = gateway.partition("/")
    async with embedded_server(folder, [(unit, name)]) as server, connected(server) as backbone:
        puppets = Puppets(f"gateway.{unit}.{name}")
        await puppets.answer(backbone)
        stop = asyncio.Event()
        running = asyncio.create_task(_alerts(folder, registry, stop, backbone))
        speaking = asyncio.create_task(puppets.speak(backbone))
        service = server.credentials["service"]
        settings = {"url": server.url, "user": service.user, "password": service.password, "port": 0, "site": str(site)}
        console = Console({**settings, "api_token": API_TOKEN, "sign_in": False}, folder / "console.log")

        async def stop_alerts() -> None:
            stop.set()
            await running

        try:
            await serving(backbone, running)
            await console.start()
            yield ControlRoom(server, backbone, puppets, console, stop_alerts)
        finally:
            assert await console.stop() in (0, -9), console.log.read_text()
            await stop_alerts()
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)


async def _alerts(folder: Path, registry: Registry, stop: asyncio.Event, backbone: Backbone) -> None:
    await alerts_process.run(
        registry,
        backbone,
        database_url=f"sqlite:///{folder / 'alerts.db'}",
        answer_base_url="http://127.0.0.1:9/answer",
        signing_key=SIGNING_KEY,
        stop=stop,
    )


async def close_all(room: ControlRoom) -> None:
    """Wait until every alert is closed, and do what that needs; that they ended is on its way."""
    async with asyncio.timeout(30):
        while found := await room.alerts.list(open=True):
            for alert in found:
                await _close(room, alert)
            await asyncio.sleep(0.1)


async def _close(room: ControlRoom, alert: AlertView) -> None:
    if alert.acknowledged_at_ns is None:
        await room.alerts.acknowledge(alert.id, by="test")
    elif alert.latched and not alert.active:
        await room.alerts.reset(alert.id, by="test")
