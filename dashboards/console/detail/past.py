"""What happened at the place of an alarm before, and what is like it: rows and one line that sums up. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from dashboards.console.components import Cell, Column
from dashboards.console.texts import Language, text
from dashboards.console.wording import moment_text, place_text, span_text
from dashboards.live.dossiers import Around, Past
from domain.alert import AlertView, Confirmation
from domain.clock import NS_PER_S
from domain.site import Registry

MOST_ROWS = 10
"""Rows of each table; the rest is a link to the search."""
_MARKS = {Confirmation.REAL: "!", Confirmation.FALSE: "✗", Confirmation.TEST: "T"}


def columns(language: Language) -> tuple[Column, ...]:
    """Return the columns of both tables."""
    return (
        Column("raised", text("detail_raised", language), kind="time", width="10rem"),
        Column("text", text("detail_what", language), width="minmax(0, 2fr)"),
        Column("outcome", text("detail_outcome", language), width="minmax(0, 1fr)"),
        Column("lasted", text("detail_lasted", language), width="6rem"),
    )


def rows(
    registry: Registry, zone: tzinfo, alerts: Iterable[AlertView], now_ns: int, language: Language
) -> list[dict[str, Any]]:
    """Return a row an alert; its words lead to it."""
    found = []
    for alert in list(alerts)[:MOST_ROWS]:
        words = alert.text_en if language is Language.EN else alert.text_zh
        ends_ns = alert.closed_at_ns or alert.cleared_at_ns or now_ns
        cells = {
            "raised": moment_text(alert.raised_at_ns, zone),
            "text": Cell(f"{words} · {place_text(registry, alert.place, language)}", go=f"/alarm/{alert.id}"),
            "outcome": outcome(alert, language),
            "lasted": span_text((ends_ns - alert.raised_at_ns) / NS_PER_S, language),
        }
        found.append({"id": alert.id, "look": "", "cells": cells})
    return found


def outcome(alert: AlertView, language: Language) -> Cell:
    """Write what came of an alert: what was found, with its cause; else that nobody found out, or that it stands."""
    if alert.confirmed is not None:
        words = text(f"finding_{alert.confirmed}", language)
        cause = f" · {alert.false_cause}" if alert.false_cause else ""
        return Cell(words + cause, _MARKS[alert.confirmed])
    if alert.is_open:
        return Cell(text("detail_still_open", language), "●", "caution")
    return Cell(text("detail_not_found_out", language), "?", "soft")


def past_line(past: Past, language: Language) -> str:
    """Sum up the past of a point: how many, found to be what, and the share of false alarms."""
    words = text(
        "detail_past_line",
        language,
        count=len(past.alerts),
        real=past.found[Confirmation.REAL],
        false=past.found[Confirmation.FALSE],
        test=past.found[Confirmation.TEST],
    )
    share = past.false_share
    said = text("detail_false_unknown", language)
    if share is not None:
        said = text("detail_false_share", language, share=f"{share:.0%}")
    cut = f" {text('detail_past_cut', language, count=past.looked_at)}" if past.cut else ""
    return f"{words} {said}{cut}"


def similar(around: Around) -> tuple[AlertView, ...]:
    """Return alerts of the same rule or the same zone, each once, newest first."""
    both = {one.id: one for one in (*around.same_rule, *around.same_zone)}
    return tuple(sorted(both.values(), key=lambda one: (-one.raised_at_ns, one.id)))


def similar_line(around: Around, language: Language) -> str:
    """Count what is similar; ``+``: there are more than were looked at."""

    def many(count: int, *, cut: bool) -> str:
        return f"{count}+" if cut else str(count)

    return text(
        "detail_similar_line",
        language,
        rule=many(len(around.same_rule), cut=around.same_rule_cut),
        zone=many(len(around.same_zone), cut=around.same_zone_cut),
    )


def search(alert: AlertView, *, by: str) -> str:
    """Return the address of the search: ``by`` rule, or by the device or zone of an alert."""
    place = alert.place
    query = {"unit": place.unit}
    if by == "rule":
        query["rule"] = alert.rule
    elif place.device is not None:
        query["device"] = place.device
    elif place.zone is not None:
        query["zone"] = place.zone
    return f"/history?{urlencode(query)}"
