"""A list of alerts as CSV, streamed page by page: nothing is held but one page.

The first field of the last line is ``next_cursor`` where there is more than was asked for, and the second the cursor
that goes on. Text that a spreadsheet would take for a formula gets an apostrophe in front of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

from alerts.face import AlertsFace
from alerts.listing_face import MOST_LISTED, ListRequest
from domain.alert import AlertView
from domain.clock import to_iso

DEFAULT_ROWS = 10_000
MOST_ROWS = 100_000
MEDIA_TYPE = "text/csv; charset=utf-8"

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


async def csv_lines(face: AlertsFace, request: ListRequest, most: int) -> AsyncIterator[str]:
    """Yield the header with the first page, then the other pages; raises as `AlertsFace.page` does."""
    left, begun = most, False
    while True:
        page = await face.page(request.model_copy(update={"limit": min(left, MOST_LISTED)}))
        left -= len(page.alerts)
        rows = [_row(alert) for alert in page.alerts]
        done = page.next_cursor is None or left <= 0
        if done and page.next_cursor is not None:
            rows.append(["next_cursor", page.next_cursor])
        yield _written(rows if begun else [list(HEADER), *rows])
        if done:
            return
        begun = True
        request = request.model_copy(update={"cursor": page.next_cursor})


def _row(alert: AlertView) -> list[str]:
    plain = [getattr(alert, name) for name in PLAIN]
    place = [getattr(alert.place, name) for name in PLACE]
    times = [None if (at := getattr(alert, name)) is None else to_iso(at) for name in TIMES]
    return [_cell(value) for value in (*plain, *place, *times)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _written(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
