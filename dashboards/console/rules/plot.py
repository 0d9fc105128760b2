"""The plot of a backtest: a point's values and limits, and when the alarm would have stood and really stood.

Pure functions from a result to what ECharts takes. Where there were no readings the line is broken: nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dashboards.console.chart_parts import INK, LIMIT, TOOLTIP, Wall, value_axis
from domain.clock import NS_PER_S
from rules.trials_face import Backtest, BacktestResult, Curve, Interval

RECORD = "#20262c"
ALARM_FILL = "rgba(200, 16, 46, 0.18)"
MOST_AREAS = 200
GAP_BUCKETS = 2.0
NARROWEST_SHARE = 0.003
"""Of the width: an alarm of a minute would be nothing to see on a month."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Words of the plot: the line, both kinds of areas, a limit."""

    value: str
    backtest: str
    record: str
    raises: str


def options(
    asked: Backtest, result: BacktestResult, curve: Curve, *, silence_s: float, zone: tzinfo, words: Wording
) -> dict[str, Any]:
    """Return the chart of one curve; ``silence_s``: the longest silence of its point, beyond which it is unknown."""
    wall = Wall(asked.end_ns, zone)
    known = [one for one in (*curve.least, *curve.greatest) if one is not None]
    limits = {f"{words.raises} {one.value:g}": one.value for one in curve.limits}
    lines = [
        _line(words.value, list(points(asked, curve, values, silence_s, wall)))
        for values in ([curve.greatest] if curve.least == curve.greatest else [curve.greatest, curve.least])
    ]
    lines[0]["markLine"] = _limit_lines(limits)
    lines[0]["markArea"] = {"silent": True, "data": _areas(asked, result, curve, wall, words)}
    return {
        "useUTC": True,
        "animation": False,
        "aria": {"enabled": True},
        "grid": {"left": 56, "right": 84, "top": 22, "bottom": 26},
        "tooltip": TOOLTIP,
        "xAxis": wall.axis(asked.start_ns, asked.end_ns),
        "yAxis": value_axis(known, list(limits.values())),
        "series": lines,
    }


def points(
    asked: Backtest, curve: Curve, values: Sequence[float | None], silence_s: float, wall: Wall
) -> Iterator[list[Any]]:
    """Yield the points of a line, and a break where nothing was read for longer than the point may be silent."""
    bucket_s = max(1.0, (asked.end_ns - asked.start_ns) / NS_PER_S / 300)
    gap_ns = max(bucket_s * GAP_BUCKETS, silence_s + bucket_s) * NS_PER_S
    before: int | None = None
    for time_ns, value in zip(curve.time_ns, values, strict=True):
        if before is not None and time_ns - before > gap_ns:
            yield [wall.ms((before + time_ns) // 2), None]
        yield [wall.ms(time_ns), value]
        before = time_ns


def _line(name: str, data: list[list[Any]]) -> dict[str, Any]:
    return {
        "type": "line",
        "name": name,
        "data": data,
        "showSymbol": len(data) < 3,
        "connectNulls": False,
        "lineStyle": {"color": INK, "width": 1.4},
        "itemStyle": {"color": INK},
    }


def _areas(
    asked: Backtest, result: BacktestResult, curve: Curve, wall: Wall, words: Wording
) -> list[list[dict[str, Any]]]:
    """Return alarms of the backtest as filled areas, those of the record as dashed frames."""
    filled = {"color": ALARM_FILL, "borderColor": LIMIT, "borderWidth": 1}
    framed = {"color": "transparent", "borderColor": RECORD, "borderWidth": 1.4, "borderType": "dashed"}
    found = []
    for intervals, style, name in (
        (result.intervals, filled, words.backtest),
        (result.recorded_intervals, framed, words.record),
    ):
        mine = [one for one in intervals if one.entity == curve.point] or list(intervals)
        for at, one in enumerate(mine[:MOST_AREAS]):
            begin, end = wall.ms(one.raised_ns), wall.ms(_end(one, asked))
            label = {"show": at == 0, "color": LIMIT if style is filled else RECORD, "fontSize": 11}
            label["position"] = "insideTop" if style is filled else "insideBottom"
            area: list[dict[str, Any]] = [
                {"name": name, "xAxis": begin, "itemStyle": style, "label": label},
                {"xAxis": end},
            ]
            found.append(area)
    return found


def _end(one: Interval, asked: Backtest) -> int:
    narrowest = round((asked.end_ns - asked.start_ns) * NARROWEST_SHARE)
    return max(one.raised_ns + narrowest, min(asked.end_ns, one.cleared_ns or asked.end_ns))


def _limit_lines(limits: Mapping[str, float]) -> dict[str, Any]:
    return {
        "silent": True,
        "symbol": "none",
        "data": [{"yAxis": value, "label": {"formatter": words}} for words, value in limits.items()],
        "lineStyle": {"color": LIMIT, "type": "dashed", "width": 1.2},
        "label": {"color": LIMIT, "position": "end", "fontSize": 11},
    }
