"""What a spool remembers beside its rows: names of messages, learned points, newest states, sessions of nodes.

| table | one entry | kept |
|---|---|---|
| names | a message that was committed, and the first and last row of its commit | the newest 200,000 |
| points | a point that was learned, as JSON | for ever |
| states | the newest reading of a point of the event lane | for ever |
| nodes | a hosted node: its last bdSeq, and whether it was born and not yet dead | for ever |

All are written in the same transaction as the rows that they belong to.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields

from domain.points import Point, PointKind
from domain.quantity import Quantity
from gateway.spool.rows import NewRow, State

MOST_NAMES = 200_000
"""A device sends again within minutes: at 3,000 messages a second these are the last 66 seconds, at the usual
few a second the last day (assumption)."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS names (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL,
  first_row INTEGER NOT NULL DEFAULT 0, last_row INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS points (key TEXT PRIMARY KEY, point TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states (
  key TEXT PRIMARY KEY, time_ns INTEGER NOT NULL, value REAL, quality INTEGER NOT NULL, row INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nodes (
  unit TEXT NOT NULL, gateway TEXT NOT NULL, bd_seq INTEGER NOT NULL, born INTEGER NOT NULL,
  PRIMARY KEY (unit, gateway)) WITHOUT ROWID;
"""

RowSpan = tuple[int, int]
"""First and last row id of the commit that a name came with; both 0 for a commit without rows."""

NO_ROWS: RowSpan = (0, 0)

_FIELDS = {one.name for one in fields(Point)}
"""What a point holds today; a file may be of a newer or an older release."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """The last session of a hosted node; ``born`` when no death has been said since."""

    unit: str
    gateway: str
    bd_seq: int
    born: bool


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was on disk when a spool was opened; ``delivered`` are the keys of states that the log already has."""

    points: tuple[Point, ...]
    states: tuple[State, ...]
    delivered: frozenset[str]
    nodes: tuple[NodeRecord, ...]


class Names:
    """The newest names, in memory, each with the rows of its commit."""

    def __init__(self, names: Iterable[tuple[bytes, RowSpan]] = ()) -> None:
        """Begin with these, oldest first."""
        self._order: deque[bytes] = deque()
        self._rows: dict[bytes, RowSpan] = {}
        for name, rows in names:
            self.add([name], rows)

    def __contains__(self, name: object) -> bool:
        """Tell whether a name is among the newest."""
        return name in self._rows

    def __iter__(self) -> Iterator[tuple[bytes, RowSpan]]:
        """Iterate over names and their rows, oldest first."""
        return ((name, self._rows[name]) for name in self._order)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._order)

    def add(self, names: Iterable[bytes], rows: RowSpan = NO_ROWS) -> None:
        """Add names of one commit, letting go of the oldest where there are too many."""
        for name in names:
            if name not in self._rows:
                self._rows[name] = rows
                self._order.append(name)
        while len(self._order) > MOST_NAMES:
            del self._rows[self._order.popleft()]

    def forget(self, lost: Collection[int]) -> None:
        """Forget the names of commits with a row that is lost: a message that comes again is taken again."""
        kept = [(name, rows) for name, rows in self if not any(rows[0] <= row <= rows[1] for row in lost)]
        self._rows = dict(kept)
        self._order = deque(self._rows)


@dataclass(slots=True)
class Memories:
    """What one transaction adds; ``kept`` and ``states`` are of another file, with their rows in this one."""

    names: list[bytes] = field(default_factory=list)
    kept: list[tuple[bytes, RowSpan]] = field(default_factory=list)
    states: list[tuple[State, int]] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    nodes: list[NodeRecord] = field(default_factory=list)


def write(database: sqlite3.Connection, new: Memories, rows: Sequence[NewRow], first_id: int) -> None:
    """Write memories, and the states of ``rows``, whose ids count from ``first_id``."""
    named = [*new.kept, *((name, span_of(first_id, len(rows))) for name in new.names)]
    if named:
        database.executemany(
            "INSERT INTO names (name, first_row, last_row) VALUES (?, ?, ?)", [(name, *span) for name, span in named]
        )
        database.execute("DELETE FROM names WHERE id <= (SELECT max(id) FROM names) - ?", (MOST_NAMES,))
    database.executemany(
        "INSERT OR REPLACE INTO points VALUES (?, ?)", [(point.key, document(point)) for point in new.points]
    )
    database.executemany(
        "INSERT OR REPLACE INTO nodes VALUES (?, ?, ?, ?)",
        [(node.unit, node.gateway, node.bd_seq, node.born) for node in new.nodes],
    )
    database.executemany(
        "INSERT INTO states VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET time_ns = excluded.time_ns,"
        " value = excluded.value, quality = excluded.quality, row = excluded.row WHERE excluded.time_ns >= time_ns",
        [
            (state.key, state.time_ns, state.value, state.quality, row_id)
            for state, row_id in (
                *new.states,
                *((state, first_id + at) for at, row in enumerate(rows) for state in row.states),
            )
        ],
    )


def span_of(first_id: int, count: int) -> RowSpan:
    """Return the rows of a commit that stored ``count`` from ``first_id`` on."""
    return (first_id, first_id + count - 1) if count else NO_ROWS


def forget(database: sqlite3.Connection, lost: Iterable[int]) -> None:
    """Forget the names and the states of rows that are lost."""
    rows = [(row,) for row in lost]
    database.executemany("DELETE FROM names WHERE ?1 BETWEEN first_row AND last_row", rows)
    database.executemany("DELETE FROM states WHERE row = ?", rows)


def read_names(database: sqlite3.Connection) -> Names:
    """Return the names that are kept."""
    found = database.execute("SELECT name, first_row, last_row FROM names ORDER BY id")
    return Names((name, (first, last)) for name, first, last in found)


def read(database: sqlite3.Connection) -> Remembered:
    """Return all but the names."""
    states = [
        (state_of(key, time_ns, value, quality), delivered)
        for key, time_ns, value, quality, delivered in database.execute(
            "SELECT key, time_ns, value, quality, NOT EXISTS (SELECT 1 FROM batches WHERE id = row) FROM states"
        )
    ]
    return Remembered(
        tuple(point_of(text) for (text,) in database.execute("SELECT point FROM points")),
        tuple(state for state, _ in states),
        frozenset(state.key for state, delivered in states if delivered),
        tuple(
            NodeRecord(unit, gateway, bd_seq, bool(born))
            for unit, gateway, bd_seq, born in database.execute("SELECT unit, gateway, bd_seq, born FROM nodes")
        ),
    )


def document(point: Point) -> str:
    """Return a point as JSON."""
    return json.dumps(asdict(point), ensure_ascii=False)


def state_of(key: str, time_ns: int, value: float | None, quality: int) -> State:
    """Return a state as it was stored."""
    return State(key, time_ns, math.nan if value is None else float(value), quality)


def point_of(text: str) -> Point:
    """Return a point from its JSON; raises ValueError, TypeError or KeyError."""
    data = {name: value for name, value in json.loads(text).items() if name in _FIELDS}
    return Point(**data | {"kind": PointKind(data["kind"]), "quantity": Quantity(data["quantity"])})
