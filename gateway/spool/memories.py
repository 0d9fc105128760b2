"""What a spool remembers beside its rows: names of messages, learned points, newest states, sessions of nodes.

| table | one entry | kept |
|---|---|---|
| names | a message that was committed | the newest 200,000 |
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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields

from domain.points import Point, PointKind
from domain.quantity import Quantity
from gateway.spool.rows import NewRow, State

MOST_NAMES = 200_000
"""A device sends again within minutes: at 3,000 messages a second these are the last 66 seconds, at the usual
few a second the last day (assumption)."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS names (id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS points (key TEXT PRIMARY KEY, point TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states (
  key TEXT PRIMARY KEY, time_ns INTEGER NOT NULL, value REAL, quality INTEGER NOT NULL, row INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nodes (
  unit TEXT NOT NULL, gateway TEXT NOT NULL, bd_seq INTEGER NOT NULL, born INTEGER NOT NULL,
  PRIMARY KEY (unit, gateway)) WITHOUT ROWID;
"""

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
    """The newest names, in memory."""

    def __init__(self, names: Iterable[bytes] = ()) -> None:
        """Begin with these, oldest first."""
        self._order: deque[bytes] = deque()
        self._known: set[bytes] = set()
        self.add(names)

    def __contains__(self, name: object) -> bool:
        """Tell whether a name is among the newest."""
        return name in self._known

    def __iter__(self) -> Iterator[bytes]:
        """Iterate, oldest first."""
        return iter(self._order)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._order)

    def add(self, names: Iterable[bytes]) -> None:
        """Add names, letting go of the oldest where there are too many."""
        for name in names:
            if name not in self._known:
                self._known.add(name)
                self._order.append(name)
        while len(self._order) > MOST_NAMES:
            self._known.discard(self._order.popleft())


@dataclass(slots=True)
class Memories:
    """What one transaction adds."""

    names: list[bytes] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    nodes: list[NodeRecord] = field(default_factory=list)


def write(database: sqlite3.Connection, new: Memories, rows: Sequence[NewRow], first_id: int) -> None:
    """Write memories, and the states of ``rows``, whose ids count from ``first_id``."""
    if new.names:
        database.executemany("INSERT INTO names (name) VALUES (?)", [(name,) for name in new.names])
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
            (state.key, state.time_ns, state.value, state.quality, first_id + at)
            for at, row in enumerate(rows)
            for state in row.states
        ],
    )


def read_names(database: sqlite3.Connection) -> Names:
    """Return the names that are kept."""
    return Names(name for (name,) in database.execute("SELECT name FROM names ORDER BY id"))


def read(database: sqlite3.Connection) -> Remembered:
    """Return all but the names."""
    states = [
        (State(key, time_ns, math.nan if value is None else value, quality), delivered)
        for key, time_ns, value, quality, delivered in database.execute(
            "SELECT key, time_ns, value, quality, NOT EXISTS (SELECT 1 FROM batches WHERE id = row) FROM states"
        )
    ]
    return Remembered(
        tuple(_point(text) for (text,) in database.execute("SELECT point FROM points")),
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


def _point(text: str) -> Point:
    data = {name: value for name, value in json.loads(text).items() if name in _FIELDS}
    return Point(**data | {"kind": PointKind(data["kind"]), "quantity": Quantity(data["quantity"])})
