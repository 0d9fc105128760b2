"""Pages of a record of a million alerts on SQLite: first page, a deep page, filters, open alerts of a storm.

`make bench ARGS=alert_list`; ``FENGSUI_BENCH_ALERTS=100000`` makes a smaller record. It is written straight into the
tables, as five years of 530 alarms a day and a storm of open faults would leave it (a minute or so). Each page is
asked for twenty times, with the JSON of its reply; told are the median and the slowest.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from alerts import listing
from alerts.database import Database
from alerts.face import ListRequest, State
from alerts.schema import Alert
from domain.alarm import AlarmClass, EntityKind, Level
from domain.clock import NS_PER_S

DAY_NS = 86_400 * NS_PER_S
BEGAN_NS = 1_700_000_000 * NS_PER_S
UNITS = 2_000
CHUNK = 10_000
VARIABLE, DEFAULT_ALERTS, STORM = "FENGSUI_BENCH_ALERTS", 1_000_000, 20_000
BUDGET = "100 ms"
ASKED = 20
CLASSES = list(AlarmClass)
WEIGHTS = (1, 2, 5, 60, 20, 6, 6)
"""Shares of the classes, fire first: about 285 false alarms for each fire, most of the rest faults (assumption)."""


def alerts(count: int, storm: int) -> Iterator[dict[str, Any]]:
    """Yield alerts in the order of time; the last ``storm`` are open faults."""
    rng = random.Random(7)
    step_ns = 5 * 365 * DAY_NS // count
    for number in range(count):
        alarm_class = AlarmClass.FAULT if number >= count - storm else rng.choices(CLASSES, WEIGHTS)[0]
        raised = BEGAN_NS + number * step_ns
        unit = f"unit-{rng.randrange(UNITS)}"
        yield {
            "id": f"{number:032x}",
            "rule": f"rule-{rng.randrange(60)}",
            "rule_version": "1",
            "alarm_class": alarm_class,
            "priority": alarm_class.priority,
            "level": rng.choice(list(Level)),
            "entity_kind": EntityKind.DEVICE,
            "entity": f"{unit}/device-{number}",
            "unit": unit,
            "building": "east",
            "zone": f"zone-{rng.randrange(20)}",
            "device": f"device-{rng.randrange(50)}",
            "text_zh": f"东楼{rng.randrange(30)}楼探测器故障，请检查",
            "text_en": f"Detector {rng.randrange(1000)} of the East building is faulty",
            "values": {"state": 2.0},
            "event_time_ns": raised,
            "raised_at_ns": raised,
            "active": number >= count - storm,
            "latched": False,
            "test": False,
            "historical": False,
            "closed_at_ns": None if number >= count - storm else raised + DAY_NS,
            "acknowledged_at_ns": None if rng.random() < 0.5 else raised + NS_PER_S,
        }


async def fill(database: Database, count: int, storm: int) -> None:
    """Write the record."""
    chunk: list[dict[str, Any]] = []
    for row in alerts(count, storm):
        chunk.append(row)
        if len(chunk) == CHUNK:
            await database.write(lambda session, lot=chunk: session.execute(insert(Alert), lot))  # type: ignore[misc]
            chunk = []
    if chunk:
        await database.write(lambda session: session.execute(insert(Alert), chunk))


def questions(count: int) -> dict[str, ListRequest]:
    """Return what is asked, by what the table calls it."""
    middle = BEGAN_NS + 5 * 365 * DAY_NS // 2
    deep = str(listing.Cursor(0, middle, f"{count // 2:032x}"))
    return {
        "first page of 200": ListRequest(),
        "page of 200 in the middle": ListRequest(cursor=deep),
        "fires": ListRequest(classes=(AlarmClass.FIRE,)),
        "fires and duties in the middle": ListRequest(classes=(AlarmClass.FIRE, AlarmClass.DUTY), cursor=deep),
        "one unit": ListRequest(unit="unit-7"),
        "fires of one unit": ListRequest(unit="unit-7", classes=(AlarmClass.FIRE,)),
        "one zone of a unit": ListRequest(unit="unit-7", zone="zone-3"),
        "one rule": ListRequest(rule="rule-7"),
        "an area of 200 units": ListRequest(units=tuple(f"unit-{number}" for number in range(200))),
        "a span of a month": ListRequest(since_ns=middle, until_ns=middle + 30 * DAY_NS),
        "open, in a storm": ListRequest(open=True),
        "open and unacknowledged": ListRequest(state=State.UNACKNOWLEDGED),
        "open of one unit": ListRequest(open=True, unit="unit-7"),
        "text that is rare": ListRequest(text="Detector 77 "),
        "text that is nowhere": ListRequest(text="nowhere"),
    }


async def ask(database: Database, request: ListRequest) -> tuple[list[float], int]:
    """Return the times of twenty answers, ms, and the alerts of the last one."""
    times, found = [], 0
    for _ in range(ASKED):
        began = time.perf_counter()
        reply = await database.read(lambda session: listing.reply(session, request))
        json.dumps(reply)
        times.append(1000 * (time.perf_counter() - began))
        found = len(reply["alerts"])
    return times, found


def rows() -> list[tuple[str, str, str]]:
    """Return the time of each kind of page."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measured(Path(folder), int(os.environ.get(VARIABLE, DEFAULT_ALERTS))))


async def measured(folder: Path, count: int) -> list[tuple[str, str, str]]:
    """Fill a database and ask it."""
    database = await Database.open(f"sqlite:///{folder / 'alerts.db'}")
    await fill(database, count, min(STORM, count // 2))
    found = []
    for words, request in questions(count).items():
        times, size = await ask(database, request)
        what = f"page of {count:,} alerts: {words} ({size})"
        found.append((what, f"{statistics.median(times):.1f} ms, slowest {max(times):.1f} ms", BUDGET))
    await database.close()
    return found
