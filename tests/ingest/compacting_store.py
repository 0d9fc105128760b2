"""The real embedded store, compacted far more often than anybody would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from domain.batch import ReadingBatch
from domain.points import PointTable
from ingest.duckdb_compaction import maintain
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, Written
from tests.ingest.ingest_site import START_NS

DAY_NS = 86_400 * 10**9
MUCH_LATER_NS = START_NS + 10 * DAY_NS
FOR_EVER = 100_000


class CompactingStore(DuckDbStore):
    """Moves everything into parts after every ``every``-th write, the first one among them."""

    def __init__(self, table: PointTable, path: Path, every: int = 1) -> None:
        """Open the file."""
        super().__init__(table, path)
        self._every = every
        self._writes = 0

    def write(self, rows: ReadingBatch, marks: Mapping[str, Sequence[Mark]]) -> Written:
        """Write, and compact."""
        written = super().write(rows, marks)
        if self._writes % self._every == 0:
            maintain(self, MUCH_LATER_NS, FOR_EVER, force=True)
        self._writes += 1
        return written
