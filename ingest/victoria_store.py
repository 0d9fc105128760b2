"""VictoriaMetrics as a store: written like InfluxDB 2, read by people with its own language (MetricsQL), not by us.

What is newest is known from what passes, so it is empty after a start until devices speak; trends are Grafana's.
"""

from __future__ import annotations

from domain.batch import ReadingBatch
from ingest.influx_store import InfluxStore
from ingest.store import Counts, Holes, HolesQuery, RangeQuery, Series, Shares, StoreDeniedError

_UNREADABLE = "VictoriaMetrics is written only: ask it with its own language, or use InfluxDB or DuckDB for charts here"


class VictoriaStore(InfluxStore):
    """Takes readings; questions are refused with the reason."""

    def range(self, query: RangeQuery) -> list[Series]:  # noqa: ARG002  # the contract's name
        """Refuse."""
        raise StoreDeniedError(_UNREADABLE)

    def latest(self) -> ReadingBatch:
        """Return nothing: the newest readings are those that passed since the start."""
        return ReadingBatch.empty(self._registry.points)

    def holes(self, query: HolesQuery) -> Holes:  # noqa: ARG002  # as above
        """Refuse."""
        raise StoreDeniedError(_UNREADABLE)

    def shares(self, query: RangeQuery) -> list[Shares]:  # noqa: ARG002  # as above
        """Refuse."""
        raise StoreDeniedError(_UNREADABLE)

    def counts(self) -> Counts:
        """Refuse."""
        raise StoreDeniedError(_UNREADABLE)
