"""Curves of points, asked for once however many browsers look at the same one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from dashboards.live.link import Link
from domain.clock import NS_PER_S, Clock
from ingest.face import Aggregate

STEPS = 300
"""Values along a curve: about one for two pixels of the chart."""

KEPT_S = 2.0
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """One point over a span in buckets; ``values`` None where nothing good was known. Times are ns UTC."""

    start_ns: int
    end_ns: int
    resolution_s: float
    times_ns: tuple[int, ...]
    values: tuple[float | None, ...]

    def with_gaps(self, silence_s: float) -> tuple[list[int], list[float | None]]:
        """Return times and values with a None wherever nothing was heard for longer than ``silence_s``.

        Buckets without readings are absent from the store's answer; drawn as they are, the line would
        run straight across an outage, as if somebody had measured it.
        """
        limit_ns = max(silence_s, 2 * self.resolution_s) * NS_PER_S
        times: list[int] = []
        values: list[float | None] = []
        for time_ns, value in zip(self.times_ns, self.values, strict=True):
            if times and time_ns - times[-1] > limit_ns:
                times.append(times[-1] + 1)
                values.append(None)
            times.append(time_ns)
            values.append(value)
        return times, values


class History:
    """Asks the readings service, one question at a time for each curve, and keeps answers for 2 s."""

    def __init__(self, link: Link, clock: Clock) -> None:
        """Ask over ``link``."""
        self._link = link
        self._clock = clock
        self._kept: dict[tuple[str, int], Curve] = {}
        self._locks: dict[tuple[str, int], asyncio.Lock] = {}

    async def curve(self, point: str, span_s: int, aggregate: Aggregate = Aggregate.MEAN) -> Curve:
        """Return the last ``span_s`` seconds of ``unit/device/point``; raises LinkError or RefusedError.

        ``aggregate`` belongs to the point: the mean of state words would be a word that nobody sent.
        """
        name = (point, span_s)
        async with self._locks.setdefault(name, asyncio.Lock()):
            kept = self._kept.get(name)
            now_ns = self._clock.now_ns()
            if kept is not None and 0 <= now_ns - kept.end_ns < KEPT_S * NS_PER_S:
                return kept
            curve = await self._ask(point, span_s, aggregate, now_ns)
            self._forget()
            self._kept[name] = curve
            return curve

    async def _ask(self, point: str, span_s: int, aggregate: Aggregate, now_ns: int) -> Curve:
        start_ns = now_ns - span_s * NS_PER_S
        resolution_s = max(1.0, span_s / STEPS)
        (series,) = await self._link.query.range(
            [point], start_ns, now_ns, resolution_s=resolution_s, aggregate=aggregate
        )
        return Curve(start_ns, now_ns, resolution_s, series.time_ns, series.value)

    def _forget(self) -> None:
        """Drop the oldest curve when there are many, so that a long day of looking stays small."""
        if len(self._kept) >= MOST_KEPT:
            name = next(iter(self._kept))
            del self._kept[name]
            self._locks.pop(name, None)
