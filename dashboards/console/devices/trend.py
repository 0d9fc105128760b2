"""Trends: the curves of chosen points over a chosen span, with limits, gaps and alarms; and their file.

`Trend` is the chart alone; with its choices it is `dashboards.console.devices.trend_board`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from nicegui import ui

from dashboards.console.devices.chart import Line, Picture, options
from dashboards.console.devices.curves import Curves
from dashboards.console.devices.spans import Chosen
from dashboards.console.view import View, box, change, line
from dashboards.live.traces import Span, Trace
from domain.clock import NS_PER_S
from domain.points import Point

Drawn = tuple[tuple[Point, Trace], ...]
Marks = Callable[[Span], Sequence[tuple[int, str]]]
"""Returns numbered moments (ns UTC) within a span."""


class Trend:
    """A chart of points."""

    def __init__(self, view: View, *, marks: Marks | None = None) -> None:
        """Build empty; `choose` fills it."""
        self._view = view
        self._marks = marks
        self._curves = Curves(view, self._show, self._say)
        with box("trend-chart", "trend-chart") as self.root:
            self._note = line("", "trend-note").props("role=status")
            self._chart = ui.echart({}).classes("chart")
        self.root.props.update({"role": "img", "aria-label": view.text("trend")})

    def choose(self, keys: Sequence[str], chosen: Chosen, *, ranges: bool = False) -> None:
        """Draw other points, another span, with or without the range of each bucket; at the next refresh."""
        self._curves.choose(keys, chosen, ranges=ranges)
        if not keys:
            self._chart.options.clear()
            self._chart.update()
            self._say(self._view.text("trend_choose"))

    def refresh(self, now_ns: int) -> None:
        """Ask when it is time."""
        self._curves.refresh(now_ns)

    def leave(self) -> None:
        """Ask no more."""
        self._curves.leave()

    @property
    def drawn(self) -> Drawn:
        """What is on the chart now."""
        return self._curves.drawn

    def _say(self, words: str) -> None:
        change(self._note, words)
        self._note.set_visibility(bool(words))

    def _show(self, span: Span) -> None:
        view = self._view
        self._say("" if any(trace.has_values for _, trace in self.drawn) else view.text("trend_none"))
        marks = self._marks(span) if self._marks is not None else ()
        lines = [Line(point, name_of(view, point), trace, limits_of(view, point)) for point, trace in self.drawn]
        picture = Picture(
            span, view.console.zone, marks, span.resolution_s, view.text("trend_bad"), view.text("value_none")
        )
        made = options(lines, picture)
        if made != self._chart.options:
            self._chart.options.clear()
            self._chart.options.update(made)
            self._chart.update()


def csv_of(drawn: Drawn, zone: tzinfo) -> str:
    """Write what is drawn as CSV: a row for each time of each point, in the site's local time."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("point", "time", "value", "lowest", "highest", "quality", "quantity"))
    for point, trace in drawn:
        low, high = (edge or (None,) * len(trace.values) for edge in (trace.low, trace.high))
        for row in zip(trace.times_ns, trace.values, low, high, trace.qualities, strict=True):
            moment = datetime.fromtimestamp(row[0] / NS_PER_S, zone).isoformat(timespec="milliseconds")
            values = ("" if one is None else repr(one) for one in row[1:4])
            writer.writerow((point.key, moment, *values, row[4], point.quantity.value))
    return out.getvalue()


def name_of(view: View, point: Point) -> str:
    """Return what people call a point."""
    label = view.console.registry.point_labels.get(point.key)
    return label.of(view.language) if label else point.name


def limits_of(view: View, point: Point) -> dict[str, float]:
    """Return a point's alarm limits by their words."""
    limits = {"high": point.high, "low": point.low}
    return {f"{view.text(f'limit_{side}')} {limit:g}": limit for side, limit in limits.items() if limit is not None}
