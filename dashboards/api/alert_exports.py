"""``GET /api/v1/alerts.csv`` and ``alerts.xlsx``: what a search finds, as a file.

Both take the filters of lists and show what is within the scope of who asks. What was cut says where the rest begins: a
CSV in its last line, a workbook in the header `NEXT_CURSOR`. Limits: `alert_csv.MOST_CSV`, `alert_xlsx.MOST_XLSX`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import Field
from starlette.background import BackgroundTask

from dashboards.api import alert_csv, alert_xlsx
from dashboards.api.alert_filters import AlertQuery, list_request
from dashboards.api.context import Context
from dashboards.api.principal import Asking
from dashboards.live.zone import zone_of

DEFAULT_ROWS = 10_000
NEXT_CURSOR = "Fengsui-Next-Cursor"
ROWS = "Fengsui-Rows"
BOM = "\ufeff"
"""Without it a spreadsheet on Chinese Windows takes UTF-8 for GBK."""


class CsvQuery(AlertQuery):
    """Which alerts, all at once."""

    limit: int = Field(default=DEFAULT_ROWS, ge=1, le=alert_csv.MOST_CSV)
    bom: bool = Field(default=False, description="begin with a byte order mark, for spreadsheets")


class XlsxQuery(AlertQuery):
    """Which alerts, all at once."""

    limit: int = Field(default=DEFAULT_ROWS, ge=1, le=alert_xlsx.MOST_XLSX)


def add_exports(router: APIRouter, context: Context) -> None:
    """Add the routes; the router lets in."""

    @router.get("/alerts.csv", response_class=StreamingResponse, responses=_media(alert_csv.MEDIA_TYPE))
    async def as_csv(who: Asking, query: Annotated[CsvQuery, Query()]) -> StreamingResponse:
        request = list_request(context.registry, who, query, 1)
        lines = alert_csv.csv_lines(context.link.alerts, request, query.limit)
        first = await anext(lines)  # a refusal comes before the answer has begun
        body = _after((BOM if query.bom else "") + first, lines)
        return StreamingResponse(body, media_type=alert_csv.MEDIA_TYPE, headers=_named("alerts.csv"))

    @router.get("/alerts.xlsx", response_class=FileResponse, responses=_media(alert_xlsx.MEDIA_TYPE))
    async def as_workbook(who: Asking, query: Annotated[XlsxQuery, Query()]) -> FileResponse:
        request = list_request(context.registry, who, query, 1)
        zone = zone_of(context.registry.site.timezone)
        book = await alert_xlsx.workbook(context.link.alerts, request, query.limit, zone)
        headers = {**_named("alerts.xlsx"), ROWS: str(book.rows)}
        if book.next_cursor is not None:
            headers[NEXT_CURSOR] = book.next_cursor
        sent = BackgroundTask(book.path.unlink, missing_ok=True)
        return FileResponse(book.path, media_type=alert_xlsx.MEDIA_TYPE, headers=headers, background=sent)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _media(kind: str) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {kind.partition(";")[0]: {}}}}


async def _after(first: str, lines: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for line in lines:
        yield line
