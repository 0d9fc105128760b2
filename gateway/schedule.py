"""When to read: a fixed grid ``start + k · period + phase``, so that reading never drifts.

A slot that passes while the line is busy is *missed*: counted, never queued. Times are seconds of a
monotonic clock (`asyncio`'s), so a jump of the wall clock neither skips nor repeats a slot.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from math import floor

_LATE = 1e-9
"""Slack in s for the rounding of floats: a slot reached to the nanosecond is reached."""


class Grid:
    """The slots of one thing that is read periodically."""

    def __init__(self, *, start_s: float, period_s: float, phase_s: float = 0.0, first_s: float | None = None) -> None:
        """Raises ValueError for a period that is not positive.

        ``first_s`` is when it is due for the first time, before the grid begins, where the phase is long.
        """
        if period_s <= 0:
            msg = f"a period must be positive, got {period_s}"
            raise ValueError(msg)
        self.period_s = period_s
        self.missed = 0
        self.due_s = start_s + phase_s if first_s is None else first_s
        """Time of the next slot that has not been served."""
        self._first_s = start_s + phase_s
        self._next = 0

    def take(self, now_s: float) -> int:
        """Serve the newest slot that has come by ``now_s``; returns how many older ones were missed.

        Taking a slot before it is due (a read that cannot wait) leaves the grid as it is.
        """
        skipped = self.skip(now_s)
        self.missed += skipped
        return skipped

    def skip(self, now_s: float) -> int:
        """Pass all slots that have come by ``now_s`` without counting: they were left out on purpose."""
        newest = floor((now_s - self._first_s) / self.period_s + _LATE)
        if newest < self._next:
            self.due_s = self._first_s + self._next * self.period_s
            return 0
        skipped = newest - self._next
        self._next = newest + 1
        self.due_s = self._first_s + self._next * self.period_s
        return skipped

    def slot_s(self, now_s: float) -> float:
        """Return the time of the newest slot by ``now_s``: who counts in slots never drifts with their lateness."""
        return self._first_s + floor((now_s - self._first_s) / self.period_s + _LATE) * self.period_s


def spread(name: str, periods_s: Sequence[float], start_s: float) -> list[Grid]:
    """Return a grid for each period.

    The shortest ones share a phase that follows from ``name``; the longer ones take turns in the slots of the
    shortest, so that what is read once a minute is never read all at once. Everything is due once at the common
    phase: nobody waits a minute for a first value.
    """
    shortest_s = min(periods_s, default=1.0)
    phase_s = zlib.crc32(name.encode()) / 2**32 * shortest_s
    grids: list[Grid] = []
    turns = 0
    for period_s in periods_s:
        slots = floor(period_s / shortest_s + _LATE)
        turn = turns % slots
        turns += slots > 1
        grids.append(
            Grid(start_s=start_s, period_s=period_s, phase_s=phase_s + turn * shortest_s, first_s=start_s + phase_s)
        )
    return grids
