"""The columns of exported alerts, and their cells as text that no spreadsheet takes for a formula.

A text that begins like a formula gets an apostrophe in front of it: alarm texts come from devices, names from people.
In a workbook it could stay as it is, its cells say that they are texts; but what is copied out of it is text again.
"""

from __future__ import annotations

from typing import Any

from domain.alert import AlertView

TIMES = ("raised_at_ns", "cleared_at_ns", "acknowledged_at_ns", "confirmed_at_ns", "reset_at_ns", "closed_at_ns")
PLACE = ("unit", "building", "floor", "zone", "zone_kind", "device", "point")
PLAIN = (
    "id",
    "alarm_class",
    "level",
    "rule",
    "text_zh",
    "text_en",
    "active",
    "acknowledged_by",
    "confirmed",
    "confirmed_by",
    "false_cause",
    "owner",
    "shelved_by",
    "suppressed_by",
    "comments",
)
HEADER = (*PLAIN, *PLACE, *(name.removesuffix("_ns") for name in TIMES))

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain_values(alert: AlertView) -> list[Any]:
    """Return the values of all columns but the times."""
    return [*(getattr(alert, name) for name in PLAIN), *(getattr(alert.place, name) for name in PLACE)]


def times_ns(alert: AlertView) -> list[int | None]:
    """Return the values of the columns of times, ns UTC."""
    return [getattr(alert, name) for name in TIMES]


def cell_text(value: Any) -> str:
    """Write a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
