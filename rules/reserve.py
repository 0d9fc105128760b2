"""Spare rows of a plan, and which of them a new point may claim.

A plan takes long to make (a third of a second for 10,000 points), and transmitters introduce their components
one by one. So a plan that has learned points keeps rows spare: for every device that is like one which learned
something, as many as such devices usually learn. A point may claim a row when no rule can tell it from the
row's model: the same *role*, on the same device, under the same point (`rules.model.ExplainedBy`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.points import Point, PointKind
from domain.quantity import Quantity
from domain.site import Registry
from domain.site.registry import Device
from rules.conditions import Selector
from rules.model import ExplainedBy, Rule, RuleSet, TestedBy
from rules.point_rows import PointRows, is_spare, name_for_rules, spare_name

FEWEST = 2
"""Spare rows where one such point was learned; they double with what is learned."""
MOST = 2_048
"""Spare rows of a plan, or as many as it has points: they cost what points cost."""


@dataclass(frozen=True, slots=True)
class Role:
    """What rules can tell of a point, but for its device and what it is under. ``named``: which patterns it fits."""

    kind: PointKind
    quantity: Quantity
    low: float | None
    high: float | None
    max_silence_s: float
    word: str
    zone: str | None
    named: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Devices of one profile learn alike: what role, under a point of what role."""

    profile: str
    upper: Role | None
    role: Role


class Roles:
    """Knows what a rule set can tell apart."""

    def __init__(self, ruleset: RuleSet) -> None:
        """Gather the patterns of names, and the words of points that others are under."""
        patterns = sorted({one.point for rule in ruleset for one in _selectors(rule) if one.point})
        self._selectors = [Selector(point=one) for one in patterns]
        self._named: dict[str, tuple[bool, ...]] = {}
        uppers: list[Selector] = [rule.watches for rule in ruleset if rule.explained_by is ExplainedBy.UNDER]
        uppers += [
            test.selector
            for rule in ruleset
            if rule.test and rule.tested_by is TestedBy.OVER
            for test in rule.test.tests()
        ]
        self._upper_words = frozenset(word for one in uppers for word in one.word)
        self._any_upper = any(not one.word for one in uppers)

    def of(self, point: Point) -> Role:
        """Return a point's role."""
        name = name_for_rules(point)
        named = self._named.get(name)
        if named is None:
            named = self._named[name] = tuple(one.names(name) for one in self._selectors)
        return Role(
            kind=point.kind,
            quantity=point.quantity,
            low=point.low,
            high=point.high,
            max_silence_s=point.max_silence_s,
            word=point.word,
            zone=point.zone,
            named=named,
        )

    def is_upper(self, point: Point) -> bool:
        """Tell whether other points may be under a point."""
        return self._any_upper or point.word in self._upper_words

    def upper_of(self, point: Point, rows: PointRows) -> int | None:
        """Return the row of the point that a point is under, None when it is under none but its device's state."""
        start, dash, _ = point.key.rpartition("-")
        while dash:
            row = rows.get(start)
            if row is not None and self.is_upper(rows[row]):
                return row
            start, dash, _ = start.rpartition("-")
        return None


class Reserve:
    """The spare rows of one plan that nobody has claimed."""

    def __init__(self, roles: Roles, rows: PointRows) -> None:
        """Find the spare rows."""
        self._roles, self._rows = roles, rows
        self._free: dict[tuple[str, int | None, Role], list[int]] = defaultdict(list)
        for row, point in enumerate(rows):
            if is_spare(point):
                place = (f"{point.unit}/{point.device}", roles.upper_of(point, rows), roles.of(point))
                self._free[place].append(row)

    def claim(self, point: Point, siblings: Iterable[int]) -> int | None:
        """Return a row that a point may have from now on, None when there is none; ``siblings``: rows of its device."""
        if self._roles.is_upper(point) and any(self._rows.keys[row].startswith(f"{point.key}-") for row in siblings):
            return None  # what is under it by name is explained by another point in the plan as it is
        place = (f"{point.unit}/{point.device}", self._roles.upper_of(point, self._rows), self._roles.of(point))
        free = self._free.get(place)
        return free.pop() if free else None


def spare_points(registry: Registry, learned: Sequence[Point], roles: Roles, devices: Sequence[Device]) -> list[Point]:
    """Return the points that stand for spare rows, given what has been learned so far on ``devices``."""
    rows = PointRows(list(learned))
    found: list[Point] = []
    for uppers in (True, False):  # first the points that others may be under, then room under those as well
        models, counts = _learned_kinds(
            registry, [one for one in learned if roles.is_upper(one) is uppers], roles, rows
        )
        wanted = _wanted(models, counts, devices, [*learned, *found], roles)
        found += _spares(wanted, max(MOST, len(registry.points)) - len(found))
    return found


def _learned_kinds(
    registry: Registry, points: Iterable[Point], roles: Roles, rows: PointRows
) -> tuple[dict[_Kind, tuple[Point, str]], dict[_Kind, Counter[tuple[str, str]]]]:
    """Return per kind a model with the rest of its name, and how many each (device, upper) has."""
    models: dict[_Kind, tuple[Point, str]] = {}
    counts: dict[_Kind, Counter[tuple[str, str]]] = defaultdict(Counter)
    for point in points:
        device = f"{point.unit}/{point.device}"
        row = roles.upper_of(point, rows)
        upper = None if row is None else rows[row]
        kind = _Kind(
            registry.devices[device].profile.profile, None if upper is None else roles.of(upper), roles.of(point)
        )
        models.setdefault(kind, (point, point.name if upper is None else point.name[len(upper.name) + 1 :]))
        counts[kind][device, "" if upper is None else upper.name] += 1
    return models, counts


def _wanted(
    models: dict[_Kind, tuple[Point, str]],
    counts: dict[_Kind, Counter[tuple[str, str]]],
    devices: Sequence[Device],
    known: Sequence[Point],
    roles: Roles,
) -> list[tuple[Point, int]]:
    """Return (model on a device, how many) for every device that may learn what its like have learned."""
    uppers: dict[tuple[str, Role], list[str]] = defaultdict(list)
    for point in known:
        if roles.is_upper(point):
            uppers[f"{point.unit}/{point.device}", roles.of(point)].append(point.name)
    alike: dict[str, list[Device]] = defaultdict(list)
    for device in devices:
        alike[device.profile.profile].append(device)
    found = []
    for kind, (model, rest) in models.items():
        told = counts[kind]
        usual = max(FEWEST, math.ceil(told.total() / len(told)))
        for device in alike[kind.profile]:
            for upper in [""] if kind.upper is None else uppers.get((device.key, kind.upper), []):
                unit, gateway = device.gateway.unit, device.gateway.gateway
                name = f"{upper}-{rest}" if upper else rest
                here = replace(model, unit=unit, gateway=gateway, device=device.settings.id, name=name)
                if kind.role.zone is None or told[device.key, upper]:
                    found.append((here, max(usual, told[device.key, upper]), told[device.key, upper]))
    found.sort(key=lambda one: -one[2])  # who has learned something will learn more, and comes first
    return [(model, count) for model, count, _ in found]


def _spares(wanted: Sequence[tuple[Point, int]], most: int) -> list[Point]:
    """Number the spare rows of each model; where they are too many, everybody gets one before anybody gets two."""
    found: dict[str, Point] = {}
    for number in range(max((count for _, count in wanted), default=0)):
        for model, count in wanted:
            if len(found) >= most:
                return list(found.values())
            if number < count:
                spare = replace(model, name=spare_name(model.name, number), label_zh="", label_en="")
                found.setdefault(spare.key, spare)
    return list(found.values())


def _selectors(rule: Rule) -> list[Selector]:
    """Return everything in a rule that may name points."""
    conditions = [rule.condition, *rule.asides]
    tests = [test.selector for condition in conditions for test in condition.tests()]
    return [rule.watches, *tests, *(one for one in (rule.count, rule.picture) if one)]
