"""The arithmetic of the engine: pure functions on arrays, no state, no clock, no objects.

A truth is one byte. Bit 0: the last thing that was known was an alarm; bit 1: it is not known now.

| code | meaning |
|---|---|
| 0 ``NORMAL`` | known, normal |
| 1 ``ALARM`` | known, alarm |
| 2 ``UNKNOWN`` | not known, last known normal (or never known) |
| 3 ``UNKNOWN_HELD`` | not known, last known alarm: within a hysteresis band it comes back as alarm |

Outside a test only three values exist: `seen` folds code 3 into 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from domain.quality import BASE_MASK, GOOD

NORMAL, ALARM, UNKNOWN, UNKNOWN_HELD = 0, 1, 2, 3

Truths = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indexes = NDArray[np.int64]


def seen(truth: Truths) -> Truths:
    """Return truths as the outside sees them: 0 normal, 1 alarm, 2 unknown; shape kept."""
    return np.minimum(truth, np.uint8(UNKNOWN))


def usable(value: Floats, quality: NDArray[np.uint16]) -> Bools:
    """Return which readings are good and finite; NaN and infinities measure nothing. Shape ``(n,)``."""
    return np.asarray(((quality & BASE_MASK) == GOOD) & np.isfinite(value))


def judged(alarm: Bools, good: Bools | None, truth: Truths) -> Truths:
    """Combine a test's answer with quality.

    Parameters
    ----------
    alarm : (n,) bool
        The test's answer for readings that are good; anything for the others.
    good : (n,) bool or None
        Whether the reading can be used; None means that all can.
    truth : (n,) uint8
        Codes before the reading.

    Returns
    -------
    (n,) uint8
        Codes after it: a reading that is not good keeps the memory and sets "unknown".
    """
    answer = alarm.view(np.uint8)
    return answer if good is None else np.where(good, answer, truth | np.uint8(UNKNOWN))


def hysteresis(raised: Bools, cleared: Bools, truth: Truths) -> Bools:
    """Hold the last known answer between two limits.

    Parameters
    ----------
    raised, cleared : (n,) bool
        Value is past the limit; value is back past the limit and its hysteresis.
    truth : (n,) uint8
        Codes before; bit 0 is what is held.
    """
    return raised | ((truth & np.uint8(ALARM)).view(np.bool_) & ~cleared)


def at_least(required: NDArray[np.int32], alarms: NDArray[np.int32], unknowns: NDArray[np.int32]) -> Truths:
    """Return three-valued "at least ``required`` of my parts are in alarm"; all shapes ``(n,)``.

    With 1 it is Kleene's *or*, with the number of parts his *and*: alarm when enough parts are, normal
    when even all unknown parts would not be enough, unknown between.
    """
    possible = alarms + unknowns >= required
    return np.where(alarms >= required, ALARM, np.where(possible, UNKNOWN, NORMAL)).astype(np.uint8)


def follow_level(
    level: Floats,
    value: Floats,
    held: Bools,
    *,
    elapsed_s: Floats,
    settle_s: Floats,
    rise_low: Floats,
    rise_high: Floats,
) -> tuple[Bools, Floats]:
    """Find loads that were switched on, over a usual level that follows the value.

    Parameters
    ----------
    level : (n,) float64
        Usual level, NaN before the first reading [quantity of the value].
    value : (n,) float64
        Finite readings.
    held : (n,) bool
        Whether a step stands already.
    elapsed_s : (n,) float64
        Time since the reading before [s], not negative.
    settle_s, rise_low, rise_high : (n,) float64
        Time constant [s] and the band of rises that count.

    Returns
    -------
    stepped : (n,) bool
        Whether a step stands now. It ends when the rise falls below ``rise_low``; a standing step
        stays when more load comes on top.
    level : (n,) float64
        The new usual level: held during a step, down at once, up slowly, and up at once to a rise
        beyond ``rise_high`` (another kind of load).
    """
    rise = value - np.where(np.isnan(level), value, level)
    stepped = (rise >= rise_low) & (held | (rise <= rise_high))
    drift = np.where(held | (rise < 0) | (rise > rise_high), 1.0, -np.expm1(-elapsed_s / settle_s))
    return stepped, np.where(stepped, value - rise, value - rise + drift * rise)


def is_rising_apart(point: Indexes, sizes: Indexes) -> bool:
    """Tell whether points rise within each message and messages have no points in common.

    That is the everyday case, and much cheaper to see than `is_repeat_free`; False proves nothing.

    Parameters
    ----------
    point : (n,) int64
        Points of all messages, one after the other.
    sizes : (messages,) int64
        Readings of each message.
    """
    rising = point[1:] > point[:-1]
    ends = np.cumsum(sizes)
    filled = sizes > 0
    first, last = point[(ends - sizes)[filled]], point[ends[filled] - 1]
    rising[ends[filled][:-1] - 1] = True
    order = np.argsort(first)
    return bool(rising.all() and (first[order][1:] > last[order][:-1]).all())


def is_repeat_free(point: Indexes, scratch: NDArray[np.int32]) -> bool:
    """Tell whether no point occurs twice; ``scratch`` is any (points,) int32 array to write over."""
    rows = np.arange(len(point), dtype=np.int32)
    scratch[point] = rows
    return bool((scratch[point] == rows).all())


def occurrences(point: Indexes, message: Indexes) -> tuple[Indexes, Indexes]:
    """Number the readings of each point.

    Parameters
    ----------
    point, message : (n,) int64
        Point and message of each reading; messages do not fall.

    Returns
    -------
    in_all, in_message : (n,) int64 each
        How many readings of the same point stand before this one: in all, and in its message.
    """
    order = np.argsort(point, kind="stable")
    first_of_point = np.diff(point[order], prepend=-1) != 0
    first_of_message = first_of_point | (np.diff(message[order], prepend=-1) != 0)
    in_all, in_message = np.empty(len(point), np.int64), np.empty(len(point), np.int64)
    in_all[order] = _since(first_of_point)
    in_message[order] = _since(first_of_message)
    return in_all, in_message


def rounds(rank: Indexes) -> list[Indexes]:
    """Group rows by their rank, ranks rising, rows in order within a rank."""
    order = np.argsort(rank, kind="stable")
    cuts = np.flatnonzero(np.diff(rank[order])) + 1
    return np.split(order, cuts)


def ranks_within(group: Indexes, instant: Indexes) -> Indexes:
    """Rank the distinct instants of each group: 0 for its first, equal for equal instants; shape ``(n,)``."""
    order = np.lexsort((instant, group))
    new_group = np.diff(group[order], prepend=-1) != 0
    new_instant = new_group | (np.diff(instant[order], prepend=-1) != 0)
    number = np.cumsum(new_instant)
    rank = np.empty(len(group), np.int64)
    rank[order] = number - number[new_group][np.cumsum(new_group) - 1]
    return rank


def middle_and_spread(values: Floats) -> tuple[Indexes, Floats, Floats]:
    """Return robust location and scale of each row.

    Parameters
    ----------
    values : (n, k) float64
        NaN where there is none.

    Returns
    -------
    count : (n,) int64
        Values that are there.
    middle, spread : (n,) float64
        Median, and 1.4826 times the median absolute deviation from it; NaN where there are none.
    """
    count = np.count_nonzero(~np.isnan(values), axis=1)
    middle = _middle(values, count)
    return count, middle, 1.4826 * _middle(np.abs(values - middle[:, None]), count)


def _middle(values: Floats, count: Indexes) -> Floats:
    """Return the median of each row; NaN sorts last."""
    order, rows = np.sort(values, axis=1), np.arange(len(values))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[1] - 1)
    return np.asarray((order[rows, low] + order[rows, high]) / 2)


def _since(first: Bools) -> Indexes:
    """Return the distance of each element from the last marked one at or before it."""
    at = np.arange(len(first))
    return at - np.maximum.accumulate(np.where(first, at, 0))
