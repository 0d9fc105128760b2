"""Making room in a full spool: thin the measures, then drop the oldest, never events.

Thinning removes every second batch of each device, oldest first, and each batch only once, so that
a long outage is first remembered more coarsely and only then forgotten from its beginning.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from gateway.losses import Drop
from gateway.spool.rows import MEASURE, ROW_OVERHEAD, Home

CHUNK = 2000
EVENT_SHARE = 0.2
"""Part of the spool that only events may use (assumption: states are a fraction of all readings)."""

_SIZE = f"length(body) + {ROW_OVERHEAD}"


@dataclass(slots=True)
class Freed:
    """What was removed: bytes and rows, and readings by reason; ``thinned_to`` is the last row id looked at."""

    size: int = 0
    rows: int = 0
    thinned_to: int = 0
    readings: Counter[Drop] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: int
    unit: str
    gateway: str
    device: str
    readings: int
    size: int


def make_room(database: sqlite3.Connection, need: int, keep: AbstractSet[int], freed: Freed) -> None:
    """Remove measures until ``need`` more bytes are free or no measure is left; ``keep`` are row ids in use."""
    goal = freed.size + need
    for thin in (True, False):
        after = freed.thinned_to if thin else 0
        while freed.size < goal:
            found = _candidates(database, after, unthinned_only=thin)
            if not found:
                break
            free = [item for item in found if item.id not in keep]
            if thin:
                after = freed.thinned_to = _thin(database, free, goal - freed.size, freed) or found[-1].id
            else:
                after = found[-1].id
                _remove(database, _oldest(free, goal - freed.size), Drop.OLDEST, freed)


def drop_aged(database: sqlite3.Connection, before_ns: int, keep: AbstractSet[int], freed: Freed) -> None:
    """Remove measures that were stored before ``before_ns``, at most a chunk of them."""
    found = database.execute(
        f"SELECT id, unit, gateway, device, readings, {_SIZE} FROM batches WHERE lane = ? AND added_ns < ? LIMIT ?",  # noqa: S608  # constants only
        (MEASURE, before_ns, CHUNK),
    )
    _remove(database, [item for row in found if (item := _Candidate(*row)).id not in keep], Drop.AGE, freed)


def _candidates(database: sqlite3.Connection, after: int, *, unthinned_only: bool) -> list[_Candidate]:
    condition = "AND thinned = 0" if unthinned_only else ""
    found = database.execute(
        f"SELECT id, unit, gateway, device, readings, {_SIZE} FROM batches "  # noqa: S608  # constants only
        f"WHERE lane = ? AND id > ? {condition} ORDER BY id LIMIT ?",
        (MEASURE, after, CHUNK),
    )
    return [_Candidate(*row) for row in found]


def _thin(database: sqlite3.Connection, rows: list[_Candidate], need: int, freed: Freed) -> int:
    """Remove every second row of each device until ``need`` is met, and mark the others passed as thinned.

    Returns the id of the last row passed, 0 when there was none.
    """
    seen: Counter[Home] = Counter()
    dropped: list[_Candidate] = []
    kept: list[_Candidate] = []
    size = 0
    for row in rows:
        if size >= need:
            break
        home = row.unit, row.gateway, row.device
        seen[home] += 1
        if seen[home] % 2:
            kept.append(row)
        else:
            dropped.append(row)
            size += row.size
    database.executemany("UPDATE batches SET thinned = 1 WHERE id = ?", [(row.id,) for row in kept])
    _remove(database, dropped, Drop.THINNED, freed)
    return max((row.id for row in (*kept, *dropped)), default=0)


def _oldest(rows: list[_Candidate], need: int) -> list[_Candidate]:
    chosen, size = [], 0
    for row in rows:
        if size >= need:
            break
        chosen.append(row)
        size += row.size
    return chosen


def _remove(database: sqlite3.Connection, rows: list[_Candidate], reason: Drop, freed: Freed) -> None:
    database.executemany("DELETE FROM batches WHERE id = ?", [(row.id,) for row in rows])
    freed.size += sum(row.size for row in rows)
    freed.rows += len(rows)
    freed.readings[reason] += sum(row.readings for row in rows)
