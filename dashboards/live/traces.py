"""Curves of several points over a span, as they are drawn: means with their range, states as they were.

| what | measure | state, event |
|---|---|---|
| value of a bucket | mean | the last word: the mean of words is one that nobody sent |
| range of a bucket | lowest and highest, where asked for | none |
| quality of a bucket | 192, or that of its last reading that was not good | the same |
| before the span | – | the last word before it, which still held when it began |

Buckets without readings are absent. What many browsers look at is asked for once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboards.live.link import Link
from dashboards.live.shared import Shared
from domain.clock import NS_PER_S, Clock
from domain.points import Point
from domain.quality import GOOD, base_of
from ingest.face import Aggregate, Series

MOST_POINTS = 6
"""Lines that a person can still tell apart."""

STEPS = 400
MOST_WORDS = 2_000
"""Changes of one state over a span: a flapping contact of a day, and still a picture that is drawn quickly."""

BEFORE_S = 90 * 86_400
"""How far back the word that held at the begin of a span is looked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """Begin and end of what is drawn, ns UTC. ``follows``: the end is now, and moves."""

    start_ns: int
    end_ns: int
    follows: bool = True

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end_ns - self.start_ns) / NS_PER_S

    @property
    def resolution_s(self) -> float:
        """How long a bucket of a curve is: the whole second above, so that many spans share their buckets."""
        return float(max(1, -(-int(self.seconds) // STEPS)))

    @property
    def word_bucket_s(self) -> float:
        """How long a bucket of states is: finer than a curve's, for words have edges."""
        return float(max(1, int(self.seconds) // MOST_WORDS))


@dataclass(frozen=True, slots=True)
class Trace:
    """One point: buckets with value (None: none was good) and quality; ``low`` and ``high`` empty unless asked for.

    ``before``: the last reading before the span, of states only.
    """

    point: str
    times_ns: tuple[int, ...]
    values: tuple[float | None, ...]
    qualities: tuple[int, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    before: tuple[int, float | None, int] | None = None

    @property
    def has_values(self) -> bool:
        """Tell whether there is anything to draw."""
        return any(value is not None for value in self.values)


class Traces:
    """Asks the readings service; raises LinkError, or RefusedError with its reason."""

    def __init__(self, link: Link, clock: Clock) -> None:
        """Ask over ``link``."""
        self._link = link
        self._answers: Shared[tuple[object, ...], tuple[Trace, ...]] = Shared(clock, most=100)

    async def curves(self, points: Sequence[Point], span: Span, *, ranges: bool = False) -> tuple[Trace, ...]:
        """Return one trace a point, in their order; ``ranges``: with the lowest and highest of each bucket."""
        chosen = tuple(points[:MOST_POINTS])
        when = (round(span.seconds),) if span.follows else (span.start_ns, span.end_ns)
        question = (tuple(point.key for point in chosen), when, ranges)
        kept_s = min(max(span.resolution_s, 2.0), 60.0)
        return await self._answers.get(question, lambda: self._ask(chosen, span, ranges=ranges), kept_s=kept_s)

    async def _ask(self, points: Sequence[Point], span: Span, *, ranges: bool) -> tuple[Trace, ...]:
        measures = [point.key for point in points if not point.is_event_lane]
        states = [point.key for point in points if point.is_event_lane]
        wanted = [Aggregate.MEAN, *((Aggregate.MIN, Aggregate.MAX) if ranges else ())] if measures else []
        *curves, words, before = await asyncio.gather(
            *(self._series(measures, span, aggregate) for aggregate in wanted),
            self._series(states, span, Aggregate.LAST),
            self._before(states, span),
        )
        drawn = {key: _measured(key, *(one.get(key) for one in curves)) for key in measures}
        drawn |= {key: _held(key, words.get(key), before.get(key)) for key in states}
        return tuple(drawn[point.key] for point in points)

    async def _series(self, keys: Sequence[str], span: Span, aggregate: Aggregate) -> dict[str, Series]:
        if not keys:
            return {}
        resolution_s = span.word_bucket_s if aggregate is Aggregate.LAST else span.resolution_s
        found = await self._link.query.range(
            keys, span.start_ns, span.end_ns, resolution_s=resolution_s, aggregate=aggregate
        )
        return {one.point: one for one in found}

    async def _before(self, keys: Sequence[str], span: Span) -> dict[str, Series]:
        """Ask for one bucket that ends where the span begins: its last reading."""
        if not keys:
            return {}
        start_ns = max(0, span.start_ns - BEFORE_S * NS_PER_S)
        found = await self._link.query.range(
            keys, start_ns, span.start_ns, resolution_s=float(BEFORE_S), aggregate=Aggregate.LAST
        )
        return {one.point: one for one in found}


def _measured(key: str, mean: Series | None, low: Series | None = None, high: Series | None = None) -> Trace:
    if mean is None:
        return Trace(key, (), (), ())
    least, most = _by_time(low), _by_time(high)
    ranges = (
        (tuple(least.get(at) for at in mean.time_ns), tuple(most.get(at) for at in mean.time_ns))
        if low is not None
        else ((), ())
    )
    return Trace(key, mean.time_ns, mean.value, mean.quality, *ranges)


def _by_time(series: Series | None) -> dict[int, float | None]:
    return {} if series is None else dict(zip(series.time_ns, series.value, strict=True))


def _held(key: str, words: Series | None, before: Series | None) -> Trace:
    last = (before.time_ns[-1], before.value[-1], before.quality[-1]) if before is not None and before.time_ns else None
    if words is None:
        return Trace(key, (), (), (), before=last)
    return Trace(key, words.time_ns, words.value, words.quality, before=last)


def gaps(trace: Trace, span: Span, silence_s: float, *, bucket_s: float) -> list[tuple[int, int]]:
    """Return the spans, ns UTC, in which a point told nothing good for longer than ``silence_s``.

    A bucket stands for all its time, so a distance counts only beyond two of them; what is later than the last
    bucket of a span that follows now is silence only when the span says so.
    """
    limit_ns = int(max(silence_s, 2 * bucket_s) * NS_PER_S)
    known = [at for at, value in zip(trace.times_ns, trace.values, strict=True) if value is not None]
    edges = [span.start_ns, *known, span.end_ns]
    return [(begin, end) for begin, end in pairwise(edges) if end - begin > limit_ns]


def not_good(trace: Trace) -> list[int]:
    """Return the times of buckets that had a reading that was not good."""
    return [at for at, quality in zip(trace.times_ns, trace.qualities, strict=True) if base_of(quality) != GOOD]
