"""Live values of one device, chosen by unit and place; absent data are shown as absent.

A fire panel behind a transmitter has points that nobody wrote: rows come as they are learned. Of a device with
more points than a person can look through, those that are abnormal come first.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.console.components import Tick
from dashboards.console.devices.device_words import LOOKS, Look, Shown, shown
from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import floor_text, span_text
from dashboards.live.health import Health, node_health
from domain.points import Point
from domain.site import Device, Zone

MOST_SHOWN = 60
"""Rows; more would be neither read nor drawn quickly."""


class DevicePeek:
    """Pickers and a table of points."""

    def __init__(self, view: View, on_point: Callable[[], None]) -> None:
        """Build for the view's device; ``on_point`` is called when another point was chosen."""
        self._view = view
        self._on_point = on_point
        self._rows: list[_PointRow] = []
        self._drawn: list[str] = []
        self._filling = False
        with box("panel device", "device"):
            with box("panel-head"):
                line(view.text("device"), "panel-title")
                self._line = line("", "line-note").props("data-part=line-note")
            with box("panel-head pickers"):
                several = len(view.console.registry.units) > 1
                self._units = self._picker("unit", self._choose_unit, with_input=True) if several else None
                self._zones = self._picker("zone", self._choose_zone)
                self._devices = self._picker("device", self._choose_device)
            with box("value-grid value-head"):
                for column in ("point", "value", "quality", "age"):
                    line(view.text(f"column_{column}"))
            self._table = box("value-rows", "values")
            self._more = line("", "list-more")
        self._fill(view.device)

    def _picker(
        self, name: str, choose: Callable[[ValueChangeEventArguments[str | None]], None], *, with_input: bool = False
    ) -> ui.select:
        picker = ui.select({}, on_change=choose, with_input=with_input)
        return picker.props(f"dense outlined options-dense data-part=pick-{name}").classes("picker")

    def open(self, key: str) -> None:
        """Show a device (``unit/device``) that was chosen elsewhere on the page."""
        if key in self._view.console.registry.devices:
            self._fill(key)

    def _fill(self, key: str | None) -> None:
        """Offer what there is to choose from, and choose a device or the first one."""
        registry, language = self._view.console.registry, self._view.language
        device = registry.devices.get(key or "") or next(iter(registry.devices.values()), None)
        if device is None:
            return
        self._filling = True  # what is set here was not chosen by a person
        if self._units is not None:
            occupied = {one.gateway.unit for one in registry.devices.values()}
            units = {
                unit: settings.labels.of(language) for unit, settings in registry.units.items() if unit in occupied
            }
            self._units.set_options(units, value=device.gateway.unit)
        self._zones.set_options(self._zones_in(device.gateway.unit), value=device.zone.key)
        self._devices.set_options(self._devices_in(device.zone.key), value=device.key)
        self._filling = False
        self._show_device(device.key)

    def _zones_in(self, unit: str) -> dict[str, str]:
        """Return the places of a unit that have devices."""
        registry = self._view.console.registry
        occupied = {device.zone.key for device in registry.devices.values() if device.gateway.unit == unit}
        return {key: self._zone_text(registry.zones[key]) for key in registry.zones if key in occupied}

    def _zone_text(self, zone: Zone) -> str:
        language = self._view.language
        floor = floor_text(zone.settings.floor, language)
        return " · ".join([zone.building.labels.of(language), floor, zone.settings.labels.of(language)])

    def _devices_in(self, zone: str | None) -> dict[str, str]:
        registry, language = self._view.console.registry, self._view.language
        return {
            key: device.settings.labels.of(language)
            for key, device in registry.devices.items()
            if device.zone.key == zone
        }

    def _choose_unit(self, event: ValueChangeEventArguments[str | None]) -> None:
        if not self._filling and event.value is not None:
            devices = self._view.console.registry.devices
            self._fill(next((key for key, device in devices.items() if device.gateway.unit == event.value), None))

    def _choose_zone(self, event: ValueChangeEventArguments[str | None]) -> None:
        if not self._filling:
            self._fill(next(iter(self._devices_in(event.value)), None))

    def _choose_device(self, event: ValueChangeEventArguments[str | None]) -> None:
        if not self._filling and event.value is not None:
            self._show_device(event.value)

    def _show_device(self, key: str) -> None:
        view = self._view
        if key != view.device:
            self.leave()
            view.device = key
            view.point = None
            view.console.feed.watch(key)
        self._draw(view.now_ns())

    def leave(self) -> None:
        """Stop looking at the device: the feed need not ask for it."""
        if self._view.device is not None:
            self._view.console.feed.unwatch(self._view.device)
            self._view.device = None

    def _draw(self, now_ns: int) -> None:
        """Make the rows anew, and choose a point where none is."""
        view = self._view
        points = self._points()
        if view.point is None and points:
            view.point = next((point.key for point in points if not point.is_event_lane), points[0].key)
        self._drawn = []
        self.refresh(now_ns)
        self._on_point()

    def _points(self) -> list[Point]:
        unit, _, device = (self._view.device or "").partition("/")
        table = self._view.console.registry.points
        return [table[int(at)] for at in table.of_device(unit, device)]

    def _choose_point(self, key: str) -> None:
        self._view.point = key
        self.refresh(self._view.now_ns())
        self._on_point()

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed, by a new reading, a new point, or by the mere passing of time."""
        view = self._view
        device = view.console.registry.devices.get(view.device or "")
        if device is None:
            return
        health = node_health(view.console.board, view.console.registry, _node(device), now_ns)
        self._show_line(device, health)
        points = self._points()
        words = {point.key: self._shown(device, point, health, now_ns) for point in points}
        chosen = _urgent_first(points, words)
        if [point.key for point in chosen] != self._drawn:
            self._make_rows(chosen)
        for row in self._rows:
            row.show(words[row.key])
        hidden = len(points) - len(chosen)
        self._more.set_visibility(hidden > 0)
        change(self._more, view.text("point_more", count=hidden))

    def _shown(self, device: Device, point: Point, health: Health, now_ns: int) -> Shown:
        view = self._view
        reading = view.console.board.readings.get(point.key)
        return shown(point, device.profile.kind, reading, now_ns, view.language, reachable=health.reachable)

    def _make_rows(self, points: list[Point]) -> None:
        self._table.clear()
        with self._table:
            self._rows = [_PointRow(self._view, point, self._choose_point) for point in points]
        self._drawn = [point.key for point in points]

    def _show_line(self, device: Device, health: Health) -> None:
        """Say how the line of a transmitter stands: what it tells is only as fresh as that."""
        view = self._view
        hosted = _node(device) in view.console.registry.transmitters
        self._line.set_visibility(hosted)
        if hosted:
            words = view.text("line_state", state=view.text(f"condition_{health.condition}"))
            heard = view.text("line_heard", age=span_text(health.age_s, view.language))
            change(self._line, words if health.age_s is None else f"{words} · {heard}")
            dress(self._line, "condition", health.condition)


def _node(device: Device) -> str:
    return f"{device.gateway.unit}/{device.gateway.gateway}"


def _urgent_first(points: list[Point], words: dict[str, Shown]) -> list[Point]:
    """Return the points to draw: all in their order, or the most urgent where there are too many."""
    if len(points) <= MOST_SHOWN:
        return points
    return sorted(points, key=lambda point: LOOKS.index(words[point.key].look))[:MOST_SHOWN]


class _PointRow:
    """One point."""

    def __init__(self, view: View, point: Point, choose: Callable[[str], None]) -> None:
        self._view = view
        self.key = point.key
        label = view.console.registry.point_labels.get(point.key)
        with box("value-grid value-row").on("click", lambda: choose(point.key)) as self._row:
            self._row.props["data-point"] = point.name
            line(label.of(view.language) if label else point.name, "point-name")
            self._value = line("", "point-value")
            self._quality = line("", "point-quality")
            with box("point-age"):
                self._age = Tick("elapsed")
                self._never = line("—")

    def show(self, now: Shown) -> None:
        view = self._view
        reading = view.console.board.readings.get(self.key)
        dress(self._row, "look", now.look)
        dress(self._row, "chosen", "yes" if view.point == self.key else "no")
        mark = {Look.ALARM: "▲ ", Look.CAUTION: "■ ", Look.UNKNOWN: "? ", Look.CALM: ""}[now.look]
        change(self._value, f"{mark}{now.value}")
        change(self._quality, now.detail)
        self._age.set_visibility(reading is not None)
        self._never.set_visibility(reading is None)
        if reading is not None:
            self._age.set_time(reading.time_ns)
