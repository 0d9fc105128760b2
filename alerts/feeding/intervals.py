"""Spans of time, and what is made of them: all are half-open, ``(start, end)`` in ns, from start up to before end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]

NS_PER_MINUTE = 60 * 1_000_000_000


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as spans that do not touch, in order; empty and inverted spans are nothing."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def clip(spans: Iterable[Span], within: Span) -> list[Span]:
    """Return the part of ``spans`` that lies in ``within``, as `union` does."""
    return union((max(start, within[0]), min(end, within[1])) for start, end in spans)


def common(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Return the time that is in both."""
    right = union(other)
    return union(part for span in union(one) for part in clip(right, span))


def without(spans: Iterable[Span], removed: Iterable[Span]) -> list[Span]:
    """Return the time of ``spans`` that is not in ``removed``."""
    holes = union(removed)
    found: list[Span] = []
    for start, end in union(spans):
        at = start
        for hole in clip(holes, (start, end)):
            found.append((at, hole[0]))
            at = hole[1]
        found.append((at, end))
    return union(found)


def total_ns(spans: Iterable[Span]) -> int:
    """Return how long the spans are together, each moment counted once."""
    return sum(end - start for start, end in union(spans))


def minutes(spans: Sequence[Span] | Iterable[Span]) -> float:
    """Return `total_ns` in minutes, to a hundredth."""
    return round(total_ns(spans) / NS_PER_MINUTE, 2)
