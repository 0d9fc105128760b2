"""The database: one writer thread, a few readers, migrations at the start.

All writes of the process go through one thread, one transaction at a time, so there is never a
race to lose. A commit that returned is on the disk (see `alerts.engines`). Readers see the last commit
and never block the writer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.orm import Session

from alerts import engines
from domain.errors import RefusedError, StoreError

T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"
READERS = 2


class UnstorableError(StoreError):
    """The database will never take this row; trying again is no use."""

    retryable = False


class Database:
    """A migrated database; make it with `open`."""

    def __init__(self, url: str) -> None:
        """Prepare engines; nothing is connected yet."""
        parsed = engines.parse(url)
        self._writer = engines.writer(parsed)
        self._reader = engines.reader(parsed, READERS + 1)
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
        try:
            await database._run(database._write_thread, lambda: migrate(database._writer))
        except BaseException:
            await database.close()
            raise
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
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(
                    "SET LOCAL statement_timeout = 0"
                )  # an index of a large table takes its time
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
    except (OperationalError, InterfaceError, InternalError) as error:  # away, full, locked, or read only
        raise StoreError(f"database of alerts: {error.orig}") from error
    except (DBAPIError, OverflowError) as error:
        raise UnstorableError(f"database of alerts refuses the content: {getattr(error, 'orig', error)}") from error
