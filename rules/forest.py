"""Combinations as one forest of "at least m of n" nodes over three-valued signals.

A *signal* is a term of a bank, an absence, or a node. ``any_of`` is at least 1, ``all_of`` at least n,
two-of-many will be at least 2: one kind of node with two counters, so that a change costs two additions
and one comparison however many parts a node has. A node may be *doubting* (``unless``): it is normal when
enough parts are known to be in alarm and alarm otherwise, so that something unknown explains nothing away.

Signals that meet in a node or an alarm form a *component*; components do not feel each other. So changes
are applied in rounds, one instant of each component a round, which keeps every component's order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.kernels import ALARM, NORMAL, UNKNOWN, Bools, Indexes, Truths, at_least, ranks_within, rounds, seen
from rules.links import Links
from rules.timed import Lasting, Sequences, no_lasting, no_sequences


@dataclass(frozen=True, slots=True)
class Changes:
    """Signals whose outside truth changed, one row each.

    | column | shape | meaning |
    |---|---|---|
    | ``signal`` | (n,) int64 | which |
    | ``before``, ``after`` | (n,) uint8 | 0 normal, 1 alarm, 2 unknown |
    | ``instant`` | (n,) int64 | order in the segment; equal = at the same moment |
    | ``row`` | (n,) int64 | the reading that did it, -1 for none (silence) |
    """

    signal: Indexes
    before: Truths
    after: Truths
    instant: Indexes
    row: Indexes

    def __len__(self) -> int:
        """Return the number of changes."""
        return len(self.signal)

    def take(self, rows: Indexes | Bools) -> Changes:
        """Return some of the rows."""
        return Changes(self.signal[rows], self.before[rows], self.after[rows], self.instant[rows], self.row[rows])


def outside(signal: Indexes, before: Truths, after: Truths, instant: Indexes, row: Indexes) -> Changes:
    """Fold inner codes and keep what the outside can see of a change."""
    folded = Changes(signal, seen(before), seen(after), instant, row)
    return folded.take(folded.before != folded.after)


def joined(parts: list[Changes]) -> Changes:
    """Put changes together; the order of rows does not matter, `Changes.instant` does."""
    if len(parts) == 1:
        return parts[0]
    empty = np.empty(0, np.int64)
    if not parts:
        return Changes(empty, empty.astype(np.uint8), empty.astype(np.uint8), empty, empty)
    return Changes(
        np.concatenate([part.signal for part in parts]),
        np.concatenate([part.before for part in parts]),
        np.concatenate([part.after for part in parts]),
        np.concatenate([part.instant for part in parts]),
        np.concatenate([part.row for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class When:
    """When changes happen: counted log time [ns] of each message, instants a message, and whether it is a tick."""

    now_ns: Indexes
    width: int = 1
    at_tick: bool = False


class Forest:
    """Nodes and their counters. Signals below ``leaves`` are terms and absences, the rest are nodes.

    | attribute | shape | meaning |
    |---|---|---|
    | ``required`` | (nodes,) int32 | how many parts must be in alarm |
    | ``doubting`` | (nodes,) bool | answers "not known to be explained" |
    | ``depth`` | (nodes,) int32 | 1 + the greatest depth of a part; leaves have 0 |
    | ``truth`` | (signals,) uint8 | leaves in codes of `rules.kernels`, nodes 0, 1, 2 |
    """

    def __init__(
        self,
        *,
        leaves: int,
        required: NDArray[np.int32],
        doubting: Bools,
        depth: NDArray[np.int32],
        parts: tuple[Indexes, Indexes],
        component: Indexes,
        lasting: Lasting | None = None,
        sequences: Sequences | None = None,
    ) -> None:
        """Take ``parts`` as (signal, node number) pairs; everything is unknown at first."""
        self.leaves = leaves
        self.required, self.doubting, self.depth = required, doubting, depth
        self.component = component
        self.lasting, self.sequences = lasting or no_lasting(), sequences or no_sequences()
        self._lasting_at = _places(self.lasting.node, len(required))
        self._sequence_at = _places(self.sequences.node, len(required))
        self._parts = parts
        self._parents = Links(parts[0], parts[1], leaves + len(required))
        self._deepest = int(depth.max(initial=0))
        self.truth: Truths = np.full(leaves + len(required), UNKNOWN, np.uint8)
        self._alarms = np.zeros(len(required), np.int32)
        self._unknowns = np.zeros(len(required), np.int32)
        self.recount()

    def recount(self) -> None:
        """Work out all nodes from the leaves: after the leaves were set by hand."""
        signal, node = self._parts
        self._alarms[:] = 0
        self._unknowns[:] = 0
        for depth in range(1, self._deepest + 1):
            here = self.depth[node] == depth
            truth = seen(self.truth[signal[here]])
            np.add.at(self._alarms, node[here], truth == ALARM)
            np.add.at(self._unknowns, node[here], truth == UNKNOWN)
            layer = np.flatnonzero(self.depth == depth)
            self.truth[self.leaves + layer] = self._settled(layer)

    def apply(self, changes: Changes, when: When) -> Iterator[Changes]:
        """Carry leaf changes up, in rounds; yields each round's changed signals, leaves and nodes.

        A round has at most one instant of each component, so its changes happen at one moment for
        everybody who looks at them. The truths of leaves have been set by their banks already. At a tick, what
        nodes have held until now is let go in the same moment.
        """
        if when.at_tick or not len(changes) or (changes.instant == changes.instant[0]).all():
            if when.at_tick or len(changes):
                yield self._carry(changes, when)
            return
        rank = ranks_within(self.component[changes.signal], changes.instant)
        for rows in rounds(rank):
            yield self._carry(changes.take(rows), when)

    def _carry(self, changes: Changes, when: When) -> Changes:
        """Apply the changes of one round to the nodes above them, layer by layer."""
        if not self._deepest:
            return changes
        done = [changes]
        touched = self._count(changes)
        if when.at_tick:
            touched = joined([touched, self._let_go(int(when.now_ns[0]))])
        for depth in range(1, self._deepest + 1):
            here = self.depth[touched.signal - self.leaves] == depth
            moved = self._answered(touched.take(here), when)
            if len(moved):
                done.append(moved)
                touched = joined([touched.take(~here), self._count(moved)])
        return joined(done)

    def _count(self, changes: Changes) -> Changes:
        """Count changed parts into their nodes; returns those nodes, with the changes that touched them."""
        row, link = self._parents.expand(changes.signal)
        node = self._parents.targets[link]
        before, after = changes.before[row], changes.after[row]
        np.add.at(self._alarms, node, (after == ALARM).astype(np.int32) - (before == ALARM))
        np.add.at(self._unknowns, node, (after == UNKNOWN).astype(np.int32) - (before == UNKNOWN))
        return Changes(self.leaves + node, before, after, changes.instant[row], changes.row[row])

    def _let_go(self, now_ns: int) -> Changes:
        """Return the nodes whose time is over, as if something below them had changed."""
        node = self.lasting.due(now_ns)
        none = np.zeros(len(node), np.uint8)
        return Changes(self.leaves + node, none, none, np.zeros(len(node), np.int64), np.full(len(node), -1))

    def _answered(self, touched: Changes, when: When) -> Changes:
        """Return the touched nodes whose answer is new, each with its latest row."""
        node, first = np.unique(touched.signal - self.leaves, return_index=True)
        row = touched.row[first].copy()
        np.maximum.at(row, np.searchsorted(node, touched.signal - self.leaves), touched.row)
        now_ns = when.now_ns[touched.instant[first] // when.width]
        before, after = self.truth[self.leaves + node], self._moved(node, now_ns, at_tick=when.at_tick)
        self.truth[self.leaves + node] = after
        moved = Changes(self.leaves + node, before, after, touched.instant[first], row)
        return moved.take(before != after)

    def _moved(self, node: Indexes, now_ns: Indexes, *, at_tick: bool) -> Truths:
        """Return the answers of nodes; those that remember move on."""
        truth = self._answer(node)
        if len(self.lasting.node):
            at = self._lasting_at[node]
            rows = np.flatnonzero(at >= 0)
            truth[rows] = self.lasting.move(at[rows], truth[rows], now_ns[rows], at_tick=at_tick)
        if len(self.sequences.node):
            at = self._sequence_at[node]
            rows = np.flatnonzero(at >= 0)
            truth[rows] = self.sequences.move(at[rows], self._steps(at[rows]), now_ns[rows])
        return truth

    def _settled(self, node: Indexes) -> Truths:
        """Return the answers of nodes; those that remember stay as they are."""
        truth = self._answer(node)
        at = self._lasting_at[node]
        rows = np.flatnonzero(at >= 0)
        truth[rows] = self.lasting.settle(at[rows], truth[rows])
        at = self._sequence_at[node]
        rows = np.flatnonzero(at >= 0)
        truth[rows] = self.sequences.settle(at[rows], self._steps(at[rows]))
        return truth

    def _steps(self, at: Indexes) -> Truths:
        """Return the truths of the steps of sequences, shape ``(n, k)``; a step without points is normal."""
        steps = self.sequences.steps[at]
        return np.where(steps < 0, np.uint8(NORMAL), self.truth[self.leaves + np.maximum(steps, 0)])

    def _answer(self, node: Indexes) -> Truths:
        truth = at_least(self.required[node], self._alarms[node], self._unknowns[node])
        doubt = np.where(truth == ALARM, np.uint8(NORMAL), np.uint8(ALARM))
        return np.where(self.doubting[node], doubt, truth)


def _places(node: Indexes, nodes: int) -> Indexes:
    """Return where each node stands among some of them, -1 for the others; shape ``(nodes,)``."""
    found = np.full(nodes, -1, np.int64)
    found[node] = np.arange(len(node))
    return found


def components(edges: tuple[Indexes, Indexes], vertices: int) -> Indexes:
    """Label connected vertices alike, by spreading the smallest number; shape ``(vertices,)``."""
    label = np.arange(vertices)
    left, right = edges
    while True:
        before = label.copy()
        np.minimum.at(label, left, label[right])
        np.minimum.at(label, right, label[left])
        label = label[label]
        if (label == before).all():
            return label
