"""`Signal`: one value of a device as a pure function of the scenario's time.

    value(t) = course(t) + swing · (0.7 · sin(2πt/p + a) + 0.3 · sin(2πt/q + b))

The course is a level, a ramp or a replayed series; the two slow sines are the background life. Phases
and periods come from (seed, device, point), so a run is repeatable however often anybody looks. The
shape of the life is an assumption: it is there to move, not to model.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

SHORTEST_PERIOD_S = 7.0
LONGEST_PERIOD_S = 60.0


@dataclass(frozen=True, slots=True)
class Level:
    """Stays at ``value``."""

    value: float

    def at(self, _t_s: float) -> float:
        """Return the level."""
        return self.value


@dataclass(frozen=True, slots=True)
class Ramp:
    """Goes from ``start`` to ``end`` over ``over_s`` seconds from ``from_s`` on, then stays."""

    start: float
    end: float
    from_s: float
    over_s: float

    def at(self, t_s: float) -> float:
        """Return the value on the straight line, held at both ends."""
        share = min(max((t_s - self.from_s) / self.over_s, 0.0), 1.0)
        return self.start + (self.end - self.start) * share


@dataclass(frozen=True, slots=True)
class Replay:
    """Plays ``values`` at ``times_s`` (rising, from 0) from ``from_s`` on; interpolated, held at the end."""

    times_s: Sequence[float]
    values: Sequence[float]
    from_s: float
    speed: float = 1.0

    def at(self, t_s: float) -> float:
        """Return the series' value at ``(t_s - from_s) * speed``."""
        moment = (t_s - self.from_s) * self.speed
        after = bisect.bisect_right(self.times_s, moment)
        if after in {0, len(self.times_s)}:
            return self.values[0 if after == 0 else -1]
        left, right = self.times_s[after - 1], self.times_s[after]
        share = (moment - left) / (right - left)
        return self.values[after - 1] + (self.values[after] - self.values[after - 1]) * share


Course = Level | Ramp | Replay


@dataclass(slots=True)
class Signal:
    """A course with background life of ±``swing`` around it; a replay is left as it was recorded."""

    course: Course
    swing: float = 0.0
    _waves: tuple[tuple[float, float, float], ...] = field(default=(), repr=False)

    @classmethod
    def make(cls, value: float, swing: float, identity: str) -> Signal:
        """Start at a level; ``identity`` (seed, device, point) decides the life's phases."""
        chance = random.Random(identity)
        waves = tuple(
            (share, 2 * math.pi / chance.uniform(SHORTEST_PERIOD_S, LONGEST_PERIOD_S), chance.uniform(0, 2 * math.pi))
            for share in (0.7, 0.3)
        )
        return cls(Level(value), swing, waves)

    def at(self, t_s: float) -> float:
        """Return the value at scenario time ``t_s``."""
        value = self.course.at(t_s)
        if not self.swing or isinstance(self.course, Replay):
            return value
        return value + self.swing * sum(share * math.sin(speed * t_s + phase) for share, speed, phase in self._waves)
