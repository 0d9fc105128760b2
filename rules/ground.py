"""The ground a partition stands on: its site with what births told of, the plan on it, and the keys of its state.

Points that nobody wrote in the site are *learned*: from the births that the stream holds when a worker
begins, from the keys that a checkpoint was made with, and from the births that pass. A point that is learned
earlier than its first reading changes nothing, so the ground may grow whenever it suits: once for all the
births of a batch, before the batch is evaluated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

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
from rules.site_index import SiteIndex
from rules.snapshot import grown

_BIRTH = ".DBIRTH."


class Ground:
    """Site, plan and keys of one partition; ``plan`` and ``identity`` are there after `build`."""

    plan: Plan
    identity: Identity

    def __init__(self, registry: Registry, units: Collection[str] | None, ruleset: RuleSet) -> None:
        """Stand on the site as it is written; ``units`` None means all."""
        self._registry, self._units, self._ruleset = registry, units, ruleset
        self._declared = len(registry.points)

    def learn(self, points: Iterable[Point]) -> bool:
        """Take note of points; returns whether any is new here. The plan knows of them after `build`."""
        mine = [point for point in points if self._units is None or point.unit in self._units]
        before = len(self._registry.points)
        self._registry = self._registry.grown(mine)
        self._relabel(mine)
        return len(self._registry.points) > before

    def build(self) -> None:
        """Index the site and compile; takes seconds for a million points, so not in an event loop."""
        site = SiteIndex(self._registry, self._units, declared=self._declared)
        self.plan = compile_plan(self._ruleset, site)
        self.identity = Identity.of(self.plan)

    def grow(self, engine: Engine) -> Engine:
        """Build, and return an engine on the new plan in the state of ``engine``."""
        before = self.identity
        self.build()
        return grown(engine, self.plan, self.identity, before)

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
            if hasattr(self, "plan"):
                self.plan.site.registry = self._registry


def points_born(messages: Iterable[LogMessage]) -> list[Point]:
    """Return the points that the births among some messages of the log tell of; junk tells of none."""
    found: list[Point] = []
    for message in messages:
        if _BIRTH in message.subject:
            try:
                found += points_of_message(message.subject, message.data)
            except WireError:
                continue  # the decoder counts what can't be read
    return found
