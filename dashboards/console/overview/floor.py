"""The third level: a floor's plan with its devices, and beside it their list, for the keyboard and for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.api.plans import plan_path
from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.overview.parts import Plan
from dashboards.console.overview.words import PATH, address, device_path, floor_name, overview_path
from dashboards.console.section import Desk
from dashboards.console.view import box, line, link
from dashboards.live.floor import STILL, SYSTEM, UNKNOWN, FloorState, Placed, Spot, Standing, floor_state, floors_of
from dashboards.live.summary import FloorKey, Summary
from domain.site import Building, UnitSettings, Zone

SYMBOLS: Mapping[str, str] = {
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
"""Device kind → its symbol in ``static/overview_plan.js``; any other kind is a plain square."""

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
        view = self._view
        console = view.console
        name = ("overview-floor", self._key, view.language)
        state = view.shared(
            name, lambda: floor_state(console.board, console.registry, self._key, now_ns, known=summary.known)
        )
        rows = [self._row(placed) for placed in state.devices]
        rows.sort(key=lambda row: not row["beside"])  # what the plan doesn't show is seen without scrolling
        self._table.show([{key: value for key, value in row.items() if key != "beside"} for row in rows])
        if self._plan is not None:
            self._plan.show(self._drawn(state))

    def _row(self, placed: Placed) -> dict[str, Any]:
        view, standing = self._view, placed.standing
        beside = self._has_plan and placed.at is None and standing.look != STILL
        mark = MARKS[standing.look]
        looks = {STILL: "soft", UNKNOWN: "unknown", "fire": "alarm"}
        words = placed.device.settings.labels.of(view.language)
        return {
            "id": placed.device.key,
            "look": {STILL: "", UNKNOWN: "unknown", "fire": "alarm"}.get(standing.look, "caution"),
            "beside": beside,
            "cells": {
                "state": Cell(self._words(standing), mark=mark, look=looks.get(standing.look, "caution")),
                "device": Cell(words, go=device_path(placed.device.key)),
                "zone": placed.device.zone.settings.labels.of(view.language),
            },
        }

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
        doubt = f" · {view.text('lamp_doubtful')}" if standing.doubtful and standing.look != UNKNOWN else ""
        return f"{said}{many}{doubt}"

    def _drawn(self, state: FloorState) -> dict[str, Any]:
        """Return the plan as ``static/overview_plan.js`` draws it."""
        plan = self._view.console.registry.floor_plans[self._key].drawing
        devices = [self._device(placed) for placed in state.devices if placed.at is not None]
        return {
            "src": plan_path(*self._key),
            "box": [plan.x, plan.y, plan.width, plan.height],
            "words": floor_name(self._building, self._key[2], self._view.language),
            "zones": [self._zone(zone, standing) for zone, standing in state.zones],
            "devices": [*(self._spot(spot) for spot in state.spots), *devices],
        }

    def _zone(self, zone: Zone, standing: Standing) -> dict[str, Any]:
        settings = zone.settings
        return {
            "id": settings.id,
            "name": settings.labels.of(self._view.language),
            "at": settings.at or _middle(settings.outline),
            "outline": settings.outline or (),
            "go": address("/", unit=self._unit.id, building=f"{self._unit.id}/{self._building.id}"),
            **self._stands(standing),
        }

    def _device(self, placed: Placed) -> dict[str, Any]:
        settings = placed.device.settings
        return {
            "id": placed.device.key,
            "name": settings.labels.of(self._view.language),
            "symbol": SYMBOLS.get(placed.device.profile.kind, "other"),
            "at": placed.at,
            "go": device_path(placed.device.key),
            **self._stands(placed.standing),
        }

    def _spot(self, spot: Spot) -> dict[str, Any]:
        return {
            "id": spot.key,
            "name": spot.label_en if self._view.language == "en" else spot.label_zh,
            "symbol": "smoke",
            "at": spot.at,
            "go": device_path(spot.device),
            **self._stands(spot.standing),
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
