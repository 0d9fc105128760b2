"""Nodes of the forest that remember: *lasting* ones hold an alarm for a while, *sequences* wait for the next step.

Both are moved by changes below them, at the counted log time of the change, and a lasting one by a tick as well: what
it holds runs out at the first tick at which the time is over. So how the log is cut makes no difference to them.

**Lasting** (``several`` within t): alarm while what is below is, and for t after it was; then what is below.

**Sequence**: a step *begins* when its condition becomes an alarm, from normal or from unknown: nobody can say that what
came while nobody saw it stood before, and a dead detector must not keep another's alarm from counting. Step k counts
when it begins while step k-1 counted at most ``within`` ago (and the first step of this course at most ``whole`` ago);
what begins at one moment is in order. The latest course counts, so a step that begins again starts its time anew. The
sequence is an alarm while its last step stands that has counted; unknown while the last step is unknown, or stands
while an earlier one is not known; else normal.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind
from rules.kernels import ALARM, NORMAL, UNKNOWN, Bools, Indexes, Truths

LONG_AGO = -(2**61)
FOREVER = 2**60
"""Longer than any log, and its sum with a time does not overflow."""


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes made for one condition: its meaning, and whose each node is (rising entity numbers)."""

    name: str
    kind: EntityKind
    entity: Indexes


@dataclass(slots=True)
class Lasting:
    """Nodes that hold an alarm.

    | attribute | shape | meaning |
    |---|---|---|
    | ``node`` | (n,) int64 | number among the forest's nodes |
    | ``lasts_ns`` | (n,) int64 | how long |
    | ``base`` | (n,) uint8 | truth of what is below |
    | ``lasting`` | (n,) bool | held now, beyond what is below |
    | ``until_ns`` | (n,) int64 | counted log time at which that ends |
    """

    node: Indexes
    lasts_ns: Indexes
    groups: tuple[Group, ...] = ()
    base: Truths = field(init=False)
    lasting: Bools = field(init=False)
    until_ns: Indexes = field(init=False)

    def __post_init__(self) -> None:
        """Hold nothing."""
        count = len(self.node)
        self.base = np.full(count, UNKNOWN, np.uint8)
        self.lasting = np.zeros(count, np.bool_)
        self.until_ns = np.zeros(count, np.int64)

    @property
    def memory(self) -> dict[str, NDArray[np.generic]]:
        """What belongs into a snapshot, by name."""
        return {"lasting": self.lasting, "until_ns": self.until_ns}

    def due(self, now_ns: int) -> Indexes:
        """Return the nodes whose time is over."""
        return self.node[self.lasting & (self.until_ns <= now_ns)]

    def move(self, at: Indexes, base: Truths, now_ns: Indexes, *, at_tick: bool) -> Truths:
        """Take what is below n nodes now; returns their truths. Only a tick lets go of what was held."""
        left = (self.base[at] == ALARM) & (base != ALARM)
        self.base[at] = base
        self.until_ns[at[left]] = now_ns[left] + self.lasts_ns[at[left]]
        over = (self.until_ns[at] <= now_ns) if at_tick else np.zeros(len(at), np.bool_)
        self.lasting[at] = (self.lasting[at] | left) & (base != ALARM) & ~over
        return self.settle(at, base)

    def settle(self, at: Indexes, base: Truths) -> Truths:
        """Return the truths of n nodes from what is below and what is held."""
        self.base[at] = base
        return np.where(self.lasting[at], np.uint8(ALARM), base)


@dataclass(slots=True)
class Sequences:
    """Nodes that wait for steps.

    | attribute | shape | meaning |
    |---|---|---|
    | ``node`` | (n,) int64 | number among the forest's nodes |
    | ``steps`` | (n, k) int64 | nodes of the steps, -1 where an entity has no such points or there is no such step |
    | ``last`` | (n,) int64 | which step is the last |
    | ``within_ns``, ``whole_ns`` | (n,) int64 | times, counted log time |
    | ``held`` | (n, k) bool | which steps stand |
    | ``reached_ns``, ``began_ns`` | (n, k) int64 | when the step counted last, and when that course began |
    | ``done`` | (n,) bool | the last step stands, and has counted |
    | ``carried`` | (n,) bool | its memory came from a snapshot |
    """

    node: Indexes
    steps: Indexes
    last: Indexes
    within_ns: Indexes
    whole_ns: Indexes
    groups: tuple[Group, ...] = ()
    held: Bools = field(init=False)
    reached_ns: Indexes = field(init=False)
    began_ns: Indexes = field(init=False)
    done: Bools = field(init=False)
    carried: Bools = field(init=False)

    def __post_init__(self) -> None:
        """Nothing has begun."""
        self.held = np.zeros(self.steps.shape, np.bool_)
        self.reached_ns = np.full(self.steps.shape, LONG_AGO, np.int64)
        self.began_ns = np.full(self.steps.shape, LONG_AGO, np.int64)
        self.done = np.zeros(len(self.node), np.bool_)
        self.carried = np.zeros(len(self.node), np.bool_)

    @property
    def memory(self) -> dict[str, NDArray[np.generic]]:
        """What belongs into a snapshot, by name."""
        return {"held": self.held, "reached_ns": self.reached_ns, "began_ns": self.began_ns, "done": self.done}

    def move(self, at: Indexes, truths: Truths, now_ns: Indexes) -> Truths:
        """Take the truths of the steps of n sequences, shape ``(n, k)``; returns the sequences' own."""
        for step in range(truths.shape[1]):
            truth = truths[:, step]
            begins = (truth == ALARM) & ~self.held[at, step]
            began_ns = now_ns
            if step:
                began_ns = self.began_ns[at, step - 1]
                begins &= now_ns - self.reached_ns[at, step - 1] <= self.within_ns[at]
                begins &= now_ns - began_ns <= self.whole_ns[at]
            self.reached_ns[at[begins], step] = now_ns[begins]
            self.began_ns[at[begins], step] = began_ns[begins]
            self.done[at[begins & (self.last[at] == step)]] = True
            self.held[at, step] = truth == ALARM
        self.done[at] &= truths[np.arange(len(at)), self.last[at]] != NORMAL
        return self._truth(at, truths)

    def settle(self, at: Indexes, truths: Truths) -> Truths:
        """Return the truths of n sequences as remembered; what stands where nothing is remembered has not begun now."""
        fresh = ~self.carried[at]
        self.held[at[fresh]] = truths[fresh] == ALARM
        return self._truth(at, truths)

    def _truth(self, at: Indexes, truths: Truths) -> Truths:
        rows, last = np.arange(len(at)), self.last[at]
        end = truths[rows, last]
        doubtful = ((truths == UNKNOWN) & (np.arange(truths.shape[1]) < last[:, None])).any(axis=1)
        standing = np.where(self.done[at], ALARM, np.where(doubtful, UNKNOWN, NORMAL))
        return np.where(end == ALARM, standing, end).astype(np.uint8)


def no_lasting() -> Lasting:
    """Return none."""
    return Lasting(np.empty(0, np.int64), np.empty(0, np.int64))


def no_sequences() -> Sequences:
    """Return none."""
    empty = np.empty(0, np.int64)
    return Sequences(empty, np.empty((0, 1), np.int64), empty, empty, empty)


def joined_sequences(parts: Listed[Sequences]) -> Sequences:
    """Put sequences of different lengths into one table."""
    if not parts:
        return no_sequences()
    width = max(part.steps.shape[1] for part in parts)
    steps = [np.pad(part.steps, ((0, 0), (0, width - part.steps.shape[1])), constant_values=-1) for part in parts]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("node", "last", "within_ns", "whole_ns")
    }
    return Sequences(
        steps=np.concatenate(steps), groups=tuple(group for part in parts for group in part.groups), **columns
    )


def joined_lasting(parts: Listed[Lasting]) -> Lasting:
    """Put lasting nodes together."""
    if not parts:
        return no_lasting()
    groups = tuple(group for part in parts for group in part.groups)
    node, lasts_ns = (np.concatenate([getattr(part, name) for part in parts]) for name in ("node", "lasts_ns"))
    return Lasting(node, lasts_ns, groups)
