"""Backtests as pages see them: how far one is, asked once for all who look; beginning and ending one is told to all."""

from __future__ import annotations

from dashboards.live.link import Link
from dashboards.live.shared import Shared
from domain.clock import Clock
from rules.trials_face import Backtest, BacktestJob

RUNNING_S = 1.0
"""How old an answer may be, and how often a page asks for a backtest that runs."""


class BacktestDesk:
    """Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, link: Link, clock: Clock) -> None:
        """Ask over ``link``."""
        self._link = link
        self._deeds = 0
        self._jobs: Shared[tuple[str, int], BacktestJob | None] = Shared(clock, most=16)

    async def job(self, job_id: str) -> BacktestJob | None:
        """Return a backtest, the newest one without an id; None where there is none."""
        return await self._jobs.get((job_id, self._deeds), lambda: self._link.rules.job(job_id), kept_s=RUNNING_S)

    async def begin(self, asked: Backtest) -> str:
        """Begin one; returns its id."""
        begun = await self._link.rules.backtest(asked)
        self._deeds += 1  # what was asked before knows nothing of it
        return begun

    async def cancel(self, job_id: str) -> None:
        """End one before its time."""
        await self._link.rules.cancel(job_id)
        self._deeds += 1
