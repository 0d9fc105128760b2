"""The table ``applied``: which messages of a stream have their readings in the store."""

from __future__ import annotations

import duckdb

from ingest.applied import Applied, Range


def load_applied(connection: duckdb.DuckDBPyConnection) -> dict[str, Applied]:
    """Return the ranges of each stream."""
    found: dict[str, list[Range]] = {}
    for stream, *numbers in connection.execute("SELECT * FROM applied").fetchall():
        found.setdefault(stream, []).append(Range(*numbers))
    return {stream: Applied.of(ranges) for stream, ranges in found.items()}


def save_applied(connection: duckdb.DuckDBPyConnection, stream: str, before: Applied, now: Applied) -> None:
    """Write only the ranges that changed: usually one."""
    gone = set(before.ranges) - set(now.ranges)
    new = set(now.ranges) - set(before.ranges)
    if gone:
        connection.executemany(
            "DELETE FROM applied WHERE stream = ? AND first_seq = ?", [(stream, item.first) for item in gone]
        )
    if new:
        connection.executemany("INSERT INTO applied VALUES (?, ?, ?, ?)", [(stream, *item) for item in sorted(new)])
