"""What the board and the site are to somebody with a scope of units: the same things, without the rest.

A page of somebody with a scope is given these instead of the whole, so that none of its parts can show what lies
outside. Both are made anew from the whole where that changed; services and their states are everybody's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from dashboards.live.board import Board
from domain.points import PointTable
from domain.site import Registry

V = TypeVar("V")

LISTED = ("walk_tests", "out_of_service")
"""Lists in the status document of the alerts service whose entries are of a unit."""


def scoped_registry(registry: Registry, units: frozenset[str]) -> Registry:
    """Return the part of a site that lies in ``units``."""
    return replace(
        registry,
        units={unit: settings for unit, settings in registry.units.items() if unit in units},
        zones=_within(registry.zones, units),
        gateways=_within(registry.gateways, units),
        devices=_within(registry.devices, units),
        points=PointTable(point for point in registry.points if point.unit in units),
        point_labels=_within(registry.point_labels, units),
        transmitters=_within(registry.transmitters, units),
    )


def scoped_board(board: Board, units: frozenset[str]) -> Board:
    """Return what the board knows of ``units`` at this moment."""
    return Board(
        connected=board.connected,
        revision=board.revision,
        statuses={key: _of_units(document, units) for key, document in board.statuses.items()},
        alerts={name: alert for name, alert in board.alerts.items() if alert.place.unit in units},
        alerts_at_ns=board.alerts_at_ns,
        alerts_cut=board.alerts_cut,
        alerts_revision=board.alerts_revision,
        stats=None,
        readings=_within(board.readings, units),
        roll_calls=_within(board.roll_calls, units),
        nodes=copy.copy(board.nodes),
        strangers={},
    )


def _within(things: Mapping[str, V], units: frozenset[str]) -> dict[str, V]:
    return {key: thing for key, thing in things.items() if key.partition("/")[0] in units}


def _of_units(document: dict[str, Any], units: frozenset[str]) -> dict[str, Any]:
    lists = {name: document[name] for name in LISTED if isinstance(document.get(name), list)}
    kept = {
        name: [one for one in entries if isinstance(one, Mapping) and one.get("unit") in units]
        for name, entries in lists.items()
    }
    return {**document, **kept} if kept else document
