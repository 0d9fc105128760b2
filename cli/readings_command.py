"""``fengsui readings POINT…``: what a running site has stored, as a table with a small curve, as CSV or as JSON.

Exit codes: 0 answered; 1 refused (the mend is written); 2 wrong usage; 3 nobody answers.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from backbone.client import Backbone
from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from cli.gateways_command import ask
from cli.gb26875_output import print_json
from cli.readings_tables import gap_table, quality_table, series_table
from domain.clock import NS_PER_S, to_iso
from ingest.face import Aggregate, QueryFace, Series

MOST_BUCKETS = 60
"""Buckets of a curve when nobody says how fine."""
_AGO = re.compile(r"-(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhd]?)")


class Form(Enum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


FromOption = Annotated[
    str, typer.Option("--from", help="起 / begin: 2027-01-15T08:00, 2027-01-15T08:00:00+08:00, -90m, -24h, -7d")
]
ToOption = Annotated[str, typer.Option("--to", help="止 / end: 同上 / the same, or now")]


def readings(
    points: Annotated[list[str], typer.Argument(metavar="UNIT/DEVICE/POINT…", help="测点 / points")],
    *,
    start: FromOption = "-1h",
    end: ToOption = "now",
    resolution: Annotated[
        str | None, typer.Option(help="桶宽 / width of a bucket: 10s, 1m, 1h; 0 = 每个读数 / every reading")
    ] = None,
    aggregate: Annotated[Aggregate, typer.Option(help="桶内取值 / what stands for a bucket")] = Aggregate.MEAN,
    gaps: Annotated[bool, typer.Option("--gaps", help="列出无数据的时段 / list the spans without data")] = False,
    quality: Annotated[
        bool, typer.Option("--quality", help="好、坏、陈旧各占多少 / shares of good, bad, stale")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="输出 CSV / write CSV")] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """查询历史读数：曲线、缺口、质量 / Stored readings: curves, gaps, qualities.

    Long spans come from the roll-ups where these tell the same.
    """
    if gaps and quality:
        raise typer.BadParameter("--gaps 与 --quality 二者取一 / one of --gaps and --quality")
    if as_csv and (gaps or quality or as_json):
        raise typer.BadParameter("--csv 只用于读数 / --csv is for readings alone")
    now = datetime.now(UTC)
    first_ns, last_ns = moment_ns(start, now), moment_ns(end, now)
    if last_ns <= first_ns:
        raise typer.BadParameter("--to 须晚于 --from / --to must be later than --from")
    fine = 0.0 if quality else fitting((last_ns - first_ns) / NS_PER_S)
    asked = (first_ns, last_ns, fine if resolution is None else seconds_of(resolution))
    form = Form.JSON if as_json else Form.CSV if as_csv else Form.TABLE

    async def work(backbone: Backbone) -> None:
        face = QueryFace(backbone)
        if gaps:
            silences = await face.gaps(points, first_ns, last_ns)
            show(silences, form, gap_table(silences, lang))
        elif quality:
            qualities = await face.quality(points, first_ns, last_ns, resolution_s=asked[2])
            show(qualities, form, quality_table(qualities, lang))
        else:
            found = await face.range(points, first_ns, last_ns, resolution_s=asked[2], aggregate=aggregate)
            if form is Form.CSV:
                write_csv(found)
            else:
                show(found, form, series_table(found, (first_ns, last_ns), lang))

    try:
        ask(work)
    except ValueError as error:  # what the face refuses before it asks
        raise typer.BadParameter(str(error)) from error


def show(found: Sequence[BaseModel], form: Form, table: Table) -> None:
    """Write JSON, or the table."""
    if form is Form.JSON:
        print_json([one.model_dump() for one in found])
    else:
        Console().print(table)


def write_csv(series: Sequence[Series]) -> None:
    """Write one row a reading: point, time, value (empty: none), quality."""
    writer = csv.writer(sys.stdout)
    writer.writerow(("point", "time", "value", "quality"))
    for one in series:
        for time_ns, value, quality in zip(one.time_ns, one.value, one.quality, strict=True):
            writer.writerow((one.point, to_iso(time_ns), "" if value is None else repr(value), quality))


def moment_ns(text: str, now: datetime) -> int:
    """Read a moment: ISO 8601 (local without a zone), ``now``, or a span ago; raises BadParameter."""
    ago = _AGO.fullmatch(text)
    if text == "now":
        moment = now
    elif ago is not None:
        moment = now - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    else:
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise typer.BadParameter(f"'{text}' → 2027-01-15T08:00, -90m, -24h, -7d, now") from error
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return max(0, (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * 1_000)


def seconds_of(text: str) -> float:
    """Read a width: seconds, or with s, m, h, d; raises BadParameter."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"'{text}' → 0, 10s, 1m, 1h, 1d")
    return float(found[1]) * _SECONDS[found[2] or "s"]


def fitting(span_s: float) -> float:
    """Return a width that people know and that makes at most `MOST_BUCKETS` of a span."""
    for width in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400):
        if span_s / width <= MOST_BUCKETS:
            return float(width)
    return 7 * 86_400.0
