"""Stored readings on a terminal: a row a point with a small curve; a blank in the curve is a span without data."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cli.alerts_tables import local, plain
from cli.check_command import Language
from cli.gateways_tables import span
from domain.quality import GOOD, HISTORICAL
from ingest.face import PointGaps, Qualities, Series

BARS = "▁▂▃▄▅▆▇█"
BLANK, NO_VALUE = " ", "×"
MOST_COLUMNS = 60

_SERIES = {
    Language.ZH: ("测点", "曲线", "最小", "最大", "最后", "时间", "行数", "不良"),
    Language.EN: ("point", "curve", "least", "most", "last", "time", "rows", "not good"),
}
_GAPS = {
    Language.ZH: ("测点", "无数据自", "至", "时长", "限值", "占比"),
    Language.EN: ("point", "silent from", "to", "for", "allowed", "share"),
}
_QUALITIES = {
    Language.ZH: ("测点", "自", "好", "坏", "陈旧", "良好率"),
    Language.EN: ("point", "from", "good", "bad", "stale", "share good"),
}
_ONGOING = {Language.ZH: "（仍在继续）", Language.EN: " (goes on)"}
_NONE = {Language.ZH: "无", Language.EN: "none"}


def series_table(series: Sequence[Series], asked: tuple[int, int], lang: Language) -> Table:
    """Return one row a point; ``asked`` is the span (ns)."""
    table = _table(_SERIES[lang])
    for one in series:
        values = [value for value in one.value if value is not None]
        poor = sum(quality & ~HISTORICAL != GOOD for quality in one.quality)
        numbers = (min(values, default=None), max(values, default=None), one.value[-1] if one.value else None)
        table.add_row(
            plain(one.point),
            Text(curve(one, *asked)),
            *("–" if number is None else f"{number:.6g}" for number in numbers),
            local(one.time_ns[-1]) if one.time_ns else "–",
            str(len(one.time_ns)),
            str(poor or "–"),
        )
    return table


def curve(series: Series, start_ns: int, end_ns: int, columns: int = MOST_COLUMNS) -> str:
    """Draw the mean of each column's rows; × where rows have no value, blank where there are none."""
    cells: list[list[float]] = [[] for _ in range(columns)]
    heard = [False] * columns
    for time_ns, value in zip(series.time_ns, series.value, strict=True):
        at = min(max((time_ns - start_ns) * columns // (end_ns - start_ns), 0), columns - 1)
        heard[at] = True
        if value is not None:
            cells[at].append(value)
    means = [math.fsum(cell) / len(cell) if cell else None for cell in cells]
    known = [mean for mean in means if mean is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return "".join(
        _bar(mean, low, high) if mean is not None else NO_VALUE if told else BLANK
        for mean, told in zip(means, heard, strict=True)
    )


def _bar(mean: float, low: float, high: float) -> str:
    """Return the bar of a value; one that never moves is drawn in the middle."""
    share = (mean - low) / (high - low) if high > low and math.isfinite(high - low) else 0.5
    return BARS[min(int(share * len(BARS)), len(BARS) - 1)]


def gap_table(points: Sequence[PointGaps], lang: Language) -> Table:
    """Return one row a silence, or one that says that there is none."""
    table = _table(_GAPS[lang])
    for one in points:
        allowed, share = span(one.longer_s, lang), f"{one.share:.2%}"
        if not one.gaps:
            table.add_row(plain(one.point), _NONE[lang], "–", "–", allowed, share)
        for gap in one.gaps:
            until = local(gap.end_ns) + (_ONGOING[lang] if gap.ongoing else "")
            length = span((gap.end_ns - gap.start_ns) / 10**9, lang)
            table.add_row(plain(one.point), local(gap.start_ns), until, length, allowed, share)
    return table


def quality_table(points: Sequence[Qualities], lang: Language) -> Table:
    """Return one row a bucket."""
    table = _table(_QUALITIES[lang])
    for one in points:
        if not one.time_ns:
            table.add_row(plain(one.point), "–", "0", "0", "0", "–")
        for time_ns, good, bad, stale in zip(one.time_ns, one.good, one.bad, one.stale, strict=True):
            total = good + bad + stale
            numbers = (f"{number:,}" for number in (good, bad, stale))
            table.add_row(plain(one.point), local(time_ns), *numbers, f"{good / total:.2%}")
    return table


def _table(headings: Sequence[str]) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
