"""Curves as ECharts takes them: pure, and nothing that a device or a person wrote is read as markup.

Gaps stay gaps, bad quality has a mark of its own, alarms are numbered lines whose numbers stand in a list below.
Charts know no time zones but the browser's: times are moved by the site's offset and drawn as UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dashboards.console.chart_parts import LIMIT, PALE, TOOLTIP, Wall, value_axis
from dashboards.console.wording import DAY_S
from dashboards.live.traces import Span, Trace, gaps, not_good
from domain.points import Point
from domain.quantity import Quantity, symbol

INKS = ("#3d4650", "#2f7f79", "#8a6d3b", "#6a6790", "#66752f", "#4f7ca8")
"""Lines are told apart by colour and by their dashes; none is a colour of the alarm classes at full strength."""

DASHES = ("solid", "dashed", "dotted", "solid", "dashed", "dotted")
MARK = "#8a6100"
GAP = "rgba(90, 100, 109, 0.16)"
ROOM_FOR_WORDS = 0.1
"""Share of the span that a gap must have before words fit into it."""

MOST_AXES = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A point to draw: what people call it, its curve, its limits by their words."""

    point: Point
    name: str
    trace: Trace
    limits: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """What surrounds the lines: the span, where gaps are, numbered moments, and the words of the legend."""

    span: Span
    zone: tzinfo
    marks: Sequence[tuple[int, str]] = ()
    bucket_s: float = 1.0
    bad_words: str = ""
    gap_words: str = ""


def axes_of(points: Sequence[Point]) -> list[Quantity]:
    """Return the quantities that the lines are measured in, in their order; a chart has room for two."""
    return list(dict.fromkeys(point.quantity for point in points))


def options(lines: Sequence[Line], picture: Picture) -> dict[str, Any]:
    """Return the whole chart; lines of a third quantity are left out."""
    wall = Wall(picture.span.end_ns, picture.zone)
    quantities = axes_of([line.point for line in lines])[:MOST_AXES]
    shown = [line for line in lines if line.point.quantity in quantities]
    series: list[dict[str, Any]] = []
    for at, line in enumerate(shown):
        series += _series(line, at, quantities.index(line.point.quantity), picture, wall, alone=len(shown) == 1)
    if series:
        series[0]["markLine"]["data"] += _moments(picture.marks, wall)
        series += _bad(shown, picture, wall, len(quantities))
    axes = [_value_axis([line for line in shown if line.point.quantity is one], one) for one in quantities]
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 56, "right": 72, "top": 34 if len(shown) > 1 else 26, "bottom": 26},
        "legend": {"show": len(shown) > 1, "top": 0, "icon": "roundRect", "itemHeight": 3, "data": _names(shown)},
        "tooltip": TOOLTIP,
        "xAxis": _time_axis(picture.span, wall),
        "yAxis": [*axes, {"type": "value", "show": False, "min": 0, "max": 1}] if axes else [{"type": "value"}],
        "series": series,
    }


def _names(lines: Sequence[Line]) -> list[str]:
    return [line.name for line in lines]


def _series(line: Line, at: int, axis: int, picture: Picture, wall: Wall, *, alone: bool) -> list[dict[str, Any]]:
    ink, dash = INKS[at % len(INKS)], DASHES[at % len(DASHES)]
    silent = gaps(line.trace, picture.span, line.point.max_silence_s, bucket_s=picture.bucket_s)
    base = {
        "type": "line",
        "yAxisIndex": axis,
        "connectNulls": False,
        "step": "end" if line.point.is_event_lane else False,
        "itemStyle": {"color": ink},
    }
    drawn = {
        **base,
        "name": line.name,
        "data": _points(line.trace, line.trace.values, silent, wall),
        "showSymbol": len(line.trace.values) < 2,
        "lineStyle": {"color": ink, "width": 1.7, "type": dash},
        "markLine": _limit_lines(line, alone=alone),
    }
    if alone:
        drawn["markArea"] = _gap_areas(silent, picture, wall)
    edges = [
        {
            **base,
            "data": _points(line.trace, values, silent, wall),
            "showSymbol": False,
            "silent": True,
            "tooltip": {"show": False},
            "lineStyle": {"color": ink, "width": 0.8, "opacity": 0.55, "type": dash},
        }
        for values in (line.trace.low, line.trace.high)
        if values
    ]
    return [drawn, *edges]


def _points(
    trace: Trace, values: Sequence[float | None], silent: Sequence[tuple[int, int]], wall: Wall
) -> list[list[float | None]]:
    """Return times and values, with nothing wherever nothing was heard: a line across an outage was never measured."""
    found: list[list[float | None]] = [
        [wall.ms(time_ns), value] for time_ns, value in zip(trace.times_ns, values, strict=True)
    ]
    found += [[wall.ms(begin_ns) + 1, None] for begin_ns, _ in silent]
    return sorted(found, key=lambda one: one[0] or 0)


def _gap_areas(silent: Sequence[tuple[int, int]], picture: Picture, wall: Wall) -> dict[str, Any]:
    """Return grey areas where nothing was heard; those that have room for it say so."""
    room_ns = (picture.span.end_ns - picture.span.start_ns) * ROOM_FOR_WORDS
    return {
        "silent": True,
        "itemStyle": {"color": GAP},
        "data": [
            [
                {
                    "xAxis": wall.ms(begin_ns),
                    "name": picture.gap_words if end_ns - begin_ns > room_ns else "",
                    "label": {"position": "inside", "color": PALE},
                },
                {"xAxis": wall.ms(end_ns)},
            ]
            for begin_ns, end_ns in silent
        ],
    }


def _limit_lines(line: Line, *, alone: bool) -> dict[str, Any]:
    return {
        "silent": True,
        "symbol": "none",
        "data": [
            {"yAxis": value, "label": {"formatter": words if alone else f"{words} {line.name}"[:24]}}
            for words, value in line.limits.items()
        ],
        "lineStyle": {"color": LIMIT, "type": "dashed", "width": 1.2},
        "label": {"color": LIMIT, "position": "insideEndTop" if not alone else "end", "fontSize": 11},
    }


def _moments(marks: Sequence[tuple[int, str]], wall: Wall) -> list[dict[str, Any]]:
    return [
        {
            "xAxis": wall.ms(time_ns),
            "label": {"formatter": words, "position": "end", "color": MARK, "fontWeight": "bold"},
            "lineStyle": {"color": MARK, "type": "solid", "width": 1},
        }
        for time_ns, words in marks
    ]


def _bad(lines: Sequence[Line], picture: Picture, wall: Wall, axis: int) -> list[dict[str, Any]]:
    """Return marks at the foot of the chart, where a reading was not good."""
    times = sorted({at for line in lines for at in not_good(line.trace)})
    if not times:
        return []
    return [
        {
            "type": "scatter",
            "name": picture.bad_words,
            "yAxisIndex": axis,
            "data": [[wall.ms(at), 0.015] for at in times],
            "symbol": "diamond",
            "symbolSize": 7,
            "silent": True,
            "tooltip": {"show": False},
            "itemStyle": {"color": "#ffffff", "borderColor": MARK, "borderWidth": 1.5},
        }
    ]


def _time_axis(span: Span, wall: Wall) -> dict[str, Any]:
    formatter = "{HH}:{mm}" if span.seconds <= DAY_S else "{MM}-{dd} {HH}:{mm}"
    return wall.axis(span.start_ns, span.end_ns, formatter)


def _value_axis(lines: Sequence[Line], quantity: Quantity) -> dict[str, Any]:
    """Return an axis with room for the values and their limits: a value without its limit says little."""
    known = [
        value
        for line in lines
        for values in (line.trace.values, line.trace.low, line.trace.high, tuple(line.limits.values()))
        for value in values
        if value is not None
    ]
    return {
        **value_axis(known, []),
        "name": symbol(quantity),
        "nameTextStyle": {"color": PALE},
        "nameGap": 8,
    }
