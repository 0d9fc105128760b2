"""How far each lane of a spool has been looked through by those who take rows.

A cursor moves past all that was looked at, not only past what was taken: a backlog of a hundred thousand rows is
passed over once by who asks for fresh measures, not each time (28 ms, in which no event moves). Whatever makes a row
wanted again that lies behind moves the cursor back.
"""

from __future__ import annotations

from gateway.spool.rows import LANES, MEASURE, SpoolRow

Mark = tuple[int, int]
"""Where a cursor stood when a look began, and how many rows had come back by then."""


class Cursors:
    """One position for each lane: rows with greater ids have not been looked at.

    Used by the event loop, but for `reset`, which comes from the spool's thread.
    """

    def __init__(self) -> None:
        """Begin before the first row."""
        self._at = dict.fromkeys(LANES, 0)
        self._returned = 0
        self._since_ns = 0

    def reset(self) -> None:
        """Begin anew, in another file; a look at the old one that ends now moves nothing."""
        self._returned += 1
        self._at = dict.fromkeys(LANES, 0)

    def mark(self, lane: int) -> Mark:
        """Return where a look at a lane begins."""
        return self._at[lane], self._returned

    def moved(self, lane: int, mark: Mark, seen: int) -> None:
        """Note that all rows up to id ``seen`` were looked at since ``mark``; nothing if rows came back meanwhile."""
        at = self._at  # taken once: what is written after a reset goes nowhere
        if (at[lane], self._returned) == mark:
            at[lane] = max(at[lane], seen)

    def back(self, row: SpoolRow) -> None:
        """Note that a row is available again."""
        self._at[row.lane] = min(self._at[row.lane], row.id - 1)
        self._returned += 1

    def since(self, time_ns: int) -> None:
        """Note from when on measures count as fresh; when the clock goes back, some that were late are fresh again."""
        if time_ns < self._since_ns:
            self._at[MEASURE] = 0
        self._since_ns = time_ns
