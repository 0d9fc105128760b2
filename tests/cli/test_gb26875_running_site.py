"""The commands against the real thing: the guide's site, its gateway process, simulated transmitters."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from backbone.server import free_ports
from cli.site_files import load_registry
from domain.clock import SystemClock
from gateway.process import Link, run
from simulators.gb26875.desk import Desk as Bench
from simulators.gb26875.desk import DeskSettings
from simulators.gb26875.dialect import DIALECTS
from simulators.gb26875.link import CentreAddress
from tests.cli.gateway_desk import Desk
from tests.servers import connected, embedded_server

pytestmark = pytest.mark.timeout(400)
"""Each test runs many commands or processes one after the other, on a machine that may be busy."""

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "gb26875.md").read_text("utf-8")
EAST, STRANGER = 889, 4711


def site_of_the_guide(folder: Path, port: int) -> Path:
    """Write the hotel with the guide's access gateway, which listens on a port of this test."""
    found = re.search(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert found is not None
    written = found[1].replace("port: 5900", f"port: {port}").replace("host: 0.0.0.0", "host: 127.0.0.1")
    allow = "allow: [10.20.0.0/16, 192.168.0.0/16]"
    assert allow in written
    site = folder / "site"
    shutil.copytree(ROOT / "examples" / "hotel", site)
    (site / "gateways" / "gw-access.yaml").write_text(written.replace(allow, "allow: [127.0.0.0/8]"), "utf-8")
    return site


def bench(port: int, address: int) -> Bench:
    """Return a simulated transmitter that calls the gateway."""
    centre = CentreAddress(port=port)
    return Bench(DeskSettings(centre=centre, dialect=DIALECTS["standard"], address=address, components=2))


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Desk, int]]:
    """Run a server and the access gateway of the guide; yields the site as commands meet it, and the port."""
    (port,) = free_ports(1)
    registry = load_registry(site_of_the_guide(folder, port))
    stop = asyncio.Event()
    async with (
        embedded_server(folder, [("hotel", "gw-access")]) as server,
        connected(server) as backbone,
    ):
        link = Link(
            nats_url=server.url,
            credentials=server.credentials["service"],
            mqtt_host="127.0.0.1",
            mqtt_port=server.mqtt_port,
        )
        process = asyncio.create_task(
            run(
                registry, unit="hotel", gateway="gw-access", link=link, state_dir=folder / "gateway",
                clock=SystemClock(), stop=stop,
            )
        )  # fmt: skip
        try:
            yield Desk(folder, backbone), port
        finally:
            stop.set()
            await process


async def asked(site: Desk, reached: Callable[[Any], bool], *arguments: str) -> Any:
    """Ask until the answer is as it should be; returns it."""
    async with asyncio.timeout(40):
        while True:
            done = await site.fengsui(*arguments, "--json")
            if done.exit_code == 0 and reached(found := json.loads(done.stdout)):
                return found
            await asyncio.sleep(0.2)


async def answered(site: Desk, device: Bench, *arguments: str) -> Result:
    """Run a roll-call while the person beside the device answers it as soon as it rings."""
    calling = asyncio.create_task(site.fengsui("roll-call", *arguments))
    async with asyncio.timeout(40):
        while device.transmitter.ringing_until_s is None and not calling.done():
            await asyncio.sleep(0.05)
    await device.type("answer 7")
    return await calling


async def test_an_installer_adopts_reads_sets_and_calls_on_a_running_site(tmp_path: Path) -> None:
    async with running(tmp_path) as (site, port), bench(port, EAST) as east, bench(port, STRANGER):
        rows = await asked(
            site, lambda rows: any(row["state"] == "up" for row in rows), "gb26875", "transmitters", "hotel"
        )
        strangers = await asked(site, bool, "gb26875", "strangers")
        yaml = await site.fengsui("gb26875", "strangers", "--yaml")
        read = await site.fengsui("gb26875", "read", "hotel/east-utd", "81", "--json")
        clock = await site.fengsui("gb26875", "set-clock", "hotel/east-utd")
        called = await answered(site, east, "hotel", "--minutes", "1", "--json")
        past = await site.fengsui("roll-call", "hotel", "--results", "--json")
        frames = await site.fengsui("gb26875", "listen", "--gateway", "hotel/gw-access", "--count", "1", "--json")
    states = {row["id"]: row["state"] for row in rows}
    assert states == {"east-utd": "up", "annexe-utd": "never"}
    assert [row["address"] for row in strangers] == [str(STRANGER)]
    assert f"address: {STRANGER}" in yaml.stdout
    assert read.exit_code == 0, read.output
    assert json.loads(read.stdout)["objects"][0]["state"] & 1
    assert clock.exit_code == 0, clock.output
    assert called.exit_code == 0, called.output
    (call,) = json.loads(called.stdout)
    assert (call["transmitter"], call["result"], call["operator"]) == ("east-utd", "present", 7)
    assert [one["id"] for one in json.loads(past.stdout)] == [call["id"]]
    assert json.loads(frames.stdout.splitlines()[0])["ok"]


async def test_a_roll_call_of_a_transmitter_that_is_away_is_no_ones_absence(tmp_path: Path) -> None:
    async with running(tmp_path) as (site, _):
        await asked(site, bool, "gb26875", "transmitters", "hotel")
        called = await site.fengsui("roll-call", "hotel", "--minutes", "1", "--lang", "en")
    assert called.exit_code == 3, called.output
    assert "line down, not the person's fault (not connected)" in called.stdout
