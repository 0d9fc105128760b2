"""What the embedded store holds and how much room it takes, for people."""

from __future__ import annotations

from typing import Any

from ingest.duckdb_layout import date_of
from ingest.duckdb_parts import unknown_parts
from ingest.duckdb_queries import table_rows
from ingest.duckdb_store import DuckDbStore

COMPACTED, NEW = "compacted", "new"


def status(store: DuckDbStore) -> dict[str, Any]:
    """Return rows, bytes and span of each partition and of all together; raises StoreError.

    ``bytes_per_reading`` is None without readings. The file's bytes hold more than new readings (points, words, blocks
    that will be used again).
    """
    with store.snapshot("status") as (cursor, layout):
        hot_rows = sum(table_rows(cursor, table) for table in layout.tables)
        damaged = cursor.execute("SELECT name, rows, reason FROM damaged ORDER BY time_ns").fetchall()
        free = cursor.execute("SELECT block_size * free_blocks FROM pragma_database_size()").fetchall()[0][0]
        (points,) = cursor.execute("SELECT count(*) FROM points").fetchall()[0]
        spans = [
            cursor.execute(f"SELECT min(time_ns), max(time_ns) FROM {table}").fetchall()[0] for table in layout.tables
        ]
    file_bytes = sum(
        path.stat().st_size for path in (store.path, store.path.with_name(store.path.name + ".wal")) if path.exists()
    )
    firsts = [first for first, _ in spans if first is not None] + [part.first_ns for part in layout.parts]
    lasts = [last for _, last in spans if last is not None] + [part.last_ns for part in layout.parts]
    return {
        "path": str(store.path.absolute()),
        "points": points,
        "partitions": [
            {
                "day": date_of(part.day).isoformat(),
                "state": COMPACTED,
                "rows": part.rows,
                "bytes": part.bytes,
                "bytes_per_reading": round(part.bytes / max(part.rows, 1), 3),
                "generation": part.generation,
            }
            for part in layout.parts
        ],
        "new": {
            "rows": hot_rows,
            "bytes": file_bytes,
            "free_bytes": int(free),
            "bytes_per_reading": round((file_bytes - int(free)) / hot_rows, 3) if hot_rows else None,
        },
        "rows": hot_rows + sum(part.rows for part in layout.parts),
        "bytes": file_bytes + sum(part.bytes for part in layout.parts),
        "first_ns": min(firsts, default=None),
        "last_ns": max(lasts, default=None),
        "damaged": [{"name": name, "rows": rows, "reason": reason} for name, rows, reason in damaged],
        "set_aside": store.set_aside,
        "unknown_files": unknown_parts(layout),
    }
