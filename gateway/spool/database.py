"""Opening SQLite for a spool, and its errors in our words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from domain.errors import StoreError

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class DamagedError(StoreError):
    """The file is no longer a sound database."""

    retryable = False


class FullError(StoreError):
    """The disk, or the file's own limit, has no room for the group."""


def connect(path: Path) -> sqlite3.Connection:
    """Open or create a file as its only user, with every commit on disk before it returns; raises StoreError."""
    with translated(path):
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
        try:
            for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
                database.execute(f"PRAGMA {pragma}").fetchall()
            database.execute("BEGIN IMMEDIATE").execute("COMMIT")
        except sqlite3.Error:
            database.close()
            raise
    return database


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of what is done within, or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:  # a cancellation must roll back as well
        with contextlib.suppress(sqlite3.Error):  # SQLite rolls back by itself on some errors
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGE:
            raise DamagedError(f"{path}: {error}") from error
        if code == sqlite3.SQLITE_FULL:
            raise FullError(f"{path}: {error}") from error
        raise StoreError(f"{path}: {error}") from error
