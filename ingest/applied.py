"""Which messages of a stream are applied: sequences as coalesced ranges.

Redelivery after a crash comes out of order, so a high-water mark would lose messages; a set of all
sequences would grow for ever. Ranges do neither: a consumer that applies the whole stream ends with
one range. Forgetting a range is always safe, because (point, time) refuses copies too.

A stream that was deleted and made again starts at 1: its low sequences are new messages. They show
themselves by a receive time later than that of the highest sequence applied.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from ingest.store import Mark

MOST_RANGES = 10_000
"""Ranges kept per stream; gaps come only from messages that expired before they were read."""


class Range(NamedTuple):
    """Sequences ``first..last``, inclusive, and the receive time of ``last``."""

    first: int
    last: int
    last_time_ns: int


@dataclass(frozen=True, slots=True)
class Applied:
    """Disjoint ranges in rising order, never adjacent. Immutable: a failed commit changes nothing."""

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> Self:
        """Read stored ranges, in any order."""
        return cls(tuple(sorted(ranges)))

    def __contains__(self, mark: Mark) -> bool:
        """Tell whether the message at ``mark`` is applied."""
        if self.belongs_to_a_newer_stream(mark):
            return False
        at = bisect_right(self.ranges, mark.seq, key=lambda found: found.first) - 1
        return at >= 0 and mark.seq <= self.ranges[at].last

    def belongs_to_a_newer_stream(self, mark: Mark) -> bool:
        """Tell whether ``mark`` can't be of the stream these ranges were counted in."""
        if not self.ranges:
            return False
        newest = self.ranges[-1]
        return mark.seq <= newest.last and mark.time_ns > newest.last_time_ns

    def plus(self, marks: Sequence[Mark]) -> Applied:
        """Return the ranges with ``marks`` applied as well."""
        kept = () if any(map(self.belongs_to_a_newer_stream, marks)) else self.ranges
        found = sorted([*kept, *(Range(mark.seq, mark.seq, mark.time_ns) for mark in marks)])
        merged: list[Range] = []
        for item in found:
            if merged and item.first <= merged[-1].last + 1:
                longer = max(merged[-1], item, key=lambda one: one.last)
                merged[-1] = Range(merged[-1].first, longer.last, longer.last_time_ns)
            else:
                merged.append(item)
        return Applied(tuple(merged[-MOST_RANGES:]))
