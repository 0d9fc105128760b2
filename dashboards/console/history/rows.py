"""Rows of what was found in the record. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.console.components import Cell, Column
from dashboards.console.texts import Language
from dashboards.console.view import View
from dashboards.console.wording import moment_text, person_text, place_text, refusal_text, span_text
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S

KEYS = ("raised", "class", "words", "place", "outcome", "people", "answered")
WIDTHS = ("10.5rem", "5.5rem", "minmax(0, 2fr)", "minmax(0, 1.6fr)", "minmax(0, 1fr)", "minmax(0, 1fr)", "7.5rem")
MARKS: Mapping[AlarmClass, str] = {
    AlarmClass.FIRE: "▲",
    AlarmClass.LINKAGE: "◆",
    AlarmClass.SUPERVISORY: "●",
    AlarmClass.FAULT: "■",
    AlarmClass.HAZARD: "⬢",
    AlarmClass.DUTY: "⬟",
    AlarmClass.SYSTEM: "⬟",
}


def columns(view: View) -> list[Column]:
    """Return the columns of the table."""
    return [Column(key, view.text(f"history_{key}"), width=width) for key, width in zip(KEYS, WIDTHS, strict=True)]


def history_row(view: View, alert: AlertView) -> dict[str, Any]:
    """Return an alert as a row of a `DataTable`."""
    console, language = view.console, view.language
    text = alert.text_en if language is Language.EN else alert.text_zh
    return {
        "id": alert.id,
        "look": "alarm" if alert.is_open and alert.alarm_class is AlarmClass.FIRE else "",
        "cells": {
            "raised": moment_text(alert.raised_at_ns, console.zone),
            "class": Cell(view.text(f"class_{alert.alarm_class}"), mark=MARKS[alert.alarm_class]),
            "words": Cell(text, go=f"/alarm/{alert.id}"),
            "place": place_text(console.registry, alert.place, language),
            "outcome": outcome_words(view, alert),
            "people": people_words(view, alert),
            "answered": _answered(view, alert),
        },
    }


def outcome_words(view: View, alert: AlertView) -> str:
    """Write what became of it: open or closed, what was found out, with the cause of a false alarm."""
    words = [view.text("history_open" if alert.is_open else "history_closed")]
    if alert.confirmed is not None:
        words.append(view.text(f"finding_{alert.confirmed}"))
    if alert.false_cause:
        words.append(refusal_text(alert.false_cause, view.language))
    return " · ".join(words)


def people_words(view: View, alert: AlertView) -> str:
    """Write who had to do with it, each once."""
    names = (alert.acknowledged_by, alert.confirmed_by, alert.reset_by, alert.rechecked_by, alert.owner)
    known = [person_text(view.console.registry, name, view.language) for name in names if name]
    return view.text("and").join(dict.fromkeys(known))


def _answered(view: View, alert: AlertView) -> str:
    if alert.acknowledged_at_ns is None:
        return view.text("standing_unacknowledged")
    return span_text((alert.acknowledged_at_ns - alert.raised_at_ns) / NS_PER_S, view.language)
