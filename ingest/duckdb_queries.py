"""The SQL of the embedded store: columns in, columns out. Everything raises `duckdb.Error`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.points import Point, PointTable
from domain.quality import GOOD, HISTORICAL
from ingest.aggregate import Aggregate
from ingest.duckdb_layout import DAY_NS, Layout, union
from ingest.store import Counts, RangeQuery, Series

GAP_NS = 3600 * 10**9
"""Late readings further apart than this are looked for one by one: a reading of 1970 among today's
would otherwise make the lookup read everything in between."""

_AGGREGATES = {
    Aggregate.MEAN: "avg(value)",
    Aggregate.MIN: "min(value)",
    Aggregate.MAX: "max(value)",
    Aggregate.LAST: "arg_max(value, time_ns) FILTER (value IS NOT NULL)",
    Aggregate.FIRST: "arg_min(value, time_ns) FILTER (value IS NOT NULL)",
    Aggregate.COUNT: "count(value)::DOUBLE",
    Aggregate.SUM: "sum(value)",
    Aggregate.SPREAD: "max(value) - min(value)",
}

_RAW = """SELECT time_ns, value, quality FROM {source}
WHERE point = ? AND time_ns >= ? AND time_ns < ? ORDER BY time_ns LIMIT ?"""

_BUCKETS = """SELECT time_ns - time_ns % $resolution AS time_ns, {value} AS value,
    coalesce(arg_max(quality, time_ns) FILTER ((quality & $mask) <> $good), $good)::USMALLINT AS quality
FROM {source} WHERE point = $point AND time_ns >= $start AND time_ns < $end
GROUP BY 1 ORDER BY 1 LIMIT $most"""


def point_ids(connection: duckdb.DuckDBPyConnection, points: Sequence[Point]) -> NDArray[np.int32]:
    """Return the store's integer of each of ``points``, shape (points,); new points get the next ones.

    The integers outlive the registry: its indexes change when somebody adds a device, these don't.
    """
    if not points:
        return np.empty(0, np.int32)
    connection.register("wanted", {"key": np.array([point.key for point in points], object)})
    asked = connection.execute(
        "SELECT id, key, unit, gateway, device, name, quantity FROM points SEMI JOIN wanted USING (key)"
    )
    known: dict[str, tuple[Any, ...]] = {row[1]: row for row in asked.fetchall()}
    connection.unregister("wanted")
    (next_id,) = _one(connection.execute("SELECT coalesce(max(id), -1) + 1 FROM points"))
    changed: list[tuple[Any, ...]] = []
    ids = np.empty(len(points), np.int32)
    for at, point in enumerate(points):
        old = known.get(point.key)
        ids[at] = old[0] if old else next_id
        next_id += old is None
        row = (int(ids[at]), point.key, point.unit, point.gateway, point.device, point.name, point.quantity.value)
        if row != old:
            changed.append(row)
    if changed:
        _upsert_points(connection, changed)
    return ids


def _upsert_points(connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> None:
    names = ("id", "key", "unit", "gateway", "device", "name", "quantity")
    columns = zip(names, zip(*rows, strict=True), strict=True)
    connection.register(
        "changed", {name: np.array(column, np.int32 if name == "id" else object) for name, column in columns}
    )
    connection.execute(
        "INSERT INTO points SELECT id, key, unit, gateway, device, name, quantity FROM changed"
        " ON CONFLICT (id) DO UPDATE SET gateway = excluded.gateway, quantity = excluded.quantity"
    )
    connection.unregister("changed")


def last_times(connection: duckdb.DuckDBPyConnection, layout: Layout, never: int) -> NDArray[np.int64]:
    """Return the time of each point's newest reading by the store's integer; ``never`` without one."""
    (count,) = _one(connection.execute("SELECT coalesce(max(id), -1) + 1 FROM points"))
    last = np.full(count, never, np.int64)
    found = connection.execute(
        f"SELECT point, max(time_ns) AS time_ns FROM {_with_newest(layout)} GROUP BY point"
    ).fetchnumpy()
    last[found["point"]] = found["time_ns"]
    return last


def _with_newest(layout: Layout) -> str:
    """Return SQL for rows that hold the newest reading of every point, without reading a part."""
    return union((*layout.tables, "newest"), ())


def insert_readings(
    connection: duckdb.DuckDBPyConnection, table: str, ids: NDArray[np.int32], rows: ReadingBatch
) -> None:
    """Append the columns as they are in memory; NaN becomes NULL."""
    connection.register(
        "new_rows", {"point": ids, "time_ns": rows.time_ns, "value": rows.value, "quality": rows.quality}
    )
    connection.execute(f"INSERT INTO {table} SELECT point, time_ns, value, quality FROM new_rows")
    connection.unregister("new_rows")


def stored_rows(
    connection: duckdb.DuckDBPyConnection, layout: Layout, ids: NDArray[np.int32], time_ns: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the positions of the names (id, time) that are stored, in the file or in a part."""
    order = np.argsort(time_ns, kind="stable")
    cuts = np.flatnonzero(np.diff(time_ns[order]) > GAP_NS) + 1
    found = []
    for part in np.split(order, cuts):
        first, last = int(time_ns[part[0]]), int(time_ns[part[-1]])
        connection.register("late", {"row_no": part, "point": ids[part], "time_ns": time_ns[part]})
        hits = connection.execute(
            f"SELECT row_no FROM late SEMI JOIN (SELECT point, time_ns FROM {layout.source(first, last + 1)}"
            " WHERE time_ns BETWEEN ? AND ?) AS kept USING (point, time_ns)",
            [first, last],
        ).fetchnumpy()
        connection.unregister("late")
        found.append(np.asarray(hits["row_no"], np.int64))
    return np.concatenate(found)


def series(
    connection: duckdb.DuckDBPyConnection, layout: Layout, stored_id: int, point: int, query: RangeQuery
) -> Series:
    """Return rows or buckets of one point."""
    source = layout.source(query.start_ns, query.end_ns)
    if query.resolution_ns:
        asked = connection.execute(
            _BUCKETS.format(value=_AGGREGATES[query.aggregate], source=source),
            {
                "resolution": query.resolution_ns,
                "mask": ~HISTORICAL & 0xFFFF,
                "good": GOOD,
                "point": stored_id,
                "start": query.start_ns,
                "end": query.end_ns,
                "most": query.most_rows + 1,
            },
        )
    else:
        asked = connection.execute(
            _RAW.format(source=source), [stored_id, query.start_ns, query.end_ns, query.most_rows + 1]
        )
    found = asked.fetchnumpy()
    return Series(
        point,
        np.asarray(found["time_ns"], np.int64),
        _filled(found["value"]),
        np.asarray(found["quality"], np.uint16),
    )


def latest(
    connection: duckdb.DuckDBPyConnection, layout: Layout, table: PointTable, ids: NDArray[np.int32]
) -> ReadingBatch:
    """Return the newest reading of each point of ``table``, with its text."""
    found = connection.execute(
        "SELECT point, max(time_ns) AS time_ns, arg_max_null(value, time_ns) AS value,"
        f" arg_max(quality, time_ns) AS quality FROM {_with_newest(layout)} GROUP BY point"
    ).fetchnumpy()
    index_of = np.full(int(ids.max(initial=-1)) + 1, -1, np.int32)
    index_of[ids] = np.arange(len(ids), dtype=np.int32)
    stored = np.asarray(found["point"], np.int64)
    known = stored < len(index_of)
    known[known] = index_of[stored[known]] >= 0
    points, times = index_of[stored[known]], np.asarray(found["time_ns"], np.int64)[known]
    row_of = {(int(ids[point]), int(time)): row for row, (point, time) in enumerate(zip(points, times, strict=True))}
    text = {}
    for stored_id, time, words in connection.execute(
        "SELECT point, arg_max(time_ns, time_ns), arg_max(text, time_ns) FROM texts GROUP BY point"
    ).fetchall():
        if (stored_id, time) in row_of:
            text[row_of[stored_id, time]] = words
    return ReadingBatch.build(
        table,
        times,
        points,
        _filled(found["value"])[known],
        np.asarray(found["quality"], np.uint16)[known],
        text=text,
    )


def stored(connection: duckdb.DuckDBPyConnection, layout: Layout) -> int:
    """Return the number of rows (from the tables' own counts and the parts' records: no scan)."""
    return sum(table_rows(connection, table) for table in layout.tables) + sum(part.rows for part in layout.parts)


def table_rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return the number of rows of a table."""
    (count,) = _one(connection.execute(f"SELECT count(*) FROM {table}"))
    return int(count)


def counts(connection: duckdb.DuckDBPyConnection, layout: Layout) -> Counts:
    """Count rows and different names; a scan that spills to disk when memory is short.

    Days that have a part and nothing else were counted when the part was made.
    """
    hot = union(layout.tables, ())
    asked = connection.execute(f"SELECT DISTINCT time_ns // {DAY_NS} FROM {hot}").fetchall()
    days = {int(day) for (day,) in asked}
    mixed = [layout.folder / part.name for part in layout.parts if part.day in days]
    (distinct,) = _one(
        connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT point, time_ns FROM {union(layout.tables, mixed)})")
    )
    first_ns, last_ns = _one(connection.execute(f"SELECT min(time_ns), max(time_ns) FROM {hot}"))
    firsts = [part.first_ns for part in layout.parts] + [first_ns] * (first_ns is not None)
    lasts = [part.last_ns for part in layout.parts] + [last_ns] * (last_ns is not None)
    return Counts(
        stored=stored(connection, layout),
        distinct=distinct + sum(part.different for part in layout.parts if part.day not in days),
        first_ns=min(firsts, default=None),
        last_ns=max(lasts, default=None),
    )


def _filled(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn NULL (a mask in DuckDB's answer) back into NaN."""
    return np.asarray(np.ma.filled(np.ma.asarray(column, np.float64), np.nan), np.float64)


def _one(asked: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    (row,) = asked.fetchall()  # to the end: a result that is read in part holds up the connection
    return tuple(row)
