"""Backtest: the comparison by itself, and two sets of rules over a recorded log on a real nats-server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import typer

from backbone import subjects
from backbone.client import Backbone
from backbone.sparkplug import encode_batch, with_seq
from cli.backtest_plot import draw
from cli.backtest_sources import from_log, from_store, log_begins_ns
from cli.rule_files import load_ruleset
from cli.rules_backtest_command import moment
from domain.batch import ReadingBatch
from domain.clock import NS_PER_S
from domain.quality import GOOD
from ingest import process as ingesting
from rules.backtest import Columns, StoreReplay, without_gateways
from rules.backtest_report import Occurrence, changes, load, occurrences, report, ten_minutes
from tests.rules.rules_scene import START_NS, registry, site_index, write_rules
from tests.rules.rules_traffic import PARTITIONS, TABLE, Gateways, caught_up, transitions, until
from tests.rules.test_rules_worker import running
from tests.servers import connected, embedded_server

RULES = load_ruleset(registry())
MINUTE_NS = 60 * NS_PER_S


def alarm(at_min: float, until_min: float | None = None, rule: str = "r", entity: str = "e") -> Occurrence:
    """Return an occurrence by minutes."""
    ends = None if until_min is None else round(until_min * MINUTE_NS)
    return Occurrence(rule, entity, "fault", round(at_min * MINUTE_NS), ends)


def test_occurrences_are_matched_one_to_one_in_order_of_time() -> None:
    before = [alarm(0, 5), alarm(20, 21), alarm(60), alarm(0, 1, entity="other")]
    after = [alarm(0.5, 5), alarm(19.5, 21), alarm(40, 41), alarm(60)]
    found = [(one.kind, one.occurrence.raised_ns // MINUTE_NS, one.by_s) for one in changes(before, after)]
    assert sorted(found) == [("earlier", 19, -30.0), ("gone", 0, 0.0), ("later", 0, 30.0), ("new", 40, 0.0)]
    assert changes(before, before) == []


def test_load_is_counted_by_hour_by_the_worst_ten_minutes_and_by_class() -> None:
    storm = [alarm(30 + at * 0.5, entity=str(at)) for at in range(15)]
    quiet = [alarm(100)]
    found = load([*storm, *quiet], 0, 120 * MINUTE_NS)
    assert (found.alarms, found.per_hour, found.peak_10_min, found.verdict) == (16, 8.0, 15, "manageable")
    assert (found.by_class, found.flooded) == ({"fault": 16}, round(1 / 12, 4))
    assert ten_minutes(storm, 0, 120 * MINUTE_NS) == [0, 0, 0, 15, *[0] * 8]
    assert load([], 0, 120 * MINUTE_NS).verdict == "acceptable"


@pytest.mark.parametrize(
    ("text", "hours"), [("2026-11-01", 0), ("2026-11-01T08:00", 8), ("2026-11-01T08:00+00:00", 16)]
)
def test_a_moment_is_read_in_the_sites_zone(text: str, hours: int) -> None:
    shanghai = timezone(timedelta(hours=8))
    midnight = datetime(2026, 10, 31, 16, tzinfo=UTC).timestamp()
    assert moment(text, shanghai) == (midnight + hours * 3600) * NS_PER_S


def test_a_time_ago_is_counted_from_now_and_junk_is_wrong_usage() -> None:
    assert abs(time.time_ns() - 24 * 3600 * NS_PER_S - moment("24h", UTC)) < 60 * NS_PER_S
    with pytest.raises(typer.BadParameter, match="is no time"):
        moment("yesterday", UTC)


def test_stored_readings_say_what_the_log_would_say_except_of_gateways() -> None:
    site = site_index()
    row = site.table.index("u/pressure-1/pressure")
    seconds = np.arange(0, 120, 2)
    value = np.where((seconds >= 30) & (seconds < 60), 240.0, 300.0)
    columns = Columns(
        START_NS + seconds * NS_PER_S,
        np.full(len(seconds), row, np.int32),
        value,
        np.full(len(seconds), GOOD, np.uint16),
    )
    replay = StoreReplay(site, RULES)
    said = replay.feed(columns, START_NS, START_NS + 60 * NS_PER_S)
    rest = slice(int(np.searchsorted(columns.time_ns, START_NS + 60 * NS_PER_S)), None)
    later = Columns(columns.time_ns[rest], columns.point[rest], columns.value[rest], columns.quality[rest])
    said += replay.feed(later, START_NS + 60 * NS_PER_S, START_NS + 120 * NS_PER_S)
    (low,) = [one for one in occurrences(said) if one.rule == "pressure_low"]
    assert low.raised_ns - START_NS == 36 * NS_PER_S  # 31 s: the tick after the reading, and five seconds
    assert low.cleared_ns is not None
    assert low.cleared_ns - START_NS == 71 * NS_PER_S
    assert {one.rule for one in occurrences(said)} == {"pressure_low", "device_silent"}
    assert {rule.id for rule in RULES} - {rule.id for rule in without_gateways(RULES)} == {
        "gateway_offline",
        "transmitter_offline",
    }


async def test_two_sets_of_rules_over_a_recorded_log(tmp_path: Path) -> None:
    write_rules(
        tmp_path / "rules",
        """
id: pressure_low
version: "2"
labels: {zh: 水压过低, en: Water pressure low}
class: fault
level: warning
watches: {kind: pressure_transmitter, point: pressure}
condition: {below: {limit: 350, quantity: kPa}}
messages: {zh: "{zone}", en: "{zone}"}
""",
    )
    other = load_ruleset(registry(), tmp_path / "rules")
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        gateways = Gateways(backbone, 1)
        start_ns = time.time_ns()
        async with running(backbone):
            await gateways.send("pressure-1", pressure=300.0)
            await gateways.send("panel-1", state=3, l1p01=3, l1p02=1)
            await until(lambda: caught_up(backbone))
            await until(lambda: _has_fire(backbone))
        shares: list[float] = []
        said = await from_log(backbone, registry(), (RULES, other), time.time_ns(), shares.append)
        begins = await log_begins_ns(backbone)
    assert begins is not None
    assert start_ns <= begins
    found = report(said[0], said[1], start_ns, time.time_ns())
    assert [(one.kind, one.occurrence.rule) for one in found.changes if one.occurrence.rule == "pressure_low"] == [
        ("new", "pressure_low")
    ]
    assert found.load_after.alarms == found.load_before.alarms + 1
    assert found.load_before.by_class["fire"] == 1
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    draw(found, tmp_path / "load.png", ZoneInfo("UTC"), chinese=False)
    assert (tmp_path / "load.png").read_bytes().startswith(b"\x89PNG")
    assert replace(found, changes=()).as_data()["changes"] == []


async def _has_fire(backbone: Backbone) -> bool:
    return any(one.rule == "panel_fire" for one in await transitions(backbone))


async def test_the_store_answers_where_the_log_does_not_reach(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        stop = asyncio.Event()
        task = asyncio.create_task(ingesting.run(registry(), backbone, data_dir=tmp_path / "store", stop=stop))
        start_ns = time.time_ns() // NS_PER_S * NS_PER_S
        row, device = TABLE.index("u/pressure-1/pressure"), ("gw-b", "pressure-1")
        times = start_ns + np.arange(0, 120, 2) * NS_PER_S
        value = np.where((np.arange(60) >= 15) & (np.arange(60) < 30), 240.0, 300.0)
        batch = ReadingBatch.build(TABLE, times, [row] * len(times), value)
        payload = with_seq(encode_batch(batch, start_ns), 0)
        await backbone.publish(subjects.telemetry("u", "DDATA", *device), payload)
        await until(lambda: _stored(backbone, len(times)))
        span = start_ns, start_ns + 120 * NS_PER_S
        said = await from_store(backbone, registry(), (RULES,), span, lambda _: None)
        stop.set()
        await task
    (low,) = [one for one in occurrences(said[0]) if one.rule == "pressure_low"]
    assert low.raised_ns - start_ns == 36 * NS_PER_S


async def _stored(backbone: Backbone, wanted: int) -> bool:
    status = (await backbone.statuses()).get("ingest.main", {})
    return int(status.get("stored", 0)) >= wanted
