"""Which loads are on, and which of them a step down ends."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.signature.slopes import Sums

LOADS = 8
YOUNG_MINUTES = 20
"""A load that is younger changes by itself (compressors, heaters warm up): a slow change is taken for its own."""
MOST_WARMING = 0.2
"""…up to this share of it."""
TIGHT, LOOSE = 0.06, 0.2
"""A step down ends a load of about its size, the youngest first. Assumptions, tried on simulated homes."""
SLOW_SHARE = 0.06
STALE_MINUTES = 24 * 60


@dataclass(slots=True)
class Load:
    """A load that was switched on: its step [W], what it drifted since [W], age [min]."""

    size: float = 0.0
    drift: float = 0.0
    age: float = 0.0
    on: float = 0.0
    charging: float = 0.0
    seen: Sums = field(default_factory=Sums)

    @property
    def level(self) -> float:
        """What it draws now [W]."""
        return self.size + self.drift


def ended_by(loads: list[Load], size: float, noise: float) -> int | None:
    """Return which load a step down of ``size`` [W] ends: the youngest that fits well, else the youngest that fits."""
    spare = 3 * noise + 2
    well = [at for at, one in enumerate(loads) if one.on and abs(size - one.level) < max(TIGHT * one.size, spare)]
    if not well:
        well = [
            at
            for at, one in enumerate(loads)
            if one.on and min(abs(size - one.level), abs(size - one.size)) < max(LOOSE * one.size, spare)
        ]
    return min(well, key=lambda at: loads[at].age, default=None)


def warming(loads: list[Load], least: float) -> int | None:
    """Return the youngest load when slow changes are likely its own."""
    at = min((at for at, one in enumerate(loads) if one.on), key=lambda at: loads[at].age, default=None)
    if at is None:
        return None
    one = loads[at]
    young = one.age <= YOUNG_MINUTES and one.size >= least and one.drift > -MOST_WARMING * one.size
    return at if young else None


def drift(loads: list[Load], slow: float, *, falling: bool, owner: int | None) -> None:
    """Let loads grow a minute older, and drift by a slow change."""
    for at, one in enumerate(loads):
        if not one.on:
            continue
        one.age += 1
        small = falling or abs(slow) < max(6.0, SLOW_SHARE * one.size)
        if small and owner in (None, at):
            one.drift += slow
