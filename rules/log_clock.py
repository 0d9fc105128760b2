"""`LogClock`: the time in which delays and silence are counted.

It runs on the receive times of the log's messages and of the ticks among them, so that a replay counts
as the first run did. It counts only time in which the log was alive: a gap of more than ``MOST_GAP_NS``
between two messages (ticks come each second) means that nobody could be heard, and a jump back means that
the server's clock was set. Neither may raise a thousand silences, nor let an on-delay pass unseen.
"""

from __future__ import annotations

from domain.clock import NS_PER_S

MOST_GAP_NS = 5 * NS_PER_S
"""Longest gap that counts in full; of a longer one only this much counts (five missed ticks; assumption)."""


class LogClock:
    """Counted nanoseconds since the first message."""

    def __init__(self, counted_ns: int = 0, last_ns: int | None = None) -> None:
        """Start at zero, or where a snapshot left off."""
        self.counted_ns = counted_ns
        self.last_ns = last_ns

    def advance(self, time_ns: int) -> int:
        """Take the receive time of the next message; returns the counted time."""
        if self.last_ns is not None:
            self.counted_ns += min(max(time_ns - self.last_ns, 0), MOST_GAP_NS)
        self.last_ns = time_ns
        return self.counted_ns
