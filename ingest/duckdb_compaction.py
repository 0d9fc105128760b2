"""Compaction: closed days move from the hot table into sorted Parquet parts, and days past retention are dropped.

Each step may be the last one that a killed process did:

1. *seal*: one commit makes a new hot table; nothing is added to the old one any more.
2. *build*: the rows of each closed day, with those of the day's earlier part, are sorted into a file of another name,
   read back, and compared in number and in the sum of their hashes. Then it gets its name.
3. *commit*: one transaction names the new parts, moves rows of days that are still open into the hot table, and drops
   the sealed table with its blocks. Until here the rows are read from the sealed table, from here on from the parts.
4. *clear*: files of earlier generations go.

Steps 2 to 4 of a sealed table are done again from the start when they were not finished. Late readings of a day that
has a part go into the hot table like any other, and into the day's next generation at the next compaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from domain.errors import StoreError
from ingest.duckdb_layout import COLUMNS, DAY_NS, Layout, Part, date_of, day_of, part_name, quoted, union
from ingest.duckdb_parts import (
    BUILDING,
    POINTS_NAME,
    add_newest,
    describe,
    examine,
    new_hot,
    publish,
    read_layout,
    replace_part,
    rows_of,
)

if TYPE_CHECKING:
    from ingest.duckdb_store import DuckDbStore

log = logging.getLogger(__name__)

SETTLE_NS = 3600 * 10**9
"""A day is closed this long after its end (assumption: most late readings are minutes late)."""
MOST_HOT_CLOSED = 20_000_000
"""Rows of closed days in the hot table that don't wait for the next day's compaction."""
ROW_GROUP = 122_880

Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:  # a Progress
    """Show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What one round came to."""

    days: int = 0
    rows: int = 0
    dropped_days: int = 0
    dropped_rows: int = 0


def maintain(
    store: DuckDbStore, now_ns: int, keep_days: int, *, force: bool = False, progress: Progress = no_progress
) -> Upkeep:
    """Compact what is closed and drop what is older than ``keep_days`` (0: nothing is); raises StoreError.

    Costs nothing but a look when it is not due; ``force`` compacts closed days that were late as well.
    """
    closed_ns = day_of(now_ns - SETTLE_NS) * DAY_NS
    keep_ns = (day_of(now_ns) - keep_days) * DAY_NS if keep_days else 0
    with store.upkeep:
        _seal(store, closed_ns, now_ns, force=force)
        days = rows = gone = 0
        sealed = store.layout.sealed
        for table in sealed:
            moved = _compact(store, table, (keep_ns, closed_ns), progress)
            days, rows, gone = days + moved.days, rows + moved.rows, gone + moved.dropped_rows
        dropped = _drop_old(store, keep_ns)
        store.fold()
        store.forget()
        return Upkeep(days=days, rows=rows, dropped_days=dropped.dropped_days, dropped_rows=gone + dropped.dropped_rows)


def _seal(store: DuckDbStore, closed_ns: int, now_ns: int, *, force: bool) -> None:
    """Begin a new hot table when the present one has rows of closed days and it is time."""
    with store.snapshot() as (cursor, layout):
        (rows,) = cursor.execute(f"SELECT count(*) FROM {layout.hot} WHERE time_ns < ?", [closed_ns]).fetchall()[0]
    first_today = layout.hot_made_ns < closed_ns + SETTLE_NS
    if layout.sealed or not rows or not (force or first_today or rows > MOST_HOT_CLOSED):
        return
    with store.changing() as connection:
        connection.execute("UPDATE hot SET sealed = true")
        new_hot(connection, now_ns)
        describe(connection, read_layout(connection, layout.folder))


def _compact(store: DuckDbStore, table: str, span: tuple[int, int], progress: Progress) -> Upkeep:
    """Make parts of a sealed table's rows within ``span``, hand later ones back, let earlier ones go."""
    keep_ns, closed_ns = span
    with store.snapshot() as (cursor, layout):
        found = cursor.execute(
            f"SELECT time_ns // {DAY_NS} AS day, count(*) FROM {table} WHERE time_ns >= ? AND time_ns < ?"
            " GROUP BY 1 ORDER BY 1",
            [max(keep_ns, 0), closed_ns],
        ).fetchall()
        layout.folder.mkdir(mode=0o700, exist_ok=True)
        _note_points(cursor, layout)
        built = []
        for done, (day, _) in enumerate(found):
            progress(done, len(found))
            built.append(_build(cursor, layout, table, int(day)))
    progress(len(found), len(found))
    with store.changing() as connection:
        connection.execute(
            f"INSERT INTO {store.layout.hot} SELECT {COLUMNS} FROM {table} WHERE time_ns >= ?", [closed_ns]
        )
        (gone,) = connection.execute(f"SELECT count(*) FROM {table} WHERE time_ns < ?", [max(keep_ns, 0)]).fetchall()[0]
        add_newest(connection, table)
        for part in built:
            replace_part(connection, part)
        connection.execute("DELETE FROM hot WHERE name = ?", [table])
        connection.execute(f"DROP TABLE {table}")
        describe(connection, read_layout(connection, store.layout.folder))
    rows = sum(int(count) for _, count in found)
    log.info("compacted: %d readings of %d days", rows, len(found))
    return Upkeep(days=len(found), rows=rows, dropped_rows=int(gone))


def _note_points(cursor: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Write beside the parts who their points are; before the first part that names a new one."""
    built = layout.folder / (POINTS_NAME + BUILDING)
    cursor.execute(f"COPY (SELECT * FROM points ORDER BY id) TO {quoted(built)} (FORMAT parquet, COMPRESSION zstd)")
    publish(built, layout.folder / POINTS_NAME)


def _build(cursor: duckdb.DuckDBPyConnection, layout: Layout, table: str, day: int) -> Part:
    """Write, verify and name the file of one day; raises StoreError when what is read back is not what was written."""
    before = layout.part_of(day)
    first_ns, end_ns = day * DAY_NS, (day + 1) * DAY_NS
    earlier = [] if before is None else [layout.folder / before.name]
    chosen = f"(SELECT {COLUMNS} FROM {union([table], earlier)} WHERE time_ns >= {first_ns} AND time_ns < {end_ns})"
    generation = 1 if before is None else before.generation + 1
    target = layout.folder / part_name(day, generation)
    built = target.with_name(target.name + BUILDING)
    built.unlink(missing_ok=True)
    cursor.execute(
        f"COPY (SELECT * FROM {chosen} ORDER BY point, time_ns) TO {quoted(built)}"
        f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    wanted = rows_of(cursor, chosen)
    part = examine(cursor, built, day, generation)
    got = (part.rows, part.checksum, part.first_ns, part.last_ns)
    if got != wanted or part.different != part.rows:
        built.unlink(missing_ok=True)
        raise StoreError(
            f"{date_of(day)}: {got} came back where {wanted} was written; the readings stay where they were"
        )
    publish(built, target)
    return part


def _drop_old(store: DuckDbStore, keep_ns: int) -> Upkeep:
    """Drop parts of days before ``keep_ns``: rows of the catalogue, then files."""
    old = [part for part in store.layout.parts if (part.day + 1) * DAY_NS <= keep_ns]
    if not old:
        return Upkeep()
    with store.changing() as connection:
        connection.executemany("DELETE FROM parts WHERE day = ?", [(part.day,) for part in old])
        connection.executemany("INSERT INTO dropped VALUES (?)", [(part.name,) for part in old])
        connection.execute("DELETE FROM texts WHERE time_ns < ?", [keep_ns])
        describe(connection, read_layout(connection, store.layout.folder))
    log.info("dropped: %d days before %s", len(old), date_of(day_of(keep_ns)))
    return Upkeep(dropped_days=len(old), dropped_rows=sum(part.rows for part in old))
