"""How long readings take to the log: from the read to the log's word that it has them, for each lane.

Counted once for each row of the spool, never for each reading.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from domain.clock import NS_PER_S

MOST_TIMES = 1024
"""Newest rows whose time is remembered for the percentiles."""


class Lane(StrEnum):
    """The ways from the spool to the log."""

    LIVE = "live"
    EVENT = "event"
    BACKFILL = "backfill"


@dataclass(slots=True)
class Times:
    """Times in s: how many and their sum since the process began, and the newest."""

    count: int = 0
    total_s: float = 0.0
    last_s: float = 0.0
    newest_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_TIMES))

    def note(self, seconds: float) -> None:
        """Take one time; one below nought (a device whose clock is ahead) counts as nought."""
        seconds = max(seconds, 0.0)
        self.count += 1
        self.total_s += seconds
        self.last_s = seconds
        self.newest_s.append(seconds)

    def shares(self) -> tuple[float, float] | None:
        """Return median and 99th percentile of the newest, None before the first."""
        return shares(self.newest_s)


def shares(times_s: Collection[float]) -> tuple[float, float] | None:
    """Return median and 99th percentile, None of nothing."""
    if not times_s:
        return None
    late = sorted(times_s)
    return late[len(late) // 2], late[len(late) * 99 // 100]


@dataclass(slots=True)
class LaneTimes:
    """All lanes, and the second copies that the log did not take."""

    of: dict[Lane, Times] = field(default_factory=lambda: {lane: Times() for lane in Lane})
    duplicates: int = 0

    def delivered(self, lane: Lane, read_ns: int, now_ns: int, *, duplicate: bool) -> None:
        """Note that the log has a row whose newest reading was made at ``read_ns``."""
        self.duplicates += duplicate
        self.of[lane].note((now_ns - read_ns) / NS_PER_S)
