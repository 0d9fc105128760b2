"""Holds the quantities of a rule's limits against those of the points that it would watch.

kPa against °C is a mistake that no run would show: the comparison works, and never says anything true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.documents import Path
from domain.errors import Problem
from domain.site import Registry
from domain.site.registry import Device
from rules.conditions import PLAIN, Condition, Measured, Selector
from rules.model import Rule, RuleSet


def dimension_problems(ruleset: RuleSet, registry: Registry) -> list[Problem]:
    """Return one problem for each test whose quantity is not that of every point it watches."""
    kinds = representatives(registry.devices.values()).values()
    problems = []
    for rule in ruleset:
        document = ruleset.documents[rule.id]
        for path, test in _tests(rule):
            found = _wrong(rule.watches if path[0] == "condition" else rule.around, test, kinds)
            if found is not None:
                problems.append(document.problem((*path, test.asks), *found))
    return problems


def representatives(devices: Iterable[Device]) -> dict[tuple[object, ...], Device]:
    """Return one device for each combination of what selectors can tell apart."""
    found: dict[tuple[object, ...], Device] = {}
    for device in devices:
        found.setdefault(signature(device), device)
    return found


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
    while roots:
        path, condition = roots.pop(0)
        roots += [((*path, condition.asks, at), part) for at, part in enumerate(condition.parts)]
        if not condition.parts and condition.absence is None:
            yield path, condition


def _wrong(watches: Selector, test: Condition, kinds: Iterable[Device]) -> tuple[str, str] | None:
    """Return what is wrong with a test and its mend, by the first point that does not fit."""
    asked = getattr(test, test.asks)
    for device in kinds:
        if not (selects(watches, device) and selects(test.selector, device)):
            continue
        for point in device.profile.points:
            if not (watches.names(point.id) and test.selector.names(point.id)):
                continue
            where = f"{device.profile.profile}/{point.id}"
            if isinstance(asked, Measured):
                if asked.canonical is not point.quantity:
                    mend = f"write a quantity of {point.quantity.value}, or watch other points"
                    return f"{asked.quantity} does not fit {where}, which is in {point.quantity.value}", mend
            elif point.quantity not in PLAIN:
                mend = f"use 'above' or 'below' with 'quantity: {point.quantity.value}'"
                return f"{where} is in {point.quantity.value}, and {test.asks} takes no quantity", mend
    return None
