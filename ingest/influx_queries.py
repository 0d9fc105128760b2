"""InfluxQL: the questions of the store contract as statements, and answers back into columns.

One measurement a device kind, one field a point; ``p.quality`` stands only where a reading was not
good (see `ingest.line_protocol`). Statements with one field each, because several selectors in one
statement lose their times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.quality import GOOD
from domain.site.registry import Device
from ingest.aggregate import Aggregate
from ingest.influx_endpoint import literal, quoted
from ingest.store import RangeQuery, Series

Rows = list[dict[str, Any]]
"""The series of one statement's answer: name, tags, columns, values."""

_FUNCTIONS = {one: one.value for one in Aggregate}
"""InfluxQL's names are ours."""


def range_statements(device: Device, name: str, query: RangeQuery) -> list[str]:
    """Return the statements for one point: rows, or buckets of values and buckets of bad qualities."""
    field, quality = quoted(name), quoted(f"{name}.quality")
    where = in_span(device, query.start_ns, query.end_ns)
    most = f"LIMIT {query.most_rows + 1}"
    if not query.resolution_ns:
        return [f"SELECT {field}, {quality} {where} {most}"]
    buckets = f"{where} GROUP BY time({query.resolution_ns}ns) fill(none) {most}"
    return [
        f"SELECT {_FUNCTIONS[query.aggregate]}({field}) {buckets}",
        f"SELECT last({quality}) {buckets}",
    ]


def range_series(point: int, answers: Sequence[Rows], aggregate: Aggregate = Aggregate.MEAN) -> Series:
    """Join the answers of `range_statements` by time; a bucket that has only qualities counts 0 values."""
    none = 0.0 if aggregate is Aggregate.COUNT and len(answers) == 2 else np.nan
    rows: dict[int, tuple[float | None, int | None]] = {}
    if len(answers) == 1:
        rows = {time: (value, quality) for time, value, quality in values_of(answers[0])}
    else:
        rows = {time: (value, None) for time, value in values_of(answers[0])}
        for time, quality in values_of(answers[1]):
            rows[time] = (rows.get(time, (None, None))[0], quality)
    times = sorted(rows)
    return Series(
        point,
        np.array(times, np.int64),
        np.array([none if rows[time][0] is None else rows[time][0] for time in times], np.float64),
        np.array([GOOD if rows[time][1] is None else rows[time][1] for time in times], np.uint16),
    )


def in_span(device: Device, start_ns: int, end_ns: int) -> str:
    """Return the source and the condition for the rows of a device in a span."""
    return f"FROM {quoted(device.profile.kind)} WHERE {_is_device(device)} AND time >= {start_ns} AND time < {end_ns}"


def latest_statements(kind: str, name: str) -> list[str]:
    """Return the statements for the newest value, quality and text of a point on all devices of a kind."""
    fields = (name, f"{name}.quality", f"{name}.text")
    return [f'SELECT last({quoted(field)}) FROM {quoted(kind)} GROUP BY "unit", "device"' for field in fields]  # noqa: S608  # quoted


def newest_by_device(answer: Rows) -> dict[tuple[str, str], tuple[int, Any]]:
    """Return ``(time_ns, value)`` of each ``(unit, device)``."""
    return {
        (series["tags"]["unit"], series["tags"]["device"]): (series["values"][0][0], series["values"][0][1])
        for series in answer
    }


def count_statements(kind: str, name: str) -> list[str]:
    """Return the statements for the readings of a point: with value, with quality, with both."""
    field, quality, source = quoted(name), quoted(f"{name}.quality"), f"FROM {quoted(kind)}"
    return [
        f"SELECT count({field}) {source}",
        f"SELECT count({quality}) {source}",
        f"SELECT count({field}) {source} WHERE {quality} >= 0",
    ]


def count_of(answers: Sequence[Rows]) -> int:
    """Return the number of readings that the answers of `count_statements` tell."""
    with_value, with_quality, with_both = (sum(row[1] for row in values_of(answer)) for answer in answers)
    return int(with_value + with_quality - with_both)


def edge_statements(kind: str) -> list[str]:
    """Return the statements for the oldest and the newest row of a kind."""
    return [f"SELECT * FROM {quoted(kind)} ORDER BY time {order} LIMIT 1" for order in ("ASC", "DESC")]  # noqa: S608  # quoted


def times_of(answer: Rows) -> list[int]:
    """Return the times of an answer's rows."""
    return [int(row[0]) for row in values_of(answer)]


def _is_device(device: Device) -> str:
    return f'"unit" = {literal(device.gateway.unit)} AND "device" = {literal(device.settings.id)}'


def values_of(answer: Rows) -> list[list[Any]]:
    """Return the rows of all series of an answer."""
    return [row for series in answer for row in series["values"]]
