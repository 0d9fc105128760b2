"""Leaves that no reading moves: points that are awaited, and schedules with opening hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from domain.alarm import EntityKind
from domain.clock import NS_PER_S
from domain.points import PointKind
from rules.conditions import Absence, Absent, Condition, Schedule, Selector
from rules.kernels import Indexes
from rules.plan import Absences
from rules.schedules import ScheduleLeaf, Spans
from rules.site_index import SiteIndex

Asked = tuple[Condition, tuple[Selector, Selector]]
_WITHIN_A_ZONE = (EntityKind.POINT, EntityKind.DEVICE, EntityKind.ZONE)


class PlaceLeaves:
    """Finds them in a site; to be made before the `Absences`, which list them."""

    def __init__(self, site: SiteIndex) -> None:
        """Look at ``site``."""
        self._site = site

    def awaited(self, asked: Iterable[Asked]) -> tuple[Indexes, Indexes]:
        """Return the points that some tests await, and for how long [ns] each; pairs rise, none twice."""
        found: set[tuple[int, int]] = set()
        for test, selectors in asked:
            if test.absence is not None and test.absence.of is Absent.POINT:
                point, within_ns = self._awaited(test.absence, selectors)
                found |= set(zip(point.tolist(), within_ns.tolist(), strict=True))
        pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def schedules(self, asked: Iterable[Asked]) -> tuple[ScheduleLeaf, ...]:
        """Return the questions of the clock that some tests ask."""
        found: dict[str, ScheduleLeaf] = {}
        for test, _ in asked:
            if test.schedule is not None:
                hours = self._hours() if test.schedule.opening else [()]
                found |= {leaf.key: leaf for leaf in (ScheduleLeaf(test.schedule, one) for one in hours)}
        return tuple(found[key] for key in sorted(found))

    def awaited_leaf(
        self, asked: Absence, selectors: tuple[Selector, Selector], kind: EntityKind, absent: Absences
    ) -> tuple[Indexes, Indexes]:
        """Return (entity, signal) of a point's absence; entities may repeat."""
        point, within_ns = self._awaited(asked, selectors)
        within = np.full(len(self._site.table), -1, np.int64)
        within[point] = within_ns
        mine = np.flatnonzero(within[absent.point] == absent.point_within_ns)
        entity = absent.point[mine]
        if kind is not EntityKind.POINT:
            entity = self._site.entities_of_points(kind)[entity].astype(np.int64)
        return entity, absent.first_signal + len(absent.device) + len(absent.gateway) + mine

    def schedule_leaf(
        self, asked: Schedule, selectors: tuple[Selector, Selector], kind: EntityKind, absent: Absences
    ) -> tuple[Indexes, Indexes]:
        """Return the entities with points that are meant, each with the answer for its opening hours; none without."""
        site = self._site
        entity = np.flatnonzero(site.select_points(*selectors))
        if kind is not EntityKind.POINT:
            entity = np.unique(site.entities_of_points(kind)[entity]).astype(np.int64)
        number = {leaf.key: at for at, leaf in enumerate(absent.schedules)}
        if asked.opening is None:
            leaf = np.full(len(entity), number[ScheduleLeaf(asked).key])
        else:
            hours = [-1 if one is None else number[ScheduleLeaf(asked, one).key] for one in self._open(kind)]
            leaf = np.array(hours, np.int64)[self._home(kind)[entity]]
        return entity[leaf >= 0], absent.first_schedule + leaf[leaf >= 0]

    def _awaited(self, absence: Absence, selectors: Sequence[Selector]) -> tuple[Indexes, Indexes]:
        """Return the points that are meant, and how long each may be silent [ns]; events come when they come."""
        site = self._site
        event = np.array([point.kind is PointKind.EVENT for point in site.table], np.bool_)
        point = np.flatnonzero(site.select_points(*selectors) & ~event)
        own = site.max_silence_ns[point]
        return point, own if absence.within_s is None else np.full(len(point), round(absence.within_s * NS_PER_S))

    def _hours(self) -> list[Spans]:
        """Return the different opening hours of units and zones."""
        registry = self._site.registry
        written = [unit.opening for unit in registry.units.values()]
        written += [zone.opening for zone in registry.zones.values()]
        return list(dict.fromkeys(one for one in written if one is not None))

    def _open(self, kind: EntityKind) -> list[Spans | None]:
        """Return the opening hours of every zone, or of every unit for what is not within a zone."""
        registry = self._site.registry
        if kind in _WITHIN_A_ZONE:
            return [registry.zones[key].opening for key in self._site.zones]
        return [registry.units[key].opening for key in self._site.units]

    def _home(self, kind: EntityKind) -> Indexes:
        """Return the zone (or unit, as in `_open`) of every entity of a kind."""
        site = self._site
        match kind:
            case EntityKind.POINT:
                return site.place_of.astype(np.int64)
            case EntityKind.DEVICE:
                return site.zone_of.astype(np.int64)
            case EntityKind.ZONE:
                return np.arange(len(site.zones))
            case _:
                unit = [key.partition("/")[0] for key in site.entities(kind)]
                return np.array([site.units.index(one) if one in site.units else -1 for one in unit], np.int64)
