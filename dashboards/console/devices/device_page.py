"""One device: its values of now, where it is, its curves and states over a span, and its alarms."""

from __future__ import annotations

from dashboards.console.components import DataTable
from dashboards.console.devices.device_alarms import DeviceAlarms
from dashboards.console.devices.device_list import state_cell
from dashboards.console.devices.facts import Facts, grafana_path
from dashboards.console.devices.finding import place_of
from dashboards.console.devices.trend_board import TrendBoard
from dashboards.console.devices.values import columns, rows_of
from dashboards.console.section import Address, Desk
from dashboards.console.view import box, change, dress, line, link
from dashboards.console.wording import span_text
from dashboards.live.device_health import Standing, node_of
from domain.points import Point
from domain.site import Device

MARKS = {"●": "fine", "✗": "lost", "?": "unknown"}


class DevicePage:
    """Everything of a device on one screen."""

    def __init__(self, desk: Desk, address: Address, device: Device) -> None:
        """Build; the feed asks for the device's readings while this stands."""
        self._desk, self._view, self._device = desk, desk.view, device
        self._feed = desk.view.console.feed
        self._feed.watch(device.key)
        self._alarms = DeviceAlarms(desk.view, device)
        with box("device-page", "device-page"):
            self._head()
            with box("device-columns"):
                with box("device-left"):
                    with box("panel device-values", "device-values"):
                        self._table = DataTable(
                            columns(self._view), self._act, name="value-table", words=self._view.text("devices_values")
                        )
                        self._more = line("", "list-more")
                    Facts(self._view, device)
                with box("device-right"):
                    self._board = TrendBoard(desk, address, device, self._alarms.marks)
                    self._alarms.build()

    def _head(self) -> None:
        """Build the line that says what this is, where, and whether it can be believed."""
        view, device = self._view, self._device
        zone = device.zone
        with box("page-head", "device-head"):
            link(view.text("devices_title"), "/devices", "crumb")
            link(zone.unit.labels.of(view.language), f"/devices?unit={device.gateway.unit}", "crumb")
            floor = f"/overview/{device.gateway.unit}/{zone.building.id}/{zone.settings.floor}"
            link(place_of(device, view.language), floor, "crumb").props["data-part"] = "device-place"
            line(device.settings.labels.of(view.language), "page-title")
            self._state = line("", "page-state").props("role=status data-part=device-state")
            link(view.text("devices_gateway"), f"/gateways/{node_of(device)}", "crumb-right")
            outside = grafana_path(view, device)
            if outside is not None:
                outside.classes("crumb-right")

    def _act(self, row: str, action: str) -> None:
        if action == "pick":
            self._board.pick(row)
            self.refresh(self._view.now_ns())

    def _points(self) -> list[Point]:
        table = self._view.console.registry.points
        return [table[int(at)] for at in table.of_device(self._device.gateway.unit, self._device.settings.id)]

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed."""
        view, device, points = self._view, self._device, self._points()
        standing = Standing(view.console.board, view.console.registry, now_ns)
        reachable = standing.node(node_of(device)).reachable
        rows, hidden = rows_of(view, device, points, now_ns, reachable=reachable, chosen=self._board.keys)
        self._table.show(rows)
        self._more.set_visibility(hidden > 0)
        change(self._more, view.text("devices_points_more", count=hidden))
        self._show_state(standing, now_ns)
        self._board.refresh(now_ns)
        self._alarms.refresh(now_ns)

    def _show_state(self, standing: Standing, now_ns: int) -> None:
        view, node = self._view, node_of(self._device)
        state = state_cell(view, self._device, standing)
        heard_ns = view.console.board.nodes.of(node).last_ns
        words = f"{state.mark} {state.words}"
        if node in view.console.registry.transmitters and heard_ns:
            age = span_text((now_ns - heard_ns) / 1e9, view.language)
            words = f"{words} · {view.text('line_heard', age=age)}"
        change(self._state, words)
        dress(self._state, "state", MARKS[state.mark])

    def leave(self) -> None:
        """Look at it no more."""
        self._feed.unwatch(self._device.key)
        self._board.leave()
