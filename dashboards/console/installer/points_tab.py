"""What of a gateway is still to be proven: points that were never seen, are stale, or bad. Asked when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from nicegui import ui

from dashboards.console import deeds
from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.place_picker import PlacePicker
from dashboards.console.places import Place, PlaceKind
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import View, box, change, line
from dashboards.live.board import Reading
from dashboards.live.latest import LatestReadings
from domain.clock import NS_PER_S
from domain.errors import FengsuiError
from domain.points import Point
from domain.quality import GOOD, base_of

MOST_POINTS = 5_000
"""Points of a gateway that are looked at: more take too long for a click (assumption)."""

COLUMNS = ("device", "points", "never", "stale", "bad", "well")


class State(StrEnum):
    """How a point stands."""

    NEVER = "never"
    STALE = "stale"
    BAD = "bad"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Row:
    """A device with how its points stand."""

    device: str
    counts: Mapping[State, int]

    @property
    def unproven(self) -> int:
        """Points that need somebody."""
        return sum(self.counts.get(state, 0) for state in (State.NEVER, State.STALE, State.BAD))


class PointsTab(Body):
    """A gateway to choose, and its devices, those with something unproven first."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the query's ``gateway`` is looked at at once."""
        view = desk.view
        self._desk = desk
        self._is_there = True
        with box("panel-head page-head"):
            line(view.text("installer_points"), "panel-title")
            self._note = line("", "panel-note").props("role=status data-part=points-note")
        with box("points-choice"):
            self._picker = PlacePicker(
                view, (PlaceKind.GATEWAY,), self._chosen, words=view.text("place_gateway"), one=True, name="gateway"
            )
        kinds = [Column(name, view.text(f"installer_column_{name}"), kind="number") for name in COLUMNS[1:]]
        device = Column("device", view.text("installer_column_device"), width="minmax(0, 3fr)")
        self._table = DataTable([device, *kinds], name="checklist", words=view.text("installer_points"))
        wanted = address.query.get("gateway", "")
        if wanted in view.console.registry.gateways:
            self._picker.put(Place(PlaceKind.GATEWAY, wanted))

    def refresh(self, now_ns: int) -> None:
        """Nothing moves by itself: a check is of the moment in which it was asked for."""

    def leave(self) -> None:
        """An answer that is under way has nobody to go to."""
        self._is_there = False

    def _chosen(self) -> None:
        if getattr(self, "_picker", None) is not None and self._picker.chosen:
            ui.timer(0.01, self._look, once=True)

    async def _look(self) -> None:
        view = self._desk.view
        key = self._picker.chosen[0].key
        console = view.console
        unit, _, gateway = key.partition("/")
        points = list(console.registry.gateway_points(unit, gateway))
        latest = LatestReadings(console.link, console.site, console.clock)
        readings: dict[str, Reading] = {}
        try:
            async for part in latest.of_points([point.key for point in points[:MOST_POINTS]]):
                readings |= part
        except FengsuiError as error:
            if self._is_there:
                deeds.refused(view, error)
            return
        if self._is_there:
            self._show(points, readings)

    def _show(self, points: list[Point], readings: Mapping[str, Reading]) -> None:
        view = self._desk.view
        rows = rows_of(points[:MOST_POINTS], readings, view.now_ns())
        self._table.show([_row(view, one) for one in rows])
        unproven = sum(one.unproven for one in rows)
        words = view.text("installer_unproven", count=unproven, total=min(len(points), MOST_POINTS))
        more = len(points) - MOST_POINTS
        change(self._note, f"{words} {view.text('suppression_more', count=more)}" if more > 0 else words)


def rows_of(points: Iterable[Point], readings: Mapping[str, Reading], now_ns: int) -> list[Row]:
    """Return devices with how their points stand, those with most that is unproven first."""
    found: dict[str, Counter[State]] = {}
    for point in points:
        state = state_of(point, readings.get(point.key), now_ns)
        found.setdefault(f"{point.unit}/{point.device}", Counter())[state] += 1
    rows = [Row(device, counts) for device, counts in found.items()]
    return sorted(rows, key=lambda one: (-one.unproven, one.device))


def state_of(point: Point, reading: Reading | None, now_ns: int) -> State:
    """Judge a point: no reading at all is never *well*."""
    if reading is None:
        return State.NEVER
    if base_of(reading.quality) != GOOD or reading.value is None:
        return State.BAD
    return State.STALE if now_ns - reading.time_ns > point.max_silence_s * NS_PER_S else State.WELL


def _row(view: View, one: Row) -> dict[str, Any]:
    device = view.console.registry.devices.get(one.device)
    name = device.settings.labels.of(view.language) if device is not None else one.device
    cells: dict[str, Any] = {
        state.value: Cell(count, look="soft" if not count or state is State.WELL else "caution")
        for state in State
        for count in (one.counts.get(state, 0),)
    }
    return {
        "id": one.device,
        "look": "caution" if one.unproven else "",
        "cells": {
            "device": Cell(name, go=f"/devices/{one.device}"),
            "points": sum(one.counts.values()),
            **cells,
        },
        "buttons": [],
    }
