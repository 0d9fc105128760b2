"""Roll-ups by reading the buckets and writing them, for a server that has neither ``SELECT … INTO`` nor tasks."""

from __future__ import annotations

from typing import Any

from domain.site.models import StoreSettings
from ingest.influx_endpoint import endpoint_of, quoted
from ingest.influx_flux import bucket_of
from ingest.influx_http import InfluxHttp
from ingest.influx_queries import Rows
from ingest.influx_rollups import WILDCARDS, RollSpan, duration
from ingest.influx_store import InfluxStore
from ingest.line_protocol import Lines, point_names
from ingest.rollups import Tier

_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})


def roll_by_copy(store: InfluxStore, settings: StoreSettings) -> RollSpan:
    """Return what makes a span: one question for each device kind, and the lines of its answer."""

    def roll(tier: Tier, start_ns: int, end_ns: int) -> None:
        target = InfluxHttp(endpoint_of(settings.model_copy(update={"database": bucket_of(settings, tier)})))
        try:
            for kind in sorted({device.profile.kind for device in store.registry.devices.values()}):
                asked = copy_statement(kind, tier, start_ns, end_ns)
                for answer in store.ask([[asked]])[0]:
                    target.write(Lines.of(lines_of(answer)))
        finally:
            target.close()

    return roll


def copy_statement(kind: str, tier: Tier, start_ns: int, end_ns: int) -> str:
    """Return the question for the buckets of one measurement."""
    span = f"time >= {start_ns} AND time < {end_ns}"
    return f"SELECT {WILDCARDS} FROM {quoted(kind)} WHERE {span} GROUP BY time({duration(tier.step_ns)}), * fill(none)"  # noqa: S608  # quoted


def lines_of(answer: Rows) -> list[bytes]:
    """Return the rows of an answer as line protocol; counts are whole numbers, words strings, all else floats."""
    lines = []
    for series in answer:
        names = [point_names(series["name"], series.get("tags", {}), column) for column in series["columns"][1:]]
        for time_ns, *values in series["values"]:
            fields = [
                f"{name.field}={_value(column, value)}"
                for name, column, value in zip(names, series["columns"][1:], values, strict=True)
                if value is not None
            ]
            if fields:
                lines.append(f"{names[0].series} {','.join(fields)} {time_ns}".encode())
    return lines


def _value(column: str, value: Any) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_STRING)}"'
    whole = column.startswith("count_") or (column.endswith(".quality") and not column.startswith("mean_"))
    return f"{int(value)}i" if whole else repr(float(value))
