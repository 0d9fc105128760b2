"""The curve of the chosen point with its limits, so that a value has context."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from nicegui import ui

from dashboards.console.view import View, box, change, dress, line
from dashboards.live.history import Curve
from domain.clock import NS_PER_MS, NS_PER_S
from domain.errors import FengsuiError, RefusedError
from domain.points import Point
from domain.quantity import symbol
from ingest.face import Aggregate

SPANS = {"15min": 900, "1h": 3600, "24h": 86_400}
REFRESH_S = {900: 3, 3600: 10, 86_400: 60}

INK = "#3d4650"
PALE = "#8a939c"
GRID = "#cfd4d9"
LIMIT = "#b3261e"
HEADROOM = 0.08
"""Share of the axis that stays free above and below."""


class Trend:
    """A chart that follows the view's point."""

    def __init__(self, view: View) -> None:
        """Build empty; `follow` fills it."""
        self._view = view
        self._due_ns = 0
        self._asking: asyncio.Task[None] | None = None
        with box("panel trend", "trend"):
            with box("panel-head"):
                line(view.text("trend"), "panel-title")
                self._title = line("", "panel-note")
                with box("spans"):
                    self._buttons = {span: self._span_button(name, span) for name, span in SPANS.items()}
            self._note = line("", "trend-note")
            self._chart = ui.echart({}).classes("chart")
        self._mark_span()

    def _span_button(self, name: str, span_s: int) -> ui.button:
        button = ui.button(self._view.text(f"trend_{name}"), on_click=lambda: self._choose(span_s), color=None)
        return button.classes("act span").props("flat no-caps")

    def _choose(self, span_s: int) -> None:
        self._view.span_s = span_s
        self._mark_span()
        self.follow()

    def _mark_span(self) -> None:
        for span_s, button in self._buttons.items():
            dress(button, "chosen", "yes" if span_s == self._view.span_s else "no")

    def follow(self) -> None:
        """Draw at the next refresh: another point or span was chosen."""
        self._due_ns = 0
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def refresh(self, now_ns: int) -> None:
        """Ask for the curve when it is time, without holding up the rest of the page."""
        if now_ns < self._due_ns or (self._asking is not None and not self._asking.done()):
            return
        self._due_ns = now_ns + REFRESH_S[self._view.span_s] * NS_PER_S
        key = self._view.point
        at = self._view.console.registry.points.get(key) if key else None
        if key is not None and at is not None:
            self._asking = asyncio.create_task(self._draw(key, self._view.console.registry.points[at]))

    async def _draw(self, key: str, point: Point) -> None:
        view = self._view
        try:
            aggregate = Aggregate.LAST if point.is_event_lane else Aggregate.MEAN
            curve = await view.console.history.curve(key, view.span_s, aggregate)
        except RefusedError as error:
            self._empty(error.reason)
            return
        except FengsuiError:
            self._empty(view.text("trend_away"))
            return
        self._show(point, curve)

    def _empty(self, words: str) -> None:
        change(self._note, words)
        self._note.set_visibility(bool(words))

    def _show(self, point: Point, curve: Curve) -> None:
        view = self._view
        label = view.console.registry.point_labels.get(point.key)
        name = label.of(view.language) if label else point.name
        change(self._title, f"{name} {symbol(point.quantity)}".rstrip())
        self._empty("" if any(value is not None for value in curve.values) else view.text("trend_none"))
        limits = {"high": point.high, "low": point.low}
        words = {
            f"{view.text(f'limit_{side}')} {limit:g}": limit for side, limit in limits.items() if limit is not None
        }
        self._chart.options.clear()
        self._chart.options.update(options(point, curve, _offset_ms(curve.end_ns, view.console.zone), words))
        self._chart.update()


def _offset_ms(time_ns: int, zone: tzinfo) -> int:
    """Return what to add to UTC for the site's wall clock: charts know no time zones but the browser's."""
    offset = datetime.fromtimestamp(time_ns / NS_PER_S, zone).utcoffset()
    return int(offset.total_seconds() * 1000) if offset else 0


def options(point: Point, curve: Curve, offset_ms: int, limits: Mapping[str, float]) -> dict[str, Any]:
    """Return the chart as ECharts takes it. Gaps stay gaps; ``limits`` (value by words) are dashed lines."""
    times_ns, values = curve.with_gaps(point.max_silence_s)
    data = [[_ms(time_ns, offset_ms), value] for time_ns, value in zip(times_ns, values, strict=True)]
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 52, "right": 66, "top": 14, "bottom": 24},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "time",
            "min": _ms(curve.start_ns, offset_ms),
            "max": _ms(curve.end_ns, offset_ms),
            "axisLabel": {"color": PALE, "hideOverlap": True, "formatter": "{HH}:{mm}"},
            "axisLine": {"lineStyle": {"color": PALE}},
        },
        "yAxis": _value_axis([value for value in values if value is not None], list(limits.values())),
        "series": [
            {
                "type": "line",
                "data": data,
                "step": "end" if point.is_event_lane else False,
                "showSymbol": len(values) < 2,
                "connectNulls": False,
                "lineStyle": {"color": INK, "width": 1.6},
                "itemStyle": {"color": INK},
                "markLine": _limit_lines(limits),
            }
        ],
    }


def _ms(time_ns: int, offset_ms: int) -> int:
    return time_ns // NS_PER_MS + offset_ms


def _value_axis(known: list[float], limits: list[float]) -> dict[str, Any]:
    """Return an axis with room for the values and their limits: a value without its limit says little."""
    axis: dict[str, Any] = {
        "type": "value",
        "scale": True,
        "splitLine": {"lineStyle": {"color": GRID}},
        "axisLabel": {"color": PALE, "showMinLabel": False, "showMaxLabel": False},
    }
    low, high = min(known + limits, default=0.0), max(known + limits, default=0.0)
    if low < high:
        room = (high - low) * HEADROOM
        axis |= {"min": low - room, "max": high + room}
    return axis


def _limit_lines(limits: Mapping[str, float]) -> dict[str, Any]:
    return {
        "silent": True,
        "symbol": "none",
        "data": [{"yAxis": value, "label": {"formatter": words}} for words, value in limits.items()],
        "lineStyle": {"color": LIMIT, "type": "dashed", "width": 1.2},
        "label": {"color": LIMIT, "position": "end", "fontSize": 11},
    }
