"""What a gateway could not use, with the reason and the head of its bytes: the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.console.components import Column
from dashboards.console.gateways.frames import sees_all, sees_bytes
from dashboards.console.view import View
from dashboards.console.wording import brief_moment_text
from dashboards.live import told

MOST_LETTERS = 60
MOST_HEX = 96
WIDTHS = {
    "when": "7.5rem",
    "line": "6rem",
    "reason": "9rem",
    "detail": "minmax(0, 1.4fr)",
    "bytes": "minmax(0, 1fr)",
}


def letter_columns(view: View) -> list[Column]:
    """Return the columns."""
    return [Column(key, view.text(f"gateway_column_{key}"), width=width) for key, width in WIDTHS.items()]


def letter_rows(view: View, gateway: str, answer: Mapping[str, Any] | None, now_ns: int) -> list[dict[str, Any]]:
    """Return the newest letters, where none can be of others; bytes only for who may see frames of a line."""
    if not sees_all(view, gateway):
        return []
    letters = list(told.parts(answer or {}, "letters"))[-MOST_LETTERS:]
    raw = sees_bytes(view)
    return [_row(view, number, letter, now_ns, raw=raw) for number, letter in enumerate(reversed(letters))]


def _row(view: View, number: int, letter: Mapping[str, Any], now_ns: int, *, raw: bool) -> dict[str, Any]:
    time_ns = told.number(letter, "time_ns")
    head = told.words(letter, "raw")[:MOST_HEX] if raw else ""
    return {
        "id": str(number),
        "look": "",
        "cells": {
            "when": "—" if time_ns is None else brief_moment_text(int(time_ns), now_ns, view.console.zone),
            "line": told.words(letter, "connection"),
            "reason": told.words(letter, "reason"),
            "detail": told.words(letter, "detail"),
            "bytes": head,
        },
    }
