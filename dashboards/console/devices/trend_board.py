"""The trend with its choices: which points, which span, ranges, a file; and below it the states of the same span."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from dashboards.console.devices.bands import StateBands, band_of, drawn
from dashboards.console.devices.chart import MOST_AXES, axes_of
from dashboards.console.devices.curves import Curves
from dashboards.console.devices.span_buttons import SpanButtons
from dashboards.console.devices.spans import SPANS, Chosen, read_span
from dashboards.console.devices.trend import Marks, Trend, csv_of, name_of
from dashboards.console.dialogs import Field, Kind, ask
from dashboards.console.section import Address, Desk
from dashboards.console.view import box, change, dress, line
from dashboards.live.traces import MOST_POINTS, Span
from domain.points import Point
from domain.site import Device

MOST_OFFERED = 300
"""Points of the unit that can be added; those of the same place and kind come first."""

FIRST_CURVES, FIRST_STATES = 2, 4


class TrendBoard:
    """Curves of measures and bands of states, over one span."""

    def __init__(self, desk: Desk, address: Address, device: Device, marks: Marks) -> None:
        """Begin with what the address names (``points``, ``span`` or ``from`` and ``to``), or the first points."""
        self._view, self._device = desk.view, device
        self._ranges = False
        view = desk.view
        self.keys = self._first(address.query.get("points", ""))
        chosen = read_span(address.query)
        with box("panel trend-board", "trend"):
            with box("panel-head trend-head"):
                line(view.text("trend"), "panel-title")
                self._spans = SpanButtons(view, tuple(SPANS), self._choose_span, own=True)
                with box("trend-tools"):
                    self._range_button = self._tool("ranges", self._toggle_ranges)
                    self._tool("add", self._add)
                    self._tool("csv", self._download)
            self._note = line("", "panel-note trend-limit").props("role=status")
            self._trend = Trend(view, marks=marks)
            self._states = Curves(view, self._show_states, lambda _: None)
            with box("bands-box", "bands"):
                self._bands = StateBands(view.text("trend_states"))
        self._chosen_span = chosen
        self._spans.mark(chosen)
        self._draw()

    def _tool(self, name: str, on_click: Callable[[], Any]) -> ui.button:
        button = ui.button(self._view.text(f"trend_{name}"), on_click=on_click, color=None)
        return button.classes("act").props(f"flat no-caps data-action=trend-{name}")

    def _first(self, wanted: str) -> list[str]:
        """Return the keys to begin with: those that were asked for, or some of the device's."""
        table = self._view.console.registry.points
        named = [key for key in (self._key(one) for one in wanted.split(",") if one) if table.get(key) is not None]
        if named:
            return named[: 2 * MOST_POINTS]
        points = [table[int(at)] for at in table.of_device(self._device.gateway.unit, self._device.settings.id)]
        measures = [point for point in points if not point.is_event_lane]
        same = [point for point in measures if point.quantity is measures[0].quantity][:FIRST_CURVES]
        states = [point for point in points if point.is_event_lane][:FIRST_STATES]
        return [point.key for point in (*same, *states)]

    def _key(self, name: str) -> str:
        return name if "/" in name else f"{self._device.key}/{name}"

    def pick(self, key: str) -> None:
        """Draw a point, or no longer; a chart has room for a few lines of two quantities."""
        view = self._view
        at = view.console.registry.points.get(key)
        if at is None:
            return
        change(self._note, "")
        if key in self.keys:
            self.keys = [one for one in self.keys if one != key]
        else:
            point = view.console.registry.points[at]
            self._take(point)
        self._draw()

    def _take(self, point: Point) -> None:
        view = self._view
        alike = [one for one in self._chosen() if one.is_event_lane is point.is_event_lane]
        if len(alike) >= MOST_POINTS:
            change(self._note, view.text("trend_full", count=MOST_POINTS))
        elif not point.is_event_lane and len(axes_of([*alike, point])) > MOST_AXES:
            change(self._note, view.text("trend_axes", count=MOST_AXES))
        else:
            self.keys = [*self.keys, point.key]

    def _chosen(self) -> list[Point]:
        table = self._view.console.registry.points
        return [table[at] for key in self.keys if (at := table.get(key)) is not None]

    def _draw(self) -> None:
        points = self._chosen()
        measures = [one.key for one in points if not one.is_event_lane]
        self._trend.choose(measures, self._chosen_span, ranges=self._ranges)
        self._states.choose([one.key for one in points if one.is_event_lane], self._chosen_span)
        states = any(one.is_event_lane for one in points)
        self._trend.root.set_visibility(bool(measures) or not states)
        if not states:
            self._bands.show([])

    def _choose_span(self, chosen: Chosen) -> None:
        self._chosen_span = chosen
        self._spans.mark(chosen)
        self._draw()
        self.refresh(self._view.now_ns())

    def _toggle_ranges(self) -> None:
        self._ranges = not self._ranges
        dress(self._range_button, "chosen", "yes" if self._ranges else "no")
        self._range_button.props["aria-pressed"] = "true" if self._ranges else "false"
        self._draw()
        self.refresh(self._view.now_ns())

    def _download(self) -> None:
        """Give the curves and states that are drawn as one file."""
        told = csv_of((*self._trend.drawn, *self._states.drawn), self._view.console.zone)
        ui.download.content(told, f"{self._device.key.replace('/', '-')}.csv", "text/csv; charset=utf-8")

    async def _add(self) -> None:
        view = self._view
        offered = self._offered()
        words = view.text("trend_point")
        hint = [Field("point", words, Kind.CHOICE, choices=offered)]
        answers = await ask(view, view.text("trend_add_title"), hint, save=view.text("trend_show"))
        if answers is not None and answers["point"] in offered and answers["point"] not in self.keys:
            self.pick(answers["point"])

    def _offered(self) -> dict[str, str]:
        """Return points of the unit that are not drawn, by what they and their devices are called."""
        registry, home = self._view.console.registry, self._device
        unit = [one for one in registry.devices.values() if one.gateway.unit == home.gateway.unit]
        unit.sort(key=lambda one: (one.zone.key != home.zone.key, one.profile.kind != home.profile.kind))
        found: dict[str, str] = {}
        for device in unit:
            for at in registry.points.of_device(device.gateway.unit, device.settings.id):
                point = registry.points[int(at)]
                if point.key not in self.keys:
                    name = device.settings.labels.of(self._view.language)
                    found[point.key] = f"{name} · {name_of(self._view, point)}"
            if len(found) >= MOST_OFFERED:
                break
        return dict(list(found.items())[:MOST_OFFERED])

    def _show_states(self, span: Span) -> None:
        view = self._view
        bands = [
            band_of(point, self._kind(point), self._band_name(point), trace, span=span, language=view.language)
            for point, trace in self._states.drawn
        ]
        self._bands.show(drawn(bands, span, view.console.zone, view.language))

    def _kind(self, point: Point) -> str:
        device = self._view.console.registry.devices.get(f"{point.unit}/{point.device}")
        return "" if device is None else device.profile.kind

    def _band_name(self, point: Point) -> str:
        name = name_of(self._view, point)
        if point.device == self._device.settings.id:
            return name
        device = self._view.console.registry.devices.get(f"{point.unit}/{point.device}")
        return name if device is None else f"{device.settings.labels.of(self._view.language)} · {name}"

    def refresh(self, now_ns: int) -> None:
        """Draw when it is time."""
        self._trend.refresh(now_ns)
        self._states.refresh(now_ns)

    def leave(self) -> None:
        """Ask no more."""
        self._trend.leave()
        self._states.leave()
