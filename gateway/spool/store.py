"""The spool's SQLite file: one transaction a group, and figures that are always those on disk.

Used from one thread at a time. WAL with ``synchronous=FULL``: a commit that returned survives a power
cut. The lock is exclusive: two gateways can't share a spool by mistake. What SQLite reports as
corruption becomes `DamagedError`; the owner sets the file aside.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.errors import StoreError
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter
from gateway.losses import DEAD, DROPPED, LOST_ROW, Drop
from gateway.spool import letters
from gateway.spool.database import DamagedError, FullError, connect, transaction, translated
from gateway.spool.letters import lost_row
from gateway.spool.memories import (
    SCHEMA,
    Memories,
    Names,
    Remembered,
    RowSpan,
    forget,
    read,
    read_names,
    span_of,
    write,
)
from gateway.spool.room import EVENT_SHARE, Freed, drop_aged, make_room
from gateway.spool.rows import LANES, MEASURE, ROW_OVERHEAD, NewRow, SpoolRow, checksum

CHECKED_BYTES = 64 * 2**20
"""Files up to this size are checked whole at start; damage in a larger one shows when it is met."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT, lane INTEGER NOT NULL, device TEXT NOT NULL, first_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL, added_ns INTEGER NOT NULL, readings INTEGER NOT NULL,
  thinned INTEGER NOT NULL DEFAULT 0, checksum INTEGER NOT NULL, body BLOB NOT NULL,
  unit TEXT NOT NULL DEFAULT '', gateway TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS batches_lane ON batches (lane);
CREATE INDEX IF NOT EXISTS batches_age ON batches (lane, added_ns);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity (id TEXT NOT NULL);
"""
_LATER_COLUMNS = {
    "batches": ("unit TEXT NOT NULL DEFAULT ''", "gateway TEXT NOT NULL DEFAULT ''"),
    "names": ("first_row INTEGER NOT NULL DEFAULT 0", "last_row INTEGER NOT NULL DEFAULT 0"),
}
"""Columns that files of earlier releases lack: their rows are all of the process's own gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """How much a spool may hold: bytes of rows, and seconds that a measure is kept."""

    most_bytes: int = 512 * 2**20
    most_age_s: float = 14 * 86_400

    @property
    def most_measure_bytes(self) -> int:
        """Bytes that measures may use; the rest is reserved for events."""
        return round(self.most_bytes * (1 - EVENT_SHARE))


@dataclass(slots=True)
class Group:
    """What is written in one transaction; ``salvaged`` are rows of a damaged file, counted when they were new."""

    salvaged: list[NewRow] = field(default_factory=list)
    rows: list[NewRow] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    published: list[SpoolRow] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    memories: Memories = field(default_factory=Memories)


class SpoolFile:
    """An open spool file. ``size`` and ``batches`` are per lane, ``counters`` by name."""

    def __init__(self, path: Path, limits: SpoolLimits) -> None:
        """Open or create; raises DamagedError, or StoreError when it can't be opened."""
        self.path = path
        self.limits = limits
        self._wanted: SpoolLimits | None = None
        """Smaller limits that wait until what is stored fits them."""
        self._thinned_to = 0
        self.lost: list[int] = []
        """Ids of events that were met damaged since this was last emptied."""
        self._database = connect(path)
        try:
            with translated(path):
                self._check()
                self._database.executescript(_SCHEMA + SCHEMA + letters.SCHEMA)
                self._add_later_columns()
                self.id = self._identity()
                self._next_id = self._first_free_id()
                self.counters: Counter[str] = Counter(dict(self._database.execute("SELECT name, value FROM counters")))
                self.size = [0] * len(LANES)
                self.batches = [0] * len(LANES)
                for lane, count, size in self._database.execute(
                    "SELECT lane, count(*), sum(length(body)) FROM batches GROUP BY lane"
                ):
                    self.size[lane], self.batches[lane] = size + count * ROW_OVERHEAD, count
        except StoreError:
            self._database.close()
            raise

    def close(self) -> None:
        """Close; the WAL is folded into the file."""
        self._database.close()

    def limit(self, limits: SpoolLimits) -> None:
        """Keep to these limits; smaller ones count as soon as what is stored fits them: no edit drops a reading."""
        self._wanted = limits
        self.limits = SpoolLimits(
            most_bytes=max(self.limits.most_bytes, limits.most_bytes),
            most_age_s=max(self.limits.most_age_s, limits.most_age_s),
        )

    def _shrink(self, wanted: SpoolLimits, now_ns: int) -> None:
        oldest_ns = self.oldest_ns()
        young = oldest_ns is None or now_ns - oldest_ns < wanted.most_age_s * 1e9
        if young and sum(self.size) <= wanted.most_bytes and self.size[MEASURE] <= wanted.most_measure_bytes:
            self.limits, self._wanted = wanted, None

    def commit(self, group: Group, now_ns: int, in_use: AbstractSet[int]) -> RowSpan:
        """Write a group, making room first where it is needed; all of it or nothing. Returns its rows.

        Raises FullError when there is no room on the disk, DamagedError when the file is broken.
        """
        if self._wanted is not None:
            self._shrink(self._wanted, now_ns)
        freed, counts = Freed(thinned_to=self._thinned_to), Counter(group.counts)
        with translated(self.path), transaction(self._database):
            removed = self._remove_published(group.published, counts)
            admitted = self._admit(group.rows, removed, in_use, freed)
            rows = [*group.salvaged, *admitted]
            drop_aged(self._database, now_ns - round(self.limits.most_age_s * 1e9), in_use, freed)
            self._insert(rows, now_ns)
            write(self._database, group.memories, rows, self._next_id)
            letters.insert(self._database, group.letters)
            counts.update(f"{DEAD}{one.reason}" for one in group.letters)
            produced = sum(row.readings for row in group.rows)
            counts["produced"] += produced
            counts["accepted"] += sum(row.readings for row in admitted)
            counts[DROPPED + Drop.FULL] += produced - sum(row.readings for row in admitted)
            counts.update({DROPPED + reason: count for reason, count in freed.readings.items()})
            self._count(counts)
        span = span_of(self._next_id, len(rows))
        self._next_id += len(rows)
        self.counters += counts
        for lane in LANES:
            new = [row for row in rows if row.lane == lane]
            gone = [row for row in removed if row.lane == lane]
            self.batches[lane] += len(new) - len(gone) - (freed.rows if lane == MEASURE else 0)
            self.size[lane] += sum(row.size for row in new) - sum(len(row.body) + ROW_OVERHEAD for row in gone)
        self.size[MEASURE] -= freed.size
        self._thinned_to = freed.thinned_to
        return span

    def free(self, share: float, in_use: AbstractSet[int]) -> None:
        """Remove measures worth ``share`` of the limit and give the log's disk space back.

        The log goes first: on a disk without any room, removing rows needs some in the log, too.
        """
        freed = Freed(thinned_to=self._thinned_to)
        with contextlib.suppress(FullError), translated(self.path):
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with translated(self.path):
            with transaction(self._database):
                make_room(self._database, round(self.limits.most_bytes * share), in_use, freed)
                counts = Counter({DROPPED + reason: count for reason, count in freed.readings.items()})
                self._count(counts)
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.counters += counts
        self.batches[MEASURE] -= freed.rows
        self.size[MEASURE] -= freed.size
        self._thinned_to = freed.thinned_to

    def select(self, condition: str, values: Sequence[Any], most: int) -> tuple[list[SpoolRow], int]:
        """Return rows that fit ``condition`` (one of this package's own) in order of id, and how far was looked.

        A row whose body does not match its checksum is removed and counted; the others are sound. Of one of the
        event lane a dead letter is kept and ``lost`` has its id: its message may come again.
        """
        with translated(self.path):
            found = self._database.execute(
                "SELECT id, lane, unit, gateway, device, added_ns, readings, checksum, body FROM batches "  # noqa: S608  # our own text
                f"WHERE {condition} ORDER BY id LIMIT ?",
                (*values, most),
            ).fetchall()
        rows = [
            (SpoolRow(self.id, at, lane, unit, gateway, device, added_ns, readings, body), checksum(body) == stored)
            for at, lane, unit, gateway, device, added_ns, readings, stored, body in found
        ]
        damaged = [row for row, sound in rows if not sound]
        if damaged:
            self._discard(damaged)
        return [row for row, sound in rows if sound], rows[-1][0].id if len(rows) == most else self.last_id

    @property
    def last_id(self) -> int:
        """The id of the newest row that was ever stored."""
        return self._next_id - 1

    def oldest_ns(self) -> int | None:
        """Return the time of the oldest reading that waits, None for an empty spool."""
        with translated(self.path):
            row = self._database.execute("SELECT first_ns FROM batches ORDER BY id LIMIT 1").fetchone()
        return row[0] if row else None

    def remembered(self) -> tuple[Remembered, Names]:
        """Return what was remembered beside the rows; raises DamagedError for what can't be read."""
        with translated(self.path):
            try:
                return read(self._database), read_names(self._database)
            except (ValueError, TypeError, KeyError) as error:
                raise DamagedError(f"{self.path}: {error!r}") from error

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters that are kept, oldest first."""
        with translated(self.path):
            return letters.read(self._database)

    def limit_pages(self, pages: int) -> None:
        """Let the file grow to at most so many pages (SQLite's own limit, for small disks and tests)."""
        self._database.execute(f"PRAGMA max_page_count = {int(pages)}").fetchall()

    def _discard(self, rows: Collection[SpoolRow]) -> None:
        events = [row for row in rows if row.lane != MEASURE]
        told = [
            DeadLetter(
                time_ns=row.added_ns, connection="spool", reason=LOST_ROW, raw=row.body[:MOST_RAW_BYTES],
                detail=lost_row(row.id, f"{row.unit}/{row.gateway}/{row.device}", "its checksum does not fit"),
            )
            for row in events
        ]  # fmt: skip
        counts = Counter({DROPPED + Drop.DAMAGED: sum(row.readings for row in rows), DEAD + LOST_ROW: len(told)})
        with translated(self.path), transaction(self._database):
            self._database.executemany("DELETE FROM batches WHERE id = ?", [(row.id,) for row in rows])
            letters.insert(self._database, told)
            forget(self._database, [row.id for row in events])
            self._count(counts)
        self.counters += counts
        self.lost += [row.id for row in events]
        for row in rows:
            self.batches[row.lane] -= 1
            self.size[row.lane] -= len(row.body) + ROW_OVERHEAD

    def _check(self) -> None:
        if self.path.stat().st_size <= CHECKED_BYTES:
            verdict = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise DamagedError(f"{self.path}: {verdict}")

    def _add_later_columns(self) -> None:
        for table, columns in _LATER_COLUMNS.items():
            known = {row[1] for row in self._database.execute(f"PRAGMA table_info({table})")}
            for column in columns:
                if column.partition(" ")[0] not in known:
                    self._database.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

    def _first_free_id(self) -> int:
        """Return the id of the next row: ids are never used twice, whatever has been removed."""
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batches'").fetchone()
        return 1 + (row[0] if row else 0)

    def _identity(self) -> str:
        row = self._database.execute("SELECT id FROM identity").fetchone()
        if row is None:
            row = (uuid.uuid4().hex[:16],)
            self._database.execute("INSERT INTO identity VALUES (?)", row)
        return str(row[0])

    def _remove_published(self, rows: Collection[SpoolRow], counts: Counter[str]) -> list[SpoolRow]:
        """Delete delivered rows and return those that were still there."""
        removed = []
        for row in rows:
            if row.spool != self.id:
                continue  # it was in a file that has been set aside
            if self._database.execute("DELETE FROM batches WHERE id = ?", (row.id,)).rowcount:
                removed.append(row)
        counts["published"] += sum(row.readings for row in removed)
        return removed

    def _admit(
        self, rows: Sequence[NewRow], removed: Sequence[SpoolRow], in_use: AbstractSet[int], freed: Freed
    ) -> list[NewRow]:
        """Make room for ``rows`` and return those that may be stored: all events, and measures that fit."""
        gone = sum(len(row.body) + ROW_OVERHEAD for row in removed)
        new = [sum(row.size for row in rows if row.lane == lane) for lane in LANES]
        over = sum(self.size) + sum(new) - gone - self.limits.most_bytes
        over_share = self.size[MEASURE] + new[MEASURE] - self.limits.most_measure_bytes if new[MEASURE] else 0
        need = max(over, over_share)
        if need <= 0:
            return list(rows)
        make_room(self._database, max(need, self.limits.most_bytes // 100), in_use, freed)
        if freed.size >= need:
            return list(rows)
        return [row for row in rows if row.lane != MEASURE]

    def _insert(self, rows: Sequence[NewRow], now_ns: int) -> None:
        self._database.executemany(
            "INSERT INTO batches (id, lane, unit, gateway, device, first_ns, last_ns, added_ns, readings, checksum,"
            " body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (at, r.lane, *r.home, r.first_ns, r.last_ns, r.added_ns or now_ns, r.readings, checksum(r.body), r.body)
                for at, r in enumerate(rows, self._next_id)
            ],
        )

    def _count(self, counts: Counter[str]) -> None:
        self._database.executemany(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            [(name, count) for name, count in counts.items() if count],
        )
