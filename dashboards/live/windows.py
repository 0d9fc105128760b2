"""Readings of some points around a moment, for the trend of an alarm: with their qualities, asked for once for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from dashboards.live.link import Link
from dashboards.live.shared import Shared
from domain.clock import NS_PER_S, Clock
from domain.points import Point
from domain.quality import GOOD, base_of
from ingest.face import Aggregate

HALF_S = 600
"""Ten minutes before and after."""
STEP_S = 2.0
"""Buckets of 2 s: 600 along the whole, about one for a pixel of the chart."""
LIVE_S, KEPT_S = 2.0, 60.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one time to another, ns UTC."""

    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Window:
    """One point from ``start_ns`` until ``end_ns`` in buckets; known until ``until_ns``. Times are ns UTC.

    ``values``: None where a bucket has no value; ``qualities``: of each bucket, as `domain.quality`.
    """

    start_ns: int
    end_ns: int
    until_ns: int
    times_ns: tuple[int, ...]
    values: tuple[float | None, ...]
    qualities: tuple[int, ...]

    def good(self) -> Iterator[tuple[int, float | None]]:
        """Yield what a line is drawn through; None where the reading was not good."""
        for time_ns, value, quality in zip(self.times_ns, self.values, self.qualities, strict=True):
            yield time_ns, value if base_of(quality) == GOOD else None

    def bad(self, silence_s: float) -> list[Stretch]:
        """Return stretches of readings that were not good: each until the next bucket, or for one bucket's length."""
        found: list[Stretch] = []
        step_ns, longest_ns = round(STEP_S * NS_PER_S), _longest_ns(silence_s)
        for at, (time_ns, quality) in enumerate(zip(self.times_ns, self.qualities, strict=True)):
            if base_of(quality) == GOOD:
                continue
            after_ns = self.times_ns[at + 1] if at + 1 < len(self.times_ns) else time_ns + step_ns
            end_ns = min(after_ns, time_ns + longest_ns)
            if found and found[-1].end_ns >= time_ns:
                found[-1] = Stretch(found[-1].start_ns, end_ns)
            else:
                found.append(Stretch(time_ns, end_ns))
        return found

    def gaps(self, silence_s: float) -> list[Stretch]:
        """Return stretches in which nothing was heard for longer than ``silence_s``, before the end of what is known.

        What stands before the first reading is a gap too: nobody knows what was there.
        """
        edges = [self.start_ns, *self.times_ns, self.until_ns]
        longest_ns = _longest_ns(silence_s)
        return [Stretch(begin, end) for begin, end in pairwise(edges) if end - begin > longest_ns]


class Windows:
    """Asks the readings service, once for all who look at one alarm."""

    def __init__(self, link: Link, clock: Clock) -> None:
        """Ask over ``link``."""
        self._link = link
        self._clock = clock
        self._shared: Shared[tuple[str, int], Window] = Shared(clock)

    def is_live(self, at_ns: int) -> bool:
        """Tell whether the window around a moment is not over."""
        return self._clock.now_ns() < at_ns + HALF_S * NS_PER_S

    async def around(self, point: Point, at_ns: int) -> Window:
        """Return a point's readings of ten minutes before and after a moment; raises LinkError or RefusedError."""
        kept_s = LIVE_S if self.is_live(at_ns) else KEPT_S
        return await self._shared.get((point.key, at_ns), lambda: self._ask(point, at_ns), kept_s=kept_s)

    async def _ask(self, point: Point, at_ns: int) -> Window:
        start_ns, end_ns = max(0, at_ns - HALF_S * NS_PER_S), at_ns + HALF_S * NS_PER_S
        until_ns = max(start_ns + 1, min(end_ns, self._clock.now_ns()))
        aggregate = Aggregate.LAST if point.is_event_lane else Aggregate.MEAN  # the mean of words is no word
        (series,) = await self._link.query.range(
            [point.key], start_ns, until_ns, resolution_s=STEP_S, aggregate=aggregate
        )
        return Window(start_ns, end_ns, until_ns, series.time_ns, series.value, series.quality)


def _longest_ns(silence_s: float) -> int:
    return round(max(silence_s, 2 * STEP_S) * NS_PER_S)
