"""The alarms of one device: what is open, what was, and the numbers by which the trend marks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.view import View, box, change, line, link
from dashboards.console.wording import brief_moment_text
from dashboards.live.device_health import Standing
from dashboards.live.traces import Span
from domain.alert import AlertView
from domain.site import Device

MOST_MARKS = 20
"""Numbered lines in a chart; more would hide what they mark."""

WIDTHS = {"mark": "2rem", "raised": "7.5rem", "class": "6rem", "words": "minmax(0, 1fr)", "state": "6rem"}


class DeviceAlarms:
    """A table, newest first; open ones before all others."""

    def __init__(self, view: View, device: Device) -> None:
        """Know the device; `build` draws."""
        self._view, self._device = view, device
        self._asked = view.console.devices.alerts_of(device.key)
        self._numbers: dict[str, int] = {}

    def build(self) -> None:
        """Draw the empty table."""
        view = self._view
        query = urlencode({"unit": self._device.gateway.unit, "device": self._device.settings.id})
        with box("panel device-alarms", "device-alarms"):
            with box("panel-head"):
                line(view.text("devices_alarms"), "panel-title")
                self._note = line("", "panel-note").props("role=status")
                link(view.text("devices_history"), f"/history?{query}", "crumb-right")
            columns = [Column(key, view.text(f"devices_column_{key}"), width=width) for key, width in WIDTHS.items()]
            self._table = DataTable(columns, name="alarm-table", words=view.text("devices_alarms"))

    def marks(self, span: Span) -> Sequence[tuple[int, str]]:
        """Return the moments at which alarms were raised in a span, numbered from the newest."""
        within = [one for one in self._known() if span.start_ns <= one.raised_at_ns < span.end_ns][:MOST_MARKS]
        self._numbers = {one.id: number for number, one in enumerate(within, 1)}
        return [(one.raised_at_ns, str(self._numbers[one.id])) for one in within]

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed; the service is asked every ten seconds, once for all who look."""
        view = self._view
        self._asked.look()
        known = self._known()
        change(self._note, "" if known else view.text("devices_no_alarms"))
        if self._asked.trouble and not self._asked.at_ns:
            change(self._note, view.text("devices_alarms_away"))
        self._table.show([self._row(one, now_ns) for one in known])

    def _known(self) -> list[AlertView]:
        """Return what the board has open and what the record told, newest first within both."""
        console = self._view.console
        standing = self._view.shared("open-by-device", lambda: Standing(console.board, console.registry, 0))
        opened = standing.open_alerts(self._device)
        ids = {one.id for one in opened}
        told = [one for one in self._asked.answer or () if one.id not in ids and not one.is_open]
        return [*opened, *told]

    def _row(self, one: AlertView, now_ns: int) -> dict[str, Any]:
        view = self._view
        words = one.text_en if view.language.value == "en" else one.text_zh
        fire = one.alarm_class.value == "fire"
        look = "" if not one.is_open else "alarm" if fire else "caution"
        number = self._numbers.get(one.id)
        return {
            "id": one.id,
            "look": look,
            "cells": {
                "mark": "" if number is None else str(number),
                "raised": brief_moment_text(one.raised_at_ns, now_ns, view.console.zone),
                "class": Cell(view.text(f"class_{one.alarm_class}"), "▲" if fire else "■", look or "soft"),
                "words": Cell(words, go=f"/alarm/{one.id}"),
                "state": view.text("devices_open" if one.is_open else "devices_closed"),
            },
        }
