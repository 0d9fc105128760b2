"""What only the embedded store promises: exactly once, damage, locks, full disks, a registry that changes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.batch import ReadingBatch
from ingest.duckdb_file import damaged_files
from ingest.duckdb_store import DuckDbStore, first_of_name
from ingest.store import Mark, RangeQuery, StoreDeniedError, StoreDownError, Written
from tests.ingest.ingest_site import START_NS, load, readings, site

SITE = site()
P1, P2 = "pressure-1/pressure", "pressure-2/pressure"


def open_at(folder: Path) -> DuckDbStore:
    return DuckDbStore(SITE.points, folder / "readings.duckdb")


def marks(*seqs: int) -> dict[str, list[Mark]]:
    return {"TELEMETRY": [Mark(seq, seq) for seq in seqs]}


def is_applied(store: DuckDbStore, *seqs: int, stream: str = "TELEMETRY") -> list[bool]:
    return store.applied(stream, [Mark(seq, seq) for seq in seqs])


def rows_in(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("SELECT count(*) FROM readings").fetchone()
    assert found is not None
    return int(found[0])


def test_sequences_are_known_after_a_restart_each_stream_for_itself(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    store.write(load(SITE, 1), marks(1, 2, 5) | {"BACKFILL": [Mark(3, 3)]})
    store.write(load(SITE, 0), marks(4))
    store.close()
    store = open_at(tmp_path)
    assert is_applied(store, 1, 2, 3, 4, 5, 6) == [True, True, False, True, True, False]
    assert is_applied(store, 2, 3, stream="BACKFILL") == [False, True]
    store.close()


def test_applied_sequences_stay_one_row_however_many_commits(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    for seq in range(1, 60):
        store.write(load(SITE, 1, seq), marks(seq))
    store.close()
    with duckdb.connect(str(tmp_path / "readings.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT * FROM applied").fetchall() == [("TELEMETRY", 1, 59, 59)]


def test_duplicates_are_counted_wherever_they_come_from(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    assert store.write(readings(SITE, [P1, P1, P2], [1, 1, 1], [1, 1, 2]), marks(1)) == Written(2, 1)
    assert store.write(readings(SITE, [P1, P1], [1, 2], [1, 3]), marks(2)) == Written(1, 1)
    assert store.write(readings(SITE, [P1, P1, P1], [0, 1, 2], [9, 9, 9]), marks(3)) == Written(1, 2)
    store.close()
    store = open_at(tmp_path)
    assert store.write(readings(SITE, [P1, P2], [0, 1], [9, 9]), marks(4)) == Written(0, 2)
    store.close()


def test_a_reading_of_1970_among_todays_is_stored_once(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    store.write(load(SITE, 100), marks(1))
    old = ReadingBatch.build(SITE.points, [0, START_NS, 1], [0, 0, 0], [1, 2, 3])
    assert store.write(old, marks(2)) == Written(2, 1)
    assert store.write(old, marks(3)) == Written(0, 3)
    store.close()


batches = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-20_000, 20_000)), max_size=10), min_size=1, max_size=6
)


@settings(max_examples=15, deadline=None)
@given(batches, st.integers(0, 5))
def test_the_table_is_the_set_of_names_whatever_comes_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[int, int]]], reopen_at: int
) -> None:
    folder = tmp_path_factory.mktemp("store")
    store, names, stored = open_at(folder), set[tuple[int, int]](), 0
    for seq, part in enumerate(parts):
        times = [START_NS + second * 10**9 for _, second in part]
        written = store.write(
            ReadingBatch.build(SITE.points, times, [p for p, _ in part], [0.0] * len(part)), marks(seq)
        )
        names.update(part)
        stored += written.stored
        assert written.stored + written.duplicates == len(part)
        if seq == reopen_at:
            store.close()
            store = open_at(folder)
    counts = store.counts()
    store.close()
    assert counts.stored == counts.distinct == stored == len(names)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4))))
def test_first_of_name_marks_the_first(names: list[tuple[int, int]]) -> None:
    batch = ReadingBatch.build(
        SITE.points, [time for _, time in names], [point for point, _ in names], [0.0] * len(names)
    )
    seen = set[tuple[int, int]]()
    expected = [not (name in seen or seen.add(name)) for name in names]  # type: ignore[func-returns-value]
    assert first_of_name(batch.point, batch.time_ns).tolist() == expected


def test_ids_of_points_outlive_a_changed_registry(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    store.write(readings(SITE, [P2, "camera-1/image"], [0, 0], [2.0, 1.0], text={1: "http://x"}), marks(1))
    store.close()
    wider = site(devices=9)
    store = DuckDbStore(wider.points, tmp_path / "readings.duckdb")
    assert wider.points.index("hotel/camera-1/image") != SITE.points.index("hotel/camera-1/image")
    latest = store.latest()
    assert {wider.points[int(point)].key: value for point, value in zip(latest.point, latest.value, strict=True)} == {
        f"hotel/{P2}": 2.0,
        "hotel/camera-1/image": 1.0,
    }
    assert list(latest.text.values()) == ["http://x"]
    store.write(readings(wider, ["pressure-9/pressure"], [0], [9.0]), marks(2))
    store.close()
    narrow = site(devices=1)
    store = DuckDbStore(narrow.points, tmp_path / "readings.duckdb")
    assert [narrow.points[int(point)].key for point in store.latest().point] == ["hotel/camera-1/image"]
    assert store.counts().stored == 3
    store.close()


def test_the_points_table_says_who_a_number_is(tmp_path: Path) -> None:
    open_at(tmp_path).close()
    with duckdb.connect(str(tmp_path / "readings.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT * FROM points WHERE key = 'hotel/pressure-1/pressure'").fetchall()
    assert found == [(0, "hotel/pressure-1/pressure", "hotel", "gw-east", "pressure-1", "pressure", "kPa")]


def test_a_file_that_another_process_has_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    open_at(tmp_path).close()
    holding = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreDownError, match="open in another process"):
            open_at(tmp_path)
        assert damaged_files(path) == []
        holder.communicate()
    open_at(tmp_path).close()


def damage_head(raw: bytearray) -> bytearray:
    raw[8:12] = b"XXXX"
    return raw


def damage_blocks(raw: bytearray) -> bytearray:
    for at in range(12_288, len(raw), 4096):
        raw[at + 100 : at + 200] = b"\xaa" * 100
    return raw


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: bytearray(),
        lambda _: bytearray(b"hello world" * 1000),
        lambda raw: raw[:100],
        lambda raw: raw[:8192],
        damage_head,
        damage_blocks,
    ],
    ids=["empty", "text", "100 bytes", "two pages", "head", "blocks"],
)
def test_a_damaged_file_is_set_aside_and_writing_goes_on(
    tmp_path: Path, spoil: object, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "readings.duckdb"
    store = open_at(tmp_path)
    store.write(load(SITE, 50), marks(1))
    store.close()
    spoiled = bytes(spoil(bytearray(path.read_bytes())))  # type: ignore[operator]  # one of the functions above
    path.write_bytes(spoiled)
    store = open_at(tmp_path)
    assert store.write(load(SITE, 1), marks(2)).stored == len(SITE.points)
    assert store.counts().stored == len(SITE.points)
    (aside,) = store.set_aside
    store.close()
    assert (tmp_path / aside).read_bytes() == spoiled
    assert "is damaged and was set aside" in caplog.text


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_bytes_changed_anywhere_never_stop_the_store_for_good(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("store")
    path = folder / "readings.duckdb"
    store = open_at(folder)
    store.write(load(SITE, 200), marks(1))
    store.close()
    dice = random.Random(seed)
    raw = bytearray(path.read_bytes())
    for _ in range(20):
        at = dice.randrange(len(raw))
        raw[at : at + 50] = dice.randbytes(50)
    path.write_bytes(raw)
    fresh = load(SITE, 1, start_s=100_000)
    for attempt in range(3):  # the third must find a file that works
        try:
            store = open_at(folder)
            store.write(fresh, marks(2))
            store.counts()
            store.close()
        except StoreDownError:
            assert attempt < 2
        else:
            break


def test_a_folder_in_the_place_of_the_file_needs_a_person(tmp_path: Path) -> None:
    (tmp_path / "readings.duckdb").mkdir()
    with pytest.raises(StoreDeniedError, match="can't be opened"):
        open_at(tmp_path)
    assert damaged_files(tmp_path / "readings.duckdb") == []


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, StoreDownError
from tests.ingest.ingest_site import load, site
registry = site()
store = DuckDbStore(registry.points, Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
stored, seq = 0, 0
while True:
    seq += 1
    try:
        stored += store.write(load(registry, 300, seq * 300), {"S": [Mark(seq, seq)]}).stored
    except StoreDownError:
        break
assert stored
try:
    store.write(load(registry, 300, seq * 300), {"S": [Mark(seq, seq)]})
except StoreDownError:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if not store.applied("S", [Mark(seq, seq)])[0]:
    stored += store.write(load(registry, 300, seq * 300), {"S": [Mark(seq, seq)]}).stored
counts = store.counts()
assert counts.stored == counts.distinct == seq * 300 * len(registry.points), (counts, seq)
assert store.applied("S", [Mark(number, number) for number in range(1, seq + 2)]) == [True] * seq + [False]
assert store.set_aside == []
store.close()
"""


def test_a_full_disk_loses_nothing_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "readings.duckdb")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


KILLED = """
import os, sys
from pathlib import Path
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark
from tests.ingest.ingest_site import load, site
registry = site()
store = DuckDbStore(registry.points, Path(sys.argv[1]))
for seq in range(1, 8):
    store.write(load(registry, 10, seq * 10), {"S": [Mark(seq, seq)]})
os.kill(os.getpid(), 9)
"""


def test_kill_9_after_the_last_commit_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == -9
    store = open_at(tmp_path)
    assert store.applied("S", [Mark(seq, seq) for seq in range(1, 9)]) == [True] * 7 + [False]
    assert store.counts().stored == 70 * len(SITE.points)
    store.close()
    assert rows_in(path) == 70 * len(SITE.points)


def test_queries_run_beside_writes_and_after_a_failure_the_file_is_opened_anew(tmp_path: Path) -> None:
    store = open_at(tmp_path)
    store.write(load(SITE, 10), marks(1))
    assert store._connection is not None
    store._connection.close()  # as after an error that DuckDB calls fatal
    query = RangeQuery(points=(0,), start_ns=0, end_ns=2**62)
    with pytest.raises(StoreDownError, match=r"range on .* failed"):
        store.range(query)
    assert len(store.range(query)[0].time_ns) == 10
    assert is_applied(store, 1) == [True]
    store.close()
