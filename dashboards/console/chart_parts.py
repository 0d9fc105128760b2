"""What charts of ours share: colours, the wall clock of the site on their axis, lines of limits. Pure.

Words in charts are drawn on a canvas and in ``richText`` tooltips, never as HTML: labels come from devices.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from domain.clock import NS_PER_MS, NS_PER_S

INK, PALE, GRID, LIMIT, MARK = "#3d4650", "#6d767f", "#cfd4d9", "#b3261e", "#1d5f91"
TOOLTIP = {"trigger": "axis", "confine": True, "renderMode": "richText"}
HEADROOM = 0.08
"""Share of a value axis that stays free above and below."""


class Wall:
    """The site's wall clock on an axis that knows no time zones but the browser's: UTC, moved by the zone's offset."""

    def __init__(self, at_ns: int, zone: tzinfo) -> None:
        """Take the offset of ``zone`` at a moment: a chart in the night of the change shows one of the two."""
        offset = datetime.fromtimestamp(at_ns / NS_PER_S, zone).utcoffset()
        self._offset_ms = int(offset.total_seconds() * 1000) if offset else 0

    def ms(self, time_ns: int) -> int:
        """Return a time as the axis has it."""
        return time_ns // NS_PER_MS + self._offset_ms

    def axis(self, start_ns: int, end_ns: int, formatter: str | None = None) -> dict[str, Any]:
        """Return a time axis."""
        label: dict[str, Any] = {"color": PALE, "hideOverlap": True}
        if formatter is not None:
            label["formatter"] = formatter
        return {
            "type": "time",
            "min": self.ms(start_ns),
            "max": self.ms(end_ns),
            "axisLabel": label,
            "axisLine": {"lineStyle": {"color": PALE}},
        }


def limit_lines(limits: dict[str, float]) -> list[dict[str, Any]]:
    """Return a dashed line for each limit (value by words)."""
    return [
        {"yAxis": value, "label": {"formatter": words, "position": "insideStartTop"}} for words, value in limits.items()
    ]


def mark_lines(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return lines across a chart; those that say nothing else look like limits."""
    return {
        "silent": True,
        "symbol": "none",
        "data": lines,
        "lineStyle": {"color": LIMIT, "type": "dashed", "width": 1.4},
        "label": {"color": LIMIT, "fontSize": 12},
    }


def value_axis(known: list[float], limits: list[float]) -> dict[str, Any]:
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


def count_axis(most: float | None = None) -> dict[str, Any]:
    """Return an axis of whole numbers, up to ``most`` where it is given."""
    end = {} if most is None else {"max": most}
    return {
        **end,
        "type": "value",
        "minInterval": 1,
        "splitLine": {"lineStyle": {"color": GRID}},
        "axisLabel": {"color": PALE},
    }
