"""Figures of the alarm load, asked for once a minute however many browsers show them."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.kpi_face import LONGEST_NS, Figures, KpiFace
from dashboards.live.link import Link
from dashboards.live.shared import Shared
from domain.clock import NS_PER_S, Clock

KEPT_S = 60.0
MINUTE_NS = 60 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose load: a unit's, a position's, or (both None) the whole site's."""

    unit: str | None = None
    position: str | None = None


WHOLE = Whose()
"""The whole site's."""


class Load:
    """Asks the alerts service for figures. Times are cut to whole minutes, so that browsers ask the same."""

    def __init__(self, link: Link, clock: Clock) -> None:
        """Ask over ``link``."""
        self._link = link
        self._shared: Shared[tuple[Whose, int, int], Figures] = Shared(clock, most=50)

    async def figures(self, whose: Whose, from_ns: int, until_ns: int) -> Figures:
        """Return the figures of a period; raises RefusedError (the period, an unknown name) or LinkError."""
        begin, end = from_ns - from_ns % MINUTE_NS, until_ns - until_ns % MINUTE_NS
        end = min(max(end, begin + MINUTE_NS), begin + LONGEST_NS)

        async def ask() -> Figures:
            face = KpiFace(self._link.backbone)
            return await face.figures(from_ns=begin, until_ns=end, unit=whose.unit, position=whose.position)

        return await self._shared.get((whose, begin, end), ask, kept_s=KEPT_S)
