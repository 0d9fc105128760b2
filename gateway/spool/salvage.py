"""What a damaged spool file still has: fire and events row by row, and what was remembered beside them.

A row's body is checked against its checksum, so damage in one page costs the rows of that page and no others. Which
rows there were is asked of the table and of both of its indexes, from both ends. Measures are not salvaged: new ones
come with the next poll. A device that sends a message again is only refused as a second copy when the first one was
delivered or is in the new file: `Salvaged.names` leaves out every name whose rows are lost, or may be.
"""

from __future__ import annotations

import contextlib
import sqlite3
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.points import Point
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter
from gateway.losses import DAMAGED_FILES, DEAD, DROPPED, LOST_ROW, Drop
from gateway.spool.letters import lost_row
from gateway.spool.memories import Memories, NodeRecord, RowSpan, point_of, state_of
from gateway.spool.rows import EVENT, URGENT, NewRow, State, checksum
from gateway.spool.store import Group

MOST_PROBED = 500_000
"""Row ids that are tried one by one where no index tells which there were: some seconds (assumption)."""

MOST_LOST_TOLD = 200
"""Lost rows that get a dead letter each; their count tells the rest."""

LAST_POSSIBLE = 2**63 - 1
"""SQLite's largest row id."""

_TREES = (
    "SELECT id FROM batches INDEXED BY batches_lane WHERE lane = ? ORDER BY id",
    "SELECT id FROM batches INDEXED BY batches_age WHERE lane = ? ORDER BY added_ns",
    "SELECT id FROM batches NOT INDEXED WHERE lane = ? ORDER BY id",
)
_ROW = (
    "SELECT lane, unit, gateway, device, first_ns, last_ns, added_ns, readings, checksum, body FROM batches NOT INDEXED"
)


@dataclass(slots=True)
class Salvaged:
    """``rows`` in order of their old ids; ``lost`` is what is known of events that can't be had, by id.

    ``doubtful`` are ids that can't be read and may have been events; outside of the ids from ``sure`` nobody knows.
    """

    rows: dict[int, NewRow] = field(default_factory=dict)
    lost: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    sure: tuple[int, int] = (1, 0)
    points: list[Point] = field(default_factory=list)
    nodes: list[NodeRecord] = field(default_factory=list)
    states: list[tuple[State, int]] = field(default_factory=list)
    named: list[tuple[bytes, RowSpan]] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    letters: list[DeadLetter] = field(default_factory=list)

    def names(self, first_id: int) -> Iterator[tuple[bytes, RowSpan]]:
        """Yield the names whose rows are safe, with their rows in a file that has ``rows`` from ``first_id`` on."""
        kept, gone = sorted(self.rows), sorted({*self.lost, *self.doubtful})
        for name, (first, last) in self.named:
            unsure = first < self.sure[0] or last > self.sure[1] or bisect_left(gone, first) < bisect_right(gone, last)
            if first and unsure:
                continue
            begin, end = bisect_left(kept, first), bisect_right(kept, last)
            yield name, (first_id + begin, first_id + end - 1) if begin < end else (0, 0)

    def newest(self, first_id: int) -> Iterator[tuple[State, int]]:
        """Yield the states that were delivered or are in a row, with that row's new id."""
        at = {old: first_id + place for place, old in enumerate(sorted(self.rows))}
        for state, row in self.states:
            known = self.sure[0] <= row <= self.sure[1] and row not in self.lost and row not in self.doubtful
            if row in at or known or not row:
                yield state, at.get(row, 0)

    def obituaries(self, now_ns: int) -> list[DeadLetter]:
        """Return a dead letter for each event that is lost, as far as they are told one by one."""
        return [
            DeadLetter(time_ns=now_ns, connection="spool", reason=LOST_ROW, detail=detail, raw=raw)
            for detail, raw in list(self.lost.values())[:MOST_LOST_TOLD]
        ]


def salvage(path: Path, delivered: AbstractSet[int] = frozenset()) -> Salvaged:
    """Read what can be read; ``delivered`` are rows that the log has though they may still be in the file."""
    found = Salvaged()
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as database,
    ):
        database.execute("PRAGMA writable_schema = ON")  # a table with a bad entry in the schema costs no other table
        _remembered(database, found)
        _rows(database, found, delivered)
    _tidy(path)
    return found


def renamed(path: Path, mark: int) -> Path:
    """Rename a damaged file with what belongs to it; returns its new path, which is absolute."""
    aside = path.absolute().with_name(f"{path.name}.damaged-{mark}")
    for suffix in ("", "-wal", "-shm"):
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.rename(aside.with_name(aside.name + suffix))
    return aside


def _tidy(path: Path) -> None:
    """Remove what reading a file leaves beside it: its shared memory, and a log that holds nothing."""
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    log = path.with_name(path.name + "-wal")
    if log.exists() and not log.stat().st_size:
        log.unlink()


def inheritance(found: Salvaged, now_ns: int) -> Group:
    """Return what a new file begins with, for the first commit of that file."""
    counters = Counter(found.counters)
    dropped = sum(count for name, count in counters.items() if name.startswith(DROPPED) and name != DROPPED + Drop.FULL)
    waiting = counters["accepted"] - counters["published"] - dropped
    missing = waiting - sum(row.readings for row in found.rows.values())
    lost = {DROPPED + Drop.DAMAGED: max(missing, 0), DEAD + LOST_ROW: len(found.lost)}
    counters.update({DAMAGED_FILES: 1, **lost})
    obituaries = found.obituaries(now_ns)
    counters.subtract(Counter(f"{DEAD}{one.reason}" for one in [*found.letters, *obituaries]))  # counted again below
    memories = Memories(
        points=found.points, nodes=found.nodes, kept=list(found.names(1)), states=list(found.newest(1))
    )  # fmt: skip
    return Group(
        salvaged=[found.rows[row_id] for row_id in sorted(found.rows)],
        letters=[*found.letters, *obituaries],
        counts=counters,
        memories=memories,
    )


def _rows(database: sqlite3.Connection, found: Salvaged, delivered: AbstractSet[int]) -> None:
    known, whole = _known_events(database)
    candidates = set(known)
    if whole:
        found.sure = 1, LAST_POSSIBLE
    else:
        first, last = _bounds(database, found, known)
        if 0 <= last - first <= MOST_PROBED:
            found.sure = first, last
            candidates.update(range(first, last + 1))
    for row_id in sorted(candidates - delivered):
        _take(database, row_id, found, known=row_id in known)


def _known_events(database: sqlite3.Connection) -> tuple[set[int], bool]:
    """Return the ids of events that any tree knows, and whether one tree was read to its end for both lanes."""
    known: set[int] = set()
    whole = False
    for tree in _TREES:
        sound = [_until_damage(database, tree, lane, known) for lane in (URGENT, EVENT)]
        whole = whole or all(sound)
    return known, whole


def _until_damage(database: sqlite3.Connection, tree: str, lane: int, known: set[int]) -> bool:
    """Add the ids of a lane as one tree tells them, from both ends where it is damaged between; True: none was met."""
    for order in ("", " DESC"):
        try:
            for (row_id,) in database.execute(tree + order, (lane,)):
                known.add(int(row_id))
        except sqlite3.Error:
            continue
        return not order
    return False


def _bounds(database: sqlite3.Connection, found: Salvaged, known: AbstractSet[int]) -> tuple[int, int]:
    """Return the first and the last row id that anything in the file speaks of; (1, 0) when nothing does."""
    spoken_of = {*known, *(row for _, row in found.states), *(row for _, span in found.named for row in span)}
    stored = "SELECT seq FROM sqlite_sequence WHERE name = 'batches' ORDER BY seq"
    spoken_of.update(seq for (seq,) in _all_that_can_be_read(database, stored, (int,)))
    spoken_of.discard(0)
    return (min(spoken_of), max(spoken_of)) if spoken_of else (1, 0)


def _take(database: sqlite3.Connection, row_id: int, found: Salvaged, *, known: bool) -> None:
    """Take one row over, or note it as lost."""
    try:
        row = database.execute(f"{_ROW} WHERE id = ?", (row_id,)).fetchone()
    except sqlite3.Error as error:
        if known:
            found.lost[row_id] = lost_row(row_id, "", str(error)), b""
        else:
            found.doubtful.add(row_id)
        return
    if row is None:
        if known:
            found.lost[row_id] = lost_row(row_id, "", "an index has it, the table has not"), b""
        return
    lane, unit, gateway, device, first_ns, last_ns, added_ns, readings, stored, body = row
    if lane not in (EVENT, URGENT):
        return
    sound = all(isinstance(one, int) for one in (first_ns, last_ns, added_ns, readings)) and isinstance(body, bytes)
    if not sound or checksum(body) != stored:
        raw = body[:MOST_RAW_BYTES] if isinstance(body, bytes) else b""
        found.lost[row_id] = lost_row(row_id, f"{unit}/{gateway}/{device}", "its checksum does not fit"), raw
        return
    found.rows[row_id] = NewRow(lane, (unit, gateway, device), first_ns, last_ns, readings, body, added_ns=added_ns)


def _remembered(database: sqlite3.Connection, found: Salvaged) -> None:
    """Read what was remembered, entry by entry: one that can't be read costs no other."""

    def read(query: str, *types: type) -> list[tuple[Any, ...]]:
        return _all_that_can_be_read(database, query, types)

    for (text,) in read("SELECT point FROM points ORDER BY key", str):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            found.points.append(point_of(text))
    for *state, row in read(
        "SELECT key, time_ns, value, quality, row FROM states ORDER BY key", str, int, object, int, int
    ):
        with contextlib.suppress(ValueError, TypeError):
            found.states.append((state_of(*state), row))
    for unit, gateway, bd_seq, born in read(
        "SELECT unit, gateway, bd_seq, born FROM nodes ORDER BY unit", str, str, int, int
    ):
        found.nodes.append(NodeRecord(unit, gateway, bd_seq, bool(born)))
    found.counters.update(dict(read("SELECT name, value FROM counters ORDER BY name", str, int)))
    for _, name, first, last in sorted(
        read("SELECT id, name, first_row, last_row FROM names ORDER BY id", int, bytes, int, int)
    ):
        found.named.append((name, (first, last)))
    letters = "SELECT id, time_ns, connection, reason, detail, raw FROM dead_letters ORDER BY id"
    for _, time_ns, connection, reason, detail, raw in sorted(read(letters, int, int, str, str, str, bytes)):
        found.letters.append(DeadLetter(time_ns=time_ns, connection=connection, reason=reason, detail=detail, raw=raw))


def _all_that_can_be_read(database: sqlite3.Connection, query: str, types: tuple[type, ...]) -> list[tuple[Any, ...]]:
    """Return the entries of a query that ends in its order: from its beginning, and from its end where it is damaged.

    Entries whose values are not of ``types`` are left out.
    """
    entries: dict[tuple[Any, ...], None] = {}
    for order in ("", " DESC"):
        try:
            for entry in database.execute(query + order):
                if all(map(isinstance, entry, types)):
                    entries[entry] = None
        except sqlite3.Error:
            continue
        break
    return list(entries)
