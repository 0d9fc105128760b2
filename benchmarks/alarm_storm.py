"""A storm: 20,000 faults in 60 s with 20 fires inside, on SQLite, as a power cut in a district would make it.

A real nats-server that syncs each message, the alerts service as a process of its own, and receivers on loopback as
channels with budgets. Latency of a fire runs from before its transition is published until its push has arrived.
Before the storm: 200 alarms a second, and how long each takes from before it is published until its record, its
audit entry and its outbox rows are committed (seen from outside, by a reader that looks every 2 ms).
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from alerts.process import run
from backbone import subjects
from backbone.client import Backbone
from backbone.credentials import Credentials
from backbone.server import EmbeddedServer
from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from domain.clock import NS_PER_S
from domain.documents import Document
from domain.ids import stable_id
from domain.site import Registry, build_registry

UNITS, FAULTS, FIRES, STORM_S = 40, 20_000, 20, 60.0
RATE, RATE_S = 200, 20.0
BUDGETS = {"ding": 20, "sms": 60, "feishu": 100}
WINDOW_S = 60.0
LOOK_S = 0.002
KEY = b"0123456789abcdef0123456789abcdef"

Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Push:
    """A push as it arrived."""

    at_ns: int
    channel: str
    key: str
    alert: str
    alarm_class: str


@dataclass(slots=True)
class Receivers:
    """All channels of the site: one server, a path for each."""

    port: int = 0
    pushes: list[Push] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take requests on one connection, and say yes to each."""
        try:
            while line := await reader.readline():
                length = 0
                while header := (await reader.readline()).strip().lower():
                    if header.startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                body = json.loads(await reader.readexactly(length))
                channel = line.split()[1].decode().strip("/")
                self.pushes.append(Push(time.time_ns(), channel, body["id"], body["alert_id"], body["class"]))
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"ok":true}')
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of it."""

    records: int
    fire_s: list[float]
    fires_pushed: int
    most_in_a_minute: dict[str, int]
    digests: int
    held_back: int
    drained_s: float


def rows() -> list[Row]:
    """Measure both."""
    with tempfile.TemporaryDirectory() as folder:
        committed, storm = asyncio.run(_measure(Path(folder)))
    busiest = ", ".join(f"{name} {storm.most_in_a_minute.get(name, 0)} of {most}" for name, most in BUDGETS.items())
    p50, p99 = np.percentile(np.array(committed) * 1e3, (50, 99))
    return [
        (f"transition to record + outbox committed, {RATE} alarms/s, p50 / p99", f"{p50:.0f} / {p99:.0f} ms", "50 ms"),
        (f"storm of {FAULTS:,} faults in {STORM_S:.0f} s: {FIRES} fires pushed, slowest", _slowest(storm), "2 s"),
        ("  records", f"{storm.records:,} of {FAULTS + FIRES:,}", "nothing lost"),
        ("  most pushes of a channel in any minute", busiest, "its budget"),
        ("  messages that went into digests", f"{storm.held_back:,} into {storm.digests}", "-"),
        ("  all committed after the last was published", f"{storm.drained_s:.1f} s", "-"),
    ]


def _slowest(storm: Storm) -> str:
    if storm.fires_pushed < FIRES:
        return f"only {storm.fires_pushed} of {FIRES} were pushed"
    return f"{max(storm.fire_s):.2f} s (median {sorted(storm.fire_s)[FIRES // 2]:.2f} s)"


async def _measure(folder: Path) -> tuple[list[float], Storm]:
    async with receivers() as sinks, EmbeddedServer(folder / "nats") as server, worker(server, folder, sinks):
        credentials = server.credentials["service"]
        async with await Backbone.connect(server.url, credentials=credentials, name="storm") as backbone:
            await backbone.ensure_streams()
            await _until_ready(backbone)
            committed = await _steady(backbone, folder)
            sinks.pushes.clear()
            return committed, await _storm(backbone, folder, sinks)


async def _steady(backbone: Backbone, folder: Path) -> list[float]:
    """Publish at an even rate; return what each took in s."""
    watch = Watch(folder / "alerts.db")
    published: list[int] = []
    start = time.perf_counter()
    async with backbone.publisher(window=1000) as publisher:
        for number in range(int(RATE * RATE_S)):
            await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            change = transition("steady", number, time.time_ns())
            published.append(time.time_ns())
            await publisher.submit(_subject(change), change.model_dump_json().encode(), message_id=change.id)
    await _until(lambda: watch.last >= len(published))
    return watch.latencies(published)


async def _storm(backbone: Backbone, folder: Path, sinks: Receivers) -> Storm:
    kinds = [False] * FAULTS
    for _ in range(FIRES):
        kinds.insert(random.randrange(len(kinds)), True)
    fires: dict[str, int] = {}
    start = time.perf_counter()
    async with backbone.publisher(window=1000) as publisher:
        for number, is_fire in enumerate(kinds):
            if (wait_s := start + number * STORM_S / len(kinds) - time.perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            change = transition("fire" if is_fire else "storm", number, time.time_ns(), fire=is_fire)
            if is_fire:
                fires[change.id] = time.time_ns()
            await publisher.submit(_subject(change), change.model_dump_json().encode(), message_id=change.id)
    ended = time.perf_counter()
    wanted = int(RATE * RATE_S) + len(kinds)
    with closing(sqlite3.connect(folder / "alerts.db")) as database:
        query = "SELECT count(*) FROM alerts WHERE rule IN ('steady', 'storm', 'fire')"
        await _until(lambda: database.execute(query).fetchone()[0] >= wanted)
        drained_s = time.perf_counter() - ended
        await asyncio.sleep(WINDOW_S + 5)  # the last digests, and whole windows of every channel
        held = "SELECT count(*), count(DISTINCT digest_id) FROM digest_items"
        held_back, digests = database.execute(held).fetchone()
        records = database.execute(query).fetchone()[0] - int(RATE * RATE_S)
    first = {push.alert: push.at_ns for push in reversed(sinks.pushes)}
    return Storm(
        records=records,
        fire_s=[(first[alert] - at_ns) / NS_PER_S for alert, at_ns in fires.items() if alert in first],
        fires_pushed=len(fires.keys() & first.keys()),
        most_in_a_minute=most_in_a_window(sinks.pushes, WINDOW_S),
        digests=digests,
        held_back=held_back,
        drained_s=drained_s,
    )


def most_in_a_window(pushes: list[Push], window_s: float) -> dict[str, int]:
    """Return for each channel the most pushes that arrived in any window."""
    by_channel: dict[str, list[int]] = {}
    for push in pushes:
        by_channel.setdefault(push.channel, []).append(push.at_ns)
    window_ns = round(window_s * NS_PER_S)
    return {
        name: max(bisect_left(times, at_ns + window_ns) - number for number, at_ns in enumerate(times))
        for name, times in ((name, sorted(found)) for name, found in by_channel.items())
    }


class Watch:
    """Looks at the database from outside and notes when each position of the log was committed."""

    def __init__(self, path: Path) -> None:
        """Begin to look."""
        self._path = path
        self._seen: list[tuple[int, int]] = []
        self.last = 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        with closing(sqlite3.connect(self._path)) as database:
            while True:
                found = database.execute("SELECT seq FROM positions WHERE lane = 'ALARMS'").fetchone()
                if found and found[0] > self.last:
                    self.last = found[0]
                    self._seen.append((found[0], time.time_ns()))
                time.sleep(LOOK_S)

    def latencies(self, published: list[int]) -> list[float]:
        """Return what each took in s; the first message of the log is number 1."""
        at = [self._seen[bisect_left(self._seen, (seq, 0))][1] for seq in range(1, len(published) + 1)]
        return [(seen - begun) / NS_PER_S for seen, begun in zip(at, published, strict=True)]


def transition(rule: str, number: int, now_ns: int, *, fire: bool = False) -> Transition:
    """Return the alarm of one device in one of the units."""
    unit = f"unit-{number % UNITS}"
    place = Place(unit=unit, building="main", floor=1, zone=f"z-{number % 5}", device=f"d-{number}")
    return Transition(
        id=stable_id("storm", rule, number),
        kind=TransitionKind.RAISED,
        rule=rule,
        rule_version="1",
        alarm_class=AlarmClass.FIRE if fire else AlarmClass.FAULT,
        level=Level.CRITICAL if fire else Level.WARNING,
        entity_kind=EntityKind.DEVICE,
        entity=f"{unit}/d-{number}",
        place=place,
        partition=0,
        input_seq=number,
        event_time_ns=now_ns,
        log_time_ns=now_ns,
        latched=fire,
        text_zh="火警" if fire else "主电故障",
        text_en="Fire" if fire else "Mains failed",
    )


def district(port: int) -> Registry:
    """Return forty units: a manager each on their own robot, and two supervisors who are told of fires, too."""
    channels = [
        {"id": name, "kind": "webhook", "url": f"http://127.0.0.1:{port}/{name}", "per_minute": most}
        for name, most in BUDGETS.items()
    ]
    zones = [{"id": f"z-{zone}", "kind": "room", "floor": 1, "labels": _labels(f"房间{zone}")} for zone in range(5)]
    units = [
        {
            "id": f"unit-{number}",
            "labels": _labels(f"单位{number}"),
            "safety_manager": f"m-{number}",
            "buildings": [{"id": "main", "labels": _labels("主楼"), "zones": zones}],
        }
        for number in range(UNITS)
    ]
    managers = [(f"m-{number}", "safety_manager", ["feishu", "sms"]) for number in range(UNITS)]
    people = [*managers, ("s-1", "supervisor", ["ding", "sms"])]
    faults = {"classes": ["fault"], "steps": [{"after_s": 0, "to": ["safety_manager"]}]}
    fires = {"classes": ["fire"], "steps": [{"after_s": 0, "to": ["safety_manager"]}]}
    site = {
        "site": "district",
        "labels": _labels("城区"),
        "units": units,
        "channels": channels,
        "escalation": [faults, fires],
        "people": [
            {"id": name, "role": role, "labels": _labels(name), "channels": reached} for name, role, reached in people
        ],
    }
    return build_registry(Document("site.yaml", site), [], [])


def _labels(name: str) -> dict[str, str]:
    return {"zh": name, "en": name}


def _subject(change: Transition) -> str:
    return subjects.alarm(0, change.place.unit, change.alarm_class.value, change.rule)


async def _until_ready(backbone: Backbone) -> None:
    async with asyncio.timeout(60):
        while "alerts.main" not in await backbone.statuses():
            await asyncio.sleep(0.1)


async def _until(done: Any, timeout_s: float = 300) -> None:
    async with asyncio.timeout(timeout_s):
        while not done():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def receivers() -> AsyncIterator[Receivers]:
    """Run the platforms on a free port."""
    found = Receivers()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


@asynccontextmanager
async def worker(server: EmbeddedServer, folder: Path, sinks: Receivers) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the alerts service as a process of its own."""
    service = server.credentials["service"]
    told = [server.url, service.user, service.password, f"sqlite:///{folder / 'alerts.db'}", str(sinks.port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.alarm_storm", *told, cwd=Path(__file__).parents[1]
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def main(url: str, user: str, password: str, database_url: str, port: str) -> None:
    """Be the alerts service until killed."""
    async with await Backbone.connect(url, credentials=Credentials(user, password), name="alerts") as backbone:
        await run(
            district(int(port)),
            backbone,
            database_url=database_url,
            answer_base_url="http://127.0.0.1:1",
            signing_key=KEY,
            stop=asyncio.Event(),
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
