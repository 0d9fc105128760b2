"""The DuckDB file: opened by one process, made when missing, set aside when damaged.

| table | holds |
|---|---|
| ``points`` | a small integer for each point key, and who the point is |
| ``hot_<n>`` | ``(point, time_ns, value, quality)``, in order of arrival; value NULL = none |
| ``hot`` | names of those tables; one takes new readings, sealed ones wait to be compacted |
| ``parts`` | the Parquet files of closed days, in the folder ``<file>.parts`` |
| ``damaged`` | parts that were set aside, and what was in them |
| ``dropped`` | files of parts past retention that are still to be removed |
| ``newest`` | the newest reading of each point among those that were compacted |
| ``readings`` | a view of all of it, for people with a query tool |
| ``texts`` | words that came with an event |
| ``applied`` | ranges of stream sequences whose readings are in ``readings`` |

A commit is on disk when it returns: DuckDB syncs its log first. A file that DuckDB
calls damaged is renamed, with its log, and a fresh one takes its place: new readings matter more than
a stopped writer. A file that is *locked* or unreadable is left alone and reported.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import duckdb
import numpy as np

from ingest.store import StoreDeniedError, StoreDownError

log = logging.getLogger(__name__)

MEMORY_LIMIT = "256MB"
THREADS = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS points (
    id INTEGER PRIMARY KEY, key VARCHAR NOT NULL UNIQUE, unit VARCHAR NOT NULL, gateway VARCHAR NOT NULL,
    device VARCHAR NOT NULL, name VARCHAR NOT NULL, quantity VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS hot (name VARCHAR NOT NULL, sealed BOOLEAN NOT NULL, made_ns BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS parts (
    day INTEGER NOT NULL, generation INTEGER NOT NULL, rows BIGINT NOT NULL, different BIGINT NOT NULL,
    checksum VARCHAR NOT NULL, bytes BIGINT NOT NULL, sha256 VARCHAR NOT NULL,
    first_ns BIGINT NOT NULL, last_ns BIGINT NOT NULL, made_ns BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS damaged (
    name VARCHAR NOT NULL, day INTEGER NOT NULL, rows BIGINT NOT NULL, reason VARCHAR NOT NULL,
    time_ns BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS dropped (name VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS newest (
    point INTEGER NOT NULL, time_ns BIGINT NOT NULL, value DOUBLE, quality USMALLINT NOT NULL);
CREATE TABLE IF NOT EXISTS texts (point INTEGER NOT NULL, time_ns BIGINT NOT NULL, text VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS applied (
    stream VARCHAR NOT NULL, first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL, last_time_ns BIGINT NOT NULL);
"""

MOST_TRIES, TRY_PAUSE_S = 5, 0.1
"""To open a file with everything that columns need; see `_connect`."""

_DAMAGE = ("not a valid DuckDB database", "Corrupt database file", "Could not read enough bytes")
"""How DuckDB 2.0 says that a file is damaged; found by damaging files in every part (see tests)."""


def open_file(path: Path, *, memory_limit: str = MEMORY_LIMIT, threads: int = THREADS) -> duckdb.DuckDBPyConnection:
    """Open or make the database at ``path``; a damaged one is set aside first.

    Raises StoreDownError when another process has it, StoreDeniedError when it can't be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _connect(path, memory_limit, threads)
    except OSError as error:
        raise StoreDeniedError(f"{path.parent} can't be used: {error.strerror}") from error
    except duckdb.Error as error:
        if not is_damage(error):
            raise _unusable(path, error) from error
        set_aside(path, str(error))
    try:
        return _connect(path, memory_limit, threads)
    except duckdb.Error as error:
        raise _unusable(path, error) from error


def is_damage(error: duckdb.Error) -> bool:
    """Tell whether DuckDB says that the file is broken, as opposed to busy, missing or full."""
    return any(words in str(error) for words in _DAMAGE)


def set_aside(path: Path, reason: str) -> Path:
    """Rename a damaged file and its log, and say so; returns the new name."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 0
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    path.rename(target)
    journal = path.with_name(path.name + ".wal")
    if journal.exists():
        journal.rename(target.with_name(target.name + ".wal"))
    log.error("%s is damaged and was set aside as %s; a new file is begun: %s", path, target.name, reason)
    return target


def damaged_files(path: Path) -> list[str]:
    """Return the names of files that were set aside, oldest first."""
    found = path.parent.glob(f"{path.name}.damaged-*")
    return sorted(item.name for item in found if item.suffix != ".wal")


def _connect(path: Path, memory_limit: str, threads: int) -> duckdb.DuckDBPyConnection:
    """Connect, and see that columns can be handed over.

    A file that this process closed a moment ago may be opened without DuckDB's functions for that (seen on 2.0.0, one
    time in ten of a quick restart within one process): then it is closed and opened again.
    """
    for _ in range(MOST_TRIES - 1):
        connection = _connected(path, memory_limit, threads)
        try:
            connection.register("probe", {"probe": np.zeros(1)})
            connection.unregister("probe")
        except duckdb.CatalogException:
            connection.close()
            time.sleep(TRY_PAUSE_S)
        else:
            return connection
    return _connected(path, memory_limit, threads)


def _connected(path: Path, memory_limit: str, threads: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        str(path),
        config={
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": str(path.with_name(path.name + ".tmp")),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        connection.execute(SCHEMA)
    except duckdb.Error:
        connection.close()
        raise
    return connection


def _unusable(path: Path, error: duckdb.Error) -> StoreDownError | StoreDeniedError:
    text = str(error).splitlines()[0]
    if "Could not set lock" in text:
        return StoreDownError(f"{path} is open in another process; ask it by svc.query.* instead: {text}")
    return StoreDeniedError(f"{path} can't be opened: {text}")
