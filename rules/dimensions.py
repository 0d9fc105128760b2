"""Holds the quantities of a rule's limits against those of the points that it would watch.

kPa against °C is a mistake that no run would show: the comparison works, and never says anything true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.documents import Path, nearest
from domain.errors import Problem
from domain.quantity import Quantity
from domain.site import Registry
from domain.site.registry import Device
from domain.words import BITS, VALUES
from rules.conditions import PLAIN, Condition, Selector
from rules.formula_checks import Instrumented, formula_problem, instrumented
from rules.model import Rule, RuleSet


@dataclass(frozen=True, slots=True)
class _Like:
    """What selectors can tell apart of points but their names: those of one of their devices stand for all."""

    device: Device
    zone_kind: str
    word: str
    quantity: Quantity

    def meant_by(self, selector: Selector) -> bool:
        return (
            means_device(selector, self.device)
            and (not selector.zones or self.zone_kind in selector.zones)
            and (not selector.word or self.word in selector.word)
        )


def dimension_problems(ruleset: RuleSet, registry: Registry) -> list[Problem]:
    """Return one problem for each test whose quantity is not that of every point it watches, and each unknown word."""
    points = _alike(registry)
    problems = _word_problems(ruleset, {like.word for like, _ in points} | set(BITS) | set(VALUES))
    devices: list[Instrumented] = []
    for rule in ruleset:
        document = ruleset.documents[rule.id]
        for path, test in _tests(rule):
            watches = rule.watches if path[0] == "condition" else rule.around
            if test.expression is not None:
                devices = devices or instrumented(registry, signature)
                found = formula_problem(test, devices, means_device, watches)
            else:
                found = _wrong(watches, test, points)
            if found is not None:
                problems.append(document.problem((*path, test.asks), *found))
    return problems


def _alike(registry: Registry) -> list[tuple[_Like, set[str]]]:
    """Return the names of all points, those together that selectors tell apart by their names only."""
    found: dict[tuple[object, ...], tuple[_Like, set[str]]] = {}
    for point in registry.points:
        device = registry.devices[f"{point.unit}/{point.device}"]
        zone_kind = registry.zone_of(point).settings.kind
        key = (signature(device), zone_kind, point.word, point.quantity)
        if key not in found:
            found[key] = (_Like(device, zone_kind, point.word, point.quantity), set())
        found[key][1].add(point.name)
    return list(found.values())


def _word_problems(ruleset: RuleSet, known: set[str]) -> list[Problem]:
    """Return one problem for each word that no table explains and no point has: a slip of the pen watches nothing."""
    problems = []
    for rule in ruleset:
        places: list[tuple[Path, Selector]] = [(("watches",), rule.watches)]
        places += [(path, test.selector) for path, test in _tests(rule)]
        for path, selector in places:
            for word in (word for word in selector.word if word not in known):
                mend = nearest(word, known - {""})
                problems.append(
                    ruleset.documents[rule.id].problem((*path, "word"), f"no point here has the word '{word}'", mend)
                )
    return problems


def signature(device: Device) -> tuple[object, ...]:
    """Return what selectors can tell apart: devices of equal signature are selected alike."""
    return (device.profile.profile, device.zone.settings.kind, device.settings.tags)


def selects(selector: Selector, device: Device) -> bool:
    """Tell whether a selector means a device."""
    return means_device(selector, device) and (not selector.zones or device.zone.settings.kind in selector.zones)


def means_device(selector: Selector, device: Device) -> bool:
    """Tell whether a selector means a device wherever it is: its points may be elsewhere."""
    return (not selector.kind or device.profile.kind in selector.kind) and set(selector.tags) <= set(
        device.settings.tags
    )


def _tests(rule: Rule) -> Iterator[tuple[Path, Condition]]:
    roots: list[tuple[Path, Condition]] = [(("condition",), rule.condition)]
    roots += [(("unless",), rule.unless)] if rule.unless else []
    roots += [(("test",), rule.test)] if rule.test else []
    roots += [(("level_when", "condition"), rule.level_when.condition)] if rule.level_when else []
    roots += [(("stays_while",), rule.stays_while)] if rule.stays_while else []
    while roots:
        path, condition = roots.pop(0)
        roots += [((*path, *below), part) for below, part in condition.placed]
        if condition.is_watched:
            yield path, condition


def _wrong(watches: Selector, test: Condition, points: Sequence[tuple[_Like, set[str]]]) -> tuple[str, str] | None:
    """Return what is wrong with a test and its mend, by the first point that does not fit."""
    asked = test.measured
    for like, names in points:
        if like.quantity in (PLAIN if asked is None else (asked.canonical,)):
            continue
        if not (like.meant_by(watches) and like.meant_by(test.selector)):
            continue
        name = next((name for name in sorted(names) if watches.names(name) and test.selector.names(name)), None)
        if name is None:
            continue
        where = f"{like.device.profile.profile}/{name}"
        if asked is not None:
            mend = f"write a quantity of {like.quantity.value}, or watch other points"
            return f"{asked.quantity} does not fit {where}, which is in {like.quantity.value}", mend
        mend = f"use 'above' or 'below' with 'quantity: {like.quantity.value}'"
        return f"{where} is in {like.quantity.value}, and {test.asks} takes no quantity", mend
    return None
