"""The course of the deciding points around the alarm, drawn while it lasts and ten minutes longer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from nicegui import ui

from dashboards.console.asking import Asking
from dashboards.console.detail.course import Mark, options, summary
from dashboards.console.detail.deciding import point_label
from dashboards.console.detail.parts import Part
from dashboards.console.view import View, box, change, line
from dashboards.console.wording import refusal_text
from dashboards.live.windows import HALF_S, LIVE_S, Window
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, RefusedError
from domain.points import Point
from domain.quantity import symbol

MOST_CHARTS = 4
"""Points whose course is drawn, the deciding ones first."""
REST_S = 60.0
"""How often a course that is over is looked at again: what was spooled during an outage may still come."""


class Course:
    """One chart a point, one below the other: their quantities differ."""

    def __init__(self, view: View) -> None:
        """Build empty; `follow` says of what."""
        self._view = view
        self._part = Part(view, "trend", classes="detail-trend")
        self._points: tuple[Point, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._at_ns = 0
        self._due_ns = 0
        self._charts: list[_Chart] = []
        self._asking: Asking[tuple[Window, ...]] = Asking(self._show, self._failed)

    def follow(self, points: Sequence[Point], at_ns: int, marks: tuple[Mark, ...]) -> None:
        """Draw these points around a moment, with these marks."""
        chosen = tuple(points[:MOST_CHARTS])
        if not chosen:
            self._part.say(self._view.text("detail_trend_none"))
            return
        if (chosen, at_ns) != (self._points, self._at_ns):
            self._points, self._at_ns = chosen, at_ns
            self._part.show((tuple(point.key for point in chosen), at_ns), self._build, self._note(len(points)))
            self._due_ns = 0
        if marks != self._marks:
            self._marks = marks
            self._due_ns = 0

    def refresh(self, now_ns: int) -> None:
        """Ask for the readings when it is time."""
        if not self._points or now_ns < self._due_ns or self._asking.is_busy:
            return
        windows, points, at_ns = self._view.console.windows, self._points, self._at_ns
        self._due_ns = now_ns + round((LIVE_S if windows.is_live(at_ns) else REST_S) * NS_PER_S)

        async def ask() -> tuple[Window, ...]:
            return tuple(await asyncio.gather(*(windows.around(point, at_ns) for point in points)))

        self._asking.ask(ask)

    def close(self) -> None:
        """Draw nothing any more."""
        self._asking.close()

    def _note(self, count: int) -> str:
        words = self._view.text("detail_trend_span", minutes=HALF_S // 60)
        more = count - MOST_CHARTS
        return f"{words} · {self._view.text('detail_more', count=more)}" if more > 0 else words

    def _build(self) -> None:
        self._charts = [_Chart(self._view, point) for point in self._points]

    def _show(self, windows: tuple[Window, ...]) -> None:
        for chart, window in zip(self._charts, windows, strict=False):
            chart.show(window, self._marks)

    def _failed(self, error: FengsuiError) -> None:
        words = self._view.text("trend_away")
        if isinstance(error, RefusedError):
            words = refusal_text(error.reason, self._view.language)
        for chart in self._charts:
            chart.fail(words)


class _Chart:
    """One point."""

    def __init__(self, view: View, point: Point) -> None:
        self._view = view
        self._point = point
        self._drawn: tuple[Window, tuple[Mark, ...]] | None = None
        name = point_label(view.console.registry, point, view.language)
        with box("detail-chart"):
            line(f"{name} {symbol(point.quantity)}".rstrip(), "detail-chart-name")
            self._note = line("", "detail-chart-note")
            self._chart = ui.echart({}).classes("detail-canvas").props(f"data-point={point.name} role=img")

    def show(self, window: Window, marks: tuple[Mark, ...]) -> None:
        """Draw, unless that is what stands there."""
        if self._drawn is not None and self._drawn[0] is window and self._drawn[1] == marks:
            return
        self._drawn = window, marks
        view = self._view
        words = summary(self._point, window, view.console.zone, view.language)
        self._chart.props["aria-label"] = words
        change(self._note, words)
        self._chart.options.clear()
        self._chart.options.update(options(self._point, window, marks, view.console.zone, view.language))
        self._chart.update()

    def fail(self, words: str) -> None:
        """Say why nothing newer is known; what stands there stays."""
        change(self._note, words)
