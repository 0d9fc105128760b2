"""The chart of a deciding point around its alarm: limits, gaps, bad readings, and what happened when. Pure.

Grey while nothing is wrong: the curve is ink, limits are dashed, what nobody knows is hatched and named, and marks
of the alarm are lines with words. All words of it are plain text (``richText``): labels come from devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dashboards.console.detail.deciding import limit_words
from dashboards.console.device_words import number
from dashboards.console.texts import Language, text
from dashboards.console.wording import clock_text
from dashboards.live.windows import Stretch, Window
from domain.alert import AlertView
from domain.clock import NS_PER_MS, NS_PER_S
from domain.points import Point
from domain.quantity import symbol

INK, PALE, GRID, LIMIT, MARK = "#3d4650", "#6d767f", "#cfd4d9", "#b3261e", "#1d5f91"
HEADROOM = 0.08


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
    offset_ms = _offset_ms(window.end_ns, zone)

    def ms(time_ns: int) -> int:
        return time_ns // NS_PER_MS + offset_ms

    known = [value for _, value in window.good() if value is not None]
    within = [mark for mark in happened if window.start_ns <= mark.at_ns <= window.end_ns]
    gaps, bad = window.gaps(point.max_silence_s), window.bad(point.max_silence_s)
    areas = [_area(ms, one, text("detail_gap", language), "#b9c0c6") for one in gaps]
    areas += [_area(ms, one, text("detail_bad", language), "#d8c48a") for one in bad]
    later = Stretch(window.until_ns, window.end_ns)
    if later.end_ns - later.start_ns > NS_PER_S:
        areas.append(_area(ms, later, text("detail_later", language), "#e9ebed"))
    series = _line(point, [[ms(time_ns), value] for time_ns, value in _with_gaps(window, gaps)])
    series["markArea"] = {"silent": True, "data": areas}
    series["markLine"] = {
        "silent": True,
        "symbol": "none",
        "data": [
            *(
                {"yAxis": value, "label": {"formatter": words, "position": "insideEndTop"}}
                for words, value in limits.items()
            ),
            *(_event(ms(mark.at_ns), mark.words, number) for number, mark in enumerate(within)),
        ],
        "lineStyle": {"color": LIMIT, "type": "dashed", "width": 1.4},
        "label": {"color": LIMIT, "fontSize": 12},
    }
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 56, "right": 16, "top": 40, "bottom": 24},
        "tooltip": {"trigger": "axis", "confine": True, "renderMode": "richText"},
        "xAxis": _time_axis(ms(window.start_ns), ms(window.end_ns)),
        "yAxis": _value_axis(known, list(limits.values())),
        "series": [series],
    }


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


def _area(ms: Any, stretch: Stretch, words: str, colour: str) -> list[dict[str, Any]]:
    label = {"color": PALE, "fontSize": 11, "position": "insideBottom"}
    begin = {
        "xAxis": ms(stretch.start_ns),
        "name": words,
        "itemStyle": {"color": colour, "opacity": 0.55},
        "label": label,
    }
    return [begin, {"xAxis": ms(stretch.end_ns)}]


def _event(at_ms: int, words: str, number_: int) -> dict[str, Any]:
    """Return a mark; neighbours stand at two heights so that their words don't meet."""
    return {
        "xAxis": at_ms,
        "lineStyle": {"color": MARK, "type": "solid", "width": 1.4},
        "label": {"formatter": words, "color": MARK, "position": "end", "distance": 4 + 14 * (number_ % 2)},
    }


def _time_axis(start_ms: int, end_ms: int) -> dict[str, Any]:
    return {
        "type": "time",
        "min": start_ms,
        "max": end_ms,
        "axisLabel": {"color": PALE, "hideOverlap": True, "formatter": "{HH}:{mm}"},
        "axisLine": {"lineStyle": {"color": PALE}},
    }


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


def _offset_ms(time_ns: int, zone: tzinfo) -> int:
    """Return what to add to UTC for the site's wall clock: charts know no time zones but the browser's."""
    offset = datetime.fromtimestamp(time_ns / NS_PER_S, zone).utcoffset()
    return int(offset.total_seconds() * 1000) if offset else 0
