"""Steps and slow changes: what one minute did to the power of a circuit.

A step is seen a minute late, because a load that comes in mid-minute shows as two rises, and both belong to it.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_STEP_W = 6.0
"""Less is never a step: a meter's last digit, a lamp that warms up. Assumption."""
STEP_NOISE = 5.0
"""A step is this many times the usual change from minute to minute."""
PART_NOISE = 3.0
"""Beside a step, what is more than this many times the usual change belongs to it."""
NOISE_KEEP = 0.05
LONGEST_STEP = 3
"""Minutes. What goes on falling for longer is no step."""
FALL_PER_MINUTE = 0.07
"""Most that a battery's current falls in a minute, as a share of the load: three quarters in 18 min at least."""


@dataclass(slots=True)
class Minute:
    """What the minute before the last one did.

    ``step`` is a finished step [W], 0 for none; ``slow`` a change that is none; ``quiet`` tells that neither a step
    nor a fall is under way.
    """

    step: float = 0.0
    slow: float = 0.0
    quiet: bool = True
    moving: bool = False


@dataclass(slots=True)
class Edges:
    """Turns minute means into `Minute`s. All members are numbers, in the order of ``row``."""

    power: float = 0.0
    change: float = 0.0
    before: float = 0.0
    run: float = 0.0
    run_minutes: float = 0.0
    falling: float = 0.0
    noise: float = 1.0

    def take(self, power: float, largest: float) -> Minute:
        """Take a minute's mean [W]; ``largest`` is the largest load that may be a charger and is on [W]."""
        coming, change = power - self.power, self.change
        moving = self._is_part_of_step(change, coming)
        if not moving:
            self.noise += (abs(change) - self.noise) * NOISE_KEEP
        going_on = moving and self.run * change > 0
        self.run_minutes = self.run_minutes + 1 if going_on else float(moving)
        given_back = 0.0
        if going_on and self._is_fall(change, largest):
            self.falling, given_back, self.run = 1.0, self.run, 0.0
        elif not moving or change > 0:
            self.falling = 0.0
        moving = moving and not self.falling
        minute = Minute(moving=moving)
        if self.run and not (moving and self.run * change > 0):
            minute.step, self.run = self.run, 0.0
        if moving:
            self.run += change
        else:
            minute.slow = change + given_back
        minute.quiet = not self.run and not moving and not self.falling
        self.before, self.change, self.power = change, coming, power
        return minute

    def _is_part_of_step(self, change: float, coming: float) -> bool:
        least = max(SMALLEST_STEP_W, STEP_NOISE * self.noise)
        if abs(change) >= least:
            return True
        beside = abs(change) > PART_NOISE * self.noise + 1.0
        same = (abs(self.before) >= least and self.before * change > 0) or (
            abs(coming) >= least and coming * change > 0
        )
        return beside and same

    def _is_fall(self, change: float, largest: float) -> bool:
        """Tell whether a run of falls is a smooth one, of a load that may be a charger."""
        smooth = 0.4 * abs(self.run) > abs(change) and abs(change) <= FALL_PER_MINUTE * largest
        return self.run_minutes > LONGEST_STEP and self.run < 0 and not self.falling and smooth
