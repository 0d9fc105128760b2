"""Units in the order of the overview, kept up: those with alerts by what is worst, those not heard, the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from dashboards.live.tally import NO_LINES, Lines, Tally

MANY = 500
"""Units that change together, from which on sorting all of them is quicker than moving each."""

Rank = tuple[int, tuple[int, ...], int]


class Ranking:
    """Keeps the units of a site in order; within a rank they stand as the site has them."""

    def __init__(self, units: Iterable[str]) -> None:
        """Start with all of them calm."""
        self._at = {unit: at for at, unit in enumerate(units)}
        self._names = list(self._at)
        self._rank: dict[str, Rank] = {unit: (2, (), at) for unit, at in self._at.items()}
        self._ranks = list(self._rank.values())
        self.order = tuple(self._names)

    def move(self, units: set[str], tallies: Mapping[str, Tally], lines: Mapping[str, Lines]) -> None:
        """Put units where they belong now."""
        fresh = {unit: self._ranked(unit, tallies, lines) for unit in units if unit in self._at}
        moved = {unit: rank for unit, rank in fresh.items() if rank != self._rank[unit]}
        if not moved:
            return
        if len(moved) >= MANY:
            self._rank |= moved
            self._ranks = sorted(self._rank.values())
            names = list(self._at)
            self._names = [names[at] for _, _, at in self._ranks]
        else:
            for unit, rank in moved.items():
                self._move(unit, rank)
        self.order = tuple(self._names)

    def _move(self, unit: str, rank: Rank) -> None:
        gone = bisect_left(self._ranks, self._rank[unit])
        del self._ranks[gone], self._names[gone]
        at = bisect_left(self._ranks, rank)
        self._ranks.insert(at, rank)
        self._names.insert(at, unit)
        self._rank[unit] = rank

    def _ranked(self, unit: str, tallies: Mapping[str, Tally], lines: Mapping[str, Lines]) -> Rank:
        tally = tallies.get(unit)
        if tally is not None:
            return 0, tally.order, self._at[unit]
        return (1 if lines.get(unit, NO_LINES).silent else 2), (), self._at[unit]
