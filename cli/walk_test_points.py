"""Which points a walk test walks: those that a rule would raise an alarm for, in the scope of the test.

The rules of the site are asked, not names: a smoke detector's ``smoke`` is walked because `smoke_alarm` watches it, its
self-test bit is not, because nothing is raised for it. A system word that is an alarm only while no component explains
it (`unless`) is left out beside its components.

What proves a point is asked of the rules too: an alarm of a walked class, by a rule that reads the point's value.
Nobody can tell by its silence or its shielding that a detector works: a point that is walked for fire is proven by a
fire alone, whatever other classes are walked with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cli.rule_files import load_ruleset
from dashboards.live.walk_log import Walked
from domain import walk_test
from domain.alarm import AlarmClass
from domain.points import Point
from domain.site import Registry
from domain.walk_test import WalkTestView
from rules import Rule
from rules.site_index import SiteIndex

Bools = NDArray[np.bool_]

DEFAULT_CLASSES = (AlarmClass.FIRE,)


def walked_points(
    registry: Registry, rules: Iterable[Rule], test: WalkTestView, classes: Collection[AlarmClass]
) -> Walked:
    """Return what is walked in a test, in the order of the site, and what each rule watches and proves."""
    known, index = list(rules), SiteIndex(registry, [test.unit])
    found = _points(registry, index, known, classes)
    scope = [point for point in found if in_scope(registry, point, test.zones, test.devices)]
    return Walked(scope, _watched_keys(index, known), frozenset(classes), _proving_keys(index, known, classes))


def _watched_keys(index: SiteIndex, rules: Iterable[Rule]) -> Mapping[str, frozenset[str]]:
    """Return the keys of all points that may make each rule raise its alarm, walked or not."""
    return {rule.id: _keys(index, _read(index, rule)) for rule in rules}


def _proving_keys(
    index: SiteIndex, rules: Iterable[Rule], classes: Collection[AlarmClass]
) -> Mapping[str, frozenset[str]]:
    """Return the keys of the points that an alarm of each rule proves; none for a class not walked."""
    asked = [(rule, _valued(index, rule) if rule.alarm_class in classes else _none(index)) for rule in rules]
    for_fire = _none(index)
    for rule, mask in asked:
        if rule.alarm_class is AlarmClass.FIRE:
            for_fire |= mask
    return {
        rule.id: _keys(index, mask if rule.alarm_class is AlarmClass.FIRE else mask & ~for_fire) for rule, mask in asked
    }


def walked_of_site(site: Path, registry: Registry, test: WalkTestView) -> Walked:
    """Return the points to be walked by the rules of a site folder as it is now; raises ConfigurationError."""
    return walked_points(registry, load_ruleset(registry, site / "rules"), test, DEFAULT_CLASSES)


def in_scope(registry: Registry, point: Point, zones: Collection[str], devices: Collection[str]) -> bool:
    """Tell whether a point is in a scope, by its own zone and its device."""
    return walk_test.in_scope(registry.zone_of(point).settings.id, point.device, zones, devices)


def points_of_unit(
    registry: Registry, rules: Iterable[Rule], unit: str, classes: Collection[AlarmClass]
) -> list[Point]:
    """Return all points of a unit that a rule of these classes would raise an alarm for."""
    return _points(registry, SiteIndex(registry, [unit]), rules, classes)


def _points(
    registry: Registry, index: SiteIndex, rules: Iterable[Rule], classes: Collection[AlarmClass]
) -> list[Point]:
    watched = _none(index)
    for rule in rules:
        if rule.alarm_class in classes:
            watched |= _watched(index, rule)
    found = [index.table[at] for at in np.flatnonzero(watched).tolist()]
    zones = {key: at for at, key in enumerate(registry.zones)}
    return sorted(found, key=lambda point: (zones[registry.zone_of(point).key], point.device))


def _none(index: SiteIndex) -> Bools:
    return np.zeros(len(index.table), np.bool_)


def _keys(index: SiteIndex, mask: Bools) -> frozenset[str]:
    return frozenset(index.keys[at] for at in np.flatnonzero(mask).tolist())


def _read(index: SiteIndex, rule: Rule) -> Bools:
    """Return which points the condition of a rule reads, or misses; a time of the day is no point's."""
    mask = _none(index)
    for test in rule.condition.tests():
        if test.schedule is None:
            mask |= index.select_points(rule.watches, test.selector)
    return mask


def _valued(index: SiteIndex, rule: Rule) -> Bools:
    """Return which points the condition of a rule asks for their values; silence is none."""
    mask = _none(index)
    for test in rule.condition.tests():
        if test.is_watched:
            mask |= index.select_points(rule.watches, test.selector)
    return mask


def _watched(index: SiteIndex, rule: Rule) -> Bools:
    """Return which points the condition of a rule reads, less those that others on their device explain."""
    mask = _valued(index, rule)
    if rule.unless is None:
        return mask
    explaining = _none(index)
    for test in rule.unless.tests():
        if test.is_watched:
            explaining |= index.select_points(rule.around, test.selector)
    explained = np.isin(index.device_of, index.device_of[explaining & mask])
    return mask & (explaining | ~explained)
