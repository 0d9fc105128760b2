"""Silences of a point: spans without a value that are longer than they should be, clipped to the span asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

from ingest.store import HolesQuery, Store

NS_PER_S = 1_000_000_000


class Span(NamedTuple):
    """Where silences are looked for, and how long one must be (ns)."""

    start_ns: int
    end_ns: int
    longer_ns: int


def silences_of(store: Store, point: int, span: Span) -> dict[str, Any]:
    """Return ``gaps``, ``silent_s`` and ``share`` of a point as `ingest.face.PointGaps` has them; raises as stores do.

    A silence that began before the span counts from there for its length, and from the span's begin for its place.
    """
    start, end, longer = span
    before_ns = max(0, start - longer - 1)
    holes = store.holes(HolesQuery(point=point, start_ns=before_ns, end_ns=end, longer_ns=longer))
    pairs = list(zip(holes.before_ns.tolist(), holes.after_ns.tolist(), strict=True))
    if holes.first_ns is None or holes.last_ns is None:
        found = [(start, end, True)] if end - start > longer else []
    else:
        head = [(start, holes.first_ns, False)] if holes.first_ns > start else []  # nothing for longer than allowed
        tail = [(holes.last_ns, end, True)] if end - holes.last_ns > longer else []
        found = [*head, *((one, two, False) for one, two in pairs), *tail]
    clipped = [(max(one, start), min(two, end), ongoing) for one, two, ongoing in found if two > start and one < end]
    silent_ns = sum(two - one for one, two, _ in clipped)
    return {
        "gaps": [{"start_ns": one, "end_ns": two, "ongoing": ongoing} for one, two, ongoing in clipped],
        "silent_s": silent_ns / NS_PER_S,
        "share": silent_ns / (end - start) if end > start else 0.0,
    }
