"""What a connector knows of the units on its line, for whoever watches the gateway."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.backoff import BreakerState

MOST_TRIPS = 256
"""Newest round trips of a unit that are remembered: some minutes at a second each."""


@dataclass(slots=True)
class Trips:
    """Requests of one unit: answered ones with their time in s, and the time that all took of the line."""

    count: int = 0
    total_s: float = 0.0
    last_s: float = 0.0
    newest_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_TRIPS))
    busy_s: float = 0.0
    """Time that the line was taken by this unit, answered or not."""

    def note(self, seconds: float, *, answered: bool) -> None:
        """Take one request."""
        self.busy_s += seconds
        if answered:
            self.count += 1
            self.total_s += seconds
            self.last_s = seconds
            self.newest_s.append(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitHealth:
    """How one unit of a line fares; counts are since the process started."""

    unit: str
    devices: tuple[str, ...]
    polls: int
    missed: int
    errors: Mapping[str, int]
    breaker: BreakerState
    breaker_opened: int
    trips: Trips
    period_s: float = 0.0
    """How often its fastest points are read, 0 where nobody polls."""
