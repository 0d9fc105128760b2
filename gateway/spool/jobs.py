"""What callers of a spool wait for, and how many of them one commit serves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from domain.batch import ReadingBatch, concat
from gateway.connectors.contract import DeadLetter
from gateway.spool.memories import NodeRecord

MOST_GROUPED, MOST_GROUPED_READINGS = 2000, 50_000
"""Callers served by one commit, and readings: a slow disk makes larger groups, not longer queues."""


Counts = Mapping[str, int]
"""By how much persistent counters are raised, by name."""

NO_COUNTS: Counts = MappingProxyType({})


@dataclass(slots=True)
class Job:
    """One caller's wish, and how it hears that it is on disk."""

    done: asyncio.Future[None]
    batch: ReadingBatch | None = None
    letter: DeadLetter | None = None
    counts: Counter[str] = field(default_factory=Counter)
    names: Sequence[bytes] = ()
    nodes: Sequence[NodeRecord] = ()


def group_size(jobs: Sequence[Job]) -> int:
    """Return how many of the waiting callers the next commit serves: at least one, where there are any."""
    readings = 0
    for count, job in enumerate(jobs[:MOST_GROUPED]):
        readings += len(job.batch) if job.batch is not None else 0
        if count and readings > MOST_GROUPED_READINGS:
            return count
    return min(len(jobs), MOST_GROUPED)


def joined(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """Return one batch over the newest table of all: a table may have grown between two callers of a group."""
    table = max((batch.table for batch in batches), key=len)
    return concat([batch if batch.table is table else batch.moved_to(table) for batch in batches])
