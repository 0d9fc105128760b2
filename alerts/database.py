"""The database: one writer thread, a few readers, migrations at the start.

All writes of the process go through one thread, one transaction at a time, so there is never a
race to lose. SQLite runs with a write-ahead log and `synchronous=FULL`: a commit that returned is
on the disk. Readers see the last commit and never block the writer.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from domain.errors import RefusedError, StoreError

T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"
READERS = 2
BUSY_TIMEOUT_MS = 5000


class UnstorableError(StoreError):
    """The database will never take this row; trying again is no use."""

    retryable = False


class Database:
    """A migrated database; make it with `open`."""

    def __init__(self, url: str) -> None:
        """Prepare engines; nothing is connected yet."""
        self._writer = _engine(url, begin="BEGIN IMMEDIATE", connections=1)
        self._reader = _engine(url, begin="BEGIN", connections=READERS + 1)
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="alerts-write")
        self._read_threads = ThreadPoolExecutor(READERS, thread_name_prefix="alerts-read")
        self._report_thread = ThreadPoolExecutor(1, thread_name_prefix="alerts-report")
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> Self:
        """Bring the database at ``url`` to the newest schema and return it.

        Raises RefusedError when its schema is newer than this program, StoreError when it can't be opened.
        """
        database = cls(url)
        await database._run(database._write_thread, lambda: migrate(database._writer))
        return database

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a transaction on the writer's thread; committed when this returns.

        Raises UnstorableError when the database refuses the content, StoreError for the rest.
        """
        return await self._run(self._write_thread, lambda: _transact(self._writer, work))

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work``, which must not write, on the last committed state; raises StoreError."""
        return await self._run(self._read_threads, lambda: _transact(self._reader, work))

    async def report(self, work: Callable[[Session], T]) -> T:
        """As `read`, for what takes seconds: one at a time, on a thread that nobody who sends a push waits for."""
        return await self._run(self._report_thread, lambda: _transact(self._reader, work))

    async def close(self) -> None:
        """Finish the transaction that runs, then close everything."""
        self._closed = True
        for threads in (self._write_thread, self._read_threads, self._report_thread):
            await asyncio.to_thread(threads.shutdown, wait=True)
        self._writer.dispose()
        self._reader.dispose()

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._closed:
            raise StoreError("the database of alerts is closed")
        return await asyncio.get_running_loop().run_in_executor(threads, work)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to ``revision`` (up; or down, when it is an older one)."""
    try:
        with engine.connect() as connection:
            config = configuration(connection)
            if revision in ("head", "heads"):
                command.upgrade(config, revision)
            else:
                command.downgrade(config, revision)
            connection.commit()
    except CommandError as error:
        raise RefusedError(f"the database of alerts has a schema that this version does not know: {error}") from error
    except DBAPIError as error:
        raise StoreError(f"the database of alerts can't be opened: {error.orig}") from error


def configuration(connection: Connection) -> Config:
    """Return Alembic's settings for migrations on an open connection; there is no .ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _transact(engine: Engine, work: Callable[[Session], T]) -> T:
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            return work(session)
    except (OperationalError, InterfaceError) as error:
        raise StoreError(f"database of alerts: {error.orig}") from error
    except (DBAPIError, OverflowError) as error:
        raise UnstorableError(f"database of alerts refuses the content: {getattr(error, 'orig', error)}") from error


def _engine(url: str, *, begin: str, connections: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_size=connections, max_overflow=0, pool_pre_ping=True)
    if not parsed.database or parsed.database == ":memory:":
        raise RefusedError(
            "alerts must outlive the process: give a file, for example sqlite:////var/lib/fengsui/alerts.db"
        )
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        parsed, pool_size=connections, max_overflow=0, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Set what must hold on every connection; transactions are begun by us, not guessed by the driver."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
