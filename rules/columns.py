"""What compiling works with: conditions as columns over entities, and the nodes that they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rules.kernels import Indexes


@dataclass(frozen=True, slots=True)
class Column:
    """A condition over entities: ``signal[i]`` is its truth for ``entity[i]``; entities rise, none twice."""

    entity: Indexes
    signal: Indexes

    def __len__(self) -> int:
        """Return the number of entities."""
        return len(self.entity)

    def of(self, entity: Indexes) -> tuple[Indexes, Indexes]:
        """Return the rows of ``entity`` that are here, and their signals."""
        if not len(self):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(self.entity, entity), len(self) - 1)
        rows = np.flatnonzero(self.entity[at] == entity)
        return rows, self.signal[at[rows]]


@dataclass
class Nodes:
    """Nodes and edges collected while compiling; numbers are final."""

    leaves: int
    required: list[NDArray[np.int32]] = field(default_factory=list)
    doubting: list[NDArray[np.bool_]] = field(default_factory=list)
    depth: list[NDArray[np.int32]] = field(default_factory=list)
    part: list[Indexes] = field(default_factory=list)
    whole: list[Indexes] = field(default_factory=list)
    count: int = 0

    def add(self, required: NDArray[np.int32], part: Indexes, whole: Indexes, *, doubting: bool = False) -> Indexes:
        """Add nodes; ``whole`` numbers them from 0. Returns their signals."""
        depths = np.concatenate([np.zeros(self.leaves, np.int32), *self.depth])
        depth = np.zeros(len(required), np.int32)
        np.maximum.at(depth, whole, depths[part] + 1)
        self.required.append(required)
        self.doubting.append(np.full(len(required), doubting))
        self.depth.append(depth)
        self.part.append(part)
        self.whole.append(whole + self.count)
        signals = self.leaves + self.count + np.arange(len(required))
        self.count += len(required)
        return signals
