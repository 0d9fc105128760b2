"""A store with roll-ups: writes announce what is late, long ranges come from the roll-ups where that is the same."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain.batch import ReadingBatch
from domain.clock import Clock
from domain.site.models import StoreSettings
from domain.site.registry import Registry
from ingest.events_writer import LineStore
from ingest.influx_setup import wanting
from ingest.rollup_progress import Progress
from ingest.rollups import DAY_NS, RollsUp, joined, parts_of, tier_for, tiers_of
from ingest.store import Counts, Holes, HolesQuery, Mark, RangeQuery, Series, Shares, Store, StoreDeniedError, Written

log = logging.getLogger(__name__)


class RolledStore:
    """``store`` as it is, but for ranges; see `ingest.store.Store` for the promises."""

    def __init__(
        self, store: Store, rolls: RollsUp, progress: Progress, *, settings: StoreSettings, clock: Clock
    ) -> None:
        """Answer from the tiers of ``settings`` where ``progress`` says that they are complete."""
        self._store = store
        self._rolls = rolls
        self._progress = progress
        self._settings = settings
        self._tiers = tiers_of(settings.retention)
        self._raw_days = settings.retention.raw_days
        self._setting_up = threading.Lock()
        self._is_set_up = False
        self._clock = clock

    def grow(self, registry: Registry) -> None:
        """Take new points."""
        self._store.grow(registry)

    def applied(self, stream: str, marks: Sequence[Mark]) -> list[bool]:
        """Tell what is stored."""
        return self._store.applied(stream, marks)

    def write(self, rows: ReadingBatch, marks: Mapping[str, Sequence[Mark]]) -> Written:
        """Store readings; before the first ones the store is set up, hours that they are late for are noted before."""
        self.set_up()
        with self._progress.writing(rows.time_ns):
            return self._store.write(rows, marks)

    def set_up(self) -> None:
        """Make the database where it is missing and may be made; raises StoreDownError as a write does."""
        with self._setting_up:
            if self._is_set_up:
                return
            try:
                for step in wanting(self._settings):
                    log.info("store set up: %s %s %s %s", step.part, step.name, step.outcome, step.detail)
            except StoreDeniedError as error:
                log.warning("the store is not set up by itself, see 'fengsui influx setup': %s", error)
            self._is_set_up = True

    def range(self, query: RangeQuery) -> list[Series]:
        """Answer from readings and roll-ups; the bound of rows holds for each part, as it does for each series."""
        tier = tier_for(query, self._tiers)
        if tier is None or self._progress.until(tier) is None:
            return self._store.range(query)
        parts = parts_of(query, tier, self._progress.whole(tier, query.start_ns), self._raw_from_ns())
        pieces = []
        for part in parts:
            asked = replace(query, start_ns=part.start_ns, end_ns=part.end_ns)
            pieces.append(self._store.range(asked) if part.tier is None else self._rolls.rolled(part.tier, asked))
        return joined(pieces)

    def _raw_from_ns(self) -> int | None:
        return self._clock.now_ns() - self._raw_days * DAY_NS if self._raw_days else None

    def latest(self) -> ReadingBatch:
        """Return the newest readings."""
        return self._store.latest()

    def holes(self, query: HolesQuery) -> Holes:
        """Return silences."""
        return self._store.holes(query)

    def shares(self, query: RangeQuery) -> list[Shares]:
        """Return qualities."""
        return self._store.shares(query)

    def counts(self) -> Counts:
        """Count rows."""
        return self._store.counts()

    def close(self) -> None:
        """Close the store and what it rolls up with."""
        self._rolls.close()
        self._store.close()


class SetUpFirst:
    """Lines that are no readings (`ingest.events`): the store is set up before the first of them, too."""

    def __init__(self, served: Store, lines: LineStore) -> None:
        """Write to ``lines``, once ``served`` has made what is missing."""
        self._served = served
        self._lines = lines

    def write_lines(self, lines: Sequence[bytes]) -> dict[int, str]:
        """Store lines; see `LineStore`."""
        if isinstance(self._served, RolledStore):
            self._served.set_up()
        return self._lines.write_lines(lines)
