"""How long the spool would last: from the bytes stored in the last minutes."""

from __future__ import annotations

from collections import deque

BUCKET_S = 10.0
BUCKETS = 60
"""Ten minutes: long enough for the slowest heartbeat, short enough to follow a changed site."""


class Forecast:
    """Sums bytes in buckets of ten seconds and turns the recent rate into seconds."""

    def __init__(self) -> None:
        """Begin without a rate."""
        self._buckets: deque[tuple[int, int]] = deque(maxlen=BUCKETS)
        self._since_s: float | None = None

    def add(self, size: int, now_s: float) -> None:
        """Count ``size`` bytes stored at ``now_s`` (monotonic)."""
        if self._since_s is None:
            self._since_s = now_s
        number = int(now_s // BUCKET_S)
        if self._buckets and self._buckets[-1][0] == number:
            self._buckets[-1] = number, self._buckets[-1][1] + size
        else:
            self._buckets.append((number, size))

    def seconds(self, room: int, now_s: float) -> float | None:
        """Return how long ``room`` bytes last at the recent rate; None when nothing has been stored."""
        oldest = int(now_s // BUCKET_S) - BUCKETS
        recent = sum(size for number, size in self._buckets if number > oldest)
        if self._since_s is None or recent == 0:
            return None
        span_s = min(now_s - self._since_s, BUCKETS * BUCKET_S)
        return max(room, 0) * max(span_s, 1.0) / recent
