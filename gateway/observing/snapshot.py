"""One look at the whole gateway: what metrics, telemetry and health are all made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.clock import NS_PER_S
from gateway.backoff import BreakerState
from gateway.connectors.contract import Health
from gateway.connectors.trips import UnitHealth
from gateway.observing.lanes import LaneTimes
from gateway.observing.own_process import ProcessFigures
from gateway.spool import SpoolFigures, SpoolLimits

REFUSALS = ("refused", "cut_peers", "limited")
"""Figures of listening connections that count what was turned away before it became a reading or a dead letter."""


@dataclass(slots=True)
class UplinkFigures:
    """The link to the log. Counts are since the process began."""

    up: bool = False
    reconnects: int = 0
    """Times that it came up after it had been up before."""
    away_s: float = 0.0
    """How long it has been away; 0 while it is up."""
    forbidden: int = 0
    """Subjects that the log does not let this gateway publish to."""


@dataclass(slots=True)
class ClockFigures:
    """The wall clock against the monotonic one."""

    steps: int = 0
    last_step_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything at one instant; ``age_s`` is how long the process has run."""

    unit: str
    gateway: str
    time_ns: int
    age_s: float
    spool: SpoolFigures
    limits: SpoolLimits
    health: Mapping[str, Health]
    lanes: LaneTimes
    uplink: UplinkFigures
    clock: ClockFigures
    process: ProcessFigures
    hosting: Mapping[str, float] = field(default_factory=dict)

    @property
    def oldest_s(self) -> float:
        """Return the age of the oldest reading that waits, 0 for none."""
        oldest_ns = self.spool.oldest_ns
        return 0.0 if oldest_ns is None else max(self.time_ns - oldest_ns, 0) / NS_PER_S

    @property
    def used_share(self) -> float:
        """Return how much of the spool's limit is taken, 0..1."""
        return self.spool.size / self.limits.most_bytes

    @property
    def units(self) -> list[UnitHealth]:
        """Return the polled units of all lines."""
        return [unit for one in self.health.values() for unit in one.units]

    @property
    def polls(self) -> tuple[int, int]:
        """Return polls of lines that are polled, and slots that they missed."""
        polled = [one for one in self.health.values() if one.units]
        return sum(one.polls for one in polled), sum(one.missed for one in polled)

    @property
    def errors(self) -> Counter[str]:
        """Return errors of all connections by kind."""
        return sum((Counter(one.errors) for one in self.health.values()), Counter())

    @property
    def refusals(self) -> Counter[str]:
        """Return what connections turned away, by figure."""
        counts = ((name, int(one.figures.get(name, 0))) for one in self.health.values() for name in REFUSALS)
        found: Counter[str] = Counter()
        for name, count in counts:
            found[name] += count
        return found

    @property
    def breakers_open(self) -> int:
        """Return how many units count as lost."""
        return sum(unit.breaker is BreakerState.OPEN for unit in self.units)

    @property
    def lost(self) -> int:
        """Return how many devices are lost."""
        return sum(len(one.lost) for one in self.health.values())

    @property
    def down(self) -> int:
        """Return how many connections are down."""
        return sum(not one.ok for one in self.health.values())
