"""The whole site in figures: what is open in each unit, building and floor, and of which units nothing is known.

Pure. Counts are those of the master lamps (`dashboards.live.lamps`): one open alert counts in one place of
each step above it, consequences of another alarm don't. Only places with alerts are held, so ten thousand calm units
cost nothing; which of them are silent is counted from the lines of their gateways and transmitters.

A unit without an alert is calm only when every line of it is heard and the alarms can be believed (`Summary.known`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from dashboards.live.board import Board
from dashboards.live.health import gateway_health, own_gateways
from dashboards.live.lamps import LampKind, alarms_known, lamp_of
from dashboards.live.nodes import Line
from domain.alert import AlertView
from domain.site import Registry

K = TypeVar("K")

KINDS: tuple[LampKind, ...] = tuple(kind for kind in LampKind if kind is not LampKind.LINK)
"""What is counted, the worst first."""

_INDEX: Mapping[LampKind, int] = {kind: at for at, kind in enumerate(KINDS)}
_NONE = (0,) * len(KINDS)

FloorKey = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Open alerts of a place by `KINDS`, and how many of them nobody acknowledged."""

    counts: tuple[int, ...] = _NONE
    fresh: tuple[int, ...] = _NONE

    def of(self, kind: LampKind) -> int:
        """Return how many of a kind are open."""
        return self.counts[_INDEX[kind]]

    def fresh_of(self, kind: LampKind) -> int:
        """Return how many of a kind nobody acknowledged."""
        return self.fresh[_INDEX[kind]]

    @property
    def worst(self) -> LampKind | None:
        """The worst kind that is there."""
        return next((kind for kind, count in zip(KINDS, self.counts, strict=True) if count), None)

    @property
    def order(self) -> tuple[int, ...]:
        """What sorts the worst first: more of the worst kind, then of the next."""
        return tuple(-count for count in self.counts)


CALM = Tally()


@dataclass(frozen=True, slots=True)
class Lines:
    """Gateways and transmitters of a unit or area: how many there are, and of how many there is no good news."""

    total: int = 0
    silent: int = 0


NO_LINES = Lines()


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
    """

    known: bool = False
    cut: bool = False
    total: Tally = CALM
    units: Mapping[str, Tally] = field(default_factory=dict)
    buildings: Mapping[tuple[str, str], Tally] = field(default_factory=dict)
    floors: Mapping[FloorKey, Tally] = field(default_factory=dict)
    lines: Mapping[str, Lines] = field(default_factory=dict)
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
        lines = self.lines_of(unit)
        return self.known and lines.total > 0 and not lines.silent


def summarise(board: Board, registry: Registry, now_ns: int) -> Summary:
    """Count everything once."""
    units, buildings, floors = _Counter[str](), _Counter[tuple[str, str]](), _Counter[FloorKey]()
    for alert in board.alerts.values():
        kind = lamp_of(alert)
        if kind is None:
            continue
        place, fresh = alert.place, is_fresh(alert)
        units.add(place.unit, kind, fresh=fresh)
        if place.building is not None:
            buildings.add((place.unit, place.building), kind, fresh=fresh)
            if place.floor is not None:
                floors.add((place.unit, place.building, place.floor), kind, fresh=fresh)
    by_unit = units.tallies()
    lines = count_lines(board, registry, now_ns)
    known = alarms_known(board, now_ns)
    summary = Summary(
        known=known,
        cut=board.alerts_cut is not None,
        total=total(by_unit.values()),
        units=by_unit,
        buildings=buildings.tallies(),
        floors=floors.tallies(),
        lines=lines,
        order=tuple(_ordered(registry, by_unit, lines)),
    )
    return _with_areas(summary, registry)


def is_fresh(alert: AlertView) -> bool:
    """Tell whether an alert waits for somebody: what a walk test holds does not."""
    return alert.acknowledged_at_ns is None and not alert.held


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    counts, fresh = list(_NONE), list(_NONE)
    for tally in tallies:
        for at in range(len(KINDS)):
            counts[at] += tally.counts[at]
            fresh[at] += tally.fresh[at]
    return Tally(tuple(counts), tuple(fresh))


def count_lines(board: Board, registry: Registry, now_ns: int) -> dict[str, Lines]:
    """Return the lines of each unit that has any: gateways with a process, and transmitters by what their host says."""
    totals: dict[str, int] = defaultdict(int)
    silent: dict[str, int] = defaultdict(int)
    reachable: dict[str, bool] = {}
    for key in own_gateways(registry):
        health = gateway_health(board, key, now_ns)
        reachable[key] = health.reachable
        unit = key.partition("/")[0]
        totals[unit] += 1
        silent[unit] += not health.fine
    for key, transmitter in registry.transmitters.items():
        unit = transmitter.settings.unit
        totals[unit] += 1
        silent[unit] += not (reachable.get(transmitter.host, False) and board.nodes.of(key).line is Line.UP)
    return {unit: Lines(count, silent[unit]) for unit, count in totals.items()}


class _Counter(Generic[K]):
    """Counts by place and kind."""

    def __init__(self) -> None:
        self._counts: dict[K, list[int]] = {}
        self._fresh: dict[K, list[int]] = {}

    def add(self, place: K, kind: LampKind, *, fresh: bool) -> None:
        self._counts.setdefault(place, list(_NONE))[_INDEX[kind]] += 1
        self._fresh.setdefault(place, list(_NONE))[_INDEX[kind]] += fresh

    def tallies(self) -> dict[K, Tally]:
        return {place: Tally(tuple(counts), tuple(self._fresh[place])) for place, counts in self._counts.items()}


def _ordered(registry: Registry, tallies: Mapping[str, Tally], lines: Mapping[str, Lines]) -> Iterator[str]:
    """Yield units: those with alerts by what is worst, those that are not heard, the others."""
    lit = [unit for unit in registry.units if unit in tallies]
    yield from sorted(lit, key=lambda unit: tallies[unit].order)
    rest = [unit for unit in registry.units if unit not in tallies]
    yield from (unit for unit in rest if lines.get(unit, NO_LINES).silent)
    yield from (unit for unit in rest if not lines.get(unit, NO_LINES).silent)


def _with_areas(summary: Summary, registry: Registry) -> Summary:
    """Add the areas, the worst first; units without an area are one of their own, called ``""``."""
    members: dict[str, list[str]] = defaultdict(list)
    for unit, settings in registry.units.items():
        members[settings.area or ""].append(unit)
    areas = [_area(summary, area, units) for area, units in members.items()]
    return replace(summary, areas=tuple(sorted(areas, key=lambda one: (one.tally.order, -one.unknown))))


def _area(summary: Summary, area: str, units: list[str]) -> AreaState:
    lines = [summary.lines_of(unit) for unit in units]
    return AreaState(
        area=area,
        units=len(units),
        lit=sum(unit in summary.units for unit in units),
        unknown=sum(not summary.is_heard(unit) for unit in units),
        tally=total(summary.units[unit] for unit in units if unit in summary.units),
        lines=Lines(sum(one.total for one in lines), sum(one.silent for one in lines)),
    )
