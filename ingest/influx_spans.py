"""Silences and qualities of a point, in InfluxQL.

The field ``p`` stands where a reading has a value, ``p.quality`` where it is not good (see `ingest.line_protocol`).
Times here are whole milliseconds, so a silence may be counted in them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from domain.quality import BASE_MASK, GOOD, STALE
from domain.site.registry import Device
from ingest.influx_endpoint import quoted
from ingest.influx_queries import Rows, in_span, values_of
from ingest.store import Holes, HolesQuery, RangeQuery, Shares

NS_PER_MS = 1_000_000
COUNTED = 5
"""Statements of `share_statements`."""


def holes_statements(device: Device, name: str, query: HolesQuery) -> list[str]:
    """Return the statements for the first value, the last one, and those that follow another one too late."""
    field, where = quoted(name), in_span(device, query.start_ns, query.end_ns)
    span = f"time >= {query.start_ns} AND time < {query.end_ns}"
    silences = f'SELECT elapsed({field}, 1ms) AS "silence" {where}'
    longer = f'{span} AND "silence" > {query.longer_ns // NS_PER_MS}'
    return [
        f"SELECT first({field}) {where}",
        f"SELECT last({field}) {where}",
        f'SELECT "silence" FROM ({silences}) WHERE {longer} LIMIT {query.most + 1}',  # noqa: S608  # quoted
    ]


def holes_of(answers: Sequence[Rows]) -> Holes:
    """Read the answers of `holes_statements`."""
    first, last, late = (values_of(answer) for answer in answers)
    after = np.array([row[0] for row in late], np.int64)
    silence = np.array([row[1] for row in late], np.int64) * NS_PER_MS
    return Holes(int(first[0][0]) if first else None, int(last[0][0]) if last else None, after - silence, after)


def share_statements(device: Device, name: str, query: RangeQuery) -> list[str]:
    """Return the statements that count: values, qualities, both at once, good ones with a reason, stale ones."""
    field, quality = quoted(name), quoted(f"{name}.quality")
    where = in_span(device, query.start_ns, query.end_ns)
    most = f"LIMIT {query.most_rows + 1}"
    buckets = f"GROUP BY time({query.resolution_ns}ns) fill(none) {most}" if query.resolution_ns else most
    return [
        f"SELECT count({field}) {where} {buckets}",
        f"SELECT count({quality}) {where} {buckets}",
        f"SELECT count({field}) {where} AND {quality} >= 0 {buckets}",
        f"SELECT count({quality}) {where} AND {quality} & {BASE_MASK} = {GOOD} {buckets}",
        f"SELECT count({quality}) {where} AND {quality} & {BASE_MASK} = {STALE} {buckets}",
    ]


def shares_of(point: int, answers: Sequence[Rows], query: RangeQuery) -> Shares:
    """Read the answers of `share_statements`."""
    columns: dict[int, list[int]] = {}
    for at, answer in enumerate(answers):
        for time_ns, count in values_of(answer):
            bucket = int(time_ns) if query.resolution_ns else query.start_ns
            columns.setdefault(bucket, [0] * COUNTED)[at] += count
    times = sorted(time for time, counts in columns.items() if any(counts))
    table = np.array([columns[time] for time in times], np.int64).reshape(len(times), COUNTED)
    values, qualities, both, reasoned, stale = table.T
    bad = qualities - reasoned - stale
    good = values + qualities - both - bad - stale
    return Shares(point, np.array(times, np.int64), good, bad, stale)
