"""The plot of a backtest: alarms in ten minutes before and after, and by class. A PNG, drawn without a screen."""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from cli.commission_fonts import find_face
from domain.errors import RefusedError
from rules.backtest_report import (
    ACCEPTABLE_PER_HOUR,
    FLOOD_PER_10_MIN,
    MOST_PER_HOUR,
    TEN_MINUTES_NS,
    Report,
    ten_minutes,
)
from rules.pages.page import CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE, AFTER = "#7a8794", "#c43d2b"
PER_HOUR = 6
"""Ten minutes in an hour."""
FEWEST_LABELS = 6
LEAST_SHARE = 0.05
"""Yardsticks that would lie on one another at the foot of a storm are left out."""


def draw(report: Report, path: Path, zone: tzinfo, *, chinese: bool) -> None:
    """Draw a report; Chinese words need a font that has them, English ones stand there otherwise."""
    import matplotlib as mpl  # noqa: PLC0415  # half a second, which no other command should wait for

    mpl.use("Agg")
    from matplotlib import font_manager  # noqa: PLC0415  # as above
    from matplotlib import pyplot as plt  # noqa: PLC0415  # as above

    families = ["DejaVu Sans"]
    if chinese:
        try:
            face = find_face()
            font_manager.fontManager.addfont(str(face.path))
            families.insert(0, font_manager.FontProperties(fname=str(face.path)).get_name())
        except (RefusedError, RuntimeError, OSError):
            chinese = False
    with plt.rc_context({"font.family": families, "axes.unicode_minus": False}):
        figure, (above, below) = plt.subplots(2, 1, figsize=(11, 7), height_ratios=(3, 2), constrained_layout=True)
        _over_time(above, report, zone, chinese=chinese)
        _by_class(below, report, chinese=chinese)
        figure.savefig(path, dpi=110)
        plt.close(figure)


def _over_time(axes: Axes, report: Report, zone: tzinfo, *, chinese: bool) -> None:
    old, new = (ten_minutes(each, report.start_ns, report.end_ns) for each in (report.before, report.after))
    edges = list(range(len(old) + 1))
    words = ("现行", "拟用") if chinese else ("before", "after")
    axes.stairs(old, edges, fill=True, color=BEFORE, alpha=0.55, label=f"{words[0]} ({sum(old)})")
    axes.stairs(new, edges, color=AFTER, linewidth=1.8, label=f"{words[1]} ({sum(new)})")
    lines = {
        ACCEPTABLE_PER_HOUR / PER_HOUR: ("可接受", "acceptable"),
        MOST_PER_HOUR / PER_HOUR: ("可管理上限", "most manageable"),
        FLOOD_PER_10_MIN: ("告警泛滥", "flood"),
    }
    top = max([*old, *new, 3])
    for height, told in lines.items():
        if top * LEAST_SHARE <= height <= top * 1.3:
            axes.axhline(height, color="#444", linewidth=0.8, linestyle=":")
            axes.annotate(
                f" {told[not chinese]}", (1.0, height), xycoords=("axes fraction", "data"), fontsize=8, va="center"
            )
    every = max(1, len(old) // FEWEST_LABELS)
    ticks = edges[::every]
    axes.set_xticks(ticks, [_clock(report.start_ns + at * TEN_MINUTES_NS, zone) for at in ticks])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("每10分钟告警数" if chinese else "alarms in 10 minutes")
    axes.set_title("规则回测：操作员负荷（ISA-18.2）" if chinese else "Backtest of rules: load on operators (ISA-18.2)")
    axes.legend(loc="upper left", frameon=False)


def _by_class(axes: Axes, report: Report, *, chinese: bool) -> None:
    names = list(dict.fromkeys([*report.load_before.by_class, *report.load_after.by_class]))
    at = range(len(names))
    axes.bar([x - 0.2 for x in at], [report.load_before.by_class.get(name, 0) for name in names], 0.38, color=BEFORE)
    axes.bar([x + 0.2 for x in at], [report.load_after.by_class.get(name, 0) for name in names], 0.38, color=AFTER)
    words = {one.value: told[not chinese] for one, told in CLASSES.items()}
    axes.set_xticks(list(at), [words[name] for name in names])
    axes.set_ylabel("各类告警数" if chinese else "alarms by class")


def _clock(time_ns: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, zone).strftime("%m-%d %H:%M")
