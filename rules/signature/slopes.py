"""How fast the power rises while nothing is switched: a regression over quiet stretches, each with its own level.

A stretch belongs to the set of loads that are on. When a fridge has gone off again the set is what it was, and so is
the level: the stretch goes on, and hours of a rise can be seen through its cycles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STRETCHES = 6
FEWEST = 6
"""Minutes of a stretch that count."""
LAST_DIGIT = 1 / 12
"""W²: variance of a value that is rounded to whole watts."""
LEAST_VARIANCE = 0.3
"""W²: no circuit is quieter. Assumption."""
INDEPENDENT = 2.0
LEAST_INDEPENDENT = 0.05


@dataclass(slots=True)
class Sums:
    """Sums of a regression about the means of its stretches: time [h], power [W]."""

    tt: float = 0.0
    tx: float = 0.0
    xx: float = 0.0
    minutes: float = 0.0
    stretches: float = 0.0
    jumps: float = 0.0
    """Squares of the differences from minute to minute: they tell how independent the minutes are."""

    def add(self, other: Sums) -> None:
        """Add another stretch."""
        self.tt += other.tt
        self.tx += other.tx
        self.xx += other.xx
        self.minutes += other.minutes
        self.stretches += other.stretches
        self.jumps += other.jumps

    def slope(self) -> tuple[float, float, float]:
        """Return slope [W/h], its standard error [W/h] and the noise about it [W]; infinite errors where unknown."""
        free = self.minutes - self.stretches - 1
        if free <= 0 or self.tt <= 0:
            return 0.0, math.inf, math.inf
        slope = self.tx / self.tt
        noise = max((self.xx - slope * self.tx) / free, LAST_DIGIT)
        apart = min(max(self.jumps / (self.minutes * noise), LEAST_INDEPENDENT), INDEPENDENT)
        variance = max(noise, LEAST_VARIANCE)
        # Minutes of a noise that drifts tell less than their number: (1 + r) / (1 - r), r from the von Neumann ratio.
        return slope, math.sqrt(variance / self.tt * (2 - apart / 2) / (apart / 2)), math.sqrt(variance)


@dataclass(slots=True)
class Stretch:
    """A quiet stretch with one set of loads (``mask``), as sums about its first minute."""

    mask: float = 0.0
    minutes: float = 0.0
    t: float = 0.0
    x: float = 0.0
    tt: float = 0.0
    tx: float = 0.0
    xx: float = 0.0
    jumps: float = 0.0
    start: float = 0.0
    level: float = 0.0
    last: float = 0.0
    last_minute: float = 0.0

    def take(self, minute: float, power: float) -> None:
        """Take one quiet minute."""
        if not self.minutes:
            self.start, self.level = minute, power
        else:
            self.jumps += (power - self.last) ** 2
        t, x = (minute - self.start) / 60, power - self.level
        self.minutes += 1
        self.t += t
        self.x += x
        self.tt += t * t
        self.tx += t * x
        self.xx += x * x
        self.last, self.last_minute = power, minute

    def sums(self) -> Sums:
        """Return it about its means; nothing when it is too short."""
        n = self.minutes
        if n < FEWEST:
            return Sums()
        tt, tx, xx = self.tt - self.t**2 / n, self.tx - self.t * self.x / n, self.xx - self.x**2 / n
        return Sums(tt, tx, xx, n, 1.0, self.jumps)
