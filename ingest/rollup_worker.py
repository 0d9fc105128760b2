"""Makes the roll-ups, a span at a time: what is new, and the hours that late readings fell into.

On InfluxDB 1 and 2 the server rolls up by itself as well (continuous queries, tasks), so that Grafana has the last
minutes; what a server missed while it was down, and what came later than it looks back, is made here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from domain.clock import Clock
from domain.errors import StoreError
from ingest.rollup_progress import Progress
from ingest.rollups import DAY_NS, HOUR_NS, MINUTE_NS, RollsUp, Tier
from ingest.writer import stopped_within

log = logging.getLogger(__name__)

GRACE_NS = 2 * MINUTE_NS
"""Readings of the newest minutes are still on their way."""
MOST_STEPS = 60
"""Steps of a tier that are made at once."""
LONGEST_DAYS = 3_650
"""How far back roll-ups are made at most, whatever a device's clock said."""
IDLE_S, BETWEEN_S, AFTER_ERROR_S = 20.0, 0.02, 15.0


class RollUpWorker:
    """``step`` does one span of work and can be called from any one thread; ``run`` calls it until told to stop."""

    def __init__(
        self, rolls: RollsUp, progress: Progress, *, tiers: Sequence[Tier], raw_days: int, clock: Clock
    ) -> None:
        """Work on ``rolls``; readings older than ``raw_days`` may be gone, and are not rolled up again (0: never)."""
        self._rolls = rolls
        self._progress = progress
        self._tiers = tiers
        self._raw_days = raw_days
        self._clock = clock
        self._forgot_ns = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Roll up until ``stop`` is set; a store that is down is waited for."""
        told = False
        while not stop.is_set():
            try:
                more = await asyncio.to_thread(self.step)
            except StoreError as error:
                log.log(logging.DEBUG if told else logging.WARNING, "no roll-ups for now: %s", error)
                told = True
                await stopped_within(stop, AFTER_ERROR_S)
            else:
                told = False
                await stopped_within(stop, BETWEEN_S if more else IDLE_S)

    def step(self) -> bool:
        """Do one span; returns whether more waits. Raises as a store does."""
        now_ns = self._clock.now_ns()
        if now_ns - self._forgot_ns > HOUR_NS:
            self._forget(now_ns)
        worked = [self._advance(tier, now_ns) for tier in self._tiers]
        return self._make_again(now_ns) or any(worked)

    def _advance(self, tier: Tier, now_ns: int) -> bool:
        """Make the next span of a tier; returns whether another one waits."""
        start = self._progress.until(tier)
        if start is None:
            start = self._first(tier, now_ns)
        wanted = min((now_ns - GRACE_NS) // tier.step_ns * tier.step_ns, start + MOST_STEPS * tier.step_ns)
        if wanted <= start:
            return False
        end = self._progress.claim(tier, wanted)
        if end <= start:
            return False
        self._rolls.roll_up(tier, start, end)
        self._progress.advance(tier, end)
        return end == start + MOST_STEPS * tier.step_ns

    def _first(self, tier: Tier, now_ns: int) -> int:
        """Return where the roll-ups of a store begin that nobody rolled up yet."""
        oldest = self._rolls.first_ns()
        newest = (now_ns - GRACE_NS) // tier.step_ns * tier.step_ns
        if oldest is None:
            return newest
        kept = tier.keep_days or LONGEST_DAYS
        start = max(oldest, now_ns - kept * DAY_NS, self._whole_from_ns(now_ns))
        return min(start // tier.step_ns * tier.step_ns, newest)

    def _make_again(self, now_ns: int) -> bool:
        """Make one hour again that late readings fell into; returns whether there was one."""
        hour = self._progress.late_hour()
        if hour is None:
            return False
        start, end = hour * HOUR_NS, (hour + 1) * HOUR_NS
        if start >= self._whole_from_ns(now_ns):
            for tier in self._tiers:
                made = min(end, self._progress.until(tier) or 0)
                if made > start:
                    self._rolls.roll_up(tier, start, made // tier.step_ns * tier.step_ns)
        self._progress.made(hour)
        return True

    def _whole_from_ns(self, now_ns: int) -> int:
        """Return from where on all readings are there: a roll-up of what is left would be worse than the old one."""
        if not self._raw_days:
            return 0
        return -(-(now_ns - self._raw_days * DAY_NS) // DAY_NS) * DAY_NS

    def _forget(self, now_ns: int) -> None:
        for tier in self._tiers:
            if tier.keep_days:
                self._rolls.forget(tier, (now_ns - tier.keep_days * DAY_NS) // tier.step_ns * tier.step_ns)
        self._forgot_ns = now_ns
