"""Who takes rows looks at each once: nothing is passed over that is still wanted."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np

from backbone.sparkplug import decode_data
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S, FakeClock
from domain.points import Point, PointKind, PointTable
from gateway.spool import EVENT, Spool, SpoolLimits, SpoolRow
from gateway.spool.cursors import Cursors

TABLE = PointTable(
    Point(unit="hotel", gateway="gw", device="a", name=kind.value, kind=kind)
    for kind in (PointKind.STATE, PointKind.MEASURE)
)
STATE, MEASURE = range(2)
LATE_NS = 5 * NS_PER_S


@contextlib.asynccontextmanager
async def opened(folder: Path, clock: FakeClock) -> AsyncIterator[Spool]:
    spool = await Spool.open(folder / "spool.sqlite", limits=SpoolLimits(), clock=clock)
    try:
        yield spool
    finally:
        await spool.close()


async def emit(spool: Spool, clock: FakeClock, *numbers: int, point: int = MEASURE) -> None:
    """Store rows of one reading whose values are their numbers."""
    for number in numbers:
        await spool.emit(ReadingBatch.build(TABLE, [clock.now_ns() // NS_PER_MS * NS_PER_MS], [point], [number]))


def values(rows: Sequence[SpoolRow]) -> list[int]:
    return [int(value) for row in rows for value in decode_data(row.body).value]


async def fresh(spool: Spool, clock: FakeClock, most: int = 10) -> list[int]:
    return values(await spool.fresh(most, clock.now_ns() - LATE_NS))


async def test_fresh_measures_behind_a_backlog_are_found_again_and_again(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock) as spool:
        await emit(spool, clock, *range(30))
        clock.advance(10)
        assert await fresh(spool, clock) == []
        await emit(spool, clock, 30, 31, 32)
        assert await fresh(spool, clock, 2) == [30, 31]
        await emit(spool, clock, 33)
        assert await fresh(spool, clock) == [32, 33]
        assert values(await spool.backlog(100, clock.now_ns() - LATE_NS)) == [*range(30)]


async def test_measures_that_are_fresh_again_when_the_clock_went_back_are_found(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock) as spool:
        await emit(spool, clock, 1)
        clock.advance(10)
        assert await fresh(spool, clock) == []
        clock.advance(-10)
        assert await fresh(spool, clock) == [1]


async def test_a_row_that_comes_back_during_a_look_is_not_passed_over(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock) as spool:
        await emit(spool, clock, 0, 1, 2, point=STATE)
        first, second, third = await spool.events(10)
        spool.give_back([first])
        await emit(spool, clock, 3, point=STATE)
        taking = asyncio.create_task(spool.events(10))
        await asyncio.sleep(0)
        spool.give_back([second])  # behind the first, where the look began, and before the last, where it ends
        rows = await taking + await spool.events(10)
        assert sorted(values(rows)) == [0, 1, 3]
        spool.give_back([third])
        assert values(await spool.events(10)) == [2]


def test_a_look_at_a_file_that_was_set_aside_moves_nothing_in_the_new_one() -> None:
    cursors = Cursors()
    mark = cursors.mark(EVENT)
    cursors.reset()
    cursors.moved(EVENT, mark, 500)
    assert cursors.mark(EVENT)[0] == 0
    cursors.moved(EVENT, cursors.mark(EVENT), 3)
    assert cursors.mark(EVENT)[0] == 3


async def test_rotten_rows_do_not_hide_what_stands_behind_them(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(tmp_path, clock) as spool:
        await emit(spool, clock, *range(40), point=STATE)
    rotten = np.arange(1, 21)
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite", isolation_level=None)) as database:
        database.executemany("UPDATE batches SET checksum = checksum + 1 WHERE id = ?", [(int(at),) for at in rotten])
    async with opened(tmp_path, clock) as spool:
        found: list[int] = []
        while rows := await spool.events(8):
            found += values(rows)
        assert found == [*range(20, 40)]
