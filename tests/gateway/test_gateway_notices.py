"""Notices to the service manager: a real gateway process and a real datagram socket, and loops that stand still."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.observing.notify import Notifier
from tests.gateway.gateway_place import Plant
from tests.servers import require

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
WATCHED = ("fengsui.service", "fengsui-gateway@.service")
"""Those whose process tells the service manager that its loops turn."""

CHILD = """
import asyncio, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from gateway import process
from gateway.observing import vitals
from domain.clock import SystemClock
from gateway.process import Link
from tests.gateway.gateway_place import line_registry
from tests.gateway.gateway_sites import GATEWAY, UNIT

vitals.STUCK_S, vitals.BEAT_S = 2.0, 0.2
spools = []

class Watched(process.Spool):
    @classmethod
    async def open(cls, *args, **more):
        spools.append(await super().open(*args, **more))
        return spools[-1]

process.Spool = Watched

async def main():
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, time.sleep, 600)
    loop.add_signal_handler(signal.SIGUSR2, lambda: spools[0]._thread.submit(time.sleep, 9))
    link = Link(nats_url="nats://127.0.0.1:1", credentials=None, mqtt_host="127.0.0.1", mqtt_port=1)
    await process.run(line_registry(int(sys.argv[2])), unit=UNIT, gateway=GATEWAY, link=link,
                      state_dir=Path(sys.argv[3]), clock=SystemClock(), stop=stop)

asyncio.run(main())
"""


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)  # the socket's own form
        self.heard: list[str] = []

    async def until(self, notice: str, timeout_s: float = 30) -> None:
        async with asyncio.timeout(timeout_s):
            while notice not in self.heard:
                data = await asyncio.get_running_loop().sock_recv(self.socket, 4096)
                self.heard += data.decode().split("\n")

    async def silent_for(self, seconds: float) -> bool:
        """Tell whether no watchdog notice comes for so long."""
        self.heard.clear()
        with contextlib.suppress(TimeoutError):
            await self.until("WATCHDOG=1", seconds)
        return "WATCHDOG=1" not in self.heard


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Manager, str]]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@fengsui-{uuid.uuid4().hex}"
    found = Manager(address)
    yield found, address
    found.socket.close()


@contextlib.asynccontextmanager
async def gateway_process(folder: Path, address: str) -> AsyncIterator[asyncio.subprocess.Process]:
    plant = Plant()
    async with plant.server:
        environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "900000"}
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, str(ROOT), str(plant.server.port), str(folder / "state"), env=environment
        )
        try:
            yield child
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def test_a_gateway_is_ready_lives_and_says_that_it_stops(manager: tuple[Manager, str], tmp_path: Path) -> None:
    heard, address = manager
    async with gateway_process(tmp_path, address) as child:
        await heard.until("READY=1")
        for _ in range(3):
            heard.heard.clear()
            await heard.until("WATCHDOG=1")
        await heard.until("STATUS=1 of 1 connections up, uplink away, spooling")
        child.terminate()
        await heard.until("STOPPING=1")
        assert await asyncio.wait_for(child.wait(), 30) == 0


async def test_an_event_loop_that_stands_still_is_not_said_to_live(tmp_path: Path) -> None:
    heard = Manager(str(tmp_path / "notify"))
    async with gateway_process(tmp_path, str(tmp_path / "notify")) as child:
        await heard.until("READY=1")
        heard.heard.clear()
        await heard.until("WATCHDOG=1")
        child.send_signal(signal.SIGUSR1)  # a handler that sleeps: what a defect in our own code would do
        await heard.silent_for(1.0)  # what was under way
        assert await heard.silent_for(3.0)
    heard.socket.close()


async def test_a_spool_that_commits_nothing_is_not_said_to_live_and_is_again_when_it_does(tmp_path: Path) -> None:
    heard = Manager(str(tmp_path / "notify"))
    async with gateway_process(tmp_path, str(tmp_path / "notify")) as child:
        await heard.until("READY=1")
        child.send_signal(signal.SIGUSR2)  # its thread hangs for 9 s, as on a disk that does not answer
        async with asyncio.timeout(30):
            while not any(notice.startswith("STATUS=stuck: the spool has committed nothing") for notice in heard.heard):
                heard.heard += (await asyncio.get_running_loop().sock_recv(heard.socket, 4096)).decode().split("\n")
        assert await heard.silent_for(3.0)
        await heard.until("WATCHDOG=1", 60)
    heard.socket.close()


async def test_without_a_service_manager_nothing_is_said(tmp_path: Path) -> None:
    silent = Notifier({})
    assert not silent.is_heard
    silent.send("READY=1")
    gone = Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    gone.send("READY=1")
    gone.close()
    gone.send("READY=1")


@pytest.mark.parametrize(
    ("environment", "expected_s"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdogs_time_is_that_of_this_process(environment: dict[str, str], expected_s: float) -> None:
    assert Notifier(environment).watchdog_s == expected_s


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_sound_watched_and_hardened(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text("utf-8")
    watched = ("Type=notify", "WatchdogSec=60") if unit.name in WATCHED else ("Type=exec",)
    for line in (
        *watched, "Restart=always", "NoNewPrivileges=yes", "ProtectSystem=strict",
        "DevicePolicy=closed", "CapabilityBoundingSet=", "User=fengsui",
    ):  # fmt: skip
        assert line in text.splitlines()
    assert "StateDirectory=fengsui" in text
    verifier = require("systemd-analyze")
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"/opt/fengsui/bin/[a-z-]+", sys.executable, text), "utf-8")
    done = subprocess.run([verifier, "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
