"""A whole running site follows its folder: what is new reaches the store and the rules, nobody else is disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from backbone.client import Backbone
from backbone.layout import ALARMS, TELEMETRY
from backbone.server import free_ports
from cli.platform import Platform
from cli.session import open_session
from cli.site_follower import SiteFollower
from domain.clock import SystemClock
from domain.errors import LinkError
from ingest.face import QueryFace
from simulators.gb26875.dialect import STANDARD
from simulators.gb26875.equipment import bench_equipment
from simulators.gb26875.link import CentreAddress, Link
from simulators.gb26875.outbox import Outbox
from simulators.gb26875.transmitter import Transmitter
from tests.cli.reload_site import Line, pressure, until
from tests.gateway.gateway_sites import GATEWAY, LABELS, SITE, UNIT
from tests.gateway.house import transmitter

CHINA = timezone(timedelta(hours=8))
RULE = {
    "id": "too_low", "version": "1", "labels": LABELS, "class": "fault", "level": "warning",
    "watches": {"kind": "pressure_transmitter", "point": "pressure"},
    "condition": {"below": {"limit": "low", "hysteresis": 20, "quantity": "kPa"}},
    "messages": {"zh": "水压{value}低", "en": "pressure {value} low"},
}  # fmt: skip


def write(site: Path, gateway: str, *connections: dict[str, Any]) -> None:
    for folder in ("gateways", "rules"):
        (site / folder).mkdir(parents=True, exist_ok=True)
    (site / "site.yaml").write_text(json.dumps(SITE))
    (site / "rules" / "too_low.yaml").write_text(json.dumps(RULE))
    told = {"gateway": gateway, "unit": UNIT, "labels": LABELS, "connections": connections}
    draft = site / "draft"
    draft.write_text(json.dumps(told))
    draft.replace(site / "gateways" / f"{gateway}.yaml")


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Platform, Backbone]]:
    """Run a platform that follows its folder."""
    platform = Platform(open_session(folder / "site", folder / "state"), free_ports(1)[0])
    following = None
    try:
        await platform.start_backbone()
        await platform.start_processes()
        following = asyncio.create_task(SiteFollower(platform).run())
        async with await platform.connect("test") as backbone:
            yield platform, backbone
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await platform.stop()


@contextlib.asynccontextmanager
async def calling(port: int) -> AsyncIterator[None]:
    """Let a transmitter call in, again and again until somebody listens."""
    made = Transmitter(
        "utd", 1, bench_equipment(2, (1,)), STANDARD, clock=SystemClock(), zone=CHINA, outbox=Outbox(patience_s=10)
    )
    link = Link(made, CentreAddress(port=port), fault_of=lambda: None, retry_s=0.2)
    task = asyncio.create_task(link.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.timeout(500)
async def test_new_devices_transmitters_and_gateways_reach_store_and_rules_while_the_site_runs(tmp_path: Path) -> None:
    near, far = Line(), Line()
    access_port = free_ports(1)[0]
    async with near.server, far.server, calling(access_port):
        first = near.described("near", [pressure(1)])
        write(tmp_path / "site", GATEWAY, first)
        async with running(tmp_path) as (platform, backbone):
            store = QueryFace(backbone)
            await stored(store, 1)
            children = platform.supervisor.children if platform.supervisor is not None else {}
            process = children[f"gateway-{UNIT}-{GATEWAY}"]
            pid = process.pid
            access = {
                "id": "access", "protocol": "gb26875", "settings": {"port": access_port},
                "transmitters": [transmitter(1)],
            }  # fmt: skip
            low = pressure(2, limits={"pressure": {"low": 600}})
            write(tmp_path / "site", GATEWAY, first, far.described("far", [low]), access)
            write(tmp_path / "site", "gw-west", near.described("west", [pressure(3)]))
            await stored(store, 2)
            await stored(store, 3)

            async def alarmed() -> bool:
                return any(b'"hotel/pressure-2' in one.data for one in await backbone.messages(ALARMS))

            async def hosted() -> list[str]:
                found = await backbone.messages(TELEMETRY, subjects=["*.hotel.NBIRTH.*"])
                return [one.subject.rpartition(".")[2] for one in found]

            await until(alarmed, bool, timeout_s=90)  # four processes start anew before gateways are seen to
            births = await until(hosted, lambda found: "utd-1" in found, timeout_s=90)
            assert births.count(GATEWAY) == 1
            assert (process.pid, process.restarts, near.server.accepted) == (pid, 0, 2)  # two gateways poll it

            (tmp_path / "site" / "gateways" / "gw-west.yaml").unlink()
            await until(lambda: asyncio.sleep(0, list(children)), without_west, timeout_s=90)


def without_west(names: list[str]) -> bool:
    return f"gateway-{UNIT}-gw-west" not in names


async def stored(store: QueryFace, number: int) -> None:
    """Wait until the store has readings of a device."""
    key = f"{UNIT}/pressure-{number}/pressure"

    async def look() -> bool:
        with contextlib.suppress(LinkError):
            return key in await store.latest(unit=UNIT)
        return False

    await until(look, bool, timeout_s=90)
