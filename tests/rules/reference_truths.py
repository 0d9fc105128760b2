"""Whom the slow evaluator watches, and what is true of them: plain loops over points, plain recursion.

Nothing here is compiled: who is meant and what holds is asked anew each time (and remembered, to save hours).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.alarm import EntityKind
from domain.site import Registry
from domain.site.registry import Device
from rules.conditions import Absent, Condition, Selector
from rules.model import ExplainedBy, Rule, RuleSet, TestedBy
from rules.site_index import SiteIndex
from tests.rules.reference_leaves import (
    A,
    BitsLeaf,
    EqualsLeaf,
    Leaf,
    LimitLeaf,
    N,
    ReachesLeaf,
    StepLeaf,
    Truth,
    U,
)

Fact = tuple[object, ...]
LEAVES: dict[str, type[Leaf]] = {
    "above": LimitLeaf,
    "below": LimitLeaf,
    "bits": BitsLeaf,
    "equals": EqualsLeaf,
    "at_least": ReachesLeaf,
    "at_most": ReachesLeaf,
    "step": StepLeaf,
}
"""Test key -> evaluator; ``absence`` is not asked of readings."""

LeafName = tuple[str, str]
"""Meaning of a test and a point's key; with `Leaf.together` rule and entity instead of the point."""


@dataclass
class PointState:
    last_ns: int | None = None
    heard_ns: int = 0
    value: float = math.nan
    text: str | None = None


@dataclass
class GatewayState:
    heard_ns: int = 0
    dead: bool = False
    died_ns: int = 0
    session: int = -1
    returned_ns: int | None = None


@dataclass
class Alarm:
    rule: Rule
    kind: EntityKind
    key: str
    points: list[str]
    scope: list[str]
    state: str = N
    due_ns: int | None = None
    since_ns: int = 0
    late: bool = False
    high: bool = False
    truths: tuple[Truth, Truth, Truth] = (U, N, N)
    under: list[str] | None = None
    over: list[str] | None = None
    before: dict[tuple[object, ...], Truth] = field(default_factory=dict)


class Watched:
    """A site with the present truth of every test on it."""

    def __init__(self, registry: Registry, ruleset: RuleSet, declared: int | None = None) -> None:
        self.registry = registry
        self.rules = list(ruleset)
        self.around = {rule.id: rule.around for rule in self.rules}
        self.site = SiteIndex(registry, declared=declared)
        self.learned = {point.key for point in list(registry.points)[declared:]} if declared is not None else set()
        self.host_of = {key: one.host for key, one in registry.transmitters.items()}
        self.keys = [point.key for point in self.site.table]
        self.point = {point.key: point for point in self.site.table}
        self.device_of = {key: registry.devices[key.rsplit("/", 1)[0]] for key in self.keys}
        self.points = {key: PointState(heard_ns=-(2**62) if key in self.learned else 0) for key in self.keys}
        self.leaves: dict[LeafName, Leaf] = {}
        self.leaves_of: dict[str, list[LeafName]] = {key: [] for key in self.keys}
        self.gateways = {key: GatewayState() for key in registry.gateways}
        self.absences: dict[tuple[object, ...], Truth] = {}
        self.counted_ns = 0
        self.last_log_ns: int | None = None
        self.late = 0
        self.transitions: list[Fact] = []
        self._remembered: dict[tuple[object, ...], list[object]] = {}
        self.alarms = [alarm for rule in self.rules for alarm in self._alarms(rule)]
        self.rows: dict[LeafName, int] = {}
        for alarm in self.alarms:
            alarm.truths, _ = self._truths(alarm)

    # ---- who is watched ----

    def _silence_s(self, gateway: str) -> float:
        of, default = (Absent.TRANSMITTER, 180.0) if gateway in self.host_of else (Absent.GATEWAY, 15.0)
        asked = [test.absence for rule in self.rules for test in rule.condition.tests()]
        return max((one.within_s or 0.0 for one in asked if one and one.of is of), default=default)

    def _alarms(self, rule: Rule) -> list[Alarm]:
        found = []
        if rule.entity is EntityKind.POINT:
            entities = [(key, [key], self._device_points(self.device_of[key].key)) for key in self.keys]
        elif rule.entity is EntityKind.DEVICE:
            entities = [(key, self._device_points(key), self._device_points(key)) for key in self.registry.devices]
        elif rule.entity is EntityKind.ZONE:
            entities = [(key, self._zone_points(key), self._zone_points(key)) for key in self.registry.zones]
        else:
            entities = [(key, [], []) for key in self.registry.gateways]
        for key, points, scope in entities:
            alarm = Alarm(rule, rule.entity, key, points, scope)
            if self._possible(rule.condition, alarm, rule.watches, points):
                found.append(alarm)
        return found

    def _device_points(self, device: str) -> list[str]:
        return [key for key in self.keys if self.device_of[key].key == device]

    def _zone_points(self, zone: str) -> list[str]:
        return [key for key in self.keys if self.registry.zone_of(self.point[key]).key == zone]

    def _meant(self, points: Iterable[str], *selectors: Selector) -> list[str]:
        return [key for key in points if all(self._point_meant(key, one) for one in selectors)]

    def _point_meant(self, key: str, selector: Selector) -> bool:
        point = self.point[key]
        return (
            self._kind_meant(self.device_of[key], selector)
            and selector.names(point.name)
            and (not selector.word or point.word in selector.word)
            and (not selector.zones or self.registry.zone_of(point).settings.kind in selector.zones)
        )

    def _kind_meant(self, device: Device, selector: Selector) -> bool:
        return (not selector.kind or device.profile.kind in selector.kind) and all(
            tag in device.settings.tags for tag in selector.tags
        )

    def _device_meant(self, device: Device, selector: Selector) -> bool:
        return self._kind_meant(device, selector) and (
            not selector.zones or device.zone.settings.kind in selector.zones
        )

    def _leaves(self, test: Condition, alarm: Alarm, watches: Selector, points: list[str]) -> list[object]:
        """Return the terms or absences that a test has within an entity."""
        name = (id(test), alarm.rule.id, alarm.key, id(watches), id(points))
        if name not in self._remembered:
            self._remembered[name] = self._find_leaves(test, alarm, watches, points)
        return self._remembered[name]

    def _find_leaves(self, test: Condition, alarm: Alarm, watches: Selector, points: list[str]) -> list[object]:
        if test.absence is not None:
            if test.absence.of is not Absent.DEVICE:
                hosted = test.absence.of is Absent.TRANSMITTER
                name = ("gateway", alarm.key, test.absence.within_s, test.absence.reconnect_s)
                return [name] if hosted == (alarm.key in self.host_of) else []
            devices = (
                [key for key, device in self.registry.devices.items() if device.zone.key == alarm.key]
                if alarm.kind is EntityKind.ZONE
                else dict.fromkeys(self.device_of[key].key for key in points)
            )
            meant = [
                key
                for key in devices
                if all(self._device_meant(self.registry.devices[key], one) for one in (watches, test.selector))
            ]
            return [("device", key) for key in meant]
        meant = [key for key in self._meant(points, watches, test.selector) if self._fits(test, key)]
        if LEAVES[test.asks].together:
            return [self._leaf_of(test, f"{alarm.rule.id} {alarm.key}", meant)] if meant else []
        return [self._leaf_of(test, key, [key]) for key in meant]

    def _leaf_of(self, test: Condition, owner: str, keys: list[str]) -> LeafName:
        """Return the name of a leaf, which is made when it is first asked for: before the first message."""
        name = (test.meaning, owner)
        if name not in self.leaves:
            known = all(key in self.learned for key in keys)
            self.leaves[name] = LEAVES[test.asks](test, [self.point[key] for key in keys], known=known)
            for key in keys:
                self.leaves_of[key].append(name)
        return name

    def _possible(self, condition: Condition, alarm: Alarm, watches: Selector, points: list[str]) -> bool:
        if condition.all_of:
            return all(self._possible(part, alarm, watches, points) for part in condition.all_of)
        if condition.any_of:
            return any(self._possible(part, alarm, watches, points) for part in condition.any_of)
        return bool(self._leaves(condition, alarm, watches, points))

    def _fits(self, test: Condition, key: str) -> bool:
        return LEAVES[test.asks].fits(test, self.point[key])

    # ---- truths ----

    def _truth(
        self, condition: Condition, alarm: Alarm, watches: Selector, points: list[str], path: tuple[object, ...]
    ) -> tuple[Truth, int]:
        """Return a condition's truth, and the last reading that made it so where it is new, -1 elsewhere."""
        if condition.parts:
            parts = [
                self._truth(part, alarm, watches, points, (*path, at))
                for at, part in enumerate(condition.parts)
                if self._possible(part, alarm, watches, points)
            ]
            if condition.all_of and len(parts) < len(condition.parts):
                return N, -1
            return self._new(alarm, path, _fold([truth for truth, _ in parts], every=bool(condition.all_of)), parts)
        leaves = [
            self._leaf(leaf, alarm, (*path, "leaf", at))
            for at, leaf in enumerate(self._leaves(condition, alarm, watches, points))
        ]
        return self._new(alarm, path, _fold([truth for truth, _ in leaves], every=False), leaves)

    def _leaf(self, leaf: object, alarm: Alarm, path: tuple[object, ...]) -> tuple[Truth, int]:
        assert isinstance(leaf, tuple)
        if leaf not in self.leaves:
            return self._new(alarm, path, self.absences.get(leaf, U), [])
        truth = self.leaves[leaf].truth
        return self._new(alarm, path, truth, [(truth, self.rows.get(leaf, -1))])

    def _new(
        self, alarm: Alarm, path: tuple[object, ...], truth: Truth, parts: list[tuple[Truth, int]]
    ) -> tuple[Truth, int]:
        before = alarm.before.get(path)
        alarm.before[path] = truth
        return truth, max((row for _, row in parts), default=-1) if truth != before else -1

    def _truths(self, alarm: Alarm) -> tuple[tuple[Truth, Truth, Truth], int]:
        """Return the three truths, and the last reading that made one of them new."""
        rule = alarm.rule
        main = self._truth(rule.condition, alarm, rule.watches, alarm.points, ("main",))
        if rule.unless is not None and alarm.key not in self._meant(
            alarm.scope, self.around[rule.id], rule.unless.selector
        ):
            main = self._unless(alarm, main, rule.unless)
        found = [main]
        for name, condition in (("level", rule.level_when.condition if rule.level_when else None), ("test", rule.test)):
            around = self.around[rule.id]
            scope = self._over(alarm) if name == "test" else alarm.scope
            if condition is None or not self._possible(condition, alarm, around, scope):
                found.append((N, -1))
            else:
                found.append(self._truth(condition, alarm, around, scope, (name,)))
        return (found[0][0], found[1][0], found[2][0]), max(row for _, row in found)

    def _unless(self, alarm: Alarm, main: tuple[Truth, int], unless: Condition) -> tuple[Truth, int]:
        around = self.around[alarm.rule.id]
        scope = alarm.scope
        if alarm.rule.explained_by is ExplainedBy.UNDER:
            if alarm.under is None:
                alarm.under = [key for key in scope if self._above(key, alarm.rule) == alarm.key]
            scope = alarm.under
        if not self._possible(unless, alarm, around, scope):
            return main
        explained = self._truth(unless, alarm, around, scope, ("unless",))
        doubt = self._new(alarm, ("doubt",), N if explained[0] == A else A, [explained])
        return self._new(alarm, ("both",), _fold([main[0], doubt[0]], every=True), [main, doubt])

    def _over(self, alarm: Alarm) -> list[str]:
        """Return the points that may say that an alarm is a test."""
        if alarm.rule.tested_by is TestedBy.DEVICE or alarm.kind is not EntityKind.POINT:
            return alarm.scope
        if alarm.over is None:
            state = f"{alarm.key.rpartition('/')[0]}/state"
            alarm.over = [key for key in alarm.scope if key == state or f"{alarm.key}-".startswith(f"{key}-")]
        return alarm.over

    def _above(self, key: str, rule: Rule) -> str | None:
        """Return the point with an alarm of this rule that a point is under."""
        device = key.rpartition("/")[0]
        alarms = [alarm.key for alarm in self.alarms if alarm.rule is rule and alarm.key.rpartition("/")[0] == device]
        above = [other for other in alarms if key.startswith(f"{other}-")]
        return max(above, key=len, default=f"{device}/state" if f"{device}/state" in alarms else None)


def _fold(truths: list[Truth], *, every: bool) -> Truth:
    """Kleene's and, or."""
    decisive, other = (N, A) if every else (A, N)
    if decisive in truths:
        return decisive
    return U if U in truths else other
