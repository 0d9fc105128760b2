"""Live values of one device, chosen by unit and place; absent data are shown as absent."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.console.components import Tick
from dashboards.console.device_words import Look, shown
from dashboards.console.view import View, box, change, dress, line
from dashboards.console.wording import floor_text
from dashboards.live.health import gateway_health
from domain.points import Point
from domain.site import Device, Zone


class DeviceView:
    """Two pickers and a table of points."""

    def __init__(self, view: View, on_point: Callable[[], None]) -> None:
        """Build for the view's device; ``on_point`` is called when another point was chosen."""
        self._view = view
        self._on_point = on_point
        self._rows: list[_PointRow] = []
        with box("panel device", "device"):
            with box("panel-head"):
                line(view.text("device"), "panel-title")
                self._zones = self._picker("zone", self._choose_zone)
                self._devices = self._picker("device", self._choose_device)
            with box("value-grid value-head"):
                for column in ("point", "value", "quality", "age"):
                    line(view.text(f"column_{column}"))
            self._table = box("value-rows", "values")
        self._fill_zones()

    def _picker(self, name: str, choose: Callable[[ValueChangeEventArguments[str | None]], None]) -> ui.select:
        picker = ui.select({}, on_change=choose).props(f"dense outlined options-dense data-part=pick-{name}")
        return picker.classes("picker")

    def _fill_zones(self) -> None:
        """Offer the places that have devices, and choose the view's device or the first one."""
        registry = self._view.console.registry
        occupied = {device.zone.key for device in registry.devices.values()}
        zones = {key: self._zone_text(zone) for key, zone in registry.zones.items() if key in occupied}
        device = registry.devices.get(self._view.device or "")
        zone = device.zone.key if device else next(iter(zones), None)
        self._zones.set_options(zones)
        self._zones.set_value(zone)

    def _zone_text(self, zone: Zone) -> str:
        language = self._view.language
        parts = [zone.building.labels.of(language), floor_text(zone.settings.floor, language)]
        if len(self._view.console.registry.units) > 1:
            parts.insert(0, zone.unit.labels.of(language))
        return " · ".join([*parts, zone.settings.labels.of(language)])

    def _choose_zone(self, event: ValueChangeEventArguments[str | None]) -> None:
        devices = self._devices_in(event.value)
        chosen = self._view.device if self._view.device in devices else next(iter(devices), None)
        self._devices.set_options(devices)
        self._devices.set_value(chosen)

    def _devices_in(self, zone: str | None) -> dict[str, str]:
        registry, language = self._view.console.registry, self._view.language
        return {
            key: device.settings.labels.of(language)
            for key, device in registry.devices.items()
            if device.zone.key == zone
        }

    def _choose_device(self, event: ValueChangeEventArguments[str | None]) -> None:
        view = self._view
        if event.value != view.device:
            self.leave()
            view.device = event.value
            view.point = None
            if event.value is not None:
                view.console.feed.watch(event.value)
        self._fill_points()

    def leave(self) -> None:
        """Stop looking at the device: the feed need not ask for it."""
        if self._view.device is not None:
            self._view.console.feed.unwatch(self._view.device)
            self._view.device = None

    def _fill_points(self) -> None:
        view = self._view
        registry = view.console.registry
        device = registry.devices.get(view.device or "")
        self._table.clear()
        self._rows = []
        if device is None:
            return
        points = [registry.points[int(at)] for at in registry.points.of_device(device.gateway.unit, device.settings.id)]
        with self._table:
            self._rows = [_PointRow(view, device, point, self._choose_point) for point in points]
        if view.point is None and points:
            view.point = next((point.key for point in points if not point.is_event_lane), points[0].key)
        self.refresh(view.now_ns())
        self._on_point()

    def _choose_point(self, key: str) -> None:
        self._view.point = key
        self.refresh(self._view.now_ns())
        self._on_point()

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed, by a new reading or by the mere passing of time."""
        view = self._view
        device = view.console.registry.devices.get(view.device or "")
        if device is None:
            return
        gateway = f"{device.gateway.unit}/{device.gateway.gateway}"
        reachable = gateway_health(view.console.board, gateway, now_ns).reachable
        for row in self._rows:
            row.show(now_ns, reachable=reachable)


class _PointRow:
    """One point."""

    def __init__(self, view: View, device: Device, point: Point, choose: Callable[[str], None]) -> None:
        self._view = view
        self._kind = device.profile.kind
        self._point = point
        label = view.console.registry.point_labels.get(point.key)
        with box("value-grid value-row").on("click", lambda: choose(point.key)) as self._row:
            self._row.props["data-point"] = point.name
            line(label.of(view.language) if label else point.name, "point-name")
            self._value = line("", "point-value")
            self._quality = line("", "point-quality")
            with box("point-age"):
                self._age = Tick("elapsed")
                self._never = line("—")

    def show(self, now_ns: int, *, reachable: bool) -> None:
        view = self._view
        reading = view.console.board.readings.get(self._point.key)
        now = shown(self._point, self._kind, reading, now_ns, view.language, reachable=reachable)
        dress(self._row, "look", now.look)
        dress(self._row, "chosen", "yes" if view.point == self._point.key else "no")
        mark = {Look.ALARM: "▲ ", Look.CAUTION: "■ ", Look.UNKNOWN: "? ", Look.CALM: ""}[now.look]
        change(self._value, f"{mark}{now.value}")
        change(self._quality, now.detail)
        self._age.set_visibility(reading is not None)
        self._never.set_visibility(reading is None)
        if reading is not None:
            self._age.set_time(reading.time_ns)
