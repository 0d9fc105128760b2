"""Engines: how SQLite and PostgreSQL are connected to, and what must hold on every connection of theirs.

| what must hold | SQLite | PostgreSQL |
|---|---|---|
| a commit that returned is on the disk | ``synchronous=FULL``, write-ahead log | ``synchronous_commit=on`` |
| one writer | ``BEGIN IMMEDIATE``, one connection | one connection, and an advisory lock that it holds |
| readers see one state | ``BEGIN`` | ``REPEATABLE READ``, read only |
| nothing hangs for ever | ``busy_timeout`` | limits of statements and locks, TCP user time-out |

A second alerts service on one PostgreSQL database would break the hash chain of the audit, so it is refused; when
the first one dies, its connection and with it the lock are gone within seconds, and the second may begin.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from domain.errors import RefusedError

BUSY_TIMEOUT_MS = 5000
STATEMENT_TIMEOUT_MS = 30_000
"""Longest statement on PostgreSQL; migrations have none (assumption: far above what any query of ours takes)."""
CONNECT_TIMEOUT_S = 5
WRITER_LOCK = int.from_bytes(b"fengsui", "big")
"""Key of the advisory lock; there is one alerts service a database."""
LOCK_PATIENCE_S = 10.0
"""How long a starting service waits for the lock of one that has just died."""


class SecondWriterError(psycopg.OperationalError):
    """Another alerts service holds the lock of this database."""


def parse(url: str) -> URL:
    """Return an address of a database; raises RefusedError, without the address, which may hold a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise RefusedError(
            "the address of the alerts database can't be read: write it like"
            " postgresql://user:password@host:5432/name, or sqlite:////var/lib/fengsui/alerts.db"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise RefusedError(f"alerts are kept in SQLite or PostgreSQL, not in '{backend}'")
    if not parsed.database or parsed.database == ":memory:":
        raise RefusedError(
            "alerts must outlive the process: give a file, for example sqlite:////var/lib/fengsui/alerts.db"
        )
    return parsed


def writer(url: URL) -> Engine:
    """Return the engine of the one writer: one connection."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, begin="BEGIN IMMEDIATE", connections=1)
    engine = _postgresql(url, "", connections=1)
    event.listen(engine, "connect", _lock_out_others)
    return engine


def reader(url: URL, connections: int) -> Engine:
    """Return the engine of readers: each transaction sees one state, and can't write on PostgreSQL."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, begin="BEGIN", connections=connections)
    options = "-c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on"
    return _postgresql(url, options, connections=connections)


def _sqlite(url: URL, *, begin: str, connections: int) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=connections, max_overflow=0, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Set what must hold on every connection; transactions are begun by us, not guessed by the driver."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _postgresql(url: URL, options: str, *, connections: int) -> Engine:
    """Return an engine; a server that went away is noticed before a connection of the pool is used again."""
    settings = (
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={BUSY_TIMEOUT_MS}"
        f" -c idle_in_transaction_session_timeout={2 * STATEMENT_TIMEOUT_MS} -c synchronous_commit=on {options}"
    )
    arguments = {
        "options": settings.strip(),
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": BUSY_TIMEOUT_MS,
        "application_name": "fengsui-alerts",
    }
    return create_engine(url, pool_size=connections, max_overflow=0, pool_pre_ping=True, connect_args=arguments)


def _lock_out_others(connection: psycopg.Connection[Any], _record: Any) -> None:
    """Take the lock for as long as this connection lives; raises SecondWriterError when another service has it."""
    end = time.monotonic() + LOCK_PATIENCE_S
    while True:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (WRITER_LOCK,)).fetchone()
        connection.commit()
        if row is not None and row[0]:
            return
        if time.monotonic() > end:
            raise SecondWriterError("another alerts service works on this database: stop it, or name another database")
        time.sleep(0.2)
