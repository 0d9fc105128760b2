"""``python -m benchmarks.store_outage --seconds 60``: kill -9 a real InfluxDB under load, start it again, count rows.

Readings go into JetStream all the while, live and late ones, and the ingest process stores them. Exit code 1 when the
rows in InfluxDB are not as many as the readings that were published, or when one is there twice.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from backbone.client import Backbone
from backbone.publisher import Publisher
from backbone.server import EmbeddedServer, free_ports
from backbone.sparkplug import encode_batch, with_seq
from backbone.subjects import backfill, telemetry
from benchmarks import big_site, influx_server
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S
from domain.site import Registry
from ingest import process
from ingest.face import QueryFace

EACH = 20
"""Readings of each point of a message, a millisecond apart."""
LATE_EVERY = 5
"""One message of so many comes as history."""
WARM_S = 5.0
PATIENCE_S = 600.0


async def main(seconds: float, rate: float) -> int:
    """Run it; returns the exit code."""
    port = free_ports(1)[0]
    site = big_site.registry({"kind": "influxdb1", "url": f"http://127.0.0.1:{port}", "database": "fire"})
    stop, enough = asyncio.Event(), asyncio.Event()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with EmbeddedServer(folder / "nats", []) as server:
            login = server.credentials["service"]
            backbone = await Backbone.connect(server.url, credentials=login, name="outage")
            await backbone.ensure_streams()
            ingest = asyncio.create_task(process.run(site, backbone, data_dir=folder / "ingest", stop=stop))
            load = asyncio.create_task(_publish(site, backbone, rate, enough))
            with influx_server.running(folder / "influxd", port) as influxd:
                while not (await _status(backbone)).get("stored"):
                    await asyncio.sleep(0.2)
                await asyncio.sleep(WARM_S)
                _say(f"stored {(await _status(backbone)).get('stored', 0):,}; kill -9 of influxd {influxd.pid}")
                influxd.kill()
                await _wait_and_tell(backbone, influxd, seconds)
            with influx_server.running(folder / "influxd", port):
                _say("influxd started again")
                await asyncio.sleep(WARM_S)
                enough.set()
                published = await load
                code = await _counted(backbone, published)
                stop.set()
                await ingest
            await backbone.close()
    return code


async def _publish(site: Registry, backbone: Backbone, rate: float, enough: asyncio.Event) -> int:
    """Publish ``rate`` readings a second until it is enough; returns how many."""
    devices = [device for device in site.devices.values() if device.profile.profile == "analog"]
    count, due = 0, time.perf_counter()
    first_ns = time.time_ns() // NS_PER_S * NS_PER_S
    readings = EACH * big_site.POINTS
    async with backbone.publisher() as publisher:
        while not enough.is_set():
            device = devices[count % len(devices)]
            points = np.tile(site.points.of_device(device.gateway.unit, device.settings.id), EACH)
            steps = np.repeat(np.arange(EACH), big_site.POINTS) + count // len(devices) * EACH
            rows = ReadingBatch.build(
                site.points, first_ns + steps * NS_PER_MS, points, np.full(readings, float(count))
            )
            await _submit(publisher, count, (device.gateway.unit, device.gateway.gateway, device.settings.id), rows)
            count += 1
            due += readings / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
    return count * readings


async def _submit(publisher: Publisher, count: int, place: tuple[str, str, str], rows: ReadingBatch) -> None:
    unit, gateway, device = place
    late = count % LATE_EVERY == 0
    subject = backfill(unit, gateway, device) if late else telemetry(unit, "DDATA", gateway, device)
    payload = with_seq(encode_batch(rows, time.time_ns()), count % 256)
    await publisher.submit(subject, payload, message_id=f"outage-{count}")


async def _wait_and_tell(backbone: Backbone, influxd: subprocess.Popen[bytes], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(min(5.0, max(0.0, end - time.monotonic())))
        found = await _status(backbone)
        _say(f"store {found['store']}, {found['lag_messages']} messages wait, the oldest for {found['oldest_s']} s")
    if influxd.poll() is None:
        raise SystemExit("influxd was not killed")


async def _counted(backbone: Backbone, published: int) -> int:
    """Wait until nothing waits any more, and compare."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = await _status(backbone)
        if found["lag_messages"] == 0 and found["store"] == "up" and found["stored"] >= published:
            break
        await asyncio.sleep(0.5)
    counts = await QueryFace(backbone).counts()
    equal = counts.stored == counts.distinct == published
    _say(f"published {published:,}; rows in InfluxDB {counts.stored:,}: {'equal' if equal else 'NOT EQUAL'}")
    return 0 if equal else 1


async def _status(backbone: Backbone) -> dict[str, Any]:
    return (await backbone.statuses()).get(process.STATUS_KEY, {})


def _say(words: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the store is away")
    parser.add_argument("--rate", type=float, default=20_000.0, help="readings a second meanwhile")
    chosen = parser.parse_args()
    sys.exit(asyncio.run(main(chosen.seconds, chosen.rate)))
