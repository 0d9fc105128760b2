"""The access server for GB/T 26875.3: 10,000 sessions, frames confirmed a second, latency, memory.

Three processes beside this one: a real nats-server, the gateway (spool synced to disk, uplink into the
log), and the callers. A confirm is counted from the last byte that the caller wrote to the confirm that
it read; the spool's commit and both processes' event loops lie in between.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from backbone.credentials import Credentials
from backbone.layout import TELEMETRY
from backbone.server import EmbeddedServer, free_ports
from benchmarks.gb26875_callers import FIRST_ADDRESS
from cli.platform import gateway_users
from cli.site_files import BUILT_IN_PROFILES, load_documents
from domain.clock import SystemClock
from domain.documents import Document
from domain.site import Registry, build_registry
from gateway import process

SESSIONS = 10_000
UNITS = 100
EASY_PER_S, LOAD_PER_S, LOAD_S = 1_000, 3_000, 10
FLOOD_S = 8
WARM_UP_S = 3


def rows() -> list[tuple[str, str, str]]:
    """Measure sessions, memory, rate and latency."""
    return asyncio.run(_measure())


async def _measure() -> list[tuple[str, str, str]]:
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            EmbeddedServer(folder / "nats", gateway_users(registry(port))) as server,
            _connected(server) as backbone,
        ):
            _write_link(folder, server.url, server.mqtt_port, server.credentials["gateway.town.centre"])
            async with _running("benchmarks.gb26875_access", str(folder), str(port)) as gateway:
                await gateway.heard()
                empty = _resident(gateway.pid)
                async with _running("benchmarks.gb26875_callers", str(port), str(SESSIONS)) as callers:
                    connected = await callers.heard()
                    await _delivered(backbone)
                    full = _resident(gateway.pid)
                    await callers.told(f"load {EASY_PER_S} {WARM_UP_S}")
                    easy = await callers.told(f"load {EASY_PER_S} {LOAD_S}")
                    before_s = _cpu_s(gateway.pid)
                    steady = await callers.told(f"load {LOAD_PER_S} {LOAD_S}")
                    await _delivered(backbone)
                    whole_us = (_cpu_s(gateway.pid) - before_s) / steady["confirmed"] * 1e6
                    flood = await callers.told(f"flood {FLOOD_S}")
        stored_us = await _without_log(folder / "alone")
    kept = connected["connected"]
    return [
        ("GB/T 26875.3 sessions in one process", f"{kept:,.0f} in {connected['seconds']:.1f} s", "10,000 / 50,000"),
        ("  memory of an idle session", f"{(full - empty) / kept / 1000:.1f} kB", "20 kB"),
        (f"  {EASY_PER_S:,} frames/s: last byte → confirm, p50 / p99", _ms(easy), "-"),
        (f"  {LOAD_PER_S:,} frames/s, confirmed", f"{steady['confirmed'] / steady['sent']:.1%}", "all"),
        ("  last byte → confirm, p50 / p99", _ms(steady), "p99 100 ms"),
        (
            "  … CPU of the gateway for a frame, delivery to the log included / without a log",
            f"{whole_us:.0f} / {stored_us:.0f} µs",
            "-",
        ),
        ("  most frames confirmed", f"{flood['confirmed'] / flood['seconds']:,.0f}/s", "3,000 / 10,000"),
    ]


async def _without_log(folder: Path) -> float:
    """Return µs of CPU that a frame costs a gateway that finds no log: it is stored and confirmed, and waits."""
    port, nobody = free_ports(2)
    _write_link(folder, f"nats://127.0.0.1:{nobody}", nobody, Credentials("", ""))
    async with _running("benchmarks.gb26875_access", str(folder), str(port)) as gateway:
        await gateway.heard()
        async with _running("benchmarks.gb26875_callers", str(port), str(SESSIONS)) as callers:
            await callers.heard()
            await callers.told(f"load {EASY_PER_S} {WARM_UP_S}")
            before_s = _cpu_s(gateway.pid)
            steady = await callers.told(f"load {LOAD_PER_S} {LOAD_S}")
            return (_cpu_s(gateway.pid) - before_s) / steady["confirmed"] * 1e6


def _ms(figures: dict[str, float]) -> str:
    return f"{figures['p50']:.0f} / {figures['p99']:.0f} ms"


class _Child:
    """A process that speaks JSON lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def heard(self) -> dict[str, float]:
        """Return its next line."""
        assert self._process.stdout is not None  # noqa: S101  # piped
        found: dict[str, float] = json.loads(await self._process.stdout.readline())
        return found

    async def told(self, command: str) -> dict[str, float]:
        """Tell it something and return its answer."""
        assert self._process.stdin is not None  # noqa: S101  # piped
        self._process.stdin.write(f"{command}\n".encode())
        return await self.heard()


@asynccontextmanager
async def _running(module: str, *arguments: str) -> AsyncIterator[_Child]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, stdin=pipe, stdout=pipe)
    try:
        yield _Child(process)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _connected(server: EmbeddedServer) -> AsyncIterator[Backbone]:
    async with await Backbone.connect(server.url, credentials=server.credentials["service"], name="bench") as backbone:
        await backbone.ensure_streams()
        yield backbone


async def _delivered(backbone: Backbone) -> None:
    """Wait until the log has stopped growing: the births of all nodes are in it."""
    before = -1
    while (last := await backbone.last_seq(TELEMETRY)) != before:
        before = last
        await asyncio.sleep(2)


def _resident(pid: int) -> int:
    """Return bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process has used so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def registry(port: int) -> Registry:
    """Return a site of `SESSIONS` transmitters with one declared component each."""
    site = {
        "site": "bench",
        "labels": _labels("bench"),
        "units": [_unit("town"), *(_unit(f"u{n}") for n in range(UNITS))],
    }
    connection = {
        "id": "access",
        "protocol": "gb26875",
        "settings": {"port": port, "limits": {"unknown_per_ip": SESSIONS + 1}},
        "transmitters": [_transmitter(number) for number in range(SESSIONS)],
    }
    gateway = {"gateway": "centre", "unit": "town", "labels": _labels("centre"), "connections": [connection]}
    profiles = [one for one in load_documents(BUILT_IN_PROFILES) if str(one.value(("protocol",))) == "gb26875"]
    return build_registry(Document("site.yaml", site), [Document("gateways/centre.yaml", gateway)], profiles)


def _labels(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _unit(name: str) -> dict[str, Any]:
    zone = {"id": "room", "kind": "room", "floor": 1, "labels": _labels("room")}
    building = {"id": "main", "labels": _labels("main"), "zones": [zone]}
    return {"id": name, "labels": _labels(name), "buildings": [building]}


def _transmitter(number: int) -> dict[str, Any]:
    component = {"id": f"c{number}", "at": "10-2", "type": 42, "labels": _labels("smoke")}
    system = {"id": f"s{number}", "type": 1, "labels": _labels("alarm system"), "components": [component]}
    return {
        "id": f"t{number}",
        "unit": f"u{number % UNITS}",
        "address": FIRST_ADDRESS + number,
        "profile": "standard",
        "zone": "room",
        "labels": _labels(f"t{number}"),
        "systems": [system],
    }


def _write_link(folder: Path, url: str, mqtt: int, own: Credentials) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "link.json").write_text(
        json.dumps({"url": url, "mqtt": mqtt, "user": own.user, "password": own.password})
    )


async def _serve(folder: Path, port: int) -> None:
    """Run the gateway; says ``{}`` as soon as it listens."""
    told = json.loads((folder / "link.json").read_text())
    link = process.Link(
        nats_url=told["url"],
        credentials=Credentials(told["user"], told["password"]),
        mqtt_host="127.0.0.1",
        mqtt_port=told["mqtt"],
    )
    announcing = asyncio.create_task(_announce(port))
    await process.run(
        registry(port),
        unit="town",
        gateway="centre",
        link=link,
        state_dir=folder / "gateway",
        clock=SystemClock(),
        stop=asyncio.Event(),
    )
    announcing.cancel()


async def _announce(port: int) -> None:
    while True:
        await asyncio.sleep(0.2)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            continue
        writer.close()
        print("{}", flush=True)
        return


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
