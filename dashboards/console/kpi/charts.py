"""Plots of the alarm load: alarms of each ten minutes or hour with the limit line and floods; alarms by class. Pure.

Up to two days each ten minutes have a bar, beyond that each hour has: a month of ten minutes is 4,320 bars, more than
a screen has pixels for. The limit of a bar is that of its own length: 10 in ten minutes, 6 in an hour (ISA-18.2,
secondary source; docs/alarm-performance.md).
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from alerts.kpi_face import SLOT_NS, Figures
from dashboards.console.chart_parts import INK, LIMIT, PALE, TOOLTIP, Wall, count_axis, limit_lines, mark_lines
from dashboards.console.texts import Language, text
from domain.alarm import AlarmClass, Level
from domain.clock import NS_PER_S

FLOOD = "#d8c48a"
OVER = {"color": LIMIT, "decal": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [2, 3], "rotation": 0.8}}
"""A bar above the limit: coloured, and hatched for who can't tell the colour."""
TEN_MINUTES_UP_TO_NS = 2 * 86_400 * NS_PER_S
HOUR_SLOTS = 6
LIMITS = {1: 10, HOUR_SLOTS: 6}
"""Alarms in a bar of so many slots that one position can work on (ISA-18.2, secondary source)."""
SHADES = {Level.CRITICAL: "#3d4650", Level.WARNING: "#6d767f", Level.NOTICE: "#9aa3ab"}
"""Greys: how many there are of a level is no alarm by itself."""


def slots_in_a_bar(found: Figures) -> int:
    """Return how many slots of ten minutes a bar stands for."""
    return 1 if found.until_ns - found.from_ns <= TEN_MINUTES_UP_TO_NS else HOUR_SLOTS


def bars(found: Figures) -> list[tuple[int, int]]:
    """Return begin (ns UTC) and alarms of every bar."""
    width = slots_in_a_bar(found)
    return [
        (found.from_ns + at * SLOT_NS, sum(found.slots[at : at + width])) for at in range(0, len(found.slots), width)
    ]


def load_words(found: Figures, language: Language) -> str:
    """Write the plot for who can't see it."""
    limit = LIMITS[slots_in_a_bar(found)]
    counts = [count for _, count in bars(found)]
    above = sum(count > limit for count in counts)
    key = "kpi_plot_slots" if slots_in_a_bar(found) == 1 else "kpi_plot_hours"
    mean = f"{found.alarms / max(1, len(found.slots)):.2g}"
    return text(key, language, bars=len(counts), most=max(counts, default=0), above=above, limit=limit, mean=mean)


def load_options(found: Figures, zone: tzinfo, language: Language) -> dict[str, Any]:
    """Return the bars of the load; those above the limit are coloured, and hatched."""
    wall = Wall(found.until_ns, zone)
    limit = LIMITS[slots_in_a_bar(found)]
    data = [
        {"value": [wall.ms(begin), count], **({"itemStyle": OVER} if count > limit else {})}
        for begin, count in bars(found)
    ]
    series = {
        "type": "bar",
        "data": data,
        "itemStyle": {"color": INK},
        "barMaxWidth": 18,
        "markLine": mark_lines(limit_lines({text("kpi_limit_line", language, limit=limit): limit})),
        "markArea": {"silent": True, "data": _floods(found, wall, language)},
    }
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 44, "right": 20, "top": 24, "bottom": 28},
        "tooltip": TOOLTIP,
        "xAxis": wall.axis(found.from_ns, found.until_ns),
        "yAxis": count_axis(max(2 * limit, *(count for _, count in bars(found)))),
        "series": [series],
    }


def class_words(found: Figures, language: Language) -> str:
    """Write the counts by class and by level in one line."""
    classes = (f"{text(f'class_{one}', language)} {found.by_class.get(one, 0)}" for one in AlarmClass)
    levels = (f"{text(f'level_{one}', language)} {found.by_level.get(one.value, 0)}" for one in Level)
    return f"{text('and', language).join(classes)} · {text('and', language).join(levels)}"


def class_options(found: Figures, language: Language) -> dict[str, Any]:
    """Return a bar for each class, highest first, and one for each level below them."""
    classes = [(text(f"class_{one}", language), found.by_class.get(one, 0), INK) for one in AlarmClass]
    levels = [
        (text(f"level_{one}", language), found.by_level.get(one.value, 0), shade) for one, shade in SHADES.items()
    ]
    drawn = [*classes, *levels]
    return {
        "animation": False,
        "grid": {"left": 96, "right": 48, "top": 6, "bottom": 22},
        "xAxis": count_axis(),
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [words for words, _, _ in drawn],
            "axisLabel": {"color": PALE, "interval": 0},
            "axisTick": {"show": False},
        },
        "series": [
            {
                "type": "bar",
                "data": [{"value": count, "itemStyle": {"color": colour}} for _, count, colour in drawn],
                "label": {"show": True, "position": "right", "color": INK},
                "barMaxWidth": 16,
            }
        ],
    }


def _floods(found: Figures, wall: Wall, language: Language) -> list[list[dict[str, Any]]]:
    style: dict[str, Any] = {
        "itemStyle": {"color": FLOOD, "opacity": 0.5},
        "label": {"color": PALE, "position": "insideTop"},
    }
    areas: list[list[dict[str, Any]]] = []
    for one in found.floods:
        begin = wall.ms(max(one.begun_ns, found.from_ns))
        end = wall.ms(min(one.ended_ns or found.until_ns, found.until_ns))
        areas.append([{"xAxis": begin, "name": text("kpi_flood", language), **style}, {"xAxis": end}])
    return areas
