"""Roll-ups: what is kept of readings for longer than the readings, and when an answer may come from it.

A tier has one row for a point and a step of time: mean, least, highest, number and last of the values, and the last
quality that was not good. An answer comes from a tier where it would be the same: the buckets asked for are whole
multiples of its step, and every step of them was rolled up after the last reading that belongs to it came.
Pure: no store, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from domain.site.models import RetentionSettings
from ingest.aggregate import Aggregate
from ingest.store import RangeQuery, Series

MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

KEPT = frozenset(Aggregate) - {Aggregate.FIRST}
"""What a tier can tell; the first value of a bucket is asked of the readings."""
MOST_PARTS = 16
"""Parts of one answer; a range that is cut up further is read from the readings."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A roll-up: its name in the store, its step, and how long it is kept (0: for ever)."""

    name: str
    step_ns: int
    keep_days: int


@runtime_checkable
class RollsUp(Protocol):
    """A store that keeps roll-ups. Calls block and raise as those of `ingest.store.Store` do."""

    def first_ns(self) -> int | None:
        """Return the time of the oldest reading; None without one."""

    def roll_up(self, tier: Tier, start_ns: int, end_ns: int) -> None:
        """Make the tier's rows of ``start..end`` (whole steps) what the readings say now; again is harmless."""

    def rolled(self, tier: Tier, query: RangeQuery) -> list[Series]:
        """Answer ``query`` from the tier alone; its resolution is a multiple of the step, its aggregate in `KEPT`."""

    def forget(self, tier: Tier, before_ns: int) -> None:
        """Let go of the tier's rows before a time, where the store does not do so by itself."""

    def close(self) -> None:
        """Let go of what is open; the store itself stays open."""


class Part(NamedTuple):
    """A span of a range, and the tier that answers it; None: the readings do."""

    start_ns: int
    end_ns: int
    tier: Tier | None


def tiers_of(settings: RetentionSettings) -> tuple[Tier, Tier]:
    """Return the two tiers of a site, the finer one first."""
    return (
        Tier(settings.minute_name, MINUTE_NS, settings.minute_days),
        Tier(settings.hour_name, HOUR_NS, settings.hour_days),
    )


def tier_for(query: RangeQuery, tiers: Iterable[Tier]) -> Tier | None:
    """Return the coarsest tier whose rows make the buckets of a question; None when only the readings can."""
    if not query.resolution_ns or query.aggregate not in KEPT:
        return None
    fitting = [tier for tier in tiers if query.resolution_ns % tier.step_ns == 0]
    return max(fitting, key=lambda tier: tier.step_ns, default=None)


def parts_of(
    query: RangeQuery, tier: Tier, whole: Sequence[tuple[int, int]], raw_from_ns: int | None = None
) -> list[Part]:
    """Cut a range into what the tier may answer and what the readings must.

    Parameters
    ----------
    whole : sequence of (int, int)
        Spans (ns) in which the tier is complete, ascending, apart from each other.
    raw_from_ns : int, optional
        Readings before this may be gone: there the tier answers, for whatever it has.
    """
    step = query.resolution_ns
    gone_ns = query.start_ns
    if raw_from_ns is not None and raw_from_ns > query.start_ns:
        gone_ns = min(-(-raw_from_ns // step) * step, query.end_ns)
    parts = [Part(query.start_ns, gone_ns, tier)] if gone_ns > query.start_ns else []
    at = gone_ns
    for first, last in whole:
        start = -(-max(first, at) // step) * step
        end = min(last, query.end_ns) // step * step
        if end <= start:
            continue
        if start > at:
            parts.append(Part(at, start, None))
        parts.append(Part(start, end, tier))
        at = end
    if at < query.end_ns:
        parts.append(Part(at, query.end_ns, None))
    return _few(query, parts, gone_ns, tier)


def _few(query: RangeQuery, parts: list[Part], gone_ns: int, tier: Tier) -> list[Part]:
    if len(parts) <= MOST_PARTS:
        return parts
    head = [Part(query.start_ns, gone_ns, tier)] if gone_ns > query.start_ns else []
    return [*head, Part(gone_ns, query.end_ns, None)]


def joined(pieces: Sequence[Sequence[Series]]) -> list[Series]:
    """Put the series of consecutive parts behind each other, point by point."""
    return [
        Series(
            same[0].point,
            np.concatenate([one.time_ns for one in same]),
            np.concatenate([one.value for one in same]),
            np.concatenate([one.quality for one in same]),
        )
        for same in zip(*pieces, strict=True)
    ]
