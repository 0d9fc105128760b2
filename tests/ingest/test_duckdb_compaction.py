"""Compaction of the embedded store: killed at every step, damaged, late readings, short memory, dropped days."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import numpy as np
import pytest

from domain.batch import ReadingBatch
from ingest.duckdb_compaction import maintain
from ingest.duckdb_layout import day_of, parse_part_name, part_name
from ingest.duckdb_parts import folder_of, unknown_parts
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, RangeQuery, StoreDownError
from tests.ingest import compaction_child
from tests.ingest.compacting_store import DAY_NS, FOR_EVER, MUCH_LATER_NS
from tests.ingest.compaction_child import METHODS, STEPS
from tests.ingest.ingest_site import SECOND_NS, START_NS, load, site

SITE = site()
POINTS = len(SITE.points)
TODAY = day_of(START_NS)


def open_at(folder: Path, **options: str) -> DuckDbStore:
    return DuckDbStore(SITE.points, folder / "readings.duckdb", **options)  # type: ignore[arg-type]  # memory_limit


def mark(seq: int) -> dict[str, list[Mark]]:
    return {"S": [Mark(seq, seq)]}


def whole(store: DuckDbStore, start_ns: int = 0, end_ns: int = 2**62) -> list[tuple[list[int], list[float]]]:
    query = RangeQuery(points=tuple(range(POINTS)), start_ns=start_ns, end_ns=end_ns, most_rows=10**6)
    return [(series.time_ns.tolist(), series.value.tolist()) for series in store.range(query)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [*STEPS, *METHODS])
def test_killed_at_any_step_no_reading_is_lost_or_doubled(tmp_path: Path, step: str, when: str) -> None:
    child = [sys.executable, compaction_child.__file__, str(tmp_path / "readings.duckdb"), step, when]
    done = subprocess.run(child, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == -9, done.stderr
    store = open_at(tmp_path)
    expected = [
        second for start, count in ((0, 100), (86_400, 50), (2 * 86_400, 50)) for second in range(start, start + count)
    ]
    if step == "forget":  # the first day was dropped, and the drop was committed before the file went
        expected = [second for second in expected if second >= 86_400]
    for attempt in ("as found", "compacted again", "opened again"):
        counts = store.counts()
        assert counts.stored == counts.distinct == len(expected) * POINTS, attempt
        assert [time for time, _ in whole(store)] == [[START_NS + second * SECOND_NS for second in expected]] * POINTS
        assert store.applied("S", [Mark(seq, seq) for seq in range(1, 6)]) == [True] * 4 + [False]
        if attempt == "as found":
            again = store.write(load(SITE, 50, 86_400), mark(9))
            assert (again.stored, again.duplicates) == (0, 50 * POINTS)
            maintain(store, START_NS + 2 * DAY_NS, 365, force=True)
            assert not store.layout.sealed
        elif attempt == "compacted again":
            store.close()
            store = open_at(tmp_path)
    assert unknown_parts(store.layout) == []
    assert store.set_aside == []
    names = sorted(path.name for path in folder_of(store.path).glob("*"))
    assert names == sorted([part.name for part in store.layout.parts] + ["points.parquet"])
    store.close()


def test_late_readings_of_a_closed_day_are_stored_once_and_read_with_the_others(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    store.write(load(SITE, 50, 100), mark(1))
    maintain(store, MUCH_LATER_NS, FOR_EVER, force=True)
    late = load(SITE, 100, 75)
    written = store.write(late, mark(2))
    assert (written.stored, written.duplicates) == (50 * POINTS, 50 * POINTS)
    assert store.write(late, mark(3)).stored == 0
    before = whole(store)
    assert [len(times) for times, _ in before] == [100] * POINTS
    maintain(store, MUCH_LATER_NS, FOR_EVER, force=True)
    assert [part.generation for part in store.layout.parts] == [2]
    assert store.write(late, mark(4)).stored == 0
    assert whole(store) == before
    store.close()


def test_open_days_stay_and_closed_days_go_and_only_once_a_day(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    for day in range(3):
        store.write(load(SITE, 10, day * 86_400), mark(day))
    now_ns = START_NS + 2 * DAY_NS
    assert maintain(store, now_ns, FOR_EVER, force=True).days == 2
    assert [part.day for part in store.layout.parts] == [TODAY, TODAY + 1]
    assert maintain(store, now_ns, FOR_EVER, force=True).days == 0, "what is left is of today"
    store.write(load(SITE, 10, 100), mark(9))
    assert maintain(store, now_ns, FOR_EVER).days == 0, "late readings wait for the next day's compaction"
    assert maintain(store, now_ns + DAY_NS, FOR_EVER).days == 2
    store.close()


def test_days_past_retention_are_dropped_with_their_space(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    for day in range(5):
        store.write(load(SITE, 2000, day * 86_400), mark(day))
    maintain(store, START_NS + 4 * DAY_NS, FOR_EVER, force=True)
    folder = folder_of(store.path)
    assert len(list(folder.glob("20*.parquet"))) == 4
    done = maintain(store, START_NS + 6 * DAY_NS, 3)
    assert (done.dropped_days, done.dropped_rows) == (3, 3 * 2000 * POINTS)
    assert [part.day for part in store.layout.parts] == [TODAY + 3, TODAY + 4]
    assert sorted(path.name for path in folder.glob("20*")) == [part.name for part in store.layout.parts]
    assert store.counts().stored == 2 * 2000 * POINTS
    store.write(load(SITE, 10), mark(9))
    assert maintain(store, START_NS + 7 * DAY_NS, 3, force=True).dropped_rows == (2000 + 10) * POINTS
    store.close()


def test_the_file_stays_as_large_as_its_open_days_and_the_rest_is_in_parts(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    rows = 600_000
    dice = np.random.default_rng(1)
    sizes = []
    for day in range(5):
        times = START_NS + day * DAY_NS + np.arange(rows) * 10**6
        store.write(ReadingBatch.build(SITE.points, times, np.arange(rows) % POINTS, dice.random(rows)), mark(day))
        maintain(store, START_NS + (day + 1) * DAY_NS, FOR_EVER, force=True)
        sizes.append(store.path.stat().st_size)
    assert sizes[-1] < 1.5 * sizes[0], "blocks of compacted days are used again"
    assert store.counts().distinct == 5 * rows
    store.close()


def test_questions_and_compaction_and_writes_go_on_beside_each_other(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    for day in range(4):
        store.write(load(SITE, 300, day * 86_400), mark(day))
    stop, wrong = threading.Event(), list[object]()

    def ask() -> None:
        while not stop.is_set():
            found = whole(store, end_ns=START_NS + 4 * DAY_NS)
            wrong.extend(times for times, _ in found if len(times) != 1200)

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for round_ in range(1, 9):
        store.write(load(SITE, 20, 5 * 86_400 + round_ * 20), mark(100 + round_))
        maintain(store, START_NS + round_ * DAY_NS, FOR_EVER, force=True)
    stop.set()
    for asker in askers:
        asker.join()
    assert wrong == []
    assert store.counts().stored == (1200 + 160) * POINTS
    store.close()


def damage(path: Path, how: str) -> None:
    raw = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
        return
    if how == "short":
        raw = raw[: len(raw) // 2]
    elif how == "empty":
        raw = bytearray()
    elif how == "head":
        raw[:400] = b"\xaa" * 400
    else:
        raw[-200:] = b"\xaa" * 200
    path.write_bytes(raw)


@pytest.mark.parametrize("reopened", [True, False], ids=["opened again", "while it runs"])
@pytest.mark.parametrize("how", ["gone", "short", "empty", "head", "foot"])
def test_a_damaged_part_is_set_aside_and_counted_and_the_rest_is_read(
    tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture, *, reopened: bool
) -> None:
    store = open_at(tmp_path)
    for day in range(2):
        store.write(load(SITE, 200, day * 86_400), mark(day))
    maintain(store, MUCH_LATER_NS, FOR_EVER, force=True)
    first, second = store.layout.parts
    if reopened:
        store.close()
    damage(folder_of(tmp_path / "readings.duckdb") / first.name, how)
    if reopened:
        store = open_at(tmp_path)
    found = whole(store)
    assert [len(times) for times, _ in found] == [200] * POINTS
    assert store.layout.parts == (second,)
    assert store.counts().stored == 200 * POINTS
    assert "was set aside" in caplog.text
    assert len(store.set_aside) == (how != "gone")
    written = store.write(load(SITE, 200), mark(9))
    assert written.stored == 200 * POINTS, "the day can be filled again, from a stream or a backup"
    maintain(store, MUCH_LATER_NS, FOR_EVER, force=True)
    assert [len(times) for times, _ in whole(store)] == [400] * POINTS
    store.close()


@pytest.mark.parametrize("seed", range(12))
def test_bytes_changed_anywhere_in_a_part_never_stop_the_store(tmp_path: Path, seed: int) -> None:
    store = open_at(tmp_path)
    for day in range(2):
        store.write(load(SITE, 500, day * 86_400), mark(day))
    maintain(store, MUCH_LATER_NS, FOR_EVER, force=True)
    path = folder_of(store.path) / store.layout.parts[0].name
    dice = random.Random(seed)
    raw = bytearray(path.read_bytes())
    for _ in range(5):
        at = dice.randrange(len(raw))
        raw[at : at + 20] = dice.randbytes(20)[: len(raw) - at]
    path.write_bytes(raw)
    for attempt in range(3):
        try:
            found = [len(times) for times, _ in whole(store, START_NS + DAY_NS // 2)]
            assert found == [500] * POINTS
            whole(store)
            store.write(load(SITE, 10, 86_400 * 3), mark(50 + attempt))
        except StoreDownError:
            assert attempt < 2
        else:
            break
    assert store.counts().stored >= 510 * POINTS
    store.close()


def test_parts_of_a_lost_file_are_adopted_by_the_next_one(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    for day in range(2):
        store.write(load(SITE, 200, day * 86_400), mark(day))
    maintain(store, MUCH_LATER_NS, FOR_EVER, force=True)
    before = whole(store)
    store.close()
    store.path.write_bytes(b"hello world" * 1000)
    older = folder_of(store.path) / part_name(TODAY, 1)
    (folder_of(store.path) / part_name(TODAY, 2)).write_bytes(older.read_bytes())
    wider = site(devices=9)
    store = DuckDbStore(wider.points, tmp_path / "readings.duckdb")
    assert store.counts().stored == store.counts().distinct == 400 * POINTS
    assert len(store.latest()) == POINTS
    store.close()
    store = open_at(tmp_path)
    assert whole(store) == before
    assert store.write(load(SITE, 200), mark(1)).stored == 0
    assert [part.generation for part in store.layout.parts] == [2, 1]
    store.close()


def test_a_table_of_an_earlier_release_is_taken_over(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    store.write(load(SITE, 100), mark(1))
    before = whole(store)
    store.close()
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("DROP VIEW readings; ALTER TABLE hot_1 RENAME TO readings")
        for table in ("hot", "parts", "damaged", "newest"):
            connection.execute(f"DROP TABLE {table}")
    store = open_at(tmp_path)
    assert whole(store) == before
    assert store.write(load(SITE, 100), mark(2)).stored == 0
    assert maintain(store, MUCH_LATER_NS, FOR_EVER).rows == 100 * POINTS
    assert whole(store) == before
    store.close()


SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from domain.batch import ReadingBatch
from ingest.duckdb_compaction import maintain
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, RangeQuery
from tests.ingest.ingest_site import START_NS, site
registry = site()
store = DuckDbStore(registry.points, Path(sys.argv[1]), memory_limit="64MB")
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
dice = np.random.default_rng(1)
count, rows = len(registry.points), 500_000
for seq in range(10):
    at = np.arange(rows) + seq * rows
    batch = ReadingBatch.build(registry.points, START_NS + at * 10**6, at % count, dice.random(rows))
    store.write(batch, {"S": [Mark(seq, seq)]})
before = peak()
done = maintain(store, START_NS + 10 * 86_400 * 10**9, 365, force=True)
assert done.rows == 5_000_000, done
assert store.counts().distinct == 5_000_000
query = RangeQuery(points=(0,), start_ns=0, end_ns=2**62, resolution_ns=10**9)
assert sum(len(series.time_ns) for series in store.range(query))
grown = peak() - before
print(f"{grown:.0f} MB more than while writing")
assert grown < 160, grown  # its limit, and what the allocator keeps
store.close()
"""


def test_compaction_and_questions_keep_within_their_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SHORT_OF_MEMORY, str(tmp_path / "readings.duckdb")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert "MB more" in done.stdout


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from domain.batch import ReadingBatch
from domain.errors import StoreError
from ingest.duckdb_compaction import maintain
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark
from tests.ingest.ingest_site import START_NS, site
registry = site()
store = DuckDbStore(registry.points, Path(sys.argv[1]))
rows, count = 300_000, len(registry.points)
at, dice = np.arange(rows), np.random.default_rng(1)
batch = ReadingBatch.build(registry.points, START_NS + at * 10**6, at % count, dice.random(rows))
store.write(batch, {"S": [Mark(1, 1)]})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
for _ in range(2):
    try:
        maintain(store, START_NS + 10 * 86_400 * 10**9, 365, force=True)
    except StoreError:
        continue
    raise SystemExit("the part can't fit")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
counts = store.counts()
assert counts.stored == counts.distinct == rows, counts
assert store.set_aside == []
assert maintain(store, START_NS + 10 * 86_400 * 10**9, 365, force=True).rows == rows
counts = store.counts()
assert counts.stored == counts.distinct == rows, counts
store.close()
"""


def test_a_full_disk_stops_compaction_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "readings.duckdb")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr


def test_names_of_parts() -> None:
    assert part_name(TODAY, 3) == "2027-01-15.3.parquet"
    assert parse_part_name("2027-01-15.3.parquet") == (TODAY, 3)
    for other in ("2027-13-15.3.parquet", "points.parquet", "2027-01-15.3.parquet.building", "x.parquet"):
        assert parse_part_name(other) is None
