"""Rooms whose gateway is a real one: it polls simulated Modbus devices, or transmitters call it.

Rules and the store are puppets, as in `tests.dashboards.control_room`. The sites are those of `premises` and
`district`, of which the gateway has files that say where its devices really are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backbone.server import EmbeddedServer, free_ports
from backbone.server_config import GatewayUser
from domain.clock import SystemClock
from domain.documents import Document
from domain.site import Registry, build_registry
from gateway.process import Link, run
from simulators.devices.modbus import ModbusServer
from simulators.devices.modbus_pdu import RegisterBank
from tests.dashboards import control_room as rooms
from tests.dashboards.control_room import API_TOKEN, Console, ControlRoom, Puppets
from tests.dashboards.district import HOST, district
from tests.dashboards.premises import labels, premises
from tests.servers import answering, connected, embedded_server

UNIT, GATEWAY = "hotel", "gw-east"
PANEL_AT, PRESSURE_AT = 1, 2
TRANSMITTERS = 4


@dataclass
class LineRoom:
    """A room and the simulated devices of its line; take one out of ``banks`` and it answers no more."""

    room: ControlRoom
    banks: dict[int, RegisterBank]


@dataclass
class AccessRoom:
    """A room whose gateway listens for transmitters at ``port``."""

    room: ControlRoom
    port: int


@asynccontextmanager
async def line_room(folder: Path, *, operator_password: str | None = None) -> AsyncIterator[LineRoom]:
    """Open the hotel with a real gateway that polls a line."""
    banks = {
        PANEL_AT: RegisterBank(holding={0: 1, 1: 1}),
        PRESSURE_AT: RegisterBank(holding={0: 652, 1: 87}),
    }
    async with (
        ModbusServer(banks) as devices,
        _room(folder, _hotel(devices.port), GATEWAY, operator_password=operator_password) as room,
    ):
        yield LineRoom(room, banks)


@asynccontextmanager
async def access_room(folder: Path, *, operator_password: str | None = None) -> AsyncIterator[AccessRoom]:
    """Open a district with a real gateway that transmitters call."""
    (port,) = free_ports(1)
    site = _listening(district(TRANSMITTERS), port)
    async with _room(
        folder, site, HOST.partition("/")[2], operator_password=operator_password, transmitters=TRANSMITTERS
    ) as room:
        await answering(port)
        yield AccessRoom(room, port)


@asynccontextmanager
async def _room(
    folder: Path, site: Registry, gateway: str, *, operator_password: str | None, transmitters: int = 0
) -> AsyncIterator[ControlRoom]:
    """Open a room whose gateway runs with ``site``; everything is stopped at the end."""
    hosted = tuple((one.settings.unit, one.settings.id) for one in site.hosted_by(UNIT, gateway))
    shown = district(transmitters) if transmitters else premises()
    async with embedded_server(folder, [GatewayUser(UNIT, gateway, hosted)]) as server, connected(server) as backbone:
        puppets = Puppets("gateway.hotel.nobody")
        await puppets.answer(backbone)
        async with (
            rooms._alerts(folder, shown, backbone, operator_password) as stop_alerts,  # ours
            rooms._task(puppets.speak(backbone)),  # the same
            _gateway(site, server, gateway, folder / "gateway"),
        ):
            console = Console(_settings(server, operator_password, transmitters), folder / "console.log")
            await console.start()
            try:
                yield ControlRoom(server, backbone, puppets, console, stop_alerts)
            finally:
                assert await console.stop() in (0, -9), console.log.read_text()


def _settings(server: EmbeddedServer, operator_password: str | None, transmitters: int) -> dict[str, Any]:
    service = server.credentials["service"]
    return {
        "url": server.url,
        "user": service.user,
        "password": service.password,
        "port": 0,
        "api_token": API_TOKEN,
        "sign_in": operator_password is not None,
        "transmitters": transmitters,
    }


@asynccontextmanager
async def _gateway(registry: Registry, server: EmbeddedServer, gateway: str, folder: Path) -> AsyncIterator[None]:
    link = Link(
        nats_url=server.url,
        credentials=server.credentials[f"gateway.{UNIT}.{gateway}"],
        mqtt_host="127.0.0.1",
        mqtt_port=server.mqtt_port,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(
        run(registry, unit=UNIT, gateway=gateway, link=link, state_dir=folder, clock=SystemClock(), stop=stop)
    )
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 60)


def _listening(site: Registry, port: int) -> Registry:
    """Return the district with the port that its gateway is to listen on."""
    gateway = site.gateways[HOST]
    (access,) = gateway.connections
    moved = access.model_copy(update={"settings": {"port": port}})
    return replace(site, gateways={**site.gateways, HOST: gateway.model_copy(update={"connections": (moved,)})})


def _hotel(port: int) -> Registry:
    """Return the hotel as its gateway's files have it: the same devices, with registers, on the simulated line."""
    zones = [
        {"id": "exit", "kind": "exit", "floor": 1, "labels": labels("安全出口", "exit")},
        {"id": "pump", "kind": "pump_room", "floor": -1, "labels": labels("消防泵房", "fire pump room")},
    ]
    building = {"id": "east", "labels": labels("东楼", "East building"), "zones": zones}
    unit = {"id": UNIT, "labels": labels("酒店", "Hotel"), "buildings": [building]}
    site = Document("site.yaml", {"site": "test", "labels": labels("酒店", "Hotel"), "units": [unit]})
    devices = [
        {"id": "panel", "profile": "panel", "zone": "exit", "address": PANEL_AT, "labels": labels("控制器", "Panel")},
        {
            "id": "pressure",
            "profile": "pressure",
            "zone": "pump",
            "address": PRESSURE_AT,
            "labels": labels("压力", "P"),
        },
    ]
    connection = {
        "id": "line",
        "protocol": "modbus_tcp",
        "period_s": 0.5,
        "settings": {"host": "127.0.0.1", "port": port, "timeout_s": 0.3, "retry_s": 0.5},
        "devices": devices,
    }
    gateway = {"gateway": GATEWAY, "unit": UNIT, "labels": labels("东楼网关", "East"), "connections": [connection]}
    return build_registry(site, [Document("gw.yaml", gateway)], _PROFILES)


def _profile(name: str, kind: str, points: list[dict[str, Any]]) -> Document:
    values = {
        "profile": name,
        "protocol": "modbus_tcp",
        "kind": kind,
        "labels": labels(kind, kind),
        "source": "test",
        "max_silence_s": 10,
    }
    return Document(f"{name}.yaml", {**values, "points": points})


def _register(address: int) -> dict[str, Any]:
    return {"function": "holding", "address": address, "type": "u16"}


_PROFILES = [
    _profile(
        "pressure",
        "pressure_transmitter",
        [
            {
                "id": "pressure", "quantity": "kPa", "labels": labels("压力", "Pressure"), "low": 250, "high": 1200,
                "read": {**_register(0), "quantity": "kPa"},
            },
            {
                "id": "battery", "quantity": "percent", "labels": labels("电池", "Battery"),
                "read": {**_register(1), "quantity": "percent"},
            },
        ],
    ),
    _profile(
        "panel",
        "fire_panel",
        [
            {"id": "state", "kind": "state", "labels": labels("系统状态", "System state"), "read": _register(0)},
            {"id": "l1p01", "kind": "state", "labels": labels("1回路1号", "Loop 1 point 1"), "read": _register(1)},
        ],
    ),
]  # fmt: skip
