"""Resident memory of one gateway process that polls 2,000 points every second, and what a look at its metrics costs.

Everything is real: ``fengsui gateway`` as a process of its own, a site folder, a log that acknowledges, Modbus TCP
servers in another process. Memory is read when it has polled for half a minute, with the HTTP face on and asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from backbone.client import Backbone
from benchmarks.modbus_reads import BLOCK, serve
from tests.gateway.gateway_sites import GATEWAY, SITE, UNIT, connection, device, gateway_document
from tests.servers import connected, embedded_server

UNITS, POINTS_A_UNIT = 40, 50
WARM_S, LOOKS = 30.0, 20
START_S = 60.0


def rows() -> list[tuple[str, str, str]]:
    """Return the memory in MB, and the time of a scrape."""
    memory, scrape_s, size = asyncio.run(_measure())
    points = UNITS * POINTS_A_UNIT
    return [
        (f"gateway process, {points:,} points polled each second: resident memory", f"{memory:.0f} MB", "120 / 70 MB"),
        (f"  one look at its metrics ({size // 1024} KiB), seen from outside", f"{scrape_s * 1e3:.0f} ms", "50 ms"),
    ]


async def _measure() -> tuple[float, float, int]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = await asyncio.to_thread(ours.recv)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write_site(folder / "site", port)
            async with embedded_server(folder, [(UNIT, GATEWAY)]) as log, connected(log) as backbone:
                await backbone.ensure_streams()
                async with _gateway(folder, log.url, log.mqtt_port) as child:
                    return await _look(backbone, child.pid)
    finally:
        server.terminate()
        await asyncio.to_thread(server.join)


def _write_site(folder: Path, port: int) -> None:
    """Write the site; JSON is YAML too."""
    settings = {"host": "127.0.0.1", "port": port}
    devices = [device(f"d{unit}", "block", unit) for unit in range(1, UNITS + 1)]
    gateway = gateway_document(connection("line", "modbus_tcp", settings, devices, 1.0)).data
    for path, data in (("site", SITE), (f"gateways/{GATEWAY}", gateway), ("profiles/block", BLOCK)):
        file = folder / f"{path}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(data, ensure_ascii=False), "utf-8")


@contextlib.asynccontextmanager
async def _gateway(folder: Path, url: str, mqtt_port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    words = ["gateway", "--site", str(folder / "site"), "--state", str(folder), "--unit", UNIT, "--gateway", GATEWAY]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *words, "--link-nats", url, "--link-mqtt", str(mqtt_port),
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.terminate()
        await child.wait()


async def _look(backbone: Backbone, pid: int) -> tuple[float, float, int]:
    """Return resident memory [MB], the median time of a scrape [s] and its size in bytes."""
    url = await _where(backbone)
    await asyncio.sleep(WARM_S)
    loop, took, text = asyncio.get_running_loop(), [], b""
    async with aiohttp.ClientSession() as session:
        for _ in range(LOOKS):
            began_s = loop.time()
            async with session.get(f"{url}/metrics") as answer:
                text = await answer.read()
            took.append(loop.time() - began_s)
    assert b"fengsui_gateway_readings_accepted_total" in text  # noqa: S101  # a benchmark of what works
    return _resident(pid), median(took), len(text)


async def _where(backbone: Backbone) -> str:
    async with asyncio.timeout(START_S):
        while True:
            status: dict[str, Any] = (await backbone.statuses()).get(f"gateway.{UNIT}.{GATEWAY}", {})
            if status.get("http") and status.get("published", 0) > UNITS * POINTS_A_UNIT:
                return str(status["http"])
            await asyncio.sleep(0.2)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
