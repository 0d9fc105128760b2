"""The chart of a deciding point around its alarm: limits, gaps, bad readings, and what happened when. Pure.

Grey while nothing is wrong: the curve is ink, limits are dashed, what nobody knows is hatched and named, and marks
of the alarm are lines with words. All words of it are plain text (``richText``): labels come from devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dashboards.console.chart_parts import INK, MARK, PALE, TOOLTIP, Wall, limit_lines, mark_lines, value_axis
from dashboards.console.detail.deciding import limit_words
from dashboards.console.devices.device_words import number
from dashboards.console.texts import Language, text
from dashboards.console.wording import clock_text
from dashboards.live.windows import Stretch, Window
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.points import Point
from domain.quantity import symbol


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to the alarm, ns UTC."""

    at_ns: int
    words: str


def marks(alert: AlertView, language: Language) -> tuple[Mark, ...]:
    """Return what happened when: at the device, raised, acknowledged, cleared. Two within a second are one."""
    times = {
        "event": alert.event_time_ns,
        "raised": alert.raised_at_ns,
        "acknowledged": alert.acknowledged_at_ns,
        "cleared": alert.cleared_at_ns,
    }
    found: list[Mark] = []
    for name, at_ns in times.items():
        if at_ns is None:
            continue
        words = text(f"detail_mark_{name}", language)
        if found and abs(at_ns - found[-1].at_ns) < NS_PER_S:
            found[-1] = Mark(found[-1].at_ns, f"{found[-1].words}·{words}")
        else:
            found.append(Mark(at_ns, words))
    return tuple(found)


def summary(point: Point, window: Window, zone: tzinfo, language: Language) -> str:
    """Write the chart for who can't see it: span, least and greatest value, and how long nothing was known."""
    known = [value for _, value in window.good() if value is not None]
    span = f"{clock_text(window.start_ns, zone)}–{clock_text(window.until_ns, zone)}"
    silent_s = sum(one.end_ns - one.start_ns for one in window.gaps(point.max_silence_s)) / NS_PER_S
    if not known:
        return text("detail_chart_none", language, span=span)
    quantity = symbol(point.quantity)
    return text(
        "detail_chart_words",
        language,
        span=span,
        least=f"{number(min(known))} {quantity}".rstrip(),
        most=f"{number(max(known))} {quantity}".rstrip(),
        silent=f"{silent_s:.0f}",
    )


def options(
    point: Point,
    window: Window,
    happened: Sequence[Mark],
    zone: tzinfo,
    language: Language,
) -> dict[str, Any]:
    """Return the chart as ECharts takes it."""
    limits = limit_words(point, language)
    wall = Wall(window.end_ns, zone)
    known = [value for _, value in window.good() if value is not None]
    within = [mark for mark in happened if window.start_ns <= mark.at_ns <= window.end_ns]
    gaps = window.gaps(point.max_silence_s)
    series = _line(point, [[wall.ms(time_ns), value] for time_ns, value in _with_gaps(window, gaps)])
    series["markArea"] = {"silent": True, "data": _areas(point, window, wall, language)}
    events = [_event(wall.ms(mark.at_ns), mark.words, row=number % 2) for number, mark in enumerate(within)]
    series["markLine"] = mark_lines([*limit_lines(limits), *events])
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 56, "right": 16, "top": 40, "bottom": 24},
        "tooltip": TOOLTIP,
        "xAxis": wall.axis(window.start_ns, window.end_ns, "{HH}:{mm}"),
        "yAxis": value_axis(known, list(limits.values())),
        "series": [series],
    }


def _areas(point: Point, window: Window, wall: Wall, language: Language) -> list[list[dict[str, Any]]]:
    """Return what is not known: silence, bad readings, and what is still to come."""
    kinds = {
        "detail_gap": (window.gaps(point.max_silence_s), "#b9c0c6"),
        "detail_bad": (window.bad(point.max_silence_s), "#d8c48a"),
        "detail_later": ([Stretch(window.until_ns, window.end_ns)], "#e9ebed"),
    }
    return [
        _area(wall, one, text(key, language), colour)
        for key, (stretches, colour) in kinds.items()
        for one in stretches
        if one.end_ns - one.start_ns > NS_PER_S
    ]


def _line(point: Point, data: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "line",
        "data": data,
        "step": "end" if point.is_event_lane else False,
        "showSymbol": len(data) < 60,
        "symbolSize": 4,
        "connectNulls": False,
        "lineStyle": {"color": INK, "width": 1.8},
        "itemStyle": {"color": INK},
    }


def _with_gaps(window: Window, gaps: Sequence[Stretch]) -> list[tuple[int, float | None]]:
    """Return what the line goes through, with a hole in every gap."""
    holes: list[tuple[int, float | None]] = [(one.start_ns + 1, None) for one in gaps]
    return sorted([*window.good(), *holes], key=lambda one: one[0])


def _area(wall: Wall, stretch: Stretch, words: str, colour: str) -> list[dict[str, Any]]:
    label = {"color": PALE, "fontSize": 11, "position": "insideBottom"}
    style = {"itemStyle": {"color": colour, "opacity": 0.55}, "label": label}
    return [{"xAxis": wall.ms(stretch.start_ns), "name": words, **style}, {"xAxis": wall.ms(stretch.end_ns)}]


def _event(at_ms: int, words: str, *, row: int) -> dict[str, Any]:
    """Return a mark; neighbours stand at two heights so that their words don't meet."""
    return {
        "xAxis": at_ms,
        "lineStyle": {"color": MARK, "type": "solid", "width": 1.4},
        "label": {"formatter": words, "color": MARK, "position": "end", "distance": 4 + 14 * row},
    }
