"""Roll-ups of the embedded store: a table for each tier in the same file, made by SQL from the readings.

Sums are kept, not means, so that buckets of any whole number of steps are exact. Making a span again replaces its rows
in one transaction; readers see the old ones or the new ones.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
from numpy.typing import NDArray

from domain.quality import GOOD, HISTORICAL
from ingest.aggregate import Aggregate
from ingest.duckdb_store import DuckDbStore
from ingest.rollups import Tier
from ingest.store import RangeQuery, Series

_TABLE = """CREATE TABLE IF NOT EXISTS {table} (
    point INTEGER NOT NULL, time_ns BIGINT NOT NULL, total DOUBLE, low DOUBLE, high DOUBLE, count BIGINT NOT NULL,
    last DOUBLE, quality USMALLINT)"""

_ROLL_UP = """INSERT INTO {table} SELECT point, time_ns - time_ns % $step, sum(value), min(value), max(value),
    count(value), arg_max(value, time_ns) FILTER (value IS NOT NULL),
    arg_max(quality, time_ns) FILTER ((quality & $mask) <> $good)
FROM readings WHERE time_ns >= $start AND time_ns < $end GROUP BY 1, 2 ORDER BY 1, 2"""

_ROLLED = """SELECT time_ns - time_ns % $step AS time_ns, {value} AS value,
    coalesce(arg_max(quality, time_ns) FILTER (quality IS NOT NULL), $good)::USMALLINT AS quality
FROM {table} WHERE point = $point AND time_ns >= $start AND time_ns < $end GROUP BY 1 ORDER BY 1 LIMIT $most"""

_VALUES = {
    Aggregate.MEAN: "sum(total) / nullif(sum(count), 0)",
    Aggregate.MIN: "min(low)",
    Aggregate.MAX: "max(high)",
    Aggregate.LAST: "arg_max(last, time_ns) FILTER (count > 0)",
    Aggregate.COUNT: "sum(count)::DOUBLE",
    Aggregate.SUM: "sum(total)",
    Aggregate.SPREAD: "max(high) - min(low)",
}


class DuckDbRollUps:
    """See `ingest.rollups.RollsUp` for the promises."""

    def __init__(self, store: DuckDbStore) -> None:
        """Keep the roll-ups of ``store`` in its own file."""
        self._store = store

    def first_ns(self) -> int | None:
        """Return the time of the oldest reading."""
        ((first,),) = self._store.with_ids("oldest", lambda cursor, _: cursor.execute(_OLDEST).fetchall())
        return None if first is None else int(first)

    def roll_up(self, tier: Tier, start_ns: int, end_ns: int) -> None:
        """Replace the rows of a span."""
        self._store.with_ids("roll-up", lambda cursor, _: _replace(cursor, tier, start_ns, end_ns))

    def rolled(self, tier: Tier, query: RangeQuery) -> list[Series]:
        """Answer from the tier's table."""

        def ask(cursor: duckdb.DuckDBPyConnection, id_of: Callable[[int], int]) -> list[Series]:
            cursor.execute(_TABLE.format(table=_table(tier)))
            return [_series(cursor, tier, id_of(point), point, query) for point in query.points]

        return self._store.with_ids("range of roll-ups", ask)

    def forget(self, tier: Tier, before_ns: int) -> None:
        """Delete old rows."""

        def delete(cursor: duckdb.DuckDBPyConnection, _: Callable[[int], int]) -> None:
            cursor.execute(_TABLE.format(table=_table(tier)))
            cursor.execute(f"DELETE FROM {_table(tier)} WHERE time_ns < ?", [before_ns])  # a number's name

        self._store.with_ids("retention of roll-ups", delete)

    def close(self) -> None:
        """Nothing is open but the store."""


_OLDEST = "SELECT min(time_ns) FROM readings"


def _table(tier: Tier) -> str:
    return f"rollup_{tier.step_ns // 10**9}"


def _replace(cursor: duckdb.DuckDBPyConnection, tier: Tier, start_ns: int, end_ns: int) -> None:
    table, span = _table(tier), {"start": start_ns, "end": end_ns}
    cursor.execute(_TABLE.format(table=table))
    cursor.begin()
    try:
        cursor.execute(f"DELETE FROM {table} WHERE time_ns >= $start AND time_ns < $end", span)  # as above
        constants = {"step": tier.step_ns, "mask": ~HISTORICAL & 0xFFFF, "good": GOOD}
        cursor.execute(_ROLL_UP.format(table=table), span | constants)
        cursor.commit()
    except duckdb.Error:
        cursor.rollback()
        raise


def _series(cursor: duckdb.DuckDBPyConnection, tier: Tier, stored_id: int, point: int, query: RangeQuery) -> Series:
    found = cursor.execute(
        _ROLLED.format(table=_table(tier), value=_VALUES[query.aggregate]),
        {
            "step": query.resolution_ns,
            "good": GOOD,
            "point": stored_id,
            "start": query.start_ns,
            "end": query.end_ns,
            "most": query.most_rows + 1,
        },
    ).fetchnumpy()
    return Series(
        point,
        np.asarray(found["time_ns"], np.int64),
        _filled(found["value"]),
        np.asarray(found["quality"], np.uint16),
    )


def _filled(column: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.ma.filled(np.ma.asarray(column, np.float64), np.nan), np.float64)
