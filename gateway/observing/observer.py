"""Looks at the gateway once a second, and whenever somebody asks.

What has to be seen while it happens is seen here: a link that comes and goes, a clock that jumps. All else is
counted where it happens and only read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from domain.clock import NS_PER_S, Clock
from gateway.connectors.contract import Health
from gateway.observing.lanes import LaneTimes
from gateway.observing.own_process import own_figures
from gateway.observing.snapshot import ClockFigures, Snapshot, UplinkFigures
from gateway.spool import SpoolFigures, SpoolLimits

log = logging.getLogger(__name__)

LOOK_S = 1.0
LEAST_STEP_S = 1.0
"""A wall clock that moved by so much against the monotonic one was set, and has not drifted."""


class Counts(Protocol):
    """What the observer asks of a spool."""

    limits: SpoolLimits

    async def figures(self) -> SpoolFigures:
        """Return the state now."""


class Observer:
    """Makes a `Snapshot`; `run` keeps what it needs to know of the past."""

    def __init__(
        self,
        *,
        unit: str,
        gateway: str,
        spool: Counts,
        clock: Clock,
        health: Callable[[], Mapping[str, Health]],
        hosting: Callable[[], Mapping[str, float]],
    ) -> None:
        """Nothing is looked at before `run`; ``health`` and ``hosting`` are asked at each look."""
        self.unit, self.gateway = unit, gateway
        self.clock = clock
        self.health = health
        self.lanes = LaneTimes()
        self.uplink = UplinkFigures()
        self.link_is_up: Callable[[], bool] = lambda: False
        """Set by whoever holds the link."""
        self.forbidden: Callable[[], int] = lambda: 0
        self.absences: list[float] = []
        """How long the link was away [s], each time that it came back; emptied by whoever tells it."""
        self.steps: list[float] = []
        """Steps of the clock [s]; emptied likewise."""
        self._clock_figures = ClockFigures()
        self._spool, self._hosting = spool, hosting
        self._began_s = time.monotonic()
        self._offset_s = self._wall_s() - self._began_s
        self._away_since_s = self._began_s
        self._was_up = False

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """See whether the link or the clock has changed."""
        now_s = time.monotonic()
        self._look_at_link(now_s)
        step_s = self._wall_s() - now_s - self._offset_s
        if abs(step_s) >= LEAST_STEP_S:
            log.warning("the clock was set by %+.1f s", step_s)
            self._clock_figures.steps += 1
            self._clock_figures.last_step_s = step_s
            self.steps.append(step_s)
        self._offset_s += step_s  # slow drift is followed, it is no step

    async def snapshot(self) -> Snapshot:
        """Return everything as it is now; raises StoreError when the spool can't be asked."""
        spool = await self._spool.figures()
        self._look_at_link(time.monotonic())
        self.uplink.forbidden = self.forbidden()
        return Snapshot(
            unit=self.unit,
            gateway=self.gateway,
            time_ns=self.clock.now_ns(),
            age_s=time.monotonic() - self._began_s,
            spool=spool,
            limits=self._spool.limits,
            health=self.health(),
            lanes=self.lanes,
            uplink=self.uplink,
            clock=self._clock_figures,
            process=own_figures(),
            hosting=self._hosting(),
        )

    def _look_at_link(self, now_s: float) -> None:
        up = self.link_is_up()
        if up and not self.uplink.up:
            if self._was_up:
                self.uplink.reconnects += 1
                self.absences.append(now_s - self._away_since_s)
            self._was_up = True
        elif self.uplink.up and not up:
            self._away_since_s = now_s
        self.uplink.up = up
        self.uplink.away_s = 0.0 if up else now_s - self._away_since_s

    def _wall_s(self) -> float:
        return self.clock.now_ns() / NS_PER_S
