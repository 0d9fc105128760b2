"""Readings as files for analysts: one Parquet or CSV file a day, with names instead of numbers."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.errors import RefusedError, StoreError
from ingest.duckdb_compaction import Progress, no_progress
from ingest.duckdb_layout import DAY_NS, Layout, date_of, day_of, quoted, union
from ingest.duckdb_store import DuckDbStore

LATEST_NS = 2**63 - 1
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Format(StrEnum):
    """Kinds of files."""

    PARQUET = "parquet"
    CSV = "csv"


class Selection(BaseModel):
    """Which readings: ``start_ns <= time_ns < end_ns`` of what all given fields agree on; empty fields choose all.

    ``devices`` are ids (``pressure-1``) or with their unit (``hotel/pressure-1``), ``points`` are names (``pressure``)
    or whole keys (``hotel/pressure-1/pressure``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    units: tuple[Name, ...] = Field(default=(), max_length=1000)
    devices: tuple[Name, ...] = Field(default=(), max_length=1000)
    points: tuple[Name, ...] = Field(default=(), max_length=1000)
    start_ns: int = Field(default=0, ge=0, le=LATEST_NS)
    end_ns: int = Field(default=LATEST_NS, ge=0, le=LATEST_NS)
    format: Format = Format.PARQUET


_TIME = {
    Format.PARQUET: "make_timestamp_ns(time_ns) AS time",
    Format.CSV: "strftime(make_timestamp_ns(time_ns), '%Y-%m-%dT%H:%M:%S.%fZ') AS time",
}
_OPTIONS = {Format.PARQUET: "FORMAT parquet, COMPRESSION zstd", Format.CSV: "FORMAT csv, HEADER"}


def export(store: DuckDbStore, folder: Path, selection: Selection, progress: Progress = no_progress) -> dict[str, Any]:
    """Write the chosen readings to ``folder``, which must not exist; it has its name only when it is whole.

    Columns: unit, device, point, quantity, time (UTC), time_ns, value (empty: none), quality. Returns rows and
    files. Raises RefusedError when the folder exists or no point is chosen, StoreError when the store or disk fails.
    """
    if folder.exists():
        raise RefusedError(f"{folder} exists already: name a new folder")
    building = folder.with_name(folder.name + ".building")
    files: dict[str, int] = {}
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        with store.snapshot("export") as (cursor, layout):
            _choose(cursor, selection)
            days = _days(cursor, layout, selection)
            for done, day in enumerate(days):
                progress(done, len(days))
                name = f"{date_of(day).isoformat()}.{selection.format}"
                rows = _write_day(cursor, layout, selection, day, building / name)
                if rows:
                    files[name] = rows
                else:
                    (building / name).unlink()
            cursor.execute("DROP TABLE chosen")
        progress(len(days), len(days))
        building.rename(folder)
    except OSError as error:
        raise StoreError(f"the export to {folder} failed: {error.strerror}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return {"rows": sum(files.values()), "files": files}


def _choose(cursor: duckdb.DuckDBPyConnection, selection: Selection) -> None:
    """Note the points of a selection in a temporary table; raises RefusedError when there are none."""
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE chosen AS SELECT id, unit, device, name AS point, quantity FROM points"
        " WHERE (len($units) = 0 OR unit IN $units)"
        " AND (len($devices) = 0 OR device IN $devices OR unit || '/' || device IN $devices)"
        " AND (len($points) = 0 OR name IN $points OR key IN $points)",
        {name: list(getattr(selection, name)) or _NOTHING for name in ("units", "devices", "points")},
    )
    if not cursor.execute("SELECT 1 FROM chosen LIMIT 1").fetchall():
        raise RefusedError(
            "no point of the store is chosen: 'fengsui store status' and the site's files know the names"
        )


_NOTHING: list[str] = []


def _days(cursor: duckdb.DuckDBPyConnection, layout: Layout, selection: Selection) -> list[int]:
    """Return the days that may have chosen readings, counted from 1970."""
    asked = cursor.execute(
        f"SELECT DISTINCT time_ns // {DAY_NS} FROM {union(layout.tables, ())} WHERE time_ns >= ? AND time_ns < ?",
        [selection.start_ns, selection.end_ns],
    ).fetchall()
    first, last = day_of(selection.start_ns), day_of(max(selection.end_ns - 1, 0))
    return sorted({int(day) for (day,) in asked} | {part.day for part in layout.parts if first <= part.day <= last})


def _write_day(cursor: duckdb.DuckDBPyConnection, layout: Layout, selection: Selection, day: int, target: Path) -> int:
    start_ns = max(selection.start_ns, day * DAY_NS)
    end_ns = min(selection.end_ns, (day + 1) * DAY_NS)
    found = cursor.execute(
        f"COPY (SELECT unit, device, chosen.point, quantity, {_TIME[selection.format]}, time_ns, value, quality"
        f" FROM {layout.source(start_ns, end_ns)} AS stored JOIN chosen ON stored.point = chosen.id"
        f" WHERE time_ns >= {start_ns} AND time_ns < {end_ns} ORDER BY stored.point, time_ns)"
        f" TO {quoted(target)} ({_OPTIONS[selection.format]})"
    ).fetchall()
    return int(found[0][0])
