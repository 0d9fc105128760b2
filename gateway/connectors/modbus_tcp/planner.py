"""The cheapest way to read given registers: an exact partition into blocks, by shortest path.

Spans sorted by address are the nodes of a line; an edge is a block that covers neighbouring spans, and costs
what its request costs. The cheapest path is the plan: O(n · w) for n spans, w of which fit into one request.
No block is longer than the device allows, holds an address known as bad, or crosses a seam.

Pure: spans and costs in, spans out. Knows nothing of points, functions or time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

Span = tuple[int, int]
"""First and last address."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of line time: of a request whatever its size, and of each register in it."""

    request_s: float
    register_s: float

    def of(self, count: int) -> float:
        """Return what a block of ``count`` registers costs."""
        return self.request_s + self.register_s * count


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a device allows. ``gap``: unused registers read along, None for any number.

    ``bad``: ranges that no block may touch. ``seams``: addresses s so that no block holds both s - 1 and s.
    """

    most: int
    gap: int | None = None
    bad: tuple[Span, ...] = ()
    seams: tuple[int, ...] = ()


def size(span: Span) -> int:
    """Return how many registers a span has."""
    return span[1] - span[0] + 1


def touches(span: Span, bad: Iterable[Span]) -> bool:
    """Tell whether a span has an address in one of the ranges."""
    return any(first <= span[1] and span[0] <= last for first, last in bad)


def outer(spans: Iterable[Span]) -> list[Span]:
    """Return the spans sorted, without those that lie inside another one: first and last both rise."""
    kept: list[Span] = []
    for span in sorted(set(spans), key=lambda one: (one[0], -one[1])):
        if not kept or span[1] > kept[-1][1]:
            kept.append(span)
    return kept


def partition(spans: Iterable[Span], cost: Cost, limits: Limits) -> list[Span]:
    """Return the blocks of the cheapest plan that covers ``spans``, sorted; of equal ones that with fewest requests.

    Raises ValueError when one span alone is longer than the device allows, or touches a bad range.
    """
    wanted = outer(spans)
    for span in wanted:
        if size(span) > limits.most:
            raise ValueError(f"one value spans {size(span)} registers, a request may have {limits.most}")
        if touches(span, limits.bad):
            raise ValueError(f"registers {span[0]} to {span[1]} are known as bad")
    joins = _joins(wanted, limits)
    best, cut = [0.0] + [inf] * len(wanted), [0] * (len(wanted) + 1)
    for end in range(1, len(wanted) + 1):
        last = wanted[end - 1][1]
        for begin in range(end - 1, -1, -1):
            count = last - wanted[begin][0] + 1
            if count > limits.most or (begin < end - 1 and not joins[begin]):
                break
            candidate = best[begin] + cost.of(count)
            if candidate <= best[end]:
                best[end], cut[end] = candidate, begin
    return _blocks(wanted, cut)


def _joins(wanted: Sequence[Span], limits: Limits) -> list[bool]:
    """Tell for each span whether one block may cover it and the next one."""
    bad = _merged(limits.bad)
    starts, seams = [first for first, _ in bad], sorted(limits.seams)
    joins = []
    for (_, last), (first, _) in pairwise(wanted):
        gap = first - last - 1
        at = bisect_right(starts, first)
        barred = at > 0 and bad[at - 1][1] > last
        seam = bisect_right(seams, last) != bisect_right(seams, first)
        joins.append((limits.gap is None or gap <= limits.gap) and not barred and not seam)
    return joins


def _merged(ranges: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    return merged


def _blocks(wanted: Sequence[Span], cut: Sequence[int]) -> list[Span]:
    blocks: list[Span] = []
    end = len(wanted)
    while end:
        blocks.append((wanted[cut[end]][0], wanted[end - 1][1]))
        end = cut[end]
    return blocks[::-1]
