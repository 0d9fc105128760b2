"""Silences and qualities of a point, in the SQL of the embedded store."""

from __future__ import annotations

import duckdb
import numpy as np

from domain.quality import BASE_MASK, GOOD, STALE
from ingest.store import Holes, HolesQuery, RangeQuery, Shares

_IN_SPAN = "FROM readings WHERE point = $point AND time_ns >= $start AND time_ns < $end"

_EDGES = f"SELECT min(time_ns), max(time_ns) {_IN_SPAN} AND value IS NOT NULL"

_HOLES = f"""SELECT before_ns, time_ns FROM (
    SELECT time_ns, lag(time_ns) OVER (ORDER BY time_ns) AS before_ns {_IN_SPAN} AND value IS NOT NULL)
WHERE time_ns - before_ns > $longer ORDER BY time_ns LIMIT $most"""  # our own words

_SHARES = f"""SELECT {{bucket}} AS time_ns, count(*) AS total,
    count(*) FILTER ((quality & $mask) = $good AND (quality <> $good OR value IS NOT NULL)) AS good,
    count(*) FILTER ((quality & $mask) = $stale) AS stale
{_IN_SPAN} GROUP BY 1 ORDER BY 1 LIMIT $most"""


def holes(connection: duckdb.DuckDBPyConnection, stored_id: int, query: HolesQuery) -> Holes:
    """Return where the point with this integer of the store was silent."""
    span = {"point": stored_id, "start": query.start_ns, "end": query.end_ns}
    ((first_ns, last_ns),) = connection.execute(_EDGES, span).fetchall()
    found = connection.execute(_HOLES, span | {"longer": query.longer_ns, "most": query.most + 1}).fetchnumpy()
    return Holes(first_ns, last_ns, np.asarray(found["before_ns"], np.int64), np.asarray(found["time_ns"], np.int64))


def shares(connection: duckdb.DuckDBPyConnection, stored_id: int, point: int, query: RangeQuery) -> Shares:
    """Return the qualities of one point by bucket."""
    parameters = {
        "point": stored_id,
        "start": query.start_ns,
        "end": query.end_ns,
        "mask": BASE_MASK,
        "good": GOOD,
        "stale": STALE,
        "most": query.most_rows + 1,
    }
    bucket = "$start::BIGINT"
    if query.resolution_ns:
        bucket = "time_ns - time_ns % $resolution"
        parameters["resolution"] = query.resolution_ns
    found = connection.execute(_SHARES.format(bucket=bucket), parameters).fetchnumpy()
    total, good, stale = (np.asarray(found[name], np.int64) for name in ("total", "good", "stale"))
    return Shares(point, np.asarray(found["time_ns"], np.int64), good, total - good - stale, stale)
