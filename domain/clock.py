"""Time as nanoseconds since 1970 UTC, always passed in, read only through a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Clock(Protocol):
    """Where a process gets its time from."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970-01-01 UTC."""


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        """Return the wall clock in nanoseconds."""
        return time.time_ns()


class FakeClock:
    """A clock that tests move by hand."""

    def __init__(self, start_ns: int = 1_800_000_000 * NS_PER_S) -> None:
        """Start at ``start_ns`` (default: 2027-01-15T08:00:00Z)."""
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return the time last set."""
        return self._now_ns

    def advance(self, seconds: float) -> None:
        """Move forward (or back, for clock-jump tests) by ``seconds``."""
        self._now_ns += round(seconds * NS_PER_S)


def to_iso(time_ns: int) -> str:
    """Format as ISO 8601 UTC with milliseconds, the resolution of our wire."""
    moment = datetime.fromtimestamp(time_ns // NS_PER_S, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns // NS_PER_MS % 1000:03d}Z"


def floor_ms(time_ns: int) -> int:
    """Cut to whole milliseconds, so that a time survives the Sparkplug wire unchanged."""
    return time_ns - time_ns % NS_PER_MS
