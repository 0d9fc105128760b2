"""The feed in a storm: how fast recorded events leave for the stream, and how long a fire among them waits.

A database full of events that wait, a real nats-server that syncs each message, and the publisher of the alerts
process. Then facts of a day for many units: computed, stored and published.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select

from alerts import transitions
from alerts.database import Database
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.feed import publish_feed
from alerts.feeding.facts_worker import FactsPolicy, FactsWorker
from alerts.office import Office
from alerts.schema import FeedEvent
from backbone.client import Backbone
from backbone.layout import ALERTS
from backbone.server import EmbeddedServer
from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from domain.clock import NS_PER_S, FakeClock, SystemClock
from domain.documents import Document
from domain.ids import stable_id
from domain.site import Registry, build_registry

ALARMS = 2_000
AT_ONCE = 200
UNITS = 2_000
DAY_S = 86_400


def rows() -> list[tuple[str, str, str]]:
    """Measure the publisher, then the facts."""
    rate, fire_s, facts = asyncio.run(_measure())
    return [
        (
            f"feed: the events of {ALARMS:,} alarms that wait leave for the stream",
            f"{rate:,.0f} events/s",
            "200 alarms/s",
        ),
        ("  … a fire recorded in the middle of it is in the stream after", f"{fire_s * 1e3:.0f} ms", "2,000 ms"),
        (f"facts of a day computed and stored, {UNITS:,} units", f"{facts:,.0f} units/s", "-"),
    ]


async def _measure() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with EmbeddedServer(folder / "nats") as server:
            user = server.credentials["service"]
            async with await Backbone.connect(server.url, credentials=user, name="bench") as backbone:
                await backbone.ensure_streams()
                rate, fire_s = await _publish(folder, backbone)
                return rate, fire_s, await _facts(folder, backbone)


async def _publish(folder: Path, backbone: Backbone) -> tuple[float, float]:
    """Return events a second, and how long a fire waits that is recorded when half of them have left."""
    database = await Database.open(f"sqlite:///{folder / 'storm.db'}")
    office = Office(database, Directory(_site(1)), SystemClock())
    for start in range(0, ALARMS, AT_ONCE):
        await _raise(office, [_fault(number) for number in range(start, start + AT_ONCE)])
    events = await database.read(lambda session: session.scalar(select(func.count()).select_from(FeedEvent))) or 0
    began = time.perf_counter()
    task = asyncio.create_task(publish_feed(office, backbone))
    try:
        await _until(backbone, events // 2)
        fired = time.perf_counter()
        await _raise(office, [_fault(0, AlarmClass.FIRE)])
        while not await backbone.last_seq(ALERTS, "alert.*.fire.raised"):
            await asyncio.sleep(0.005)
        fire_s = time.perf_counter() - fired
        await _until(backbone, events + 1)
        return events / (time.perf_counter() - began), fire_s
    finally:
        task.cancel()
        await asyncio.wait([task])
        await database.close()


async def _facts(folder: Path, backbone: Backbone) -> float:
    """Return units a second."""
    database, clock = await Database.open(f"sqlite:///{folder / 'facts.db'}"), FakeClock()
    site = _site(UNITS)
    worker = FactsWorker(Office(database, Directory(site), clock), backbone, site, FactsPolicy())
    await worker.catch_up()
    clock.advance(DAY_S)
    began = time.perf_counter()
    issued = await worker.catch_up()
    taken = time.perf_counter() - began
    await database.close()
    return issued / taken


async def _until(backbone: Backbone, count: int) -> None:
    while await backbone.last_seq(ALERTS) < count:
        await asyncio.sleep(0.02)


async def _raise(office: Office, changes: Sequence[Transition]) -> None:
    def work(desk: Desk) -> None:
        transitions.apply(desk, list(enumerate(changes)))

    await office.change(work)


def _fault(number: int, alarm_class: AlarmClass = AlarmClass.FAULT) -> Transition:
    now_ns = time.time_ns()
    return Transition(
        id=stable_id("bench", alarm_class, number),
        kind=TransitionKind.RAISED,
        rule=f"bench_{alarm_class}",
        rule_version="1",
        alarm_class=alarm_class,
        level=Level.WARNING,
        entity_kind=EntityKind.DEVICE,
        entity=f"u0/d{number}",
        place=Place(unit="u0", device=f"d{number}"),
        partition=0,
        input_seq=number,
        event_time_ns=now_ns,
        log_time_ns=now_ns // NS_PER_S * NS_PER_S,
        latched=alarm_class is AlarmClass.FIRE,
        text_zh="设备故障，请检查。",
        text_en="A device is faulty. Check it.",
    )


def _site(units: int) -> Registry:
    labels = {"zh": "单位", "en": "unit"}
    zone = {"id": "z", "kind": "room", "floor": 1, "labels": labels}
    building = {"id": "b", "labels": labels, "zones": [zone]}
    premises = [{"id": f"u{n}", "labels": labels, "buildings": [building]} for n in range(units)]
    data = {"site": "bench", "labels": labels, "units": premises}
    return build_registry(Document("site.yaml", data), [], [])
