"""Curves as ECharts takes them: pure, and nothing that a device or a person wrote is read as markup.

Gaps stay gaps, bad quality has a mark of its own, alarms are numbered lines whose numbers stand in a list below.
Charts know no time zones but the browser's: times are moved by the site's offset and drawn as UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dashboards.live.traces import Span, Trace, gaps, not_good
from domain.clock import NS_PER_MS, NS_PER_S
from domain.points import Point
from domain.quantity import Quantity, symbol

INKS = ("#3d4650", "#2f7f79", "#8a6d3b", "#6a6790", "#66752f", "#4f7ca8")
"""Lines are told apart by colour and by their dashes; none is a colour of the alarm classes at full strength."""

DASHES = ("solid", "dashed", "dotted", "solid", "dashed", "dotted")
PALE, GRID, LIMIT, MARK = "#8a939c", "#cfd4d9", "#b3261e", "#8a6100"
GAP = "rgba(90, 100, 109, 0.16)"
HEADROOM = 0.08
"""Share of the axis that stays free above and below."""

ROOM_FOR_WORDS = 0.1
"""Share of the span that a gap must have before words fit into it."""

MOST_AXES = 2
DAY_S = 86_400


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
    offset_ms = offset_of(picture.span.end_ns, picture.zone)
    quantities = axes_of([line.point for line in lines])[:MOST_AXES]
    shown = [line for line in lines if line.point.quantity in quantities]
    series: list[dict[str, Any]] = []
    for at, line in enumerate(shown):
        series += _series(line, at, quantities.index(line.point.quantity), picture, offset_ms, alone=len(shown) == 1)
    if series:
        series[0]["markLine"]["data"] += _moments(picture.marks, offset_ms)
        series += _bad(shown, picture, offset_ms, len(quantities))
    axes = [_value_axis([line for line in shown if line.point.quantity is one], one) for one in quantities]
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 56, "right": 72, "top": 34 if len(shown) > 1 else 26, "bottom": 26},
        "legend": {"show": len(shown) > 1, "top": 0, "icon": "roundRect", "itemHeight": 3, "data": _names(shown)},
        "tooltip": {"trigger": "axis", "confine": True, "renderMode": "richText"},
        "xAxis": _time_axis(picture.span, offset_ms),
        "yAxis": [*axes, {"type": "value", "show": False, "min": 0, "max": 1}] if axes else [{"type": "value"}],
        "series": series,
    }


def offset_of(time_ns: int, zone: tzinfo) -> int:
    """Return what to add to UTC for the site's wall clock, ms."""
    offset = datetime.fromtimestamp(time_ns / NS_PER_S, zone).utcoffset()
    return int(offset.total_seconds() * 1000) if offset else 0


def _names(lines: Sequence[Line]) -> list[str]:
    return [line.name for line in lines]


def _series(line: Line, at: int, axis: int, picture: Picture, offset_ms: int, *, alone: bool) -> list[dict[str, Any]]:
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
        "data": _points(line.trace, line.trace.values, silent, offset_ms),
        "showSymbol": len(line.trace.values) < 2,
        "lineStyle": {"color": ink, "width": 1.7, "type": dash},
        "markLine": _limit_lines(line, alone=alone),
    }
    if alone:
        drawn["markArea"] = _gap_areas(silent, picture, offset_ms)
    edges = [
        {
            **base,
            "data": _points(line.trace, values, silent, offset_ms),
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
    trace: Trace, values: Sequence[float | None], silent: Sequence[tuple[int, int]], offset_ms: int
) -> list[list[float | None]]:
    """Return times and values, with nothing wherever nothing was heard: a line across an outage was never measured."""
    found: list[list[float | None]] = [
        [_ms(time_ns, offset_ms), value] for time_ns, value in zip(trace.times_ns, values, strict=True)
    ]
    found += [[_ms(begin_ns, offset_ms) + 1, None] for begin_ns, _ in silent]
    return sorted(found, key=lambda one: one[0] or 0)


def _gap_areas(silent: Sequence[tuple[int, int]], picture: Picture, offset_ms: int) -> dict[str, Any]:
    """Return grey areas where nothing was heard; those that have room for it say so."""
    room_ns = (picture.span.end_ns - picture.span.start_ns) * ROOM_FOR_WORDS
    return {
        "silent": True,
        "itemStyle": {"color": GAP},
        "data": [
            [
                {
                    "xAxis": _ms(begin_ns, offset_ms),
                    "name": picture.gap_words if end_ns - begin_ns > room_ns else "",
                    "label": {"position": "inside", "color": PALE},
                },
                {"xAxis": _ms(end_ns, offset_ms)},
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


def _moments(marks: Sequence[tuple[int, str]], offset_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "xAxis": _ms(time_ns, offset_ms),
            "label": {"formatter": words, "position": "end", "color": MARK, "fontWeight": "bold"},
            "lineStyle": {"color": MARK, "type": "solid", "width": 1},
        }
        for time_ns, words in marks
    ]


def _bad(lines: Sequence[Line], picture: Picture, offset_ms: int, axis: int) -> list[dict[str, Any]]:
    """Return marks at the foot of the chart, where a reading was not good."""
    times = sorted({at for line in lines for at in not_good(line.trace)})
    if not times:
        return []
    return [
        {
            "type": "scatter",
            "name": picture.bad_words,
            "yAxisIndex": axis,
            "data": [[_ms(at, offset_ms), 0.015] for at in times],
            "symbol": "diamond",
            "symbolSize": 7,
            "silent": True,
            "tooltip": {"show": False},
            "itemStyle": {"color": "#ffffff", "borderColor": MARK, "borderWidth": 1.5},
        }
    ]


def _time_axis(span: Span, offset_ms: int) -> dict[str, Any]:
    return {
        "type": "time",
        "min": _ms(span.start_ns, offset_ms),
        "max": _ms(span.end_ns, offset_ms),
        "axisLabel": {
            "color": PALE,
            "hideOverlap": True,
            "formatter": "{HH}:{mm}" if span.seconds <= DAY_S else "{MM}-{dd} {HH}:{mm}",
        },
        "axisLine": {"lineStyle": {"color": PALE}},
    }


def _value_axis(lines: Sequence[Line], quantity: Quantity) -> dict[str, Any]:
    """Return an axis with room for the values and their limits: a value without its limit says little."""
    axis: dict[str, Any] = {
        "type": "value",
        "scale": True,
        "name": symbol(quantity),
        "nameTextStyle": {"color": PALE},
        "nameGap": 8,
        "splitLine": {"lineStyle": {"color": GRID}},
        "axisLabel": {"color": PALE, "showMinLabel": False, "showMaxLabel": False},
    }
    known = [
        value
        for line in lines
        for values in (line.trace.values, line.trace.low, line.trace.high, tuple(line.limits.values()))
        for value in values
        if value is not None
    ]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if low < high:
        room = (high - low) * HEADROOM
        axis |= {"min": low - room, "max": high + room}
    return axis


def _ms(time_ns: int, offset_ms: int) -> int:
    return time_ns // NS_PER_MS + offset_ms
