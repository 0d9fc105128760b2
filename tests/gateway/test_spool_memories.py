"""What a spool remembers beside its rows: names, learned points, states, sessions; whatever happens to the file."""

from __future__ import annotations

import asyncio
import contextlib
import math
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.sparkplug import decode_data, encode_batch
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, FakeClock
from domain.points import Point, PointKind, PointTable
from domain.quality import BAD, Reason, pack
from gateway.connectors.contract import DeadLetter
from gateway.spool import EVENT, MEASURE, NodeRecord, Spool, SpoolLimits, State
from gateway.spool.memories import MOST_NAMES, Names
from gateway.spool.rows import checksum, rows_of

T0_NS = 1_800_000_000_000 * NS_PER_MS


def point(name: str, *, gateway: str = "utd-1", device: str = "fas", kind: PointKind = PointKind.STATE) -> Point:
    return Point(unit="inn", gateway=gateway, device=device, name=name, kind=kind, label_zh=f"部件{name}")


TABLE = PointTable([point("a"), point("b"), point("a", gateway="utd-2", device="fas-2")])


def reading(at: int, ms: int, value: float, table: PointTable = TABLE) -> ReadingBatch:
    return ReadingBatch.build(table, [T0_NS + ms * NS_PER_MS], [at], [value])


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Spool]:
    spool = await Spool.open(folder / "spool.sqlite", limits=SpoolLimits(), clock=FakeClock())
    try:
        yield spool
    finally:
        await spool.close()


async def test_rows_say_which_node_they_are_of_where_device_ids_are_equal(tmp_path: Path) -> None:
    twins = PointTable([
        Point(unit=unit, gateway="utd", device="fas", name="a", kind=PointKind.MEASURE) for unit in ("inn", "school")
    ])  # fmt: skip
    batch = ReadingBatch.build(twins, [T0_NS] * 4, [0, 1, 0, 1], [1, 2, 3, 4])
    async with opened(tmp_path) as spool:
        await spool.emit(batch)
        rows = await spool.backlog(10, 2**62)
    assert [(row.unit, row.gateway, row.device) for row in rows] == [("inn", "utd", "fas"), ("school", "utd", "fas")]
    assert [decode_data(row.body).value.tolist() for row in rows] == [[1, 3], [2, 4]]


async def test_a_group_joins_batches_of_a_table_that_grew_between_its_callers(tmp_path: Path) -> None:
    grown = TABLE.grown([point("new")])
    async with opened(tmp_path) as spool:
        await asyncio.gather(spool.emit(reading(0, 1, 5)), spool.emit(reading(3, 2, 6, grown)))
        rows = await spool.events(10)
    assert [decode_data(row.body).value.tolist() for row in rows] == [[5, 6]]


async def test_names_come_with_readings_with_letters_and_alone_and_outlive_a_restart(tmp_path: Path) -> None:
    letter = DeadLetter(time_ns=1, connection="access", reason="decode", detail="")
    async with opened(tmp_path) as spool:
        assert not spool.is_taken(b"one")
        await spool.emit(reading(0, 1, 5), names=[b"one"])
        await spool.emit(ReadingBatch.empty(TABLE), names=[b"two"])
        await spool.dead_letter(letter, names=[b"three"])
        assert all(map(spool.is_taken, (b"one", b"two", b"three")))
    async with opened(tmp_path) as spool:
        assert all(map(spool.is_taken, (b"one", b"two", b"three")))
        assert not spool.is_taken(b"four")


async def test_the_newest_names_are_kept_and_no_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        for start in range(0, MOST_NAMES + 1000, 50_250):
            labels = [at.to_bytes(8, "big") for at in range(start, start + 50_250)]
            await spool.emit(ReadingBatch.empty(TABLE), names=labels)
    async with opened(tmp_path) as spool:
        assert not spool.is_taken((999).to_bytes(8, "big"))
        assert spool.is_taken((1000).to_bytes(8, "big"))
        assert spool.is_taken((MOST_NAMES + 999).to_bytes(8, "big"))


@given(st.lists(st.binary(min_size=1, max_size=2), max_size=60))
def test_a_name_that_comes_twice_is_kept_once(names: list[bytes]) -> None:
    known = Names((name, (at, at)) for at, name in enumerate(names, 1))
    assert [name for name, _ in known] == list(dict.fromkeys(names))
    assert len(known) == len(set(names))


async def test_points_states_and_sessions_outlive_a_restart(tmp_path: Path) -> None:
    learned = Point(
        unit="inn", gateway="utd-1", device="fas", name="new", kind=PointKind.STATE, word="gb_component_state",
        zone="hall", low=1.5, max_silence_s=9.0, label_en="detector",
    )  # fmt: skip
    bad = ReadingBatch.build(TABLE, [T0_NS], [1], [math.nan], quality=[pack(BAD, Reason.SILENT)])
    async with opened(tmp_path) as spool:
        spool.learn([learned])
        await spool.emit(reading(0, 5, 2))
        await spool.emit(reading(0, 3, 1))
        await spool.emit(bad)
        spool.published((await spool.events(10))[:2])
        await spool.save_nodes([NodeRecord("inn", "utd-1", 255, born=True)])
        await spool.save_nodes([NodeRecord("inn", "utd-1", 0, born=False), NodeRecord("inn", "utd-2", 7, born=True)])
    async with opened(tmp_path) as spool:
        kept = spool.remembered
    assert kept.points == (learned,)
    states = {state.key: state for state in kept.states}
    assert states["inn/fas/a"] == State("inn/fas/a", T0_NS + 5 * NS_PER_MS, 2.0, 192)
    assert math.isnan(states["inn/fas/b"].value)
    assert states["inn/fas/b"].quality == pack(BAD, Reason.SILENT)
    assert kept.delivered == {"inn/fas/a"}
    assert kept.nodes == (NodeRecord("inn", "utd-1", 0, born=False), NodeRecord("inn", "utd-2", 7, born=True))


async def test_points_that_were_learned_are_kept_though_nothing_was_read_of_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        spool.learn([point("silent")])
    async with opened(tmp_path) as spool:
        assert spool.remembered.points == (point("silent"),)


async def test_a_damaged_file_takes_neither_names_nor_points_nor_sessions_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        spool.learn([point("new")])
        await spool.emit(reading(0, 1, 5), names=[b"one"])
        await spool.save_nodes([NodeRecord("inn", "utd-1", 3, born=True)])
        await spool._in_thread(spool._set_aside)
        await spool.emit(reading(0, 2, 6), names=[b"two"])
    async with opened(tmp_path) as spool:
        assert spool.is_taken(b"one")
        assert spool.is_taken(b"two")
        assert spool.remembered.points == (point("new"),)
        assert spool.remembered.nodes == (NodeRecord("inn", "utd-1", 3, born=True),)


async def test_a_learned_point_that_cannot_be_read_is_damage_and_no_crash(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        spool.learn([point("new")])
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite")) as database, database:
        database.execute("UPDATE points SET point = '{\"kind\": 3'")
    async with opened(tmp_path) as spool:
        assert spool.remembered.points == ()
        assert (await spool.figures()).counters["damaged_files"] == 1


OLD_SCHEMA = """
CREATE TABLE batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT, lane INTEGER NOT NULL, device TEXT NOT NULL, first_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL, added_ns INTEGER NOT NULL, readings INTEGER NOT NULL,
  thinned INTEGER NOT NULL DEFAULT 0, checksum INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE identity (id TEXT NOT NULL);
INSERT INTO identity VALUES ('old-file');
INSERT INTO counters VALUES ('accepted', 2);
"""


async def test_a_file_of_an_earlier_release_is_opened_and_its_rows_are_ours(tmp_path: Path) -> None:
    body = encode_batch(reading(0, 1, 5), T0_NS)
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite")) as database, database:
        database.executescript(OLD_SCHEMA)
        database.executemany(
            "INSERT INTO batches (lane, device, first_ns, last_ns, added_ns, readings, checksum, body)"
            " VALUES (?, 'fas', 1, 1, ?, 1, ?, ?)",
            [(lane, T0_NS, checksum(body), body) for lane in (EVENT, MEASURE)],
        )
    async with opened(tmp_path) as spool:
        await spool.emit(reading(2, 2, 7))
        rows = [*await spool.events(10), *await spool.backlog(10, 2**62)]
        assert spool.id == "old-file"
    assert [(row.id, row.unit, row.gateway, row.device) for row in rows] == [
        (1, "", "", "fas"), (3, "inn", "utd-2", "fas-2"), (2, "", "", "fas"),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=40))
def test_rows_keep_the_order_of_events_and_lose_no_reading(taken: list[tuple[int, int]]) -> None:
    table = PointTable(
        point(kind.value, gateway=f"utd-{node}", device=f"fas-{node}", kind=kind)
        for node in range(3)
        for kind in (PointKind.STATE, PointKind.MEASURE)
    )
    times = [T0_NS + at * NS_PER_MS for at, _ in enumerate(taken)]
    batch = ReadingBatch.build(
        table, times, [at for at, _ in taken], [value for _, value in taken],
        text={at: "词" * value for at, (_, value) in enumerate(taken) if value > 45},
    )  # fmt: skip
    rows = rows_of(batch, T0_NS)
    told = [(row.lane, ms) for row in rows for ms in (decode_data(row.body).time_ns // NS_PER_MS).tolist()]
    events = [ms for lane, ms in told if lane == EVENT]
    assert events == [time // NS_PER_MS for time, (at, _) in zip(times, taken, strict=True) if at % 2 == 0]
    assert sorted(ms for _, ms in told) == [time // NS_PER_MS for time in times]
    assert [row.lane for row in rows] == sorted(row.lane for row in rows)
    for row in rows:
        own = decode_data(row.body).time_ns
        assert (row.first_ns, row.last_ns, row.readings) == (own.min(), own.max(), len(own))
        assert len({table[table.by_alias(row.home[0], row.home[1], int(alias)) or 0].device
                    for alias in decode_data(row.body).alias}) == 1  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_states_of_rows_that_wait_are_not_yet_delivered(tmp_path: Path, count: int) -> None:
    async with opened(tmp_path) as spool:
        for at in range(count):
            await spool.emit(reading(0, at, at))
        spool.published((await spool.events(count))[: count - 1])
    async with opened(tmp_path) as spool:
        assert spool.remembered.delivered == frozenset()
        assert [state.value for state in spool.remembered.states] == [count - 1]
