"""The record of roll-calls (查岗): what was called, what became of it, kept for more than a year.

One row a call in SQLite (WAL). A call is stored before its command leaves and after each change, so a
process that dies in the middle finds it again. GB 50440-2007 asks for records of a year (secondary source).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from domain.clock import NS_PER_S
from domain.errors import StoreError
from gateway.connectors.gb26875.roll_call import Asker, Cause, Line, Result, RollCall

KEPT_S = 400 * 86_400
"""Longer than the year that is asked for, so that a yearly report made late is complete."""

MOST_CALLS = 12_000_000
"""Ten thousand transmitters called three times a day for 400 days: beyond, the oldest go (about 2 GB)."""

CHECKED_BYTES = 64 * 2**20
"""Files up to this size are checked whole when opened; damage in a larger one shows when it is met."""

_COLUMNS = tuple(field.name for field in fields(RollCall))
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_MARKS = ", ".join("?" for _ in _COLUMNS)
_INSERT = f"INSERT OR REPLACE INTO calls ({_NAMES}) VALUES ({_MARKS})"  # noqa: S608  # our own column names
_SELECT = f"SELECT {_NAMES} FROM calls"  # noqa: S608  # our own column names

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
  id TEXT PRIMARY KEY, unit TEXT NOT NULL, transmitter TEXT NOT NULL, "by" TEXT NOT NULL, asker TEXT NOT NULL,
  called_ns INTEGER NOT NULL, minutes INTEGER NOT NULL, deadline_ns INTEGER NOT NULL, closes_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL, result TEXT NOT NULL, cause TEXT NOT NULL, line INTEGER NOT NULL,
  confirmed INTEGER NOT NULL, answered_ns INTEGER, operator INTEGER, told TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_time ON calls (called_ns);
CREATE INDEX IF NOT EXISTS calls_unit ON calls (unit, called_ns);
CREATE INDEX IF NOT EXISTS calls_open ON calls (id) WHERE result = 'waiting' OR told <> result;
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which calls: of a unit, of a transmitter of it, made at a time or before; None: whichever."""

    unit: str | None = None
    transmitter: str | None = None
    until_ns: int | None = None


class RollCallStore:
    """An open record; used by one caller at a time, from any thread. All methods raise StoreError."""

    def __init__(self, path: Path, now_ns: int) -> None:
        """Open or create; a damaged file is set aside as ``<name>.damaged-<time>``, see ``set_aside``."""
        self.set_aside: Path | None = None
        try:
            self._database = _opened(path)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise StoreError(f"{path}: {error}") from error
            self.set_aside = path.with_name(f"{path.name}.damaged-{now_ns}")
            path.rename(self.set_aside)
            for tail in ("-wal", "-shm"):
                path.with_name(path.name + tail).unlink(missing_ok=True)
            self._database = _opened(path)
        self._path = path

    def save(self, calls: Sequence[RollCall]) -> None:
        """Store calls as they stand now, all or none of them."""
        with self._translated(), self._database:
            self._database.executemany(_INSERT, [astuple(call) for call in calls])

    def unfinished(self) -> list[RollCall]:
        """Return the calls that wait, and those whose result was not told, oldest first."""
        return self._read("WHERE result = 'waiting' OR told <> result ORDER BY called_ns", ())

    def since(self, time_ns: int) -> list[RollCall]:
        """Return the calls since a time, oldest first."""
        return self._read("WHERE called_ns >= ? ORDER BY called_ns", (time_ns,))

    def newest(self, choice: Choice, limit: int) -> list[RollCall]:
        """Return at most ``limit`` of the chosen calls, newest first."""
        tests = {"unit = ?": choice.unit, "transmitter = ?": choice.transmitter, "called_ns <= ?": choice.until_ns}
        asked = {test: value for test, value in tests.items() if value is not None}
        where = f"WHERE {' AND '.join(asked)} " if asked else ""
        return self._read(f"{where}ORDER BY called_ns DESC LIMIT ?", (*asked.values(), limit))

    def prune(self, now_ns: int, most: int = MOST_CALLS) -> None:
        """Remove calls older than `KEPT_S`, and the oldest beyond ``most``; those that wait stay."""
        oldest = "SELECT id FROM calls WHERE result <> 'waiting' ORDER BY called_ns LIMIT max(0, ?)"
        with self._translated(), self._database:
            self._database.execute(
                "DELETE FROM calls WHERE called_ns < ? AND result <> 'waiting'", (now_ns - KEPT_S * NS_PER_S,)
            )
            count = self._database.execute("SELECT count(*) FROM calls").fetchone()[0]
            self._database.execute(f"DELETE FROM calls WHERE id IN ({oldest})", (count - most,))  # noqa: S608  # our text

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read(self, rest: str, values: tuple[Any, ...]) -> list[RollCall]:
        with self._translated():
            return [_call(row) for row in self._database.execute(f"{_SELECT} {rest}", values)]

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error


def _call(row: tuple[Any, ...]) -> RollCall:
    values = dict(zip(_COLUMNS, row, strict=True))
    kinds = {"asker": Asker, "result": Result, "cause": Cause, "line": Line, "confirmed": bool}
    return RollCall(**(values | {name: kind(values[name]) for name, kind in kinds.items()}))


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, timeout=1.0)
    try:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            database.execute(f"PRAGMA {pragma}").fetchall()
        database.executescript(_SCHEMA)
        if path.stat().st_size <= CHECKED_BYTES and database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise _damaged(path)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _damaged(path: Path) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(f"{path} fails its check")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
