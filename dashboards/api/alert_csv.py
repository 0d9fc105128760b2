"""A list of alerts as CSV, streamed page by page: nothing is held but one page.

The first field of the last line is ``next_cursor`` where there is more than was asked for, and the second the cursor
that goes on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence

from alerts.face import AlertsFace
from alerts.listing_face import MOST_LISTED, ListRequest
from dashboards.api.alert_columns import HEADER, cell_text, plain_values, times_ns
from domain.alert import AlertView
from domain.clock import to_iso

MOST_CSV = 100_000
MEDIA_TYPE = "text/csv; charset=utf-8"


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
    times = [None if at is None else to_iso(at) for at in times_ns(alert)]
    return [cell_text(value) for value in (*plain_values(alert), *times)]


def _written(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
