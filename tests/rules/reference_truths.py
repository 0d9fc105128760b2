"""Whom the slow evaluator watches, and what is true of them: plain loops over points, plain recursion.

Nothing here is compiled: who is meant and what holds is asked anew each time (and remembered, to save hours).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.alarm import EntityKind
from domain.quantity import Quantity
from domain.site import Registry
from domain.site.registry import Device
from rules.conditions import Absent, Condition, Selector
from rules.model import ExplainedBy, Rule, RuleSet, TestedBy
from rules.site_index import SiteIndex
from tests.rules.reference_formulas import formula_fits, formula_truth, names_in
from tests.rules.reference_places import Course, Held, Places, home_of
from tests.rules.reference_windows import Memory

N, A, U = "normal", "alarm", "unknown"
Truth = str
Fact = tuple[object, ...]


@dataclass
class Term:
    """One test on one point."""

    held: bool = False
    known: bool = False
    level: float = math.nan
    last_ns: int = 0
    memory: Memory = field(default_factory=Memory)

    @property
    def truth(self) -> Truth:
        return (A if self.held else N) if self.known else U


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
    truths: tuple[Truth, Truth, Truth, Truth] = (U, N, N, N)
    under: list[str] | None = None
    over: list[str] | None = None
    before: dict[tuple[object, ...], Truth] = field(default_factory=dict)
    held: dict[tuple[object, ...], Held] = field(default_factory=dict)
    courses: dict[tuple[object, ...], Course] = field(default_factory=dict)


class Watched(Places):
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
        self.terms: dict[tuple[str, str], Term] = {}
        self.asked: dict[str, Condition] = {}
        self.gateways = {key: GatewayState() for key in registry.gateways}
        self.absences: dict[tuple[object, ...], Truth] = {}
        self.present = dict.fromkeys(self.keys, math.nan)
        self.counted_ns = 0
        self.last_log_ns: int | None = None
        self.late = 0
        self.outside_windows = 0
        self.transitions: list[Fact] = []
        self._remembered: dict[tuple[object, ...], list[object]] = {}
        self._tests: dict[str, list[Condition]] = {}
        self.remembered_parts: dict[tuple[object, ...], list[Alarm]] = {}
        self.alarms = [alarm for rule in self.rules for alarm in self._alarms(rule)]
        self.rows: dict[tuple[str, str], int] = {}
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
        elif rule.entity in (EntityKind.ZONE, EntityKind.BUILDING, EntityKind.UNIT):
            homes = dict.fromkeys(home_of(zone, rule.entity) for zone in self.registry.zones.values())
            entities = [(key, (here := self._home_points(key, rule.entity)), here) for key in homes]
        else:
            entities = [(key, [], []) for key in self.registry.gateways]
        for key, points, scope in entities:
            alarm = Alarm(rule, rule.entity, key, points, scope)
            if self._possible(rule.condition, alarm, rule.watches, points):
                found.append(alarm)
        return found

    def part(self, alarm: Alarm, kind: EntityKind, key: str, points: list[str]) -> Alarm:
        """Return one point or device of an entity, to ask a condition of it alone."""
        return Alarm(alarm.rule, kind, key, points, points)

    def all_tests(self, rule: Rule) -> list[Condition]:
        """Return the tests of all conditions of a rule."""
        level = rule.level_when.condition if rule.level_when else None
        return [
            test
            for one in (rule.condition, level, rule.unless, rule.test, rule.stays_while)
            if one
            for test in one.tests()
        ]

    def _device_points(self, device: str) -> list[str]:
        return [key for key in self.keys if self.device_of[key].key == device]

    def _home_points(self, home: str, kind: EntityKind) -> list[str]:
        return [key for key in self.keys if home_of(self.registry.zone_of(self.point[key]), kind) == home]

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
        if test.schedule is not None:
            return self._schedule_leaves(test, alarm, self._meant(points, watches, test.selector))
        if test.absence is not None and test.absence.of is Absent.POINT:
            return self._awaited_leaves(test.absence, self._meant(points, watches, test.selector))
        if test.absence is not None:
            if test.absence.of is not Absent.DEVICE:
                hosted = test.absence.of is Absent.TRANSMITTER
                name = ("gateway", alarm.key, test.absence.within_s, test.absence.reconnect_s)
                return [name] if hosted == (alarm.key in self.host_of) else []
            devices = (
                [key for key, device in self.registry.devices.items() if home_of(device.zone, alarm.kind) == alarm.key]
                if alarm.kind in (EntityKind.ZONE, EntityKind.BUILDING, EntityKind.UNIT)
                else dict.fromkeys(self.device_of[key].key for key in points)
            )
            meant = [
                key
                for key in devices
                if all(self._device_meant(self.registry.devices[key], one) for one in (watches, test.selector))
            ]
            return [("device", key) for key in meant]
        meant = self._meant(points, watches, test.selector)
        if test.expression is not None:
            return [(test, key) for key in meant if formula_fits(test.expression, key, self.point, self.learned)]
        return [(test, key) for key in meant if self._fits(test, key)]

    def _possible(self, condition: Condition, alarm: Alarm, watches: Selector, points: list[str]) -> bool:
        if condition.several:
            parts = self._several_parts(condition, alarm, watches, points)
            return len(parts) >= self._needed(condition.several, parts) and bool(parts)
        if condition.sequence:
            return all(self._possible(step, alarm, watches, points) for step in condition.sequence.steps)
        if condition.all_of:
            return all(self._possible(part, alarm, watches, points) for part in condition.all_of)
        if condition.any_of:
            return any(self._possible(part, alarm, watches, points) for part in condition.any_of)
        return bool(self._leaves(condition, alarm, watches, points))

    def _fits(self, test: Condition, key: str) -> bool:
        asked, quantity = test.measured, self.point[key].quantity
        if asked is not None:
            return asked.canonical is quantity and self._limit(test, key) is not None
        return quantity in (Quantity.NONE, Quantity.COUNT)

    def _limit(self, test: Condition, key: str) -> float | None:
        of = test.count.of if test.count else test.flap.of if test.flap else None
        if test.window:
            asked = test.window.asked
            if isinstance(asked, str):
                return self.point[key].low if asked == "low" else self.point[key].high
            return test.window.statistic(asked)
        limit = (of.above or of.below) if of else (test.above or test.below)
        if limit is None:
            return 0.0
        if limit.limit == "low":
            return self.point[key].low
        return self.point[key].high if limit.limit == "high" else limit.value(limit.limit)

    # ---- truths ----

    def _truth(
        self, condition: Condition, alarm: Alarm, watches: Selector, points: list[str], path: tuple[object, ...]
    ) -> tuple[Truth, int]:
        """Return a condition's truth, and the last reading that made it so where it is new, -1 elsewhere."""
        if condition.several:
            return self._several(condition, alarm, watches, points, path)
        if condition.sequence:
            return self._sequence(condition, alarm, watches, points, path)
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
        if leaf[0] == "schedule":
            return self._new(alarm, path, self._schedule_truth(leaf), [])
        if not isinstance(leaf[0], Condition):
            return self._new(alarm, path, self.absences.get(leaf, U), [])
        if leaf[0].expression is not None:
            truth = self._formula(leaf[0], leaf[1])
        else:
            truth = self._term(leaf[0], leaf[1]).truth
        return self._new(alarm, path, truth, [(truth, self.rows.get((leaf[0].meaning, leaf[1]), -1))])

    def _formula(self, test: Condition, anchor: str) -> Truth:
        device = anchor.rpartition("/")[0]
        return formula_truth(test.expression or "", lambda name: self.present[f"{device}/{name}"])

    def formulas_of(self, key: str) -> list[tuple[Condition, str]]:
        """Return the formulas that a point stands in, with their anchors."""
        device = key.rpartition("/")[0]
        found = {}
        for rule in self.rules:
            level = rule.level_when.condition if rule.level_when else None
            for condition in (rule.condition, level, rule.unless, rule.test, rule.stays_while):
                for test in condition.tests() if condition else ():
                    if test.expression is not None and key.rpartition("/")[2] in names_in(test.expression):
                        found[test.meaning] = (test, f"{device}/{names_in(test.expression)[0]}")
        return list(found.values())

    def _new(
        self, alarm: Alarm, path: tuple[object, ...], truth: Truth, parts: list[tuple[Truth, int]]
    ) -> tuple[Truth, int]:
        before = alarm.before.get(path)
        alarm.before[path] = truth
        return truth, max((row for _, row in parts), default=-1) if truth != before else -1

    def _term(self, test: Condition, key: str) -> Term:
        self.asked[test.meaning] = test
        return self.terms.setdefault((test.meaning, key), Term(known=key in self.learned))

    def _truths(self, alarm: Alarm) -> tuple[tuple[Truth, Truth, Truth, Truth], int]:
        """Return the four truths, and the last reading that made one of them new."""
        rule = alarm.rule
        main = self._truth(rule.condition, alarm, rule.watches, alarm.points, ("main",))
        if rule.unless is not None and not (
            rule.unless.is_watched and alarm.key in self._meant(alarm.scope, self.around[rule.id], rule.unless.selector)
        ):
            main = self._unless(alarm, main, rule.unless)
        found = [main]
        level = rule.level_when.condition if rule.level_when else None
        for name, condition in (("level", level), ("test", rule.test), ("stays", rule.stays_while)):
            around = self.around[rule.id]
            scope = self._over(alarm) if name == "test" else alarm.scope
            if condition is None or not self._possible(condition, alarm, around, scope):
                found.append((N, -1))
            else:
                found.append(self._truth(condition, alarm, around, scope, (name,)))
        return (found[0][0], found[1][0], found[2][0], found[3][0]), max(row for _, row in found)

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

    def _tests_of(self, key: str) -> list[Condition]:
        """Return the tests that watch a point, each meaning once."""
        if key not in self._tests:
            self._tests[key] = self._find_tests(key)
        return self._tests[key]

    def _find_tests(self, key: str) -> list[Condition]:
        found: dict[str, Condition] = {}
        for rule in self.rules:
            level = rule.level_when.condition if rule.level_when else None
            asked = [
                (rule.watches, rule.condition),
                *((self.around[rule.id], one) for one in (level, rule.unless, rule.test, rule.stays_while) if one),
            ]
            for watches, condition in asked:
                for test in condition.tests():
                    watched = test.is_watched and not test.expression
                    if watched and self._meant([key], watches, test.selector) and self._fits(test, key):
                        found[test.meaning] = test
        return list(found.values())


def _fold(truths: list[Truth], *, every: bool) -> Truth:
    """Kleene's and, or."""
    decisive, other = (N, A) if every else (A, N)
    if decisive in truths:
        return decisive
    return U if U in truths else other
