"""MQTT JSON into one gateway: messages of 10 readings, acknowledged to the broker after the commit.

A real Mosquitto with a send window of 1,000; a second process publishes at QoS 1. The gateway half is
the connector and the spool in this process, nothing in between.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backbone.server import free_ports
from domain.clock import SystemClock
from domain.documents import Document
from domain.site import build_registry
from gateway.connectors.contract import Wiring
from gateway.connectors.mqtt_json.connector import MqttJsonConnector
from gateway.spool import Spool, SpoolLimits

MESSAGES = 30_000
DEVICES = 50
FIELDS = 10
LABELS = {"zh": "测", "en": "bench"}

PUBLISH = """
import asyncio, json, sys, time
import aiomqtt
port, messages, devices, fields = map(int, sys.argv[1:])
async def main():
    async with aiomqtt.Client("127.0.0.1", port, max_inflight_messages=500) as client:
        client.pending_calls_threshold = 10**9
        for start in range(0, messages, 500):
            await asyncio.gather(*(
                client.publish(f"bench/d{n % devices}/up", json.dumps(
                    {"ts": int(time.time() * 1000)} | {f"f{at}": n + at for at in range(fields)}), qos=1, timeout=60)
                for n in range(start, start + 500)))
asyncio.run(main())
"""


def rows() -> list[tuple[str, str, str]]:
    """Return messages a second, or say what is missing."""
    budget = "10,000 / 25,000"
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        return [("MQTT JSON into one gateway, 10 readings a message", "mosquitto is not installed", budget)]
    live, queued = asyncio.run(_measure(program))
    return [
        ("MQTT JSON into one gateway, 10 readings a message", f"{queued:,.0f} messages/s", budget),
        ("  while the publisher runs on the same machine", f"{live:,.0f} messages/s", "-"),
    ]


async def _measure(program: str) -> tuple[float, float]:
    """Return the rate with the publisher beside it, and the rate of draining what the broker queued."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with _broker(program, folder) as port:
            await _take(folder, port, 0)  # from here on the broker keeps what comes for us
            publisher = _publish(port)
            live = await _take(folder, port, MESSAGES)
            publisher.wait()
            publisher = _publish(port)
            await asyncio.to_thread(publisher.wait)
            queued = await _take(folder, port, MESSAGES)
    return live, queued


def _publish(port: int) -> subprocess.Popen[bytes]:
    words = [str(number) for number in (port, MESSAGES, DEVICES, FIELDS)]
    return subprocess.Popen([sys.executable, "-c", PUBLISH, *words])  # noqa: S603  # our own text


async def _take(folder: Path, port: int, messages: int) -> float:
    """Run the connector into a new spool until it has ``messages``; returns messages a second from the first."""
    spool = await Spool.open(
        folder / f"spool-{time.time_ns()}", limits=SpoolLimits(most_bytes=2**32), clock=SystemClock()
    )
    connector = MqttJsonConnector(_wiring(port))
    task = asyncio.create_task(connector.run(spool))
    start = 0.0
    while not connector.health().ok or (await spool.figures()).counters["accepted"] < messages * FIELDS:
        if not start and connector.health().polls:
            start = time.perf_counter()
        await asyncio.sleep(0.005)
    rate = messages / (time.perf_counter() - start) if start else 0.0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await spool.close()
    return rate


def _wiring(port: int) -> Wiring:
    zone = {"id": "room", "kind": "room", "floor": 1, "labels": LABELS}
    unit = {"id": "u", "labels": LABELS, "buildings": [{"id": "b", "labels": LABELS, "zones": [zone]}]}
    devices = [
        {"id": f"d{n}", "profile": "bench", "zone": "room", "labels": LABELS, "address": f"d{n}"}
        for n in range(DEVICES)
    ]
    settings = {"host": "127.0.0.1", "port": port}
    line = {"id": "bench", "protocol": "mqtt_json", "settings": settings, "devices": devices}
    points = [{"id": f"p{at}", "labels": LABELS, "read": {"path": f"f{at}"}} for at in range(FIELDS)]
    profile = {
        "profile": "bench", "protocol": "mqtt_json", "kind": "bench", "labels": LABELS, "source": "benchmark",
        "options": {"topic": "bench/{address}/up", "time": "ts"}, "points": points,
    }  # fmt: skip
    registry = build_registry(
        Document("site.yaml", {"site": "s", "labels": LABELS, "units": [unit]}),
        [Document("gateways/g.yaml", {"gateway": "g", "unit": "u", "labels": LABELS, "connections": [line]})],
        [Document("profiles/bench.yaml", profile)],
    )
    gateway = registry.gateways["u/g"]
    return Wiring(
        unit="u",
        gateway="g",
        connection=gateway.connections[0],
        devices=tuple(registry.devices.values()),
        table=registry.gateway_points("u", "g"),
        clock=SystemClock(),
    )


@asynccontextmanager
async def _broker(program: str, folder: Path) -> AsyncIterator[int]:
    port = free_ports(1)[0]
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\n"
    )
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await asyncio.sleep(0.5)
        yield port
    finally:
        process.terminate()
        await process.wait()
