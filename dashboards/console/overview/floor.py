"""The third level: a floor's plan with its devices, and beside it their list, for the keyboard and for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.api.plans import plan_path
from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.overview.parts import Plan
from dashboards.console.overview.states import state_of
from dashboards.console.overview.words import PATH, address, device_path, floor_name, overview_path
from dashboards.console.section import Desk
from dashboards.console.view import box, change, line, link
from dashboards.live.floor import STILL, SYSTEM, UNKNOWN, Component, FloorState, Placed, Standing, floors_of
from dashboards.live.summary import Summary
from dashboards.live.tally import FloorKey
from domain.site import Building, UnitSettings, Zone

MOST_ROWS = 200
MOST_DRAWN = 400

SYMBOLS: Mapping[str, str] = {
    "": "smoke",
    "smoke_detector": "smoke",
    "camera": "camera",
    "power_meter": "meter",
    "residual_current_monitor": "breaker",
    "pressure_transmitter": "gauge",
    "level_transmitter": "level",
    "climate_sensor": "gauge",
    "fire_panel": "panel",
    "panel_card": "panel",
    "facility_system": "panel",
    "gas_detector": "gas",
    "gas_controller": "panel",
    "ups": "meter",
    "gateway": "gateway",
    "access_server": "gateway",
    "edge_node": "gateway",
    "transmitter": "gateway",
}
"""Device kind → its symbol in ``static/overview_plan.js``; a component is drawn as a detector, any other kind as
a plain square."""

MARKS: Mapping[str, str] = {
    "fire": "▲",
    "linkage": "◆",
    "supervisory": "●",
    "fault": "■",
    "disabled": "▬",
    "hazard": "⬢",
    SYSTEM: "⬟",
    UNKNOWN: "?",
    STILL: "",
}
"""The marks of the lamps, in a list."""


class Floor:
    """A floor's plan and list."""

    def __init__(self, desk: Desk, unit: UnitSettings, building: Building, floor: int) -> None:
        """Build for a floor that the building has."""
        self._view = desk.view
        self._unit = unit
        self._building = building
        self._key: FloorKey = (unit.id, building.id, floor)
        self._has_plan = self._key in self._view.console.registry.floor_plans
        with box("panel overview-main floor-main", "floor"):
            with box("panel-head"):
                self._crumbs()
            with box("plan-room") as room:
                self._plan = Plan("plan") if self._has_plan else None
                if self._plan is None:
                    line(self._view.text("overview_no_plan"), "plan-none")
                    room.classes("plan-room-bare")
        with box("panel floor-list", "floor-devices"):
            self._table = self._list()
            self._more = line("", "list-more")

    def _crumbs(self) -> None:
        view, language = self._view, self._view.language
        steps = [(self._unit.labels.of(language), overview_path(self._unit.id))]
        if len(view.console.registry.units) > 1:
            steps.insert(0, (view.text("overview_title"), PATH))
        if len(self._unit.buildings) > 1:
            steps.append((self._building.labels.of(language), overview_path(self._unit.id, self._building.id)))
        for words, path in steps:
            link(words, path, "crumb")
            line("›", "crumb-step")
        name = floor_name(self._building, self._key[2], language)
        line(f"{self._building.labels.of(language)} {name}", "panel-title")
        with box("floor-turn"):
            self._other_floors()

    def _other_floors(self) -> None:
        """Offer the floor above and the one below."""
        view = self._view
        floors = floors_of(view.console.registry, *self._key[:2])
        at = floors.index(self._key[2])
        for other, mark in ((at - 1, "▲"), (at + 1, "▼")):
            if 0 <= other < len(floors):
                name = floor_name(self._building, floors[other], view.language)
                link(f"{mark} {name}", overview_path(*self._key[:2], floors[other]), "crumb")

    def _list(self) -> DataTable:
        view = self._view
        with box("panel-head"):
            line(view.text("overview_floor_devices"), "panel-title")
        columns = [
            Column("state", view.text("overview_state"), width="minmax(5.5rem, 0.8fr)"),
            Column("device", view.text("device"), width="minmax(0, 1.2fr)"),
            Column("zone", view.text("zone"), width="minmax(0, 1fr)"),
        ]
        return DataTable(columns, name="floor-list", words=view.text("overview_floor_devices"))

    def refresh(self, summary: Summary, now_ns: int) -> None:
        """Redraw what changed."""
        state = state_of(self._view, self._key, now_ns, known=summary.known)
        rows = self._rows(state)
        self._table.show(rows[:MOST_ROWS])
        self._more.set_visibility(len(rows) > MOST_ROWS)
        change(self._more, self._view.text("overview_more_rows", count=len(rows) - MOST_ROWS))
        if self._plan is not None:
            self._plan.show(self._drawn(state))

    def _rows(self, state: FloorState) -> list[dict[str, Any]]:
        """Return the worst first: devices, and zones with alerts of their own, as of an e-bike at an exit."""
        zones = [(standing.order, zone, standing) for zone, standing in state.zones if standing.alerts]
        rows = [
            (order, self._list_row(f"zone-{zone.settings.id}", zone, standing, "", self._alarms_in(zone, standing)))
            for order, zone, standing in zones
        ]
        rows += [(placed.standing.order, self._row(placed)) for placed in state.things]
        return [row for _, row in sorted(rows, key=lambda one: one[0])]

    def _row(self, placed: Placed) -> dict[str, Any]:
        key = placed.thing.key
        words = placed.labels.of(self._view.language)
        return self._list_row(key, placed.zone, placed.standing, words, device_path(placed.device.key))

    def _list_row(self, key: str, zone: Zone, standing: Standing, words: str, go: str) -> dict[str, Any]:
        looks = {STILL: "soft", UNKNOWN: "unknown", "fire": "alarm"}
        place = zone.settings.labels.of(self._view.language)
        return {
            "id": key,
            "look": {STILL: "", UNKNOWN: "unknown", "fire": "alarm"}.get(standing.look, "caution"),
            "cells": {
                "state": Cell(
                    self._words(standing), mark=MARKS[standing.look], look=looks.get(standing.look, "caution")
                ),
                "device": Cell(words or place, go=go),
                "zone": place if words else "",
            },
        }

    def _alarms_in(self, zone: Zone, standing: Standing) -> str:
        """Return where the alarms of a place itself are; those of its building where it has none."""
        building = f"{self._unit.id}/{self._building.id}"
        return address("/", zone=zone.key) if standing.alerts else address("/", unit=self._unit.id, building=building)

    def _words(self, standing: Standing) -> str:
        """Write how something stands."""
        view = self._view
        words = {
            STILL: view.text("overview_no_alarm"),
            UNKNOWN: view.text("lamp_unknown"),
            SYSTEM: view.text("class_system"),
        }
        said = words.get(standing.look) or view.text(f"lamp_{standing.look}")
        many = f" ×{standing.alerts}" if standing.alerts > 1 else ""
        others = f" · {view.text('overview_others', count=standing.others)}" if standing.others else ""
        doubt = f" · {view.text('lamp_doubtful')}" if standing.doubtful and standing.look != UNKNOWN else ""
        return f"{said}{many}{others}{doubt}"

    def _drawn(self, state: FloorState) -> dict[str, Any]:
        """Return the plan as ``static/overview_plan.js`` draws it."""
        plan = self._view.console.registry.floor_plans[self._key].drawing
        return {
            "src": plan_path(*self._key),
            "box": [plan.x, plan.y, plan.width, plan.height],
            "words": floor_name(self._building, self._key[2], self._view.language),
            "zones": [self._zone(zone, standing) for zone, standing in state.zones],
            "devices": [self._thing(placed) for placed in state.things if placed.at is not None][:MOST_DRAWN],
        }

    def _zone(self, zone: Zone, standing: Standing) -> dict[str, Any]:
        settings = zone.settings
        return {
            "id": settings.id,
            "name": settings.labels.of(self._view.language),
            "at": settings.at or _middle(settings.outline),
            "outline": settings.outline or (),
            "go": self._alarms_in(zone, standing),
            **self._stands(standing),
        }

    def _thing(self, placed: Placed) -> dict[str, Any]:
        kind = "" if isinstance(placed.thing, Component) else placed.device.profile.kind
        return {
            "id": placed.thing.key,
            "name": placed.labels.of(self._view.language),
            "symbol": SYMBOLS.get(kind, "other"),
            "at": placed.at,
            "go": device_path(placed.device.key),
            **self._stands(placed.standing),
        }

    def _stands(self, standing: Standing) -> dict[str, Any]:
        return {
            "look": standing.look,
            "fresh": standing.fresh,
            "doubtful": standing.doubtful and standing.look not in (STILL, UNKNOWN),
            "words": self._words(standing),
        }


def _middle(outline: tuple[tuple[float, float], ...] | None) -> tuple[float, float] | None:
    """Return the middle of a zone's corners, where its name stands when nobody said where."""
    if not outline:
        return None
    return sum(x for x, _ in outline) / len(outline), sum(y for _, y in outline) / len(outline)
