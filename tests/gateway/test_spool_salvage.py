"""A damaged spool: what it still has goes on, and a message whose rows are lost is taken when it comes again."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbone.sparkplug import decode_data
from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, FakeClock
from domain.points import Point, PointKind, PointTable
from domain.words import COMPONENT_STATE, FIRE_BITS
from gateway.losses import LOST_ROW
from gateway.spool import NodeRecord, Spool, SpoolLimits, SpoolRow
from gateway.spool.salvage import salvage

T0_NS = 1_800_000_000_000 * NS_PER_MS
FIRE = FIRE_BITS[COMPONENT_STATE]
PAGE = 4096


def smoke(name: str) -> Point:
    return Point(unit="inn", gateway="utd", device="fas", name=name, kind=PointKind.STATE, word=COMPONENT_STATE)


LEVEL = Point(unit="inn", gateway="utd", device="fas", name="level", kind=PointKind.MEASURE)
TABLE = PointTable([smoke("a"), LEVEL, *(smoke(f"s{at}") for at in range(20))])


def reading(at: int, value: float, *, text: str = "", point: int = 0) -> ReadingBatch:
    return ReadingBatch.build(TABLE, [T0_NS + at * NS_PER_MS], [point], [value], text={0: text} if text else None)


def frame(at: int) -> bytes:
    return at.to_bytes(8, "big")


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Spool]:
    spool = await Spool.open(folder / "spool.sqlite", limits=SpoolLimits(), clock=FakeClock())
    try:
        yield spool
    finally:
        await spool.close()


async def everything(spool: Spool) -> list[SpoolRow]:
    rows: list[SpoolRow] = []
    while found := await spool.events(100):
        rows += found
    return rows


def numbers(rows: list[SpoolRow]) -> list[int]:
    return [int(time_ns - T0_NS) // NS_PER_MS for row in rows for time_ns in decode_data(row.body).time_ns.tolist()]


async def fill(spool: Spool, count: int) -> None:
    """Store ``count`` events, every tenth a fire, each with a name, a long text and a time of its own."""
    for at in range(count):
        await spool.emit(reading(at, FIRE if at % 10 == 0 else 4, text="烟" * 200), names=[frame(at)])


def pages_of(path: Path, tree: str) -> list[int]:
    """Return the pages of a tree of the file, in its own order."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        try:
            found = database.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'", (tree,))
            return [page for (page,) in found]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no dbstat")


def spoil(path: Path, pages: list[int]) -> None:
    raw = bytearray(path.read_bytes())
    for page in pages:
        raw[(page - 1) * PAGE : page * PAGE] = b"\x5a" * PAGE
    path.write_bytes(raw)


async def test_damage_in_some_pages_costs_their_rows_only_and_their_messages_may_come_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await fill(spool, 200)
        await spool.save_nodes([NodeRecord("inn", "utd", 7, born=True)])
        spool.learn([smoke("new")])
    path = tmp_path / "spool.sqlite"
    leaves = pages_of(path, "batches")
    spoil(path, leaves[3:5])
    async with opened(tmp_path) as spool:
        kept = numbers(await everything(spool))
        lost = set(range(200)) - set(kept)
        assert 0 < len(lost) < 20
        assert [at for at in kept if at % 10 == 0] == kept[: sum(at % 10 == 0 for at in kept)]
        assert {at for at in range(200) if spool.is_taken(frame(at))} == set(kept)
        assert spool.remembered.nodes == (NodeRecord("inn", "utd", 7, born=True),)
        assert spool.remembered.points == (smoke("new"),)
        assert [state.time_ns for state in spool.remembered.states] == [T0_NS + 199 * NS_PER_MS]
        assert spool.remembered.delivered == frozenset()
        counters = (await spool.figures()).counters
        letters = await spool.letters()
    assert (counters["accepted"], counters["dropped.damaged"], counters["damaged_files"]) == (200, len(lost), 1)
    assert [letter.reason for letter in letters] == [LOST_ROW] * len(lost)
    assert counters[f"dead.{LOST_ROW}"] == len(lost)


async def test_a_damaged_index_costs_no_event(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await fill(spool, 100)
    path = tmp_path / "spool.sqlite"
    spoil(path, [*pages_of(path, "batches_lane"), *pages_of(path, "batches_age")])
    async with opened(tmp_path) as spool:
        assert sorted(numbers(await everything(spool))) == list(range(100))
        assert all(spool.is_taken(frame(at)) for at in range(100))


async def test_damage_met_while_running_keeps_fire_that_waits_and_what_was_delivered_stays_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await fill(spool, 30)
        await spool.emit(reading(30, 1, point=1))
        gone = await spool.events(2)
        spool.published(gone)
        spool._file._database.execute("PRAGMA writable_schema = ON")
        spool._file._database.execute("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'counters'")
        spool._file._database.execute("PRAGMA writable_schema = RESET")
        await spool.emit(reading(40, FIRE), names=[frame(40)])
        rows = await everything(spool)
        assert numbers(rows) == [20, 40, *(at for at in range(30) if at % 10)]
        assert all(spool.is_taken(frame(at)) for at in (*range(30), 40))
        assert (await spool.figures()).counters["damaged_files"] == 1


async def test_an_event_whose_checksum_does_not_fit_is_told_and_its_message_taken_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await fill(spool, 3)
    with contextlib.closing(sqlite3.connect(tmp_path / "spool.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE batches SET body = zeroblob(length(body)) WHERE id = 3")
    async with opened(tmp_path) as spool:
        assert numbers(await everything(spool)) == [0, 1]
        assert [spool.is_taken(frame(at)) for at in range(3)] == [True, True, False]
        letters = await spool.letters()
    assert [(one.reason, "inn/utd/fas" in one.detail) for one in letters] == [(LOST_ROW, True)]
    async with opened(tmp_path) as spool:
        assert not spool.is_taken(frame(2))
        assert spool.remembered.states == ()


async def test_names_of_a_file_that_gives_nothing_are_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path) as spool:
        await fill(spool, 3)
        await spool.emit(ReadingBatch.empty(TABLE), names=[b"without readings"])
        path = tmp_path / "spool.sqlite"

        def lose() -> None:
            spool._file.close()
            path.write_bytes(b"\xff" * PAGE * 4)
            spool._set_aside()

        await spool._in_thread(lose)
        assert not any(spool.is_taken(frame(at)) for at in range(3))
        assert spool.is_taken(b"without readings")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_salvaging_any_bytes_reads_or_gives_up_but_never_fails(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("salvage") / "spool"
    raw = bytearray(MODEL)
    for at, junk in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.binary(min_size=1, max_size=600)))):
        raw[at : at + len(junk)] = junk
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    found = salvage(path)
    assert list(found.rows) == sorted(found.rows)
    assert all(first <= last for _, (first, last) in found.names(1))


def _model() -> bytes:
    """Return a sound spool file."""

    async def write(folder: Path) -> bytes:
        async with opened(folder) as spool:
            await fill(spool, 40)
        return (folder / "spool.sqlite").read_bytes()

    with TemporaryDirectory() as folder:
        return asyncio.run(write(Path(folder)))


MODEL = _model()
