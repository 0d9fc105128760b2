"""Holds the formulas of rules (``expression``) against a site: names that are there, quantities that fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.documents import nearest
from domain.quantity import Quantity
from domain.site import Registry
from domain.site.registry import Device
from rules.conditions import Condition, Selector
from rules.conditions.expressions import formula
from rules.conditions.formula_quantities import QuantityError, check_quantities


@dataclass(frozen=True, slots=True)
class Instrumented:
    """A device with the quantities of its points by name; one stands for all that are alike."""

    device: Device
    points: Mapping[str, Quantity]


def instrumented(registry: Registry, signature: Callable[[Device], object]) -> list[Instrumented]:
    """Return one device for each signature and set of points."""
    by_device: dict[str, dict[str, Quantity]] = defaultdict(dict)
    for point in registry.points:
        by_device[f"{point.unit}/{point.device}"][point.name] = point.quantity
    found: dict[object, Instrumented] = {}
    for key, points in by_device.items():
        device = registry.devices[key]
        found.setdefault((signature(device), tuple(sorted(points.items()))), Instrumented(device, points))
    return list(found.values())


def formula_problem(
    test: Condition,
    devices: Sequence[Instrumented],
    meant: Callable[[Selector, Device], bool],
    watches: Selector,
) -> tuple[str, str] | None:
    """Return what is wrong with a formula on the devices that it would watch, and the mend; None when nothing is.

    A device that has some of the points and not all is no fault by itself; a formula that fits no device is.
    """
    asked = formula(test.expression or "")
    some, whole = set[str](), False
    for one in devices:
        if not (meant(watches, one.device) and meant(test.selector, one.device)):
            continue
        missing = [name for name in asked.names if name not in one.points]
        if missing:
            some |= set(one.points) if len(missing) < len(asked.names) else set()
            continue
        whole = True
        try:
            check_quantities(asked.tree, one.points)
        except QuantityError as error:
            what, _, mend = str(error).partition(" → ")
            return f"on {one.device.profile.profile}: {what}", mend
    if whole or not some:
        return None
    lacking = next((name for name in asked.names if name not in some), asked.names[0])
    return f"no device here has all points of the formula; '{lacking}' is missing", nearest(lacking, some)
