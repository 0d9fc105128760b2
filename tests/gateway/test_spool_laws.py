"""The laws of a spool: order, transactions, limits, damage, sudden death."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.sparkplug import decode_data
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, FakeClock, SystemClock
from domain.errors import StoreError
from domain.points import Point, PointKind, PointTable
from gateway.connectors.contract import DeadLetter
from gateway.losses import Drop
from gateway.spool import EVENT, MEASURE, FullError, Spool, SpoolFigures, SpoolLimits, SpoolRow
from gateway.spool.forecast import Forecast
from gateway.spool.letters import MOST_DEAD_LETTERS, SHARE_OF_REASON

TABLE = PointTable(
    Point(unit="hotel", gateway="gw", device=device, name=kind.value, kind=kind)
    for device in ("a", "b")
    for kind in (PointKind.STATE, PointKind.MEASURE)
)
STATE_A, MEASURE_A, STATE_B, MEASURE_B = range(4)


def batch(*values: float, point: int = MEASURE_A, start_ms: int = 1_800_000_000_000) -> ReadingBatch:
    """Readings of one point, a millisecond apart."""
    times = (start_ms + np.arange(len(values), dtype=np.int64)) * NS_PER_MS
    return ReadingBatch.build(TABLE, times, [point] * len(values), values)


@contextlib.asynccontextmanager
async def opened(folder: Path, clock: FakeClock | SystemClock | None = None, **limits: float) -> AsyncIterator[Spool]:
    chosen = SpoolLimits(most_bytes=int(limits.get("most_bytes", 2**20)), most_age_s=limits.get("most_age_s", 1e9))
    spool = await Spool.open(folder / "spool.sqlite", limits=chosen, clock=clock or FakeClock())
    try:
        yield spool
    finally:
        await spool.close()


async def fill(spool: Spool, count: int, point: int = MEASURE_A) -> None:
    """Store ``count`` batches of 100 readings, whose values are their number, ten callers at a time."""
    for start in range(0, count, 10):
        await asyncio.gather(*(spool.emit(batch(*[value] * 100, point=point)) for value in range(start, start + 10)))


async def drain(spool: Spool) -> list[SpoolRow]:
    """Take everything, events first, without publishing."""
    rows: list[SpoolRow] = []
    while found := await spool.events(50) or await spool.backlog(50, 2**62):
        rows += found
    return rows


def set_aside(folder: Path) -> int:
    return len(list(folder.glob("*.damaged-*")))


def values(rows: list[SpoolRow]) -> list[float]:
    return [float(value) for row in rows for value in decode_data(row.body).value]


async def test_rows_come_out_in_the_order_in_which_they_went_in(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        for value in range(20):
            await spool.emit(batch(value, value + 0.5))
        assert values(await drain(spool)) == [number / 2 for number in range(40)]


async def test_events_come_before_measures_of_the_same_batch(tmp_path: Path) -> None:
    mixed = ReadingBatch.build(TABLE, [5_000_000_000_000_000] * 3, [MEASURE_A, STATE_A, STATE_B], [1, 2, 3])
    async with opened(tmp_path) as spool:
        await spool.emit(mixed)
        rows = await drain(spool)
    assert [(row.lane, row.device) for row in rows] == [(EVENT, "a"), (EVENT, "b"), (MEASURE, "a")]
    assert values(rows) == [2, 3, 1]


async def test_many_callers_share_commits_and_each_returns_after_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await asyncio.gather(*(spool.emit(batch(value)) for value in range(500)))
        figures = await spool.figures()
        assert figures.counters["accepted"] == 500
        assert sorted(values(await drain(spool))) == list(range(500))
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite")) as database:
        assert database.execute("SELECT sum(readings) FROM batches").fetchone() == (500,)


async def test_taken_rows_are_not_given_twice_and_come_back_when_given_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        for value in range(4):
            await spool.emit(batch(value, point=STATE_A))
        first = await spool.events(2)
        rest = await spool.events(10)
        assert values(first) + values(rest) == [0, 1, 2, 3]
        assert await spool.events(10) == []
        spool.give_back(first)
        assert values(await spool.events(10)) == [0, 1]


async def test_row_given_back_while_others_are_being_taken_is_taken_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        for value in range(3):
            await spool.emit(batch(value, point=STATE_A))
        first = await spool.events(1)
        taking = asyncio.create_task(spool.events(10))
        await asyncio.sleep(0)
        spool.give_back(first)
        rows = await taking
        rows += await spool.events(10)
        assert sorted(values(rows)) == [0, 1, 2]


async def test_published_rows_are_gone_after_a_restart_and_others_are_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        for value in range(4):
            await spool.emit(batch(value))
        rows = await drain(spool)
        spool.published(rows[:2])
        name = spool.id
    async with opened(tmp_path) as spool:
        assert spool.id == name
        assert values(await drain(spool)) == [2, 3]
        figures = await spool.figures()
        assert (figures.counters["accepted"], figures.counters["published"]) == (4, 2)


async def test_row_ids_are_never_used_twice(tmp_path: Path) -> None:
    """A message id in the log must never mean two things."""
    async with opened(tmp_path) as spool:
        await spool.emit(batch(1))
        first = await drain(spool)
        spool.published(first)
    async with opened(tmp_path) as spool:
        await spool.emit(batch(2))
        assert (await drain(spool))[0].id > first[0].id


async def test_full_spool_thins_measures_then_drops_the_oldest_and_counts_both(tmp_path: Path) -> None:
    async with opened(tmp_path, most_bytes=2**20) as spool:
        await fill(spool, 3000)
        figures = await spool.figures()
        kept = values(await drain(spool))
    assert figures.size <= 2**20
    dropped = {name: count for name, count in figures.counters.items() if name.startswith("dropped.")}
    assert dropped["dropped.thinned"] > 0
    assert dropped["dropped.oldest"] > 0
    assert len(kept) + sum(dropped.values()) == figures.counters["accepted"] == 300_000
    assert kept == sorted(kept)
    assert kept[-1] == 2999


async def test_thinning_takes_every_second_batch_before_anything_is_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path, most_bytes=2**20) as spool:
        for value in range(400):
            await spool.emit(batch(*[value] * 100))
        figures = await spool.figures()
        kept = sorted(set(values(await drain(spool))))
    assert "dropped.oldest" not in figures.counters
    assert kept[:6] == [0, 2, 4, 6, 8, 10]


async def test_events_are_never_dropped_and_measures_make_way_for_them(tmp_path: Path) -> None:
    async with opened(tmp_path, most_bytes=2**20, most_age_s=10) as spool:
        await fill(spool, 400)
        await fill(spool, 600, STATE_A)
        rows = await drain(spool)
        figures = await spool.figures()
    events = [row for row in rows if row.lane == EVENT]
    assert values(events) == [float(value) for value in range(600) for _ in range(100)]
    assert [row for row in rows if row.lane == MEASURE] == []
    assert figures.size > 2**20


async def test_measure_that_finds_no_room_is_refused_and_counted(tmp_path: Path) -> None:
    async with opened(tmp_path, most_bytes=2**20) as spool:
        await fill(spool, 450, STATE_A)
        await spool.emit(batch(1, 2, 3))
        figures = await spool.figures()
    assert figures.counters["dropped.full"] == 3
    assert figures.counters["produced"] == figures.counters["accepted"] + 3


async def test_measures_age_out_and_events_do_not(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock, most_age_s=60) as spool:
        await spool.emit(batch(1))
        await spool.emit(batch(2, point=STATE_A))
        clock.advance(61)
        await spool.emit(batch(3))
        assert values(await drain(spool)) == [2, 3]
        assert (await spool.figures()).counters["dropped.age"] == 1


async def test_rows_in_use_by_the_uplink_are_not_dropped_under_it(tmp_path: Path) -> None:
    async with opened(tmp_path, most_bytes=2**20) as spool:
        await spool.emit(batch(*range(100)))
        taken = await spool.backlog(1, 2**62)
        await fill(spool, 2000)
        spool.published(taken)
    async with opened(tmp_path) as spool:
        assert (await spool.figures()).counters["published"] == 100


async def test_fresh_rows_and_backlog_are_told_apart_by_age(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock) as spool:
        await spool.emit(batch(1))
        clock.advance(10)
        await spool.emit(batch(2))
        edge_ns = clock.now_ns() - 5_000_000_000
        assert values(await spool.fresh(10, edge_ns)) == [2]
        assert values(await spool.backlog(10, edge_ns)) == [1]
        assert await spool.backlog(10, 2**62) == []


async def test_dead_letters_are_kept_with_reason_counted_and_bounded(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        for number in range(MOST_DEAD_LETTERS + 5):
            await spool.dead_letter(
                DeadLetter(time_ns=number, connection="sensors", reason="not_json", detail="x", raw=b"{")
            )
        kept = await spool.letters()
        figures = await spool.figures()
    assert figures.counters["dead.not_json"] == MOST_DEAD_LETTERS + 5
    assert [letter.time_ns for letter in kept] == list(range(5, MOST_DEAD_LETTERS + 5))


async def test_junk_by_the_thousand_pushes_out_no_letter_of_another_reason(tmp_path: Path) -> None:
    def letter(number: int, reason: str) -> DeadLetter:
        return DeadLetter(time_ns=number, connection="access", reason=reason, detail="")

    async with opened(tmp_path) as spool:
        rare = [letter(at, "fire_without_point") for at in range(SHARE_OF_REASON + 50)]
        junk = [letter(at, "decode") for at in range(2 * MOST_DEAD_LETTERS)]
        await asyncio.gather(*map(spool.dead_letter, rare))
        await asyncio.gather(*map(spool.dead_letter, junk))
        kept = await spool.letters()
    assert [one for one in kept if one.reason == "fire_without_point"] == rare[50:]
    assert [one for one in kept if one.reason == "decode"] == junk[MOST_DEAD_LETTERS:]


async def test_rejected_row_becomes_a_dead_letter_and_a_drop_not_a_delivery(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.emit(batch(1, 2))
        await spool.emit(batch(3))
        row = (await spool.backlog(1, 2**62))[0]
        await spool.reject(row, Drop.REFUSED, "too large")
    async with opened(tmp_path) as spool:
        assert values(await drain(spool)) == [3]
        counters = (await spool.figures()).counters
    assert (counters["dropped.refused"], counters["dead.refused"], counters["published"]) == (2, 1, 0)


async def test_second_process_cannot_open_the_same_spool(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(StoreError, match="locked"):
            await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=FakeClock())


@pytest.mark.parametrize("damage", ["header", "middle", "empty_garbage"])
async def test_damaged_file_is_set_aside_counted_and_a_new_one_goes_on(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "spool.sqlite"
    async with opened(tmp_path) as spool:
        name = spool.id
        for value in range(200):
            await spool.emit(batch(*[value] * 100))
    raw = bytearray(path.read_bytes())
    if damage == "header":
        raw[:64] = b"\xff" * 64
    elif damage == "middle":
        raw[4096:40960] = b"\x5a" * (40960 - 4096)
    else:
        raw = bytearray(b"not a database at all" * 100)
    path.write_bytes(raw)
    async with opened(tmp_path) as spool:
        await spool.emit(batch(7))
        assert values(await drain(spool)) == [7]
        assert (await spool.figures()).counters["damaged_files"] == 1
        assert spool.id != name
    assert set_aside(tmp_path) == 1


async def test_damage_met_while_running_does_not_stop_the_gateway(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await spool.emit(batch(1, 2, 3))
        old = await spool.backlog(10, 2**62)
        spool._file._database.execute("PRAGMA writable_schema = ON")
        spool._file._database.execute("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'batches'")
        spool._file._database.execute("PRAGMA writable_schema = RESET")
        await spool.emit(batch(4))
        spool.published(old)  # an ack for the old file must not remove the row of the new one
        assert values(await spool.backlog(10, 2**62)) == [4]
        counters = (await spool.figures()).counters
        assert (counters["damaged_files"], counters["dropped.damaged"], counters["accepted"]) == (1, 3, 4)


async def test_one_rotten_row_is_dropped_and_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        for value in range(3):
            await spool.emit(batch(value))
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE batches SET body = zeroblob(length(body)) WHERE id = 2")
    async with opened(tmp_path) as spool:
        assert values(await drain(spool)) == [0, 2]
        assert (await spool.figures()).counters["dropped.damaged"] == 1


async def test_full_disk_gives_up_measures_and_still_takes_events(tmp_path: Path) -> None:
    async with opened(tmp_path, most_bytes=8 * 2**20) as spool:
        spool._file.limit_pages(200)
        await fill(spool, 1000)
        await spool.emit(batch(1, point=STATE_A))
        counters = (await spool.figures()).counters
        kept = values(await drain(spool))
    assert kept[0] == 1
    assert len(kept) == 100_001 - counters["dropped.thinned"] - counters["dropped.oldest"]


async def test_disk_that_is_full_of_events_is_an_error_the_caller_hears(tmp_path: Path) -> None:
    async with opened(tmp_path, most_bytes=8 * 2**20) as spool:
        spool._file.limit_pages(60)
        events = [batch(*[value] * 100, point=STATE_A) for value in range(1000)]
        outcomes = await asyncio.gather(*(spool.emit(event) for event in events), return_exceptions=True)
        figures = await spool.figures()
        assert len(await drain(spool)) == figures.batches == outcomes.count(None)
    assert {type(outcome) for outcome in outcomes} <= {type(None), FullError}
    assert FullError in {type(outcome) for outcome in outcomes}


async def test_persistent_counter_goes_on_after_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        async with opened(tmp_path) as spool:
            assert await spool.count("bd_seq") == expected


def test_forecast_follows_the_rate_of_the_last_minutes() -> None:
    forecast = Forecast()
    assert forecast.seconds(1000, 0) is None
    for second in range(100):
        forecast.add(50, second)
    assert forecast.seconds(5000, 100) == pytest.approx(100)
    assert forecast.seconds(-1, 100) == 0
    assert forecast.seconds(5000, 10_000) is None


Step = st.one_of(
    st.tuples(st.just("emit"), st.integers(0, 3), st.integers(1, 5)),
    st.tuples(st.sampled_from(["take", "publish", "give_back", "reopen"]), st.just(0), st.just(0)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(Step, max_size=25))
def test_whatever_happens_each_reading_is_waiting_taken_or_published_once(steps: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_walk(Path(folder), steps))


async def _walk(folder: Path, steps: list[tuple[str, int, int]]) -> None:
    written: list[float] = []
    published: list[float] = []
    taken: list[SpoolRow] = []
    spool = await Spool.open(folder / "s", limits=SpoolLimits(), clock=FakeClock())
    for what, point, count in steps:
        if what == "emit":
            new = [float(len(written) + extra) for extra in range(count)]
            await spool.emit(batch(*new, point=point))
            written += new
        elif what == "take":
            taken += await spool.events(2) + await spool.backlog(2, 2**62)
        elif what == "publish":
            published += values(taken)
            spool.published(taken)
            taken = []
        elif what == "give_back":
            spool.give_back(taken)
            taken = []
        else:
            await spool.close()
            spool = await Spool.open(folder / "s", limits=SpoolLimits(), clock=FakeClock())
            taken = []
    rest = values(taken) + values(await drain(spool))
    figures = await spool.figures()
    await spool.close()
    assert sorted(published + rest) == written
    assert figures.counters["accepted"] == len(written)


WRITER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.gateway.test_spool_laws import SystemClock, Spool, SpoolLimits, batch

async def main():
    spool = await Spool.open(Path(sys.argv[1]), limits=SpoolLimits(), clock=SystemClock())
    async def write(start):
        for value in range(start, 10**9, 4):
            await spool.emit(batch(*[value] * 50, point=value % 4))
            print(value, flush=True)
    await asyncio.gather(*(write(start) for start in range(4)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lifetime_s", [0.05, 0.15, 0.3])
def test_killed_in_mid_write_everything_that_returned_is_there_and_whole(tmp_path: Path, lifetime_s: float) -> None:
    path, root = tmp_path / "spool.sqlite", Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", WRITER, path, root], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    heard = [float(process.stdout.readline())]
    time.sleep(lifetime_s)
    process.send_signal(signal.SIGKILL)
    heard += [float(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    process.stdout.close()
    rows, figures = asyncio.run(_contents(tmp_path))
    stored = {float(decode_data(row.body).value[0]) for row in rows}
    assert len(heard) > 1
    assert set(heard) <= stored
    assert all(row.readings == 50 for row in rows)
    assert figures.counters["accepted"] == figures.counters["produced"] == 50 * len(rows)


async def _contents(folder: Path) -> tuple[list[SpoolRow], SpoolFigures]:
    async with opened(folder) as spool:
        return await drain(spool), await spool.figures()
