"""Dead letters in the spool's file: the newest of all, and of each reason a share that no other can push out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter
from gateway.losses import Drop
from gateway.spool.rows import SpoolRow

MOST_DEAD_LETTERS = 1000
SHARE_OF_REASON = 200
"""Letters of each reason that are kept whatever else comes: junk by the thousand hides no fire without a point."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL, connection TEXT NOT NULL,
  reason TEXT NOT NULL, detail TEXT NOT NULL, raw BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS dead_letters_reason ON dead_letters (reason);
"""

_TRIM = """
DELETE FROM dead_letters WHERE reason = ?1 AND id <= (SELECT max(id) FROM dead_letters) - ?2
AND id <= (SELECT id FROM dead_letters WHERE reason = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?3)
"""


def insert(database: sqlite3.Connection, letters: Sequence[DeadLetter]) -> None:
    """Store letters, letting go of old ones where there are too many."""
    if not letters:
        return
    database.executemany(
        "INSERT INTO dead_letters (time_ns, connection, reason, detail, raw) VALUES (?, ?, ?, ?, ?)",
        [(one.time_ns, one.connection, one.reason, one.detail, one.raw) for one in letters],
    )
    reasons = database.execute("SELECT DISTINCT reason FROM dead_letters").fetchall()
    database.executemany(_TRIM, [(reason, MOST_DEAD_LETTERS, SHARE_OF_REASON) for (reason,) in reasons])


def read(database: sqlite3.Connection) -> list[DeadLetter]:
    """Return the letters that are kept, oldest first."""
    found = database.execute("SELECT time_ns, connection, reason, detail, raw FROM dead_letters ORDER BY id")
    return [DeadLetter(time_ns=t, connection=c, reason=r, detail=d, raw=b) for t, c, r, d, b in found]


def lost_row(row_id: int, home: str, why: str) -> str:
    """Return what a dead letter says of an event that is lost."""
    return f"row {row_id} of {home or 'a device that is not known'}: {why}; ask the device for its state"


def rejected(row: SpoolRow, reason: Drop, detail: str, now_ns: int) -> DeadLetter:
    """Return the letter of a row that can't be delivered."""
    return DeadLetter(
        time_ns=now_ns,
        connection="uplink",
        reason=reason.value,
        detail=f"{row.device}: {detail}"[:500],
        raw=row.body[:MOST_RAW_BYTES],
    )
