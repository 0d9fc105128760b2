"""Backup, restore and export of the embedded store."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import RefusedError, StoreError
from ingest.duckdb_backup import MANIFEST, READINGS, backup, read_manifest, restore
from ingest.duckdb_compaction import maintain
from ingest.duckdb_export import Format, Selection, export
from ingest.duckdb_status import status
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, RangeQuery
from tests.ingest.compacting_store import DAY_NS, FOR_EVER
from tests.ingest.ingest_site import SECOND_NS, START_NS, load, readings, site

SITE = site()
POINTS = len(SITE.points)
NAME = "readings.duckdb"


def mark(seq: int) -> dict[str, list[Mark]]:
    return {"S": [Mark(seq, seq)]}


def filled(folder: Path) -> DuckDbStore:
    """Return a store of three days, two of them compacted, with words and a late reading."""
    store = DuckDbStore(SITE.points, folder / NAME)
    for day in range(3):
        store.write(load(SITE, 100, day * 86_400), mark(day + 1))
    store.write(readings(SITE, ["camera-1/image"], [200_000], [1.0], text={0: "http://x/東"}), mark(4))
    maintain(store, START_NS + 2 * DAY_NS, FOR_EVER, force=True)
    store.write(readings(SITE, ["pressure-1/pressure"], [5_000], [7.0]), mark(5))
    return store


def everything(store: DuckDbStore) -> list[tuple[list[int], list[float], list[int]]]:
    query = RangeQuery(points=tuple(range(POINTS)), start_ns=0, end_ns=2**62, most_rows=10**7)
    return [(one.time_ns.tolist(), one.value.tolist(), one.quality.tolist()) for one in store.range(query)]


def test_a_restored_backup_is_the_store(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    made = backup(store, tmp_path / "backup")
    before, counts, newest = everything(store), store.counts(), store.latest()
    assert made.rows == counts.stored == 300 * POINTS + 2
    store.close()
    assert restore(tmp_path / "backup", tmp_path / "b" / NAME) == made
    again = DuckDbStore(SITE.points, tmp_path / "b" / NAME)
    assert everything(again) == before
    assert again.counts() == counts
    assert again.latest().text == newest.text
    assert sorted(again.latest().time_ns.tolist()) == sorted(newest.time_ns.tolist())
    assert again.applied("S", [Mark(seq, seq) for seq in range(1, 7)]) == [True] * 5 + [False]
    assert again.write(load(SITE, 100), mark(6)).stored == 0
    assert maintain(again, START_NS + 9 * DAY_NS, FOR_EVER, force=True).days == 2
    assert everything(again) == before
    again.close()


def test_a_backup_under_load_is_one_consistent_cut(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    stop, written = threading.Event(), [5]

    def write() -> None:
        while not stop.is_set():
            seq = written[0] + 1
            store.write(load(SITE, 20, 2 * 86_400 + seq * 20), mark(seq))
            written[0] = seq
            if seq % 7 == 0:
                maintain(store, START_NS + (3 + seq // 7) * DAY_NS, FOR_EVER, force=True)

    writer = threading.Thread(target=write)
    writer.start()
    cuts = []
    for number in range(4):
        low = written[0]
        made = backup(store, tmp_path / f"backup-{number}")
        cuts.append((low, written[0] + 1, made))
    stop.set()
    writer.join()
    store.close()
    for number, (low, high, made) in enumerate(cuts):
        restore(tmp_path / f"backup-{number}", tmp_path / f"r-{number}" / NAME)
        again = DuckDbStore(SITE.points, tmp_path / f"r-{number}" / NAME)
        known = again.applied("S", [Mark(seq, seq) for seq in range(1, high + 2)])
        last = known.index(False)
        assert low <= last <= high
        assert known == [True] * last + [False] * (len(known) - last)
        late = {2 * 86_400 + seq * 20 + second for seq in range(6, last + 1) for second in range(20)}
        days = {day * 86_400 + second for day in range(3) for second in range(100)}
        expected = sorted(START_NS + second * SECOND_NS for second in late | days)
        times = everything(again)[SITE.points.index("hotel/pressure-2/pressure")][0]
        assert times == expected, "exactly the readings of the messages that it says are applied"
        assert again.counts().stored == again.counts().distinct == made.rows
        again.close()


def spoil_part(folder: Path) -> None:
    path = next(folder.glob("2027*.parquet"))
    raw = bytearray(path.read_bytes())
    raw[100] ^= 1
    path.write_bytes(raw)


def remove_readings(folder: Path) -> None:
    (folder / READINGS).unlink()


def link_readings(folder: Path) -> None:
    (folder / READINGS).rename(folder.parent / "elsewhere")
    (folder / READINGS).symlink_to(folder.parent / "elsewhere")


def climb(folder: Path) -> None:
    found = json.loads((folder / MANIFEST).read_text())
    found["files"]["../../x.parquet"] = next(iter(found["files"].values()))
    (folder / MANIFEST).write_text(json.dumps(found))


def no_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


@pytest.mark.parametrize("spoil", [spoil_part, remove_readings, link_readings, climb, no_manifest])
def test_a_damaged_backup_restores_nothing(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    store = filled(tmp_path / "a")
    backup(store, tmp_path / "backup")
    store.close()
    spoil(tmp_path / "backup")
    with pytest.raises(RefusedError):
        restore(tmp_path / "backup", tmp_path / "b" / NAME)
    assert not (tmp_path / "b").exists()


def test_a_store_that_is_there_is_replaced_only_when_told_and_kept_beside(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    backup(store, tmp_path / "backup")
    store.close()
    other = DuckDbStore(SITE.points, tmp_path / "b" / NAME)
    other.write(load(SITE, 10), mark(1))
    with pytest.raises(RefusedError, match="overwrite"):
        restore(tmp_path / "backup", tmp_path / "b" / NAME)
    assert other.counts().stored == 10 * POINTS
    other.close()
    restore(tmp_path / "backup", tmp_path / "b" / NAME, overwrite=True)
    (kept,) = (path for path in (tmp_path / "b").glob(f"{NAME}.replaced-*"))
    with duckdb.connect(str(kept), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM hot_1").fetchall() == [(10 * POINTS,)]
    again = DuckDbStore(SITE.points, tmp_path / "b" / NAME)
    assert again.counts().stored == 300 * POINTS + 2
    again.close()


def test_a_backup_never_replaces_anything_and_leaves_nothing_half(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    (tmp_path / "backup").mkdir()
    with pytest.raises(RefusedError, match="exists"):
        backup(store, tmp_path / "backup")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        backup(store, tmp_path / "file" / "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "backup", "file"]
    store.close()


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_any_bytes_as_a_manifest_are_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("backup")
    (folder / MANIFEST).write_bytes(raw)
    with pytest.raises(RefusedError):
        read_manifest(folder)


def test_a_table_of_a_backup_can_have_no_name_of_ours_to_break(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    backup(store, tmp_path / "backup")
    store.close()
    found = json.loads((tmp_path / "backup" / MANIFEST).read_text())
    (tmp_path / "backup" / "table-points.parquet").rename(tmp_path / "backup" / "table-hot_1.parquet")
    found["files"]["table-hot_1.parquet"] = found["files"].pop("table-points.parquet")
    (tmp_path / "backup" / MANIFEST).write_text(json.dumps(found))
    with pytest.raises(StoreError, match="hot_1"):
        restore(tmp_path / "backup", tmp_path / "b" / NAME)
    assert not (tmp_path / "b" / NAME).exists()


def read_csv(folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows += csv.DictReader(file)
    return rows


def test_an_export_to_csv_says_who_when_and_what(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    chosen = Selection(devices=("pressure-1",), points=("pressure",), format=Format.CSV)
    found = export(store, tmp_path / "out", chosen)
    rows = read_csv(tmp_path / "out")
    assert found["rows"] == len(rows) == 301
    assert sorted(found["files"]) == ["2027-01-15.csv", "2027-01-16.csv", "2027-01-17.csv"]
    assert rows[0] == {
        "unit": "hotel", "device": "pressure-1", "point": "pressure", "quantity": "kPa",
        "time": "2027-01-15T08:00:00.000000Z", "time_ns": str(START_NS), "value": "0.0", "quality": "192",
    }  # fmt: skip
    assert [int(row["time_ns"]) for row in rows] == everything(store)[SITE.points.index("hotel/pressure-1/pressure")][0]
    store.close()


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, 300 * POINTS + 2),
        ({"units": ("hotel",)}, 300 * POINTS + 2),
        ({"devices": ("hotel/pressure-2",)}, 600),
        ({"points": ("hotel/pressure-2/level", "image")}, 601),
        ({"start_ns": START_NS + 50 * SECOND_NS, "end_ns": START_NS + 60 * SECOND_NS}, 10 * POINTS),
        ({"end_ns": START_NS + DAY_NS}, 100 * POINTS + 1),
    ],
)
def test_an_export_to_parquet_holds_what_was_chosen(tmp_path: Path, chosen: dict[str, Any], expected: int) -> None:
    store = filled(tmp_path / "a")
    seen = []
    found = export(store, tmp_path / "out", Selection(**chosen), lambda done, total: seen.append((done, total)))
    assert found["rows"] == expected
    assert seen[-1][0] == seen[-1][1] > 0
    with duckdb.connect() as connection:
        asked = connection.execute("SELECT count(*) FROM read_parquet(?)", [f"{tmp_path}/out/*.parquet"]).fetchall()
    assert asked == [(expected,)]
    store.close()


def test_an_export_of_nobody_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    for name in ("no-such", "' OR 1=1 --"):
        with pytest.raises(RefusedError, match="no point"):
            export(store, tmp_path / "out", Selection(units=(name,)))
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.building").exists()
    store.close()


def test_status_tells_rows_bytes_and_span(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    found = status(store)
    assert found["rows"] == 300 * POINTS + 2
    assert [(part["day"], part["rows"]) for part in found["partitions"]] == [
        ("2027-01-15", 100 * POINTS),
        ("2027-01-16", 100 * POINTS),
    ]
    assert found["new"]["rows"] == 100 * POINTS + 2
    assert (found["first_ns"], found["last_ns"]) == (START_NS, START_NS + 200_000 * SECOND_NS)
    assert found["bytes"] > found["partitions"][0]["bytes"] > 0
    assert found["damaged"] == found["unknown_files"] == []
    store.close()


def test_verify_finds_what_no_question_has_met_yet(tmp_path: Path) -> None:
    store = filled(tmp_path / "a")
    folder, part = store.layout.folder, store.layout.parts[0]
    raw = bytearray((folder / part.name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / part.name).write_bytes(raw)
    assert [name for name, _, _ in store.verify()] == [part.name]
    assert [one["name"] for one in status(store)["damaged"]] == [part.name]
    assert backup(store, tmp_path / "backup").rows == 200 * POINTS + 2
    store.close()
