"""The embedded store: DuckDB, exactly once.

One commit holds the readings and the sequences of the messages they came in, so a message that is
delivered again after a crash is known and skipped, in whatever order it comes. The same reading in
*another* message is refused by its name (point, time). Looking each name up would be slow, so the
last time of each point is kept in memory: a reading that is newer than that is new without asking,
and only the late ones are looked for in the table.

New readings are in a table of the file, those of closed days in Parquet parts beside it: see `ingest.duckdb_layout`
and `ingest.duckdb_compaction`. A damaged part is set aside, and everything else goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from domain.batch import ReadingBatch
from domain.points import PointTable
from domain.site.registry import Registry
from ingest import duckdb_queries as queries
from ingest import duckdb_spans as spans
from ingest.applied import Applied
from ingest.duckdb_applied import load_applied, save_applied
from ingest.duckdb_file import MEMORY_LIMIT, THREADS, damaged_files, is_damage, open_file, set_aside
from ingest.duckdb_layout import Layout
from ingest.duckdb_parts import (
    clear_away,
    damaged_parts,
    load_layout,
    read_layout,
    remove_dropped,
    set_aside_parts,
    set_parts_aside,
)
from ingest.store import Counts, Holes, HolesQuery, Mark, RangeQuery, Series, Shares, StoreDownError, Written

T = TypeVar("T")

NEVER = np.iinfo(np.int64).min
"""Last time of a point that has no reading."""
MOST_TRIES, TRY_PAUSE_S = 40, 0.05
NO_ID = -1
_NOT_OF_PARTS = (duckdb.ConnectionException, duckdb.OutOfMemoryException, duckdb.TransactionException)
_NO_ROOM = ("No space left", "File too large", "Could not write")


class DuckDbStore:
    """Readings of ``table``'s points in one file; see `ingest.store.Store` for the promises.

    Safe to use from several threads: writes take turns, queries read a snapshot beside them.
    """

    def __init__(
        self, table: PointTable, path: Path, *, memory_limit: str = MEMORY_LIMIT, threads: int = THREADS
    ) -> None:
        """Open the file; raises StoreDownError when another process has it, StoreDeniedError when it is no use."""
        self._table = table
        self._path = path
        self._memory_limit = memory_limit
        self._threads = threads
        self._lock = threading.RLock()
        self._counted: Counts | None = None
        self._asking = 0
        self._layout: Layout | None = None
        self.upkeep = threading.Lock()
        """Held by whoever rewrites or copies the parts: one at a time."""
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._applied: dict[str, Applied] = {}
        self._ids = np.empty(0, np.int32)
        self._last_ns = np.empty(0, np.int64)
        with self._lock:
            self._open()

    @property
    def set_aside(self) -> list[str]:
        """Names of damaged files beside this one."""
        return damaged_files(self._path) + set_aside_parts(self._path)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def layout(self) -> Layout:
        """Where the readings lie now."""
        with self._lock:
            self._open()
            assert self._layout is not None  # noqa: S101  # the opening reads it
            return self._layout

    @contextmanager
    def snapshot(self, what: str = "a question") -> Iterator[tuple[duckdb.DuckDBPyConnection, Layout]]:
        """Give a cursor that sees the store as it is now, with the layout of this moment, while writes go on.

        Raises StoreDownError, with which a damaged part or file is set aside.
        """
        try:
            with self._lock:
                cursor, layout = self._open().cursor(), self.layout
                cursor.begin()
                cursor.execute("SELECT count(*) FROM hot").fetchall()  # a snapshot begins with the first question
                self._asking += 1
            try:
                yield cursor, layout
            finally:
                with self._lock:
                    cursor.close()
                    self._asking -= 1
        except duckdb.Error as error:
            raise self._failed(what, error) from error

    def with_ids(self, what: str, question: Callable[[duckdb.DuckDBPyConnection, Callable[[int], int]], T]) -> T:
        """Put a question on a cursor without a transaction, with what turns a point's index into the store's integer.

        It may change tables of its own; files that it may be reading are not removed meanwhile.
        """
        try:
            with self._lock:
                cursor = self._open().cursor()
                self._asking += 1
            try:
                return question(cursor, self._id_of)
            finally:
                with self._lock:
                    cursor.close()
                    self._asking -= 1
        except duckdb.Error as error:
            raise self._failed(what, error) from error

    def verify(self) -> list[tuple[str, int, str]]:
        """Read every part to its end; set those with another hash aside, return their names, readings and reasons."""
        with self.upkeep:
            bad = damaged_parts(self.layout, thorough=True)
            if bad:
                with self._lock:
                    try:
                        self._layout = set_parts_aside(self._open(), self.layout, bad, time.time_ns())
                    except duckdb.Error as error:
                        raise self._failed("setting parts aside", error) from error
            return [(part.name, part.rows, reason) for part, reason in bad]

    @contextmanager
    def changing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a transaction that may change the layout; it is committed at the end, nothing is written meanwhile."""
        with self._lock:
            connection = self._open()
            try:
                connection.begin()
                yield connection
                connection.commit()
                self._layout = read_layout(connection, self.layout.folder)
            except duckdb.Error as error:
                raise self._failed("a change of the layout", error) from error
            except BaseException:
                connection.rollback()
                raise

    def fold(self) -> None:
        """Fold the log into the file and remove replaced parts; later when questions are open."""
        with self._lock:
            if self._asking:
                return  # the next round, or the next opening, does it
            try:
                self._open().execute("CHECKPOINT")
            except duckdb.Error as error:
                raise self._failed("a checkpoint", error) from error
            clear_away(self.layout)

    def forget(self) -> None:
        """Remove the files of dropped parts, if no question may be reading them."""
        with self._lock:
            if not self._asking:
                try:
                    remove_dropped(self._open(), self.layout.folder)
                except duckdb.Error as error:
                    raise self._failed("dropping", error) from error

    def grow(self, registry: Registry) -> None:
        """Give the new points their integers."""
        with self._lock:
            if len(registry.points) <= len(self._table):
                return
            new = [registry.points[at] for at in range(len(self._table), len(registry.points))]
            connection = self._open()
            try:
                self._know(queries.point_ids(connection, new))
            except duckdb.Error as error:
                raise self._failed("new points", error) from error
            self._table = registry.points

    def _know(self, ids: NDArray[np.int32]) -> None:
        """Put the integers of new points behind those of the others; a point may have readings already."""
        missing = int(ids.max(initial=-1)) + 1 - len(self._last_ns)
        self._last_ns = np.concatenate([self._last_ns, np.full(max(missing, 0), NEVER, np.int64)])
        self._ids = np.concatenate([self._ids, ids])

    def applied(self, stream: str, marks: Sequence[Mark]) -> list[bool]:
        """Tell for each message whether its readings are stored."""
        with self._lock:
            self._open()
            known = self._applied.get(stream, Applied())
        return [mark in known for mark in marks]

    def write(self, rows: ReadingBatch, marks: Mapping[str, Sequence[Mark]]) -> Written:
        """Store readings and sequences in one transaction."""
        with self._lock:
            connection = self._open()
            after = {stream: self._applied.get(stream, Applied()).plus(new) for stream, new in marks.items() if new}
            try:
                connection.begin()
                fresh = self._fresh(connection, rows)
                chosen = rows if fresh.all() else rows.take(fresh)
                self._insert(connection, chosen)
                for stream, now in after.items():
                    save_applied(connection, stream, self._applied.get(stream, Applied()), now)
                connection.commit()
            except duckdb.Error as error:
                raise self._failed("write", error) from error
            self._applied |= after
            np.maximum.at(self._last_ns, self._ids[chosen.point], chosen.time_ns)
            return Written(len(chosen), len(rows) - len(chosen))

    def range(self, query: RangeQuery) -> list[Series]:
        """Return rows or buckets of each point."""
        return self._ask(
            "range",
            lambda cursor, layout: [
                queries.series(cursor, layout, self._id_of(point), point, query) for point in query.points
            ],
        )

    def _id_of(self, point: int) -> int:
        """Return the integer of a point, one that no row has when this store was not told of the point yet."""
        return int(self._ids[point]) if point < len(self._ids) else NO_ID

    def latest(self) -> ReadingBatch:
        """Return the newest reading of each point that has one."""
        return self._ask("latest", lambda cursor, layout: queries.latest(cursor, layout, self._table, self._ids))

    def holes(self, query: HolesQuery) -> Holes:
        """Return where a point was silent for too long."""
        return self.with_ids("gaps", lambda cursor, id_of: spans.holes(cursor, id_of(query.point), query))

    def shares(self, query: RangeQuery) -> list[Shares]:
        """Return the qualities of each point."""
        return self.with_ids(
            "qualities",
            lambda cursor, id_of: [spans.shares(cursor, id_of(point), point, query) for point in query.points],
        )

    def counts(self) -> Counts:
        """Count rows and different names among them; the last answer is kept while no row is added."""
        stored = self._ask("counts", queries.stored)
        if self._counted is None or self._counted.stored != stored:
            self._counted = self._ask("counts", queries.counts)
        return self._counted

    def close(self) -> None:
        """Fold the log into the file and close it."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, what: str, question: Callable[[duckdb.DuckDBPyConnection, Layout], T]) -> T:
        """Put a question on a cursor of its own: a snapshot, beside whatever is being written.

        When that sets a damaged part aside the question is put once more, to what is left.
        """
        before = self.layout.parts
        try:
            with self.snapshot(what) as (cursor, layout):
                return question(cursor, layout)
        except StoreDownError:
            if self.layout.parts == before:
                raise
        with self.snapshot(what) as (cursor, layout):
            return question(cursor, layout)

    def _open(self) -> duckdb.DuckDBPyConnection:
        """Return the connection; open the file and read what is kept in memory when there is none."""
        if self._connection is not None:
            return self._connection
        connection = open_file(self._path, memory_limit=self._memory_limit, threads=self._threads)
        try:
            layout = _patiently(connection, lambda: load_layout(connection, self._path, time.time_ns()))
            self._ids = queries.point_ids(connection, tuple(self._table))
            self._last_ns = queries.last_times(connection, layout, NEVER)
            self._applied = load_applied(connection)
        except duckdb.Error as error:
            connection.close()
            self._set_aside_if_damaged(error)
            raise StoreDownError(f"{self._path} can't be read: {error}") from error
        self._layout = layout
        self._connection = connection
        return connection

    def _failed(self, what: str, error: duckdb.Error) -> StoreDownError:
        """Close the file, so that the next call opens it anew and reads what was really committed."""
        with self._lock:
            if not isinstance(error, duckdb.OutOfMemoryException) and not self._parts_set_aside(error):
                self.close()
                self._set_aside_if_damaged(error)
        return StoreDownError(f"{what} on {self._path} failed: {str(error).splitlines()[0]}")

    def _parts_set_aside(self, error: duckdb.Error) -> bool:
        """Set damaged parts aside if an error comes from reading one; tells whether there were any."""
        layout, connection = self._layout, self._connection
        if layout is None or connection is None or not may_be_of_a_part(error):
            return False
        bad = damaged_parts(layout, thorough=True)
        try:
            with suppress(duckdb.Error):  # none is open when a question failed, one is when a write did
                connection.rollback()
            if bad:
                self._layout = set_parts_aside(connection, layout, bad, time.time_ns())
        except duckdb.Error:
            return False
        return bool(bad)

    def _set_aside_if_damaged(self, error: duckdb.Error) -> None:
        """Rename a damaged file, unless a question still holds it open: DuckDB would go on with that one."""
        if is_damage(error) and not self._asking:
            set_aside(self._path, str(error))

    def _fresh(self, connection: duckdb.DuckDBPyConnection, rows: ReadingBatch) -> NDArray[np.bool_]:
        """Return which readings have a name that is not stored and not further up in ``rows``, shape (n,)."""
        ids = self._ids[rows.point]
        fresh = first_of_name(ids, rows.time_ns)
        late = np.flatnonzero(fresh & (rows.time_ns <= self._last_ns[ids]))
        if late.size:
            fresh[late[queries.stored_rows(connection, self.layout, ids[late], rows.time_ns[late])]] = False
        return fresh

    def _insert(self, connection: duckdb.DuckDBPyConnection, rows: ReadingBatch) -> None:
        if not len(rows):
            return
        queries.insert_readings(connection, self.layout.hot, self._ids[rows.point], rows)
        texts = [(int(self._ids[rows.point[at]]), int(rows.time_ns[at]), text) for at, text in rows.text.items()]
        if texts:
            connection.executemany("INSERT INTO texts VALUES (?, ?, ?)", texts)


def may_be_of_a_part(error: duckdb.Error) -> bool:
    """Tell whether an error may come from reading a part; a false alarm costs a look at all of them.

    What a broken Parquet file makes DuckDB say is of many kinds (see the tests that break them); these are not.
    """
    return not isinstance(error, _NOT_OF_PARTS) and not any(words in str(error) for words in _NO_ROOM)


def _patiently(connection: duckdb.DuckDBPyConnection, attempt: Callable[[], T]) -> T:
    """Do again what meets another transaction's change of the catalogue: a file closed a moment ago may have one open.

    DuckDB shares a file's catalogue within a process until the last cursor on it is gone.
    """
    for _ in range(MOST_TRIES):
        try:
            return attempt()
        except duckdb.TransactionException:
            with suppress(duckdb.Error):  # none is open when the conflict came outside of one
                connection.rollback()
            time.sleep(TRY_PAUSE_S)
    return attempt()


def first_of_name(ids: NDArray[np.int32], time_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the first reading of each (id, time), shape (n,).

    Parameters
    ----------
    ids : (n,) int32
        Point of each reading.
    time_ns : (n,) int64
        Time of each reading, ns.
    """
    order = np.lexsort((time_ns, ids))  # stable: copies keep their order
    copy = (np.diff(ids[order]) == 0) & (np.diff(time_ns[order]) == 0)
    first = np.ones(len(ids), np.bool_)
    first[order[1:][copy]] = False
    return first
