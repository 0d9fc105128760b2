"""The plot of the alarm load: alarms of each ten minutes, floods shaded. A PNG, drawn without a screen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alerts.kpi_face import SLOT_NS, Figures
from cli.commission_fonts import find_face
from domain.clock import NS_PER_S
from domain.errors import RefusedError

BARS, FLOODS = "#2b6ca3", "#c43d2b"
FLOOD_ABOVE = 10


def draw(found: Figures, path: Path, *, chinese: bool) -> None:
    """Draw a report; Chinese words need a font that has them, English ones stand there otherwise."""
    import matplotlib as mpl  # noqa: PLC0415  # half a second, which no other command should wait for

    mpl.use("Agg")
    from matplotlib import dates, font_manager  # noqa: PLC0415  # as above
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
        figure, axes = plt.subplots(figsize=(11, 4.5), constrained_layout=True)
        edges = [_day(found.from_ns + number * SLOT_NS) for number in range(len(found.slots) + 1)]
        axes.stairs(found.slots, edges, fill=True, color=BARS)
        for number, flood in enumerate(found.floods):
            label = ("告警泛滥" if chinese else "flood") if number == 0 else None
            begin, end = max(flood.begun_ns, found.from_ns), min(flood.ended_ns or found.until_ns, found.until_ns)
            axes.axvspan(_day(begin), _day(end), color=FLOODS, alpha=0.25, label=label)
        axes.axhline(FLOOD_ABOVE, color="#444", linewidth=0.8, linestyle=":")
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))  # type: ignore[no-untyped-call]  # matplotlib leaves it untyped
        axes.set_ylim(bottom=0)
        axes.set_ylabel("每10分钟告警数" if chinese else "alarms in 10 minutes")
        whose = found.unit or found.position or ("全站" if chinese else "whole site")
        axes.set_title(f"{whose}：操作员负荷（ISA-18.2）" if chinese else f"{whose}: load on operators (ISA-18.2)")
        if found.floods:
            axes.legend(loc="upper left", frameon=False)
        figure.savefig(path, dpi=110)
        plt.close(figure)


def _day(time_ns: int) -> float:
    """Return a time as matplotlib counts: days since 1970, here in the zone of this machine."""
    moment = datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone()
    offset = moment.utcoffset()
    return (time_ns / NS_PER_S + (offset.total_seconds() if offset else 0.0)) / 86_400
