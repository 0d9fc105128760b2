"""Slow evaluators of tests that remember readings: each keeps plain lists and looks through them every time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from domain.clock import NS_PER_S
from domain.points import PointKind
from rules.conditions import Condition, Occurrence, Window

MEMORY = ("rate", "changed", "stuck", "count", "flap", "load_signature", "baseline")
"""Tests that are answered from what they remember."""


@dataclass
class Memory:
    """What one term remembers."""

    kept: list[tuple[int, float]] = field(default_factory=list)
    anchor: int = 0
    rest: float | None = None
    moved_ns: int = 0
    came: list[int] = field(default_factory=list)
    inner: bool | None = None
    last: float | None = None
    taken: list[int] = field(default_factory=list)
    newest_ns: int = 0
    heard: bool = False
    closed: int = -1
    readings: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """A test of a point, with the kind of the point and what is counted against its limit."""

    test: Condition
    kind: PointKind
    limit: float | None


def remembered(asked: Asked, memory: Memory, value: float, time_ns: int, *, held: bool) -> bool | None:
    """Answer a test that remembers readings, None for unknown."""
    if asked.test.load_signature or asked.test.baseline:  # random logs last minutes: no load stands half an hour,
        return False if asked.test.load_signature else None  # and no week has gone by
    if asked.test.rate:
        return rate(asked.test, memory, value, time_ns, held=held)
    if asked.test.changed or asked.test.stuck:
        return moved(asked.test, memory, value, time_ns)
    return repeated(asked.test, memory, value, time_ns, kind=asked.kind, limit=asked.limit)


def simple(of: Occurrence, limit: float | None, value: float, *, held: bool) -> bool:
    """Answer what is counted."""
    asked = of.above or of.below
    if asked is not None:
        assert limit is not None
        band = asked.difference(asked.hysteresis)
        if of.above:
            return value > limit or (held and value > limit - band)
        return value < limit or (held and value < limit + band)
    if of.bits:
        word = int(min(max(value, 0), 2**53))
        if of.bits.any is not None:
            return word & of.bits.any != 0
        return word & of.bits.all == of.bits.all if of.bits.all is not None else word & (of.bits.none or 0) == 0
    if of.equals:
        return value in of.equals.any or (bool(of.equals.until) and held and value not in of.equals.until)
    return value >= of.at_least if of.at_least is not None else value <= (of.at_most or 0.0)


def rate(test: Condition, memory: Memory, value: float, time_ns: int, *, held: bool) -> bool | None:
    """Tell whether a value moves too fast, None when there is nothing to measure it from."""
    assert test.rate is not None
    asked, over_ns = test.rate, round(test.rate.over_s * NS_PER_S)
    if memory.kept and time_ns < memory.kept[memory.anchor][0]:  # a clock that was ahead is right again
        memory.kept, memory.anchor = [(0, 0.0), (time_ns, value)], 0
        return None
    if not memory.kept:
        memory.kept = [(0, 0.0)]
    old = [at for at, (when, _) in enumerate(memory.kept) if time_ns - when >= over_ns and at > memory.anchor]
    memory.anchor = max(old, default=memory.anchor)
    if time_ns - memory.kept[-1][0] >= over_ns // 4:
        memory.kept.append((time_ns, value))
    when, before = memory.kept[memory.anchor]
    span_ns = time_ns - when
    if not over_ns <= span_ns <= 2 * over_ns:
        return None
    sign = 1 if asked.above is not None else -1
    limit = sign * asked.per_second(asked.above if asked.above is not None else asked.below or 0.0)
    rise = sign * (value - before) / (span_ns / NS_PER_S)
    return rise > limit or (held and rise > limit - asked.per_second(asked.hysteresis))


def moved(test: Condition, memory: Memory, value: float, now_ns: int) -> bool:
    """Tell whether a value changed a while ago, or did not for a while."""
    asked = test.changed or test.stuck
    assert asked is not None
    if memory.rest is None or abs(value - memory.rest) > asked.difference(asked.by):
        memory.moved_ns = 0 if memory.rest is None and test.changed else now_ns
        memory.rest = value
    return is_still_moved(test, memory, now_ns)


def is_still_moved(test: Condition, memory: Memory, now_ns: int) -> bool:
    """Tell the same as time goes by."""
    if test.changed:
        return now_ns - memory.moved_ns < round(test.changed.within_s * NS_PER_S)
    return test.stuck is not None and now_ns - memory.moved_ns >= round(test.stuck.for_s * NS_PER_S)


def repeated(
    test: Condition, memory: Memory, value: float, now_ns: int, *, kind: PointKind, limit: float | None
) -> bool:
    """Tell whether something came often enough."""
    of = test.count.of if test.count else test.flap.of if test.flap else None
    inner = None if of is None else simple(of, limit, value, held=bool(memory.inner))
    if test.count:
        came = bool(inner) and (kind is PointKind.EVENT or not memory.inner)
    elif of is None:
        came = memory.last is not None and memory.last != value
    else:
        came = memory.inner is not None and inner != memory.inner
    memory.inner, memory.last = inner, value
    if came:
        memory.came = [*memory.came, now_ns][-16:]
    return is_still_repeated(test, memory, now_ns)


def is_still_repeated(test: Condition, memory: Memory, now_ns: int) -> bool:
    """Tell the same as time goes by."""
    asked = test.count or test.flap
    assert asked is not None
    within_ns = round(asked.within_s * NS_PER_S)
    times = [when for when in memory.came if now_ns - within_ns < when <= now_ns + within_ns]
    return len(times) >= (test.count.at_least if test.count else test.flap.changes if test.flap else 0)


def still(test: Condition, memory: Memory, now_ns: int) -> bool:
    """Tell whether an alarm of a test that remembers times goes on at a tick."""
    if test.changed:
        return is_still_moved(test, memory, now_ns)
    return test.stuck is not None or is_still_repeated(test, memory, now_ns)


# ---- windows ----


def step_ns(window: Window) -> int:
    return round(window.over_s * NS_PER_S) // 12


def take(window: Window, memory: Memory, value: float, time_ns: int) -> bool:
    """Take a good reading into a window; False for one that comes too late."""
    late_ns, pane = round(window.waits_s * NS_PER_S), time_ns // step_ns(window)
    if time_ns <= memory.newest_ns:
        behind = memory.newest_ns - time_ns
        oldest = min(memory.taken) if len(memory.taken) == 8 else 0
        if not 0 < behind <= late_ns or time_ns in memory.taken or time_ns <= oldest:
            return False
    if pane < memory.closed:
        return False
    memory.taken = [*memory.taken, time_ns][-8:]
    memory.newest_ns, memory.heard = max(memory.newest_ns, time_ns), True
    memory.readings.append((time_ns, value))
    return True


def close(window: Window, memory: Memory, log_ns: int, *, held: bool, limit: float) -> tuple[bool, bool | None]:
    """Return whether a window ends at a tick, and what it says: None for unknown."""
    width, step = (12 if window.moves == "tumbling" else 1), step_ns(window)
    end = (log_ns - round(window.waits_s * NS_PER_S)) // step
    end -= end % width
    lost = end < memory.closed - width
    if not lost and end <= memory.closed:
        return False, None
    memory.closed = end
    if lost:
        memory.readings, memory.taken, memory.newest_ns = [], [], 0
    if not memory.heard:
        return False, None
    newest = memory.newest_ns // step
    inside = [(when, value) for when, value in memory.readings if end - 12 <= when // step < end]
    inside = [(when, value) for when, value in inside if when // step > newest - 16]
    panes = {when // step for when, _ in inside}
    if len(inside) < max(window.min_readings, 1) or len(panes) < math.ceil(window.min_coverage * 12):
        return True, None
    value = _statistic(window, inside)
    if value is None:
        return True, None
    if window.above is not None:
        return True, value > limit or (held and value > limit - window.band)
    return True, value < limit or (held and value < limit + window.band)


def _statistic(window: Window, inside: list[tuple[int, float]]) -> float | None:
    values = [value for _, value in inside]
    if window.stat == "slope":
        return _slope(inside)
    if window.stat == "percentile":
        return sorted(values)[max(math.ceil((window.percentile or 0) * len(values) / 100), 1) - 1]
    ways: dict[str, Callable[[list[float]], float]] = {
        "min": min,
        "max": max,
        "sum": math.fsum,
        "mean": statistics.fmean,
        "std": statistics.pstdev,
    }
    return float(ways[window.stat](values))


def _slope(inside: list[tuple[int, float]]) -> float | None:
    times = [Fraction(when, NS_PER_S) for when, _ in inside]
    if len(set(times)) < 2:
        return None
    middle = sum(times) / len(times)
    mean = sum(Fraction(value) for _, value in inside) / len(inside)
    above = sum((when - middle) * (Fraction(value) - mean) for when, (_, value) in zip(times, inside, strict=True))
    return float(above / sum((when - middle) ** 2 for when in times))
