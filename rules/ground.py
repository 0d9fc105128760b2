"""The ground a partition stands on: its site with what births told of, the plan on it, and the keys of its state.

Points that nobody wrote in the site are *learned*: from the births that the stream holds when a worker
begins, from the keys that a checkpoint was made with, and from the births that pass. A point that is learned
earlier than its first reading changes nothing, so the ground may grow whenever it suits: once for all the
births of a batch, before the first of them is evaluated.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum

from backbone.messages import LogMessage
from backbone.sparkplug.learning import points_of_message
from domain.errors import WireError
from domain.points import Point
from domain.site import Labels, Registry
from rules.compiler import compile_plan
from rules.engine import Engine
from rules.identity import Identity
from rules.model import RuleSet
from rules.plan import Plan
from rules.reserve import Reserve, Roles, spare_points
from rules.site_index import SiteIndex
from rules.snapshot import grown

log = logging.getLogger(__name__)

_BIRTH = ".DBIRTH."


class Learned(IntEnum):
    """What learning did: nothing was new; the plan took it in; the plan must be built anew."""

    NOTHING = 0
    IN_PLACE = 1
    ANEW = 2


class Ground:
    """Site, plan and keys of one partition; ``plan`` and ``identity`` are there after `build`."""

    plan: Plan

    def __init__(self, registry: Registry, units: Collection[str] | None, ruleset: RuleSet) -> None:
        """Stand on the site as it is written; ``units`` None means all."""
        self._registry, self._units, self._ruleset = registry, units, ruleset
        self._roles = Roles(ruleset)
        self._declared = len(registry.points)
        self._reserve: Reserve | None = None
        self._identity: Identity | None = None

    @property
    def identity(self) -> Identity:
        """Keys of the plan as it stands now; worked out when somebody asks."""
        if self._identity is None:
            self._identity = Identity.of(self.plan)
        return self._identity

    def learn(self, points: Iterable[Point]) -> Learned:
        """Take note of points. New ones claim spare rows of the plan; when one can't, the plan must be built anew."""
        mine = [point for point in points if self._units is None or point.unit in self._units]
        self._relabel(mine)
        before = len(self._registry.points)
        self._registry = self._registry.grown(mine)
        new = range(before, len(self._registry.points))
        if not new:
            return Learned.NOTHING
        rows = self._claimed([self._registry.points[at] for at in new])
        if rows is None:
            self._reserve = None  # the plan lacks a point by now: no row of it may be given away
            return Learned.ANEW
        self.plan.site.take_up(self._registry, rows)
        self._identity = None
        return Learned.IN_PLACE

    def first_news(self, messages: Sequence[LogMessage], born: Mapping[int, Sequence[Point]]) -> int:
        """Return how many messages stand before the first birth that names a point unknown here; all without one.

        What stands there needs no growth, and may be a fire: it is evaluated first. ``born``: see `points_born`.
        """
        for at, message in enumerate(messages):
            if any(self._is_news(point) for point in born.get(message.seq, ())):
                return at
        return len(messages)

    def _is_news(self, point: Point) -> bool:
        return (self._units is None or point.unit in self._units) and self._registry.points.get(point.key) is None

    def build(self) -> None:
        """Index the site and compile; takes seconds for a million points, so not in an event loop."""
        devices = [
            one for one in self._registry.devices.values() if self._units is None or one.gateway.unit in self._units
        ]
        points = self._registry.points
        learned = [points[at] for at in range(self._declared, len(points))]
        spare = spare_points(self._registry, learned, self._roles, devices)
        site = SiteIndex(self._registry, self._units, declared=self._declared, spare=spare)
        self.plan = compile_plan(self._ruleset, site)
        self._reserve = Reserve(self._roles, site.table)
        self._identity = None

    def with_rules(self, ruleset: RuleSet) -> Ground:
        """Return built ground for other rules, with the points that this one knows."""
        fresh = Ground(self._registry, self._units, ruleset)
        fresh._declared = self._declared
        fresh.build()
        return fresh

    def grow(self, engine: Engine) -> Engine:
        """Build, and return an engine on the new plan in the state of ``engine``."""
        before = Identity.of(engine.plan)
        self.build()
        return grown(engine, self.plan, self.identity, before)

    def _claimed(self, points: Sequence[Point]) -> list[int] | None:
        """Give spare rows of the plan to points; None when there is none for one of them."""
        if self._reserve is None:
            return None
        site, rows = self.plan.site, []
        for point in points:
            device = site.device(point.unit, point.device)
            row = None if device is None else self._reserve.claim(point, site.rows_of(device))
            if row is None:
                return None
            site.table.claim(row, point)
            rows.append(row)
        return rows

    def _relabel(self, points: Sequence[Point]) -> None:
        """Learned points may get better names: a later birth says what a component's description is."""
        table, labels = self._registry.points, self._registry.point_labels
        better = {}
        for point in points:
            at = table.get(point.key)
            told = Labels(zh=point.label_zh or point.name, en=point.label_en or point.name)
            if at is not None and at >= self._declared and labels.get(point.key) != told:
                better[point.key] = told
        if better:
            self._registry = replace(self._registry, point_labels={**labels, **better})
            if self._reserve is not None:
                self.plan.site.registry = self._registry


def births_in(messages: Iterable[LogMessage]) -> list[LogMessage]:
    """Return the births of devices among some messages of the log."""
    return [message for message in messages if _BIRTH in message.subject]


def points_born(messages: Iterable[LogMessage]) -> dict[int, list[Point]]:
    """Return the points that births tell of, by the birth's sequence number; junk tells of none."""
    found: dict[int, list[Point]] = {}
    for message in births_in(messages):
        try:
            found[message.seq] = points_of_message(message.subject, message.data)
        except WireError as error:
            log.warning("birth %d on %s left out: %s", message.seq, message.subject, error)
    return found
