"""The whole site in figures: what is open in each unit, building and floor, and of which units nothing is known.

Pure. Counts are those of the master lamps (`dashboards.live.lamps`): one open alert counts in one place of
each step above it, consequences of another alarm don't. Only places with alerts are held, so ten thousand calm units
cost nothing; which of them are silent is counted from the lines of their gateways and transmitters.

A unit without an alert is calm only when every line of it is heard and the alarms can be believed (`Summary.known`).

`SiteCount` keeps the figures up: what a change touches is counted, the rest stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dashboards.live.board import Board
from dashboards.live.lamps import alarms_known
from dashboards.live.line_count import LineCount
from dashboards.live.open_count import OpenCount
from dashboards.live.ranking import Ranking
from dashboards.live.tally import CALM, NO_LINES, FloorKey, Lines, Tally
from domain.site import Registry


@dataclass(frozen=True, slots=True)
class AreaState:
    """An area: its units, how many of them have something open or are not heard, all their alerts and lines."""

    area: str
    units: int
    lit: int
    unknown: int
    tally: Tally
    lines: Lines


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a site. ``order``: units with alerts, then those not heard, then the others as the site has them.

    ``known``: the absence of an alarm can be believed. ``cut``: there may be more alerts than are counted.
    ``unheard``: units of which a line is silent, or that have none.
    """

    known: bool = False
    cut: bool = False
    total: Tally = CALM
    units: Mapping[str, Tally] = field(default_factory=dict)
    buildings: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    floors: Mapping[FloorKey, Tally] = field(default_factory=dict)
    lines: Mapping[str, Lines] = field(default_factory=dict)
    unheard: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()
    areas: tuple[AreaState, ...] = ()

    def unit(self, unit: str) -> Tally:
        """Return what is open in a unit."""
        return self.units.get(unit, CALM)

    def lines_of(self, unit: str) -> Lines:
        """Return the lines of a unit."""
        return self.lines.get(unit, NO_LINES)

    def is_heard(self, unit: str) -> bool:
        """Tell whether "nothing open" of a unit can be believed."""
        return self.known and unit not in self.unheard


@dataclass(slots=True)
class _Sum:
    """What the units of an area come to."""

    area: str
    units: int = 0
    lit: int = 0
    unheard: int = 0
    tally: Tally = CALM
    total: int = 0
    silent: int = 0

    def add(self, tally: Tally, lines: Lines, sign: int) -> None:
        """Add what a unit has, or take it away."""
        if tally != CALM:
            self.lit += sign
            self.tally = self.tally.plus(tally) if sign > 0 else self.tally.minus(tally)
        self.unheard += sign * _is_unheard(lines)
        self.total += sign * lines.total
        self.silent += sign * lines.silent

    def state(self, *, known: bool) -> AreaState:
        """Return it as it is shown; of nobody is anything known while alarms aren't."""
        unknown = self.unheard if known else self.units
        return AreaState(self.area, self.units, self.lit, unknown, self.tally, Lines(self.total, self.silent))


class SiteCount:
    """The figures of one site, or of what somebody's scope leaves of it."""

    def __init__(self) -> None:
        """Start with no site."""
        self._registry: Registry | None = None
        self._last = Summary()

    def take(self, board: Board, registry: Registry, now_ns: int) -> Summary:
        """Return the figures as they are now."""
        is_new = not self._is_of(registry)
        if is_new:
            self._begin(registry)
        self._registry = registry
        lit, heard = self._open.take(board), self._lines.take(board, now_ns)
        self._count(lit | heard)
        known, cut = alarms_known(board, now_ns), board.alerts_cut is not None
        if is_new or heard:
            lines, unheard = dict(self._lines.lines), frozenset(self._unheard)
            self._last = replace(self._last, lines=lines, unheard=unheard)
        if is_new or lit or heard or (known, cut) != (self._last.known, self._last.cut):
            self._last = self._made(known=known, cut=cut)
        return self._last

    def _is_of(self, registry: Registry) -> bool:
        """Tell whether units and lines are those that were counted; births of points change neither."""
        seen = self._registry
        return (
            seen is not None
            and seen.units is registry.units
            and seen.gateways is registry.gateways
            and seen.transmitters is registry.transmitters
        )

    def _begin(self, registry: Registry) -> None:
        self._open, self._lines = OpenCount(), LineCount(registry)
        self._ranking = Ranking(registry.units)
        self._area_of = {unit: settings.area or "" for unit, settings in registry.units.items()}
        self._sums = {area: _Sum(area) for area in dict.fromkeys(self._area_of.values())}
        for area in self._area_of.values():
            self._sums[area].units += 1
            self._sums[area].unheard += 1
        self._unheard = set(self._area_of)
        self._had: dict[str, tuple[Tally, Lines]] = {}
        self._total = CALM
        self._last = Summary()

    def _count(self, units: set[str]) -> None:
        """Bring totals, areas and the order up to what units have now."""
        for unit in units:
            had = self._had.get(unit, (CALM, NO_LINES))
            has = (self._open.units.get(unit, CALM), self._lines.lines.get(unit, NO_LINES))
            self._had[unit] = has
            if had[0] != has[0]:
                self._total = self._total.minus(had[0]).plus(has[0])
            if unit in self._area_of:
                area = self._sums[self._area_of[unit]]
                area.add(*had, -1)
                area.add(*has, 1)
                (self._unheard.add if _is_unheard(has[1]) else self._unheard.discard)(unit)
        self._ranking.move(units, self._open.units, self._lines.lines)

    def _made(self, *, known: bool, cut: bool) -> Summary:
        areas = [one.state(known=known) for one in self._sums.values()]
        return replace(
            self._last,
            known=known,
            cut=cut,
            total=self._total,
            units=dict(self._open.units),
            buildings=dict(self._open.buildings),
            floors=dict(self._open.floors),
            order=self._ranking.order,
            areas=tuple(sorted(areas, key=lambda one: (one.tally.order, -one.unknown))),
        )


def _is_unheard(lines: Lines) -> bool:
    return not lines.total or lines.silent > 0
