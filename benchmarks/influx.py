"""InfluxDB: the encoder on one core; a real server (1.6) by our writer and by lines that were encoded before.

Three ways into the same server take turns, each into a database of its own, with the same readings, the same number of
connections and requests of the same 5,000 lines: *pre-encoded* lines over bare connections (what the server takes),
our *store* (columns are encoded while requests are under way), and the whole *ingest* writer (out of JetStream: fetch,
take apart, encode, send, acknowledge). Server, JetStream and writer share the machine's cores.

Bytes on disk: the server is told that a shard is cold a second after its last write, so that it is compacted as a
whole as it would be after hours; counted is everything below its data and log folders when they have not changed for
five seconds.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import numpy as np

from backbone.client import Backbone
from backbone.server import EmbeddedServer, free_ports
from backbone.sparkplug import encode_batch, with_seq
from backbone.subjects import telemetry
from benchmarks import big_site, influx_server
from domain.batch import ReadingBatch
from domain.clock import NS_PER_S
from domain.site import Registry
from ingest.catalogue import Catalogue
from ingest.dead_letters import DeadLetters
from ingest.influx_endpoint import version_1
from ingest.influx_http import LINES_PER_REQUEST
from ingest.influx_store import InfluxStore, name_of
from ingest.latest import LatestValues
from ingest.line_protocol import Lines, Names, encode
from ingest.writer import Writer

T0_NS = 1_800_000_000 * NS_PER_S
CONNECTIONS = 4
ROUNDS = 3
BATCHES, BATCH = 20, 50_000
SECONDS_A_MESSAGE = 20
ENOUGH_S = 300.0
POINTS = {f"p{number}" for number in range(10)}
"""Of each device: lines of ten fields."""


def rows() -> list[tuple[str, str, str]]:
    """Return the encoder's rate and, where influxd is installed, the three ways into it and bytes on disk."""
    site = big_site.registry()
    batches = [batch(site, number) for number in range(BATCHES)]
    found = _encoder(site, batches)
    if influx_server.program() is None:
        return [*found, ("InfluxDB", "influxd is not installed", "-")]
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_ports(1)[0]
        with influx_server.running(folder / "influxd", port, cold="1s"):
            return found + asyncio.run(_ways(site, batches, folder, f"http://127.0.0.1:{port}"))


def batch(site: Registry, number: int) -> ReadingBatch:
    """Return 50,000 readings: five seconds of ten points of each of a thousand devices, values with two decimals."""
    point = np.array([at for at, one in enumerate(site.points) if one.name in POINTS])
    span = BATCH // len(point)
    second = np.repeat(np.arange(number * span, (number + 1) * span), len(point))
    points = np.tile(point, span)
    values = np.round(500 + 100 * np.sin(second / 60 + points), 2)
    return ReadingBatch.build(site.points, T0_NS + second * NS_PER_S, points, values)


def _encoder(site: Registry, batches: Sequence[ReadingBatch]) -> list[tuple[str, str, str]]:
    """Measure processor time of this thread: what one core does."""
    names = Names.of([name_of(site, at) for at in range(len(site.points))])
    dice = np.random.default_rng(1)
    mixed = [part.take(dice.permutation(len(part))) for part in batches]
    bad = [
        ReadingBatch.build(part.table, part.time_ns, part.point, part.value, np.where(part.point % 10, 192, 500))
        for part in batches
    ]
    return [
        (f"line protocol encoded, {what}", f"{_range(partial(_encoded, parts, names))} M fields/s", budget)
        for what, parts, budget in (
            ("10 fields a line", batches, "1.5"),
            ("1 field a line", mixed, "-"),
            ("10 fields a line, a tenth not good", bad, "-"),
        )
    ]


def _encoded(parts: Sequence[ReadingBatch], names: Names) -> float:
    began = time.thread_time()
    for part in parts:
        encode(part, names)
    return sum(map(len, parts)) / (time.thread_time() - began) / 1e6


def _range(measure: Callable[[], float]) -> str:
    """Return the best and the range of several runs."""
    found = [measure() for _ in range(ROUNDS)]
    return f"{max(found):.2f} ({min(found):.2f}–{max(found):.2f})"


async def _ways(site: Registry, batches: Sequence[ReadingBatch], folder: Path, url: str) -> list[tuple[str, str, str]]:
    names = Names.of([name_of(site, at) for at in range(len(site.points))])
    rates: dict[str, list[float]] = {"bare": [], "store": [], "ingest": []}
    async with EmbeddedServer(folder / "nats", []) as server:
        login = server.credentials["service"]
        backbone = await Backbone.connect(server.url, credentials=login, name="bench")
        await backbone.ensure_streams()
        for number in range(ROUNDS):
            rates["bare"].append(await asyncio.to_thread(_bare, url, f"bare{number}", batches, names))
            rates["store"].append(await asyncio.to_thread(_store, site, url, f"store{number}", batches))
            rates["ingest"].append(await _ingest(site, backbone, url, folder / f"ingest{number}", batches))
        await backbone.close()
    bare = max(rates["bare"])
    total = 3 * ROUNDS * sum(map(len, batches))
    size = await asyncio.to_thread(_settled, folder / "influxd") / total
    return [
        ("InfluxDB 1.6: pre-encoded lines, 4 connections", _rates(rates["bare"]), "-"),
        ("  our store: columns encoded and sent", _rates(rates["store"], bare), "70 %"),
        ("  the whole way: JetStream → ingest → InfluxDB", _rates(rates["ingest"], bare), "-"),
        ("InfluxDB 1.6 on disk, compacted", f"{size:.1f} bytes a reading", "-"),
    ]


def _rates(found: Sequence[float], of: float | None = None) -> str:
    """Return the best and the range of several runs, and the best as a share of another way's best."""
    share = "" if of is None else f", {max(found) / of:.0%}"
    return f"{max(found):,.0f} readings/s ({min(found):,.0f}–{max(found):,.0f}){share}"


def _bare(url: str, database: str, batches: Sequence[ReadingBatch], names: Names) -> float:
    """Send what was encoded before, over as many connections as our store has; returns readings a second."""
    bodies = [body for part in batches for body in _bodies(encode(part, names))]
    with httpx.Client(base_url=url, trust_env=False) as client, ThreadPoolExecutor(CONNECTIONS) as pool:
        client.post("/query", data={"q": f"CREATE DATABASE {database}"}).raise_for_status()

        def send(body: bytes) -> None:
            client.post("/write", params={"db": database, "precision": "ns"}, content=body).raise_for_status()

        began = time.perf_counter()
        list(pool.map(send, bodies))
        return sum(map(len, batches)) / (time.perf_counter() - began)


def _bodies(lines: Lines) -> list[bytes]:
    starts = range(0, len(lines), LINES_PER_REQUEST)
    return [lines.chosen(np.arange(start, min(start + LINES_PER_REQUEST, len(lines)))) for start in starts]


def _store(site: Registry, url: str, database: str, batches: Sequence[ReadingBatch]) -> float:
    """Write columns, a batch after the other, as the writer does; returns readings a second."""
    store = InfluxStore(site, version_1(url, database), connections=CONNECTIONS)
    store.write(batches[0].take(slice(0, 1)), {})
    began = time.perf_counter()
    for part in batches:
        store.write(part, {})
    took = time.perf_counter() - began
    store.close()
    return sum(map(len, batches)) / took


async def _ingest(site: Registry, backbone: Backbone, url: str, kept: Path, batches: Sequence[ReadingBatch]) -> float:
    """Let the ingest writer empty a stream that holds the readings; returns readings a second."""
    await _publish(site, backbone, kept.name, batches)
    store = InfluxStore(site, version_1(url, kept.name), connections=CONNECTIONS)
    await asyncio.to_thread(store.write, batches[0].take(slice(0, 1)), {})
    writer = Writer(backbone, store, Catalogue(site, kept), letters=DeadLetters(kept), latest=LatestValues(site.points))
    stop, total = asyncio.Event(), sum(map(len, batches))
    began = time.perf_counter()
    running = asyncio.create_task(writer.run(stop))
    while writer.tally.stored < total and time.perf_counter() - began < ENOUGH_S:
        await asyncio.sleep(0.02)
    took = time.perf_counter() - began
    stop.set()
    await running
    await asyncio.to_thread(store.close)
    return total / took


async def _publish(site: Registry, backbone: Backbone, run: str, batches: Sequence[ReadingBatch]) -> None:
    """Fill the stream as gateways would: a message for each device and twenty seconds."""
    numbers: dict[tuple[str, str], int] = {}
    device_of = np.array([numbers.setdefault((one.unit, one.device), len(numbers)) for one in site.points])
    async with backbone.publisher() as publisher:
        for start in range(0, len(batches), SECONDS_A_MESSAGE // 5):
            part = batches[start : start + SECONDS_A_MESSAGE // 5]
            devices = np.concatenate([device_of[one.point] for one in part])
            columns = [np.concatenate([getattr(one, name) for one in part]) for name in ("time_ns", "point", "value")]
            for which in np.split(np.argsort(devices, kind="stable"), np.flatnonzero(np.diff(np.sort(devices))) + 1):
                mine = ReadingBatch.build(site.points, *(column[which] for column in columns))
                point = site.points[int(mine.point[0])]
                subject = telemetry(point.unit, "DDATA", point.gateway, point.device)
                name = f"{run}-{start}-{point.unit}-{point.device}"
                await publisher.submit(subject, with_seq(encode_batch(mine, T0_NS), 0), message_id=name)


def _settled(folder: Path) -> int:
    """Wait until nothing changes any more below the server's folders; returns their bytes."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < 5:
        time.sleep(0.5)
        now = influx_server.bytes_below(folder / "data", folder / "wal")
        if now != size:
            size, since = now, time.monotonic()
    return size
