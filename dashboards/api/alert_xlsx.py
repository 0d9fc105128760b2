"""A list of alerts as a workbook (XLSX): one sheet, times in the site's zone as real times, everything else as text.

Written page by page into a temporary file that is deleted as soon as it was sent; a page is written in a thread, so
that the screens of the console go on. Few are written at a time: a workbook takes a processor about a second for
3,000 alerts.

Limits: `MOST_XLSX` alerts (a spreadsheet that people read; CSV takes more), `TOGETHER` workbooks at a time.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from alerts.face import AlertsFace
from alerts.listing_face import MOST_LISTED, ListRequest
from dashboards.api.alert_columns import HEADER, PLACE, PLAIN, cell_text, plain_values, times_ns
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.errors import RefusedError

MOST_XLSX = 20_000
TOGETHER = 2
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
WIDE = {"text_zh": 60, "text_en": 60, "id": 34, "rule": 24, "false_cause": 30}
USUAL, TIME_WIDTH = 14, 20

_writing = 0


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook on disk; whoever sends it deletes it. ``next_cursor``: where the rest begins, None when it is all."""

    path: Path
    rows: int
    next_cursor: str | None


async def workbook(face: AlertsFace, request: ListRequest, most: int, zone: tzinfo) -> Book:
    """Write a workbook; raises RefusedError when enough are being written, else as `AlertsFace.page` does."""
    global _writing  # noqa: PLW0603  # of this process: one event loop, and all browsers share its processors
    if _writing >= TOGETHER:
        raise RefusedError("正在生成其他表格，请稍后再试 / other workbooks are being written: try again in a moment")
    _writing += 1
    try:
        return await _write(face, request, most, zone)
    finally:
        _writing -= 1


async def _write(face: AlertsFace, request: ListRequest, most: int, zone: tzinfo) -> Book:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("alerts")
    _dress(sheet, zone)
    left = most
    while True:
        page = await face.page(request.model_copy(update={"limit": min(left, MOST_LISTED)}))
        await asyncio.to_thread(_append, sheet, page.alerts, zone)
        left -= len(page.alerts)
        if page.next_cursor is None or left <= 0:
            break
        request = request.model_copy(update={"cursor": page.next_cursor})
    path = await asyncio.to_thread(_save, book)
    return Book(path, most - left, page.next_cursor)


def _dress(sheet: Any, zone: tzinfo) -> None:
    """Set widths and the head, which stays in sight; times say whose they are."""
    sheet.freeze_panes = "A2"
    names = [name if name in PLAIN or name in PLACE else f"{name} ({zone})" for name in HEADER]
    for at, name in enumerate(HEADER, 1):
        width = WIDE.get(name, USUAL if name in PLAIN or name in PLACE else TIME_WIDTH)
        sheet.column_dimensions[get_column_letter(at)].width = width
    head = [WriteOnlyCell(sheet, value=name) for name in names]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)


def _append(sheet: Any, alerts: Iterable[AlertView], zone: tzinfo) -> None:
    for alert in alerts:
        sheet.append([*_texts(sheet, plain_values(alert)), *_times(sheet, times_ns(alert), zone)])


def _texts(sheet: Any, values: Sequence[Any]) -> list[Any]:
    """Return cells that say that they are texts, or numbers, less the characters that such a file can't hold."""
    cells: list[Any] = []
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool):
            cells.append(value)
            continue
        cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", cell_text(value)))
        cell.data_type = "s"
        cells.append(cell)
    return cells


def _times(sheet: Any, times: Sequence[int | None], zone: tzinfo) -> list[Any]:
    cells: list[Any] = []
    for at_ns in times:
        if at_ns is None:
            cells.append(None)
            continue
        local = datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(zone).replace(tzinfo=None)
        cell = WriteOnlyCell(sheet, value=local)
        cell.number_format = TIME_FORMAT
        cells.append(cell)
    return cells


def _save(book: Workbook) -> Path:
    with tempfile.NamedTemporaryFile(prefix="alerts-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        book.save(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
