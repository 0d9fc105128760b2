"""Compiles ``several`` and ``sequence``: nodes that count, and nodes that remember.

Whoever could never fulfil them gets no alarm, but has its nodes all the same: what they remember counts as soon as
further points are learned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence as Listed

import numpy as np
from numpy.typing import NDArray

from domain.alarm import EntityKind
from domain.clock import NS_PER_S
from rules.columns import Column, Nodes
from rules.conditions import Condition, Counted, Selector, Sequence, Several
from rules.kernels import Indexes
from rules.site_index import SiteIndex
from rules.timed import FOREVER, Group, Lasting, Sequences


class TimedColumns:
    """Adds such nodes to a plan in the making."""

    def __init__(self, site: SiteIndex, nodes: Nodes) -> None:
        """Add to ``nodes``."""
        self._site, self._nodes = site, nodes
        self.lasting: list[Lasting] = []
        self.sequences: list[Sequences] = []

    def several(
        self, condition: Condition, several: Several, inner: Column, watches: Selector, kind: EntityKind
    ) -> Column:
        """Count points or devices of each entity of ``kind``; ``inner`` is what is asked of each of them."""
        owner, written = self._owners(several, inner, kind)
        signal = inner.signal
        if several.within_s:
            counted = EntityKind(several.of.value)
            signal = self._hold(
                signal, several.within_s, Group(_name(condition, watches, counted), counted, inner.entity)
            )
        if several.share is not None:
            owner, signal = owner[written], signal[written]
        entity, row, count = np.unique(owner, return_inverse=True, return_counts=True)
        share = np.ceil((several.share or 0.0) * count)
        needed = np.maximum(several.at_least, share).astype(np.int32)
        node = self._nodes.add(needed, signal, row)
        possible = count >= needed
        return Column(entity[possible].astype(np.int64), node[possible])

    def sequence(
        self, condition: Condition, sequence: Sequence, columns: Listed[Column], watches: Selector, kind: EntityKind
    ) -> Column:
        """Chain steps, one column each."""
        entity = np.unique(np.concatenate([column.entity for column in columns]))
        steps = np.full((len(entity), len(columns)), -1, np.int64)
        for at, column in enumerate(columns):
            own = self._nodes.add(np.ones(len(column), np.int32), column.signal, np.arange(len(column)))
            steps[np.searchsorted(entity, column.entity), at] = own - self._nodes.leaves
        there = steps >= 0
        whole = np.broadcast_to(np.arange(len(entity))[:, None], steps.shape)[there]
        signal = self._nodes.add(np.ones(len(entity), np.int32), steps[there] + self._nodes.leaves, whole)
        within_ns, whole_ns = (
            np.full(len(entity), FOREVER if one is None else round(one * NS_PER_S), np.int64)
            for one in (sequence.within_s, sequence.whole_s)
        )
        last = np.full(len(entity), len(columns) - 1, np.int64)
        group = Group(_name(condition, watches, kind), kind, entity)
        self.sequences.append(Sequences(signal - self._nodes.leaves, steps, last, within_ns, whole_ns, (group,)))
        possible = there.all(axis=1)
        return Column(entity[possible], signal[possible])

    def _hold(self, signal: Indexes, within_s: float, group: Group) -> Indexes:
        """Return signals that stay for ``within_s`` after those below."""
        held = self._nodes.add(np.ones(len(signal), np.int32), signal, np.arange(len(signal)))
        lasts_ns = np.full(len(signal), round(within_s * NS_PER_S), np.int64)
        self.lasting.append(Lasting(held - self._nodes.leaves, lasts_ns, (group,)))
        return held

    def _owners(self, several: Several, inner: Column, kind: EntityKind) -> tuple[NDArray[np.int32], Indexes]:
        """Return whose each point or device is, and which of them people wrote in the site."""
        if several.of is Counted.POINT:
            return self._site.entities_of_points(kind)[inner.entity], np.flatnonzero(~self._site.learned[inner.entity])
        return self._site.entities_of_devices(kind)[inner.entity], np.arange(len(inner))


def _name(condition: Condition, watches: Selector, kind: EntityKind) -> str:
    """Return the name of what a condition remembers: equal where it asks the same of the same."""
    text = json.dumps([condition.meaning, watches.model_dump(mode="json"), kind.value], sort_keys=True)
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()
