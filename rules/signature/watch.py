"""`LoadWatch`: the loads of one meter, and whether one of them is a charger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

from rules.signature.edges import Edges, Minute
from rules.signature.loads import LOADS, STALE_MINUTES, Load, drift, ended_by, warming
from rules.signature.slopes import STRETCHES, Stretch, Sums

BAND = 0.1
"""A step may lie outside of the band by this share: meters and minutes are not exact."""
SETTLE_MINUTES, SETTLE_SMALL = 12, 2
"""After a step up of a large load, or any other step, so many minutes are no part of a stretch."""
FEWEST_MINUTES = 30
CONFIDENCE = 6.0
"""Standard errors between a slope and none: it is asked every minute for hours, so once in a life is not enough."""
FALL_KEEP = 1 - 1 / 30
FALL_BEGUN, FALL_TOO_MUCH = 0.28, 0.45
"""Shares of a load: a smooth fall is seen at the first; one that jumps past the second is somebody else's."""
SMOOTH = 0.8
"""Share of all slow changes that must be falls."""
MOST_REMAINDER_AGE = 30
LEAST_REMAINDER = 0.05
OFF = 0.15
"""A charger is off when it draws less than this share."""
TOO_LARGE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What counts as a charger; watts, minutes, shares of the load per hour."""

    low: float = 80.0
    high: float = 600.0
    plateau: float = 60.0
    rise_low: float = 0.012
    rise_high: float = 0.055
    noise: float = 0.05
    ends: float = 0.4
    steady: bool = False
    """Enough is a load that stands for the plateau's time, whether it rises or not: where a camera saw a bike."""


class LoadWatch:
    """One meter. State is a row of ``WIDTH`` numbers, so that it survives in snapshots."""

    def __init__(self, shape: Shape) -> None:
        """Start without any load."""
        self._shape = shape
        self._edges = Edges()
        self._loads = [Load() for _ in range(LOADS)]
        self._stretches: list[Stretch] = []
        self._minute = 0.0
        self._quiet = 0.0
        self._settle = 0.0
        self._fall = 0.0
        self._moves = 0.0

    def take(self, power: float) -> bool:
        """Take the mean power of the next minute [W]; returns whether a charger is on."""
        if not self._minute:
            self._edges.power = power
        self._minute += 1
        level = self._edges.power
        minute = self._edges.take(power, self._largest())
        if minute.step > 0:
            self._switched_on(minute.step)
        elif minute.step < 0:
            self._switched_off(-minute.step)
        self._follow(minute, level)
        self._collect(minute, level)
        for number in range(LOADS):
            if self._may_be_charger(number) and self._rises(number):
                self._loads[number].charging = 1.0
        return any(one.charging for one in self._loads)

    # ---- steps ----

    def _largest(self) -> float:
        most = self._shape.high * (1 + BAND)
        return max((one.size for one in self._loads if one.on and one.size <= most), default=0.0)

    def _switched_on(self, size: float, age: float = 0.0) -> None:
        number = next((at for at, one in enumerate(self._loads) if not one.on), None)
        if number is None:  # forget the least interesting, and what is known about sets of loads
            self._forget_stretches(-1)
            number = min(range(LOADS), key=self._interest)
        self._forget_stretches(1 << number)
        self._loads[number] = Load(size, 0.0, age, 1.0)
        self._wait(SETTLE_MINUTES if size >= self._shape.low / 2 else SETTLE_SMALL)

    def _interest(self, number: int) -> tuple[float, float]:
        one = self._loads[number]
        return one.charging, one.size if one.size < self._shape.low else 1e6 + one.age

    def _switched_off(self, size: float) -> None:
        number = ended_by(self._loads, size, self._edges.noise)
        if number is None:
            self._forget_stretches(-1)
        else:
            ended = self._loads[number]
            rest, age = ended.level - size, ended.age
            self._close(number)
            both = age < MOST_REMAINDER_AGE and rest > LEAST_REMAINDER * ended.size
            if both and self._in_band(rest):  # two came in the same minute, one of them stays
                self._switched_on(rest, age)
        self._wait(SETTLE_SMALL)

    def _close(self, number: int) -> None:
        self._forget_stretches(1 << number)
        self._loads[number].on = self._loads[number].charging = 0.0

    def _wait(self, minutes: float) -> None:
        self._quiet, self._settle = 0.0, minutes

    def _in_band(self, size: float) -> bool:
        return self._shape.low * (1 - BAND) <= size <= self._shape.high * (1 + BAND)

    # ---- slow changes ----

    def _follow(self, minute: Minute, level: float) -> None:
        """Let loads drift, find smooth falls, and drop loads that can't be on any more."""
        owner = warming(self._loads, self._shape.low / 2)
        slow = 0.0 if owner is not None else minute.slow
        self._fall = self._fall * FALL_KEEP + slow
        self._moves = self._moves * FALL_KEEP + max(abs(slow) - 0.5 * self._edges.noise, 0.0)
        if not minute.moving:
            drift(self._loads, minute.slow, falling=bool(self._edges.falling), owner=owner)
        else:
            drift(self._loads, 0.0, falling=False, owner=owner)
        for number, one in enumerate(self._loads):
            if not one.on:
                continue
            if self._may_be_charger(number) and self._falls(one):
                one.charging = 1.0
            impossible = not self._edges.run and (one.size + min(one.drift, 0.0)) * TOO_LARGE > level
            ended = one.level < (OFF if one.charging else self._shape.ends) * one.size
            if impossible or ended or one.age > STALE_MINUTES:
                self._close(number)

    def _may_be_charger(self, number: int) -> bool:
        one = self._loads[number]
        return bool(one.on) and not one.charging and one.age >= self._shape.plateau and self._in_band(one.size)

    def _falls(self, one: Load) -> bool:
        share = -self._fall / one.size
        return FALL_BEGUN < share < FALL_TOO_MUCH and -self._fall > SMOOTH * self._moves

    # ---- slopes ----

    def _collect(self, minute: Minute, level: float) -> None:
        """Add a quiet minute to the stretch of the loads that are on."""
        if not minute.quiet:
            if minute.moving:
                self._quiet = 0.0
            return
        self._quiet += 1
        mask = float(sum(1 << at for at, one in enumerate(self._loads) if one.on))
        if self._quiet <= self._settle or not mask:
            return
        stretch = next((one for one in self._stretches if one.mask == mask), None)
        if stretch is None:
            if len(self._stretches) >= STRETCHES:
                self._forget(min(self._stretches, key=lambda one: one.last_minute))
            stretch = Stretch(mask)
            self._stretches.append(stretch)
        stretch.take(self._minute, level)

    def _forget_stretches(self, mask: int) -> None:
        """End the stretches of sets with a load of ``mask``: that set will not come again. -1 means all."""
        for stretch in [one for one in self._stretches if int(one.mask) & mask]:
            self._forget(stretch)

    def _forget(self, stretch: Stretch) -> None:
        """End a stretch; the loads that were on keep what was seen."""
        sums = stretch.sums()
        for at, one in enumerate(self._loads):
            if int(stretch.mask) >> at & 1:
                one.seen.add(sums)
        self._stretches.remove(stretch)

    def _rises(self, number: int) -> bool:
        one, shape = self._loads[number], self._shape
        if shape.steady:
            return True
        sums = Sums()
        sums.add(one.seen)
        for stretch in self._stretches:
            if int(stretch.mask) >> number & 1:
                sums.add(stretch.sums())
        if sums.minutes < FEWEST_MINUTES:
            return False
        slope, error, noise = sums.slope()
        plausible = shape.rise_low * one.size < slope < shape.rise_high * one.size
        return slope > CONFIDENCE * error and plausible and noise < shape.noise * one.size

    # ---- as numbers ----

    def row(self) -> list[float]:
        """Return the state as ``WIDTH`` numbers."""
        own = [self._minute, self._quiet, self._settle, self._fall, self._moves]
        loads = [number for one in self._loads for number in _flat(one)]
        stretches = [number for one in self._stretches for number in astuple(one)]
        spare = [0.0] * ((STRETCHES - len(self._stretches)) * len(fields(Stretch)))
        return [*own, *astuple(self._edges), *loads, *stretches, *spare]

    def set(self, row: list[float]) -> None:
        """Take a state that `row` gave."""
        numbers = iter(row)
        own = [next(numbers) for _ in range(5)]
        self._minute, self._quiet, self._settle, self._fall, self._moves = own
        self._edges = Edges(*(next(numbers) for _ in fields(Edges)))
        self._loads = [_load(numbers) for _ in range(LOADS)]
        stretches = [Stretch(*(next(numbers) for _ in fields(Stretch))) for _ in range(STRETCHES)]
        self._stretches = [one for one in stretches if one.minutes]


def _flat(load: Load) -> list[float]:
    seen = load.seen
    return [load.size, load.drift, load.age, load.on, load.charging, *astuple(seen)]


def _load(numbers: Iterator[float]) -> Load:
    size, drifted, age, on, charging = (next(numbers) for _ in range(5))
    return Load(size, drifted, age, on, charging, Sums(*(next(numbers) for _ in fields(Sums))))


WIDTH = len(LoadWatch(Shape()).row())
"""Numbers of a state."""
