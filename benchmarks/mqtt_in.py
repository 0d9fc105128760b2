"""MQTT JSON into one gateway: messages of 10 readings, acknowledged to the broker after the commit.

A real Mosquitto with a send window of 1,000; a second process publishes at QoS 1, from 500 devices. The gateway half is
the connector and the spool in this process, nothing in between. Beside the rate stands the processor time of
the gateway process for a message, the spool's thread included: a busy machine disturbs it less.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
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

MESSAGES = 40_000
RUNS = 3
DEVICES = 500
FIELDS = 10
LABELS = {"zh": "测", "en": "bench"}


def rows() -> list[tuple[str, str, str]]:
    """Return messages a second, or say what is missing."""
    budget = "10,000 / 25,000"
    program = mosquitto_program()
    if program is None:
        return [("MQTT JSON into one gateway, 10 readings a message", "mosquitto is not installed", budget)]
    live, queued = asyncio.run(_measure(program))
    return [
        ("MQTT JSON into one gateway, 10 readings a message", _told(queued), budget),
        ("  while the publisher runs on the same machine", _told(live), "-"),
    ]


def mosquitto_program() -> str | None:
    """Return where Mosquitto is installed, None where it is not."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def _told(runs: list[tuple[float, float]]) -> str:
    rates, spent = sorted(rate for rate, _ in runs), statistics.median(spent for _, spent in runs)
    middle = statistics.median(rates)
    return f"{middle:,.0f} messages/s ({rates[0]:,.0f}-{rates[-1]:,.0f}); {spent:.0f} µs each"


async def _measure(program: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return the rates with the publisher beside it, and the rates of draining what the broker queued."""
    live, queued = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with broker(program, folder) as port:
            await _take(folder, port, 0)  # from here on the broker keeps what comes for us
            for _ in range(RUNS):
                publisher = _publish(port)
                live.append(await _take(folder, port, MESSAGES))
                publisher.wait()
                publisher = _publish(port)
                await asyncio.to_thread(publisher.wait)
                queued.append(await _take(folder, port, MESSAGES))
    return live, queued


def _publish(port: int) -> subprocess.Popen[bytes]:
    words = [str(number) for number in (port, MESSAGES, DEVICES, FIELDS)]
    return subprocess.Popen([sys.executable, "-m", "benchmarks.mqtt_publisher", *words])  # noqa: S603  # our own words


async def _take(folder: Path, port: int, messages: int) -> tuple[float, float]:
    """Run the connector into a new spool until it has ``messages``.

    Returns messages a second from the first, and microseconds of this process for each.
    """
    spool = await Spool.open(
        folder / f"spool-{time.time_ns()}", limits=SpoolLimits(most_bytes=2**32), clock=SystemClock()
    )
    connector = MqttJsonConnector(_wiring(port))
    task = asyncio.create_task(connector.run(spool))
    start, spent = 0.0, 0.0
    while not connector.health().ok or (await spool.figures()).counters["accepted"] < messages * FIELDS:
        if not start and connector.health().polls:
            start, spent = time.perf_counter(), time.process_time()
        await asyncio.sleep(0.005)
    rate = messages / (time.perf_counter() - start) if start else 0.0
    cost = (time.process_time() - spent) / max(messages, 1) * 1e6
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await spool.close()
    return rate, cost


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
async def broker(program: str, folder: Path) -> AsyncIterator[int]:
    """Run a Mosquitto that keeps all messages of our session and sends 1,000 ahead; gives its port."""
    port = free_ports(1)[0]
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\n"
    )
    """Run a Mosquitto that keeps all messages of our session and sends 1,000 ahead; gives its port."""
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await asyncio.sleep(0.5)
        yield port
    finally:
        process.terminate()
        await process.wait()
