"""`Links`: one-to-many between integers, as arrays (compressed sparse rows)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64] | NDArray[np.int32]


class Links:
    """From each of ``sources`` integers to any number of targets, in the order in which they were given.

    | attribute | shape | meaning |
    |---|---|---|
    | ``first`` | (sources,) int64 | where a source's targets begin in ``targets`` |
    | ``count`` | (sources,) int64 | how many it has |
    | ``targets`` | (links,) int64 | targets, grouped by source |
    | ``order`` | (links,) int64 | position that each link had when given, to carry columns along |
    """

    def __init__(self, source: Ints, target: Ints, sources: int) -> None:
        """Link ``source[i]`` to ``target[i]``."""
        self.order = np.argsort(source, kind="stable")
        self.targets = np.asarray(target, np.int64)[self.order]
        self.count = np.bincount(source, minlength=sources).astype(np.int64)
        self.first = np.cumsum(self.count) - self.count
        self.widest = int(self.count.max(initial=0))

    def of(self, source: int) -> NDArray[np.int64]:
        """Return the targets of one source."""
        start = int(self.first[source])
        return self.targets[start : start + int(self.count[source])]

    def expand(self, source: Ints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Follow the links of several sources, shape ``(n,)``; repeats are followed again.

        Returns ``(row, link)``, shape ``(m,)`` each: for each link its row in ``source``, rising, and its
        index into ``targets``.
        """
        count = self.count[source]
        first = self.first[source]
        if self.widest <= 1:
            row = np.flatnonzero(count)
            return row, first[row]
        row = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        return row, first[row] + within
