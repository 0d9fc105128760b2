"""What `fengsui watch` shows: a table on a terminal, a line for each change in a pipe, a JSON object for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.alerts_tables import plain
from cli.live_points import LivePoints, PointRow, condition_words
from dashboards.console.devices.device_words import LOOKS, Look
from dashboards.console.texts import Language as ScreenLanguage
from dashboards.console.wording import span_text
from dashboards.live.zone import zone_of
from domain.clock import NS_PER_S, to_iso
from domain.points import PointKind
from domain.quality import GOOD, base_of, is_historical, reason_of
from domain.site import Labels

BARS = "▁▂▃▄▅▆▇█"
FRAME_ROWS = 7
"""Rows of a terminal that headline, table head, borders and caption take."""

FLAT = 0.002
"""A change below this part of the value counts as none: the last digit of a meter always flickers (assumption)."""

_STYLES = {Look.ALARM: "bold red", Look.CAUTION: "yellow", Look.UNKNOWN: "dim italic", Look.CALM: ""}
_HEADINGS = Labels(zh="设备 测点 当前值 质量 数据龄 趋势", en="device point value quality age trend")


def watch_table(live: LivePoints, title: str, language: str, most: int | None = None) -> RenderableType:
    """Return everything as one table; with ``most`` rows, what needs somebody comes first and the rest is counted."""
    rows = live.rows(language)
    chosen = rows if most is None or len(rows) <= most else sorted(rows, key=_urgency)[: max(most, 1)]
    table = Table(expand=False)
    for heading in _HEADINGS.of(language).split():
        table.add_column(heading, overflow="fold")
    before = ""
    for row in chosen:
        device = row.device.settings.labels.of(language)
        style = _STYLES[row.shown.look]
        table.add_row(
            plain(device if row.device.key != before else ""),
            plain(label_of(live, row).of(language)),
            plain(row.shown.value, style),
            plain(row.shown.detail, style),
            age_text(row, language),
            Text(trend(row)),
        )
        before = row.device.key
    left = len(rows) - len(chosen)
    more = Labels(zh=f"另有 {left} 个测点未显示", en=f"{left} more points are not shown").of(language)
    return Group(headline(live, title, rows, language), table, *([Text(more, "dim")] if left else []))


def headline(live: LivePoints, title: str, rows: Sequence[PointRow], language: str) -> Text:
    """Return what is looked at, when, how its gateways are, and how many points are unknown."""
    zone = zone_of(live.registry.site.timezone)
    now = datetime.fromtimestamp(live.clock.now_ns() / NS_PER_S, zone)
    line = plain(f"{title}  ", "bold").append(f"{now:%Y-%m-%d %H:%M:%S %Z}  ", "dim")
    for key, health in live.health():
        gateway = live.registry.gateways[key]
        style = "green" if health.fine else "bold red" if not health.reachable else "yellow"
        line.append_text(plain(f"{gateway.labels.of(language)}: {condition_words(health, language)}  ", style))
    unknown = sum(not row.known for row in rows)
    words = Labels(zh=f"{len(rows)} 个测点，{unknown} 个未知", en=f"{len(rows)} points, {unknown} unknown")
    return line.append(words.of(language), "bold red" if unknown else "")


def label_of(live: LivePoints, row: PointRow) -> Labels:
    """Return what people call a point."""
    return live.registry.point_labels.get(row.point.key) or Labels(zh=row.point.name, en=row.point.name)


def age_text(row: PointRow, language: str) -> str:
    """Write how old the reading is; a dash where there is none."""
    return "—" if row.shown.age_s is None else span_text(row.shown.age_s, ScreenLanguage(language))


def trend(row: PointRow) -> str:
    """Draw the last readings of a measure and where they go; nothing for states, and none of what is unknown."""
    past = row.past
    if row.point.kind is not PointKind.MEASURE or len(past) < 2 or not row.known:
        return ""
    low, high = min(past), max(past)
    span = high - low
    bars = "".join(BARS[round((value - low) / span * (len(BARS) - 1))] if span else BARS[0] for value in past)
    half = max(1, len(past) // 2)
    change = sum(past[-half:]) / half - sum(past[:half]) / half
    arrow = "→" if abs(change) <= FLAT * max(abs(high), abs(low)) else "↑" if change > 0 else "↓"
    return f"{arrow} {bars}"


@dataclass(slots=True)
class Changes:
    """Finds what changed since it was last told: a value, a quality, or that a point is no longer known."""

    told: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def of(self, rows: Iterable[PointRow]) -> list[PointRow]:
        """Return the rows that say something new, and remember them."""
        new = []
        for row in rows:
            reading = row.reading
            mark = (row.shown.value, row.shown.detail, row.known, reading.value if reading else None)
            if self.told.get(row.point.key) != mark:
                self.told[row.point.key] = mark
                new.append(row)
        return new


def change_line(live: LivePoints, row: PointRow, language: str) -> Text:
    """Return a change as one line of text."""
    now = datetime.fromtimestamp(live.clock.now_ns() / NS_PER_S, zone_of(live.registry.site.timezone))
    name = f"{row.device.settings.labels.of(language)} · {label_of(live, row).of(language)}"
    said = f"{row.shown.value}（{row.shown.detail}）" if language == "zh" else f"{row.shown.value} ({row.shown.detail})"
    return plain(f"{now:%H:%M:%S}  {name}: {said if row.shown.detail else row.shown.value}", _STYLES[row.shown.look])


def change_json(live: LivePoints, row: PointRow) -> str:
    """Return a change as one JSON object on one line. ``value`` is null where it is not known now."""
    reading, labels = row.reading, label_of(live, row)
    quality = None
    if reading is not None:
        base = base_of(reading.quality)
        quality = {"good": base == GOOD, "number": base, "reason": reason_of(reading.quality).name.lower()}
        quality["historical"] = is_historical(reading.quality)
    return json.dumps(
        {
            "time": to_iso(live.clock.now_ns()),
            "point": row.point.key,
            "label": {"zh": labels.zh, "en": labels.en},
            "known": row.known,
            "value": reading.value if reading is not None and row.known else None,
            "quantity": row.point.quantity.value,
            "said": row.shown.value,
            "why": row.shown.detail,
            "look": row.shown.look.value,
            "text": reading.text if reading is not None else None,
            "read_at": to_iso(reading.time_ns) if reading is not None else None,
            "age_s": None if row.shown.age_s is None else round(row.shown.age_s, 3),
            "quality": quality,
        },
        ensure_ascii=False,
    )


def _urgency(row: PointRow) -> int:
    return LOOKS.index(row.shown.look)
