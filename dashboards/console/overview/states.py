"""How floors stand, made once for all browsers of a scope."""

from __future__ import annotations

from dashboards.console.view import View
from dashboards.live.floor import FloorState, Premises, devices_by_unit, floor_state, premises_of
from dashboards.live.tally import FloorKey


def premises(view: View, unit: str) -> Premises:
    """Return what stands on each floor of a unit; counted anew only when the site changed."""
    console, scope = view.console, view.principal.units
    registry, revision = console.registry, console.site.revision
    devices = console.once.of(("devices-by-unit", scope), revision, lambda: devices_by_unit(registry))
    return console.once.of(("premises", unit, scope), revision, lambda: premises_of(registry, devices.get(unit, ())))


def state_of(view: View, floor: FloorKey, now_ns: int, *, known: bool) -> FloorState:
    """Return how everything on a floor stands now."""
    console = view.console
    found = premises(view, floor[0])
    return view.shared(
        ("floor", floor), lambda: floor_state(console.board, console.registry, found, floor, now_ns, known=known)
    )
