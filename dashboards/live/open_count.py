"""Open alerts by unit, building and floor, kept up: an alert that did not change is not counted again.

Alerts are values that are replaced when they change, so one that is still the same object counts as before. What is
compared is the whole list, not a log of changes: whatever way an alert came or went, it is counted right.
"""

from __future__ import annotations

from typing import TypeVar

from dashboards.live.board import Board
from dashboards.live.lamps import lamp_of
from dashboards.live.tally import CALM, ONE, FloorKey, Tally, is_fresh
from domain.alarm import Place
from domain.alert import AlertView

K = TypeVar("K")


class OpenCount:
    """Tallies of places with alerts; a place without any is not in them."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self.units: dict[str, Tally] = {}
        self.buildings: dict[tuple[str, str], Tally] = {}
        self.floors: dict[FloorKey, Tally] = {}
        self._known: dict[str, tuple[AlertView, Tally]] = {}
        self._revision = -1

    def take(self, board: Board) -> set[str]:
        """Count what changed; returns the units that it touches."""
        if board.alerts_revision == self._revision:
            return set()
        self._revision = board.alerts_revision
        known, touched = self._known, set[str]()
        changed = [one for name, one in board.alerts.items() if name not in known or known[name][0] is not one]
        for name in known.keys() - board.alerts.keys():
            self._forget(name, touched)
        for alert in changed:
            self._forget(alert.id, touched)
            kind = lamp_of(alert)
            tally = CALM if kind is None else ONE[kind, is_fresh(alert)]
            known[alert.id] = (alert, tally)
            self._add(alert.place, tally, touched)
        return touched

    def _forget(self, name: str, touched: set[str]) -> None:
        alert, tally = self._known.pop(name, (None, CALM))
        if alert is not None:
            self._add(alert.place, CALM.minus(tally), touched)

    def _add(self, place: Place, tally: Tally, touched: set[str]) -> None:
        if tally == CALM:
            return
        touched.add(place.unit)
        _add(self.units, place.unit, tally)
        if place.building is not None:
            _add(self.buildings, (place.unit, place.building), tally)
            if place.floor is not None:
                _add(self.floors, (place.unit, place.building, place.floor), tally)


def _add(tallies: dict[K, Tally], place: K, tally: Tally) -> None:
    together = tallies.get(place, CALM).plus(tally)
    if together == CALM:
        del tallies[place]
    else:
        tallies[place] = together
