"""Find a device: by words, unit, kind and kind of place; a window of what fits, with how many more there are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.devices.device_words import open_words
from dashboards.console.devices.finding import (
    MOST_SHOWN,
    MOST_WORDS,
    Filter,
    Found,
    Index,
    IndexInMaking,
    find,
    place_of,
)
from dashboards.console.section import Address, Desk
from dashboards.console.view import View, box, change, line
from dashboards.live.device_health import Standing
from dashboards.live.health import Condition
from domain.site import Device

DEBOUNCE_MS = 250
ANY = ""
COLUMNS = {
    "device": "minmax(0, 1.3fr)",
    "unit": "minmax(0, 1fr)",
    "place": "minmax(0, 1.5fr)",
    "kind": "minmax(0, 0.9fr)",
    "address": "minmax(0, 0.5fr)",
    "line": "minmax(0, 1fr)",
    "open": "minmax(0, 0.7fr)",
}


class DeviceList:
    """Search and table."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build with the filter of the address."""
        self._view = desk.view
        self._filter = Filter.read(address.query)
        view = desk.view
        with box("panel page-panel", "device-list"):
            with box("panel-head filters"):
                line(view.text("devices_title"), "panel-title")
                self._words = self._search()
                self._choices = {
                    "unit": self._choice("unit", _units(view)),
                    "kind": self._choice("kind", _kinds(view)),
                    "zone": self._choice("zone", _zones(view)),
                }
                self._count = line("", "panel-note").props("role=status data-part=device-count")
            columns = [Column(key, view.text(f"devices_column_{key}"), width=width) for key, width in COLUMNS.items()]
            self._table = DataTable(columns, name="device-table", words=view.text("devices_title"))
            self._more = line("", "list-more").props("data-part=device-more")

    def _search(self) -> ui.input:
        words = self._view.text("devices_find")
        given = ui.input(placeholder=words, value=self._filter.words, on_change=self._changed("words"))
        given.props(f"dense outlined clearable debounce={DEBOUNCE_MS} maxlength={MOST_WORDS} data-part=find-device")
        given.props["aria-label"] = words
        return given.classes("find-wide")

    def _choice(self, name: str, options: Mapping[str, str]) -> ui.select:
        view = self._view
        any_words = view.text(f"devices_any_{name}")
        chosen = getattr(self._filter, name)
        picker = ui.select(
            {ANY: any_words, **options},
            value=chosen if chosen in options else ANY,
            on_change=self._changed(name),
            with_input=len(options) > 12,
        )
        picker.props["aria-label"] = any_words
        return picker.props(f"dense outlined options-dense data-part=pick-{name}").classes("picker")

    def _changed(self, name: str) -> Any:
        def change_filter(event: ValueChangeEventArguments[str | None]) -> None:
            self._filter = replace(self._filter, **{name: (event.value or "")[:MOST_WORDS]})
            query = urlencode(self._filter.query())
            path = f"/devices?{query}" if query else "/devices"
            ui.run_javascript(f"history.replaceState(history.state, '', {json.dumps(path)})")
            self.refresh(self._view.now_ns())

        return change_filter

    def _index(self) -> Index | None:
        """Return the texts to search, the same for all of this scope and language; None while they are being made."""
        view = self._view
        registry = view.console.registry
        name = ("device-index", view.principal.units, view.language)
        made = view.console.once.of(name, id(registry.devices), lambda: IndexInMaking(registry, view.language))
        return made.index

    def _found(self, index: Index) -> Found:
        view, wanted = self._view, self._filter
        name = ("device-search", view.principal.units, view.language, wanted)
        return view.console.once.of(name, id(index), lambda: find(index, wanted))

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed; the rows are made once a second for all who look for the same."""
        view, index = self._view, self._index()
        if index is None:
            self._more.set_visibility(False)
            change(self._count, view.text("devices_sorting"))
            return
        found = self._found(index)
        rows = view.shared(("device-rows", view.language, self._filter), lambda: _rows(view, found, now_ns))
        self._table.show(rows)
        change(self._count, view.text("devices_count", count=found.count))
        hidden = found.count - len(found.devices)
        self._more.set_visibility(hidden > 0 or not found.count)
        more = view.text("devices_more", count=hidden) if hidden else view.text("devices_nothing")
        change(self._more, more)

    def leave(self) -> None:
        """Nothing is held."""


def _units(view: View) -> dict[str, str]:
    return {unit: settings.labels.of(view.language) for unit, settings in view.console.registry.units.items()}


def _kinds(view: View) -> dict[str, str]:
    """Return the kinds of devices by what the first profile of each is called."""
    found: dict[str, str] = {}
    for profile in {id(one.profile): one.profile for one in view.console.registry.devices.values()}.values():
        found.setdefault(profile.kind, profile.labels.of(view.language))
    return dict(sorted(found.items(), key=lambda one: one[1]))


def _zones(view: View) -> dict[str, str]:
    kinds = {one.zone.settings.kind for one in view.console.registry.devices.values()}
    return {kind.value: view.text(f"devices_zone_{kind}") for kind in sorted(kinds)}


def _rows(view: View, found: Found, now_ns: int) -> list[dict[str, Any]]:
    standing = Standing(view.console.board, view.console.registry, now_ns)
    return [_row(view, device, standing) for device in found.devices[:MOST_SHOWN]]


def _row(view: View, device: Device, standing: Standing) -> dict[str, Any]:
    language = view.language
    state = state_cell(view, device, standing)
    alerts = standing.open_alerts(device)
    worst = alerts[0].alarm_class if alerts else None
    fire = worst is not None and worst.value == "fire"
    look = "alarm" if fire else "caution" if alerts else "unknown" if state.look == "unknown" else ""
    words = open_words([alert.alarm_class for alert in alerts], language) if alerts else ""
    go = f"/alarm/{alerts[0].id}" if len(alerts) == 1 else f"/devices/{device.key}"
    return {
        "id": device.key,
        "look": look,
        "cells": {
            "device": Cell(device.settings.labels.of(language), go=f"/devices/{device.key}"),
            "unit": device.zone.unit.labels.of(language),
            "place": place_of(device, language),
            "kind": device.profile.labels.of(language),
            "address": str(device.settings.address),
            "line": state,
            "open": Cell(words, "▲" if fire else "■", look, go) if alerts else "",
        },
    }


def state_cell(view: View, device: Device, standing: Standing) -> Cell:
    """Say whether what a device tells can be believed now."""
    condition = standing.condition(device)
    if standing.is_lost(device):
        return Cell(view.text("devices_lost_one"), "✗", "caution")
    if condition in (Condition.FINE, Condition.LINE_DOWN):  # another line of its gateway: this device is not lost
        return Cell(view.text("condition_fine"), "●", "soft")
    return Cell(view.text(f"condition_{condition}"), "?", "unknown")
