"""The figures of ISA-18.2 beside their limits: words, mark and where each one's rows are. Pure.

What each figure is and where its limit comes from: docs/alarm-performance.md. A figure is coloured only where it is
over its limit, and then has a mark and a word, too; one that can't be told (nobody confirmed anything yet) says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from alerts.kpi_face import SLOT_NS, Figures, Mark
from dashboards.console.components import Cell, Column
from dashboards.console.moments import written
from dashboards.console.texts import Language, text
from dashboards.live.load import MINUTE_NS
from domain.alarm import Level

SHARES = frozenset({"slots_above", "flood_share", "top_share", "critical_share", "false_share", "delivery"})
NAMES = (
    "per_hour",
    "per_day",
    "peak",
    "slots_above",
    "flood_share",
    "top_share",
    "stale_most",
    "chattering",
    "critical_share",
    "unauthorised",
    "acknowledge_p95_s",
    "confirm_p95_s",
    "false_share",
    "delivery",
)
"""Every figure that the service tells; one that it adds is shown under its own name."""
SOURCES = ("isa-18.2", "mission", "assumption")
TABLES: Mapping[str, str] = {
    "slots_above": "floods",
    "flood_share": "floods",
    "top_share": "top",
    "stale_most": "stale",
    "chattering": "chattering",
    "acknowledge_p95_s": "times",
    "confirm_p95_s": "times",
    "false_share": "detectors",
    "delivery": "delivery",
}
"""The table below that has a figure's rows; those of the others are alarms, or hidden places."""


def columns(language: Language) -> tuple[Column, ...]:
    """Return the columns of the table."""
    return (
        Column("figure", text("kpi_figure", language), width="minmax(0, 1.7fr)"),
        Column("value", text("kpi_value", language), width="6rem"),
        Column("limit", text("kpi_limit", language), width="6rem"),
        Column("judged", text("kpi_judged", language), width="minmax(6rem, 0.8fr)"),
        Column("source", text("kpi_source", language), width="minmax(0, 1fr)"),
    )


def rows(found: Figures, language: Language) -> list[dict[str, Any]]:
    """Return a row a figure, with the way to its rows."""
    return [_row(mark, language) for mark in found.marks]


def _row(mark: Mark, language: Language) -> dict[str, Any]:
    known = mark.name in NAMES
    over = mark.good is False
    cells = {
        "figure": text(f"kpi_name_{mark.name}", language) if known else mark.name,
        "value": Cell(value_words(mark.name, mark.value), look="caution" if over else ""),
        "limit": f"{'≥' if mark.at_least else '≤'} {value_words(mark.name, mark.limit)}",
        "judged": judged(mark, language),
        "source": Cell(_source(mark.limit_is, language), look="soft"),
    }
    button = {"action": mark.name, "words": text("kpi_rows", language), "on": True, "main": False}
    return {"id": mark.name, "look": "caution" if over else "", "cells": cells, "buttons": [button]}


def judged(mark: Mark, language: Language) -> Cell:
    """Write how a figure stands to its limit."""
    if mark.good is None:
        return Cell(text("kpi_unknown", language), "?", "soft")
    if mark.good:
        return Cell(text("kpi_good", language), "✓", "soft")
    return Cell(text("kpi_over", language), "▲", "caution")


def value_words(name: str, value: float | None) -> str:
    """Write a figure: shares in percent, times in seconds, counts as they are; a dash for none."""
    if value is None:
        return "—"
    if name in SHARES:
        return f"{value:.1%}"
    return f"{value:.4g} s" if name.endswith("_s") else f"{value:.4g}"


def rows_at(found: Figures, name: str, zone: tzinfo) -> str:
    """Return the address of a figure's rows; empty where they are a table of the page (`TABLES`)."""
    if name in TABLES:
        return ""
    if name == "unauthorised":
        return "/suppression"
    begin, end = found.from_ns, found.until_ns
    if name == "peak" and found.peak_at_ns is not None:
        begin, end = found.peak_at_ns, found.peak_at_ns + SLOT_NS
    query = {"since": written(begin, zone), "until": written(end + MINUTE_NS - 1, zone)}
    if name == "critical_share":
        query["level"] = Level.CRITICAL.value
    if found.unit is not None:
        query["unit"] = found.unit
    return f"/history?{urlencode(query)}"


def _source(name: str, language: Language) -> str:
    return text(f"kpi_source_{name}", language) if name in SOURCES else name
