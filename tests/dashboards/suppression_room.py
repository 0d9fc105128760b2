"""A control room with people of several roles, and things that keep them from being told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from alerts.maintenance_face import MaintenanceFace
from alerts.out_of_service_face import AddRequest, OutOfServiceFace
from domain.alarm import AlarmClass, Place
from domain.clock import NS_PER_S
from tests.dashboards.control_room import ControlRoom, control_room
from tests.dashboards.test_accounts_api import BEARER, PASSWORD

PEOPLE = {
    "lin": ("林班长", "Shift leader Lin", ["supervisor", "operator"]),
    "wang": ("王参谋", "Officer Wang", ["supervisor"]),
    "zhao": ("赵安装", "Installer Zhao", ["installer"]),
}
SECRET = "a good long password"  # noqa: S105  # of a loopback server
PUMP = Place(
    unit="hotel", building="east", floor=-1, zone="pump", zone_kind="pump_room", gateway="gw-east", device="pressure"
)
HOUR_NS = 3600 * NS_PER_S


@asynccontextmanager
async def staffed_room(folder: Path, *, transmitters: int = 0) -> AsyncIterator[ControlRoom]:
    """Open a room in which `PEOPLE` have accounts."""
    async with control_room(folder, operator_password=PASSWORD, transmitters=transmitters) as room:
        for name in PEOPLE:
            await hire(room, name)
        yield room


async def hire(room: ControlRoom, name: str) -> None:
    """Give one of `PEOPLE` an account whose password is theirs already."""
    zh, en, roles = PEOPLE[name]
    async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as admin:
        body = {"id": name, "name": zh, "name_en": en, "roles": roles, "password": SECRET, "must_change": False}
        made = await admin.post("/api/v1/users", json={**body, "everywhere": True})
        assert made.status_code == 201, made.text


async def quiet_things(room: ControlRoom) -> None:
    """Let a pump be out of service, the exit be in maintenance tomorrow, and a fault be disabled at the panel."""
    now_ns = time.time_ns()
    request = AddRequest(unit="hotel", devices=("pressure",), by="王参谋", reason="更换压力变送器", duration_s=7200)
    await OutOfServiceFace(room.backbone).add(request)
    await MaintenanceFace(room.backbone).begin(
        "hotel",
        by="王参谋",
        reason="年度检测",
        zones=("exit",),
        from_ns=now_ns + 24 * HOUR_NS,
        until_ns=now_ns + 28 * HOUR_NS,
    )
    await room.alarm(
        "pressure-low",
        alarm_class=AlarmClass.FAULT,
        place=PUMP,
        text_zh="喷淋泵压力低",
        text_en="Sprinkler pump pressure low",
    )
    await room.alarm(
        "component_shielded",
        alarm_class=AlarmClass.SUPERVISORY,
        text_zh="3回路12号点被屏蔽",
        text_en="Loop 3 point 12 is disabled",
    )
