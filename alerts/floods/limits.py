"""Limits of the figures, and where they come from. docs/alarm-performance.md explains each.

``isa-18.2``: ISA-18.2 / IEC 62682 as read in secondary texts; ``mission``: this project's own aim or the figures of
the duty rules it serves; ``assumption``: nobody published one.
"""

from __future__ import annotations

from dataclasses import dataclass

from alerts.kpi_face import Mark

ISA, MISSION, ASSUMPTION = "isa-18.2", "mission", "assumption"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: good is a value at it or below (at it or above where ``at_least``)."""

    value: float
    source: str
    at_least: bool = False

    def mark(self, name: str, value: float | None) -> Mark:
        """Put a figure beside it."""
        good = None if value is None else (value >= self.value if self.at_least else value <= self.value)
        return Mark(name=name, value=value, limit=self.value, at_least=self.at_least, good=good, limit_is=self.source)


LIMITS = {
    "per_hour": Limit(6, ISA),
    "per_day": Limit(144, ISA),
    "peak": Limit(10, ISA),
    "slots_above": Limit(0.01, ISA),
    "flood_share": Limit(0.01, ISA),
    "top_share": Limit(0.05, ISA),
    "stale_most": Limit(4, ISA),
    "chattering": Limit(0, ISA),
    "critical_share": Limit(0.05, ISA),
    "unauthorised": Limit(0, ISA),
    "acknowledge_p95_s": Limit(60, MISSION),
    "confirm_p95_s": Limit(180, MISSION),
    "false_share": Limit(0.5, ASSUMPTION),
    "delivery": Limit(0.99, ASSUMPTION, at_least=True),
}
