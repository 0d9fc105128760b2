"""The ingest process: writer, query service and status around one store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from domain.clock import NS_PER_S, Clock, SystemClock
from domain.errors import FengsuiError, StoreError
from domain.site.models import StoreKind
from domain.site.registry import Registry
from ingest.catalogue import Catalogue
from ingest.dead_letters import DeadLetters
from ingest.duckdb_compaction import maintain
from ingest.duckdb_store import DuckDbStore
from ingest.events_survey import Survey
from ingest.events_writer import EventsWriter
from ingest.influx_store import InfluxStore, open_influx
from ingest.lane import Lag
from ingest.latest import LatestValues
from ingest.letter_service import LetterService
from ingest.query_service import QueryService
from ingest.rolled_store import SetUpFirst
from ingest.rollup_choice import rolled
from ingest.rollup_progress import Progress
from ingest.store import Store
from ingest.store_jobs import StoreJobs
from ingest.unnamed import Unnamed
from ingest.victoria_store import VictoriaStore
from ingest.writer import Writer, stopped_within

log = logging.getLogger(__name__)

STATUS_KEY = "ingest.main"
STATUS_PERIOD_S = 1.0
RETRY_S = 1.0
UPKEEP_PERIOD_S = 600.0
"""How often closed days and days past retention are looked for."""
FILE_NAME = "readings.duckdb"


async def run(
    registry: Registry, backbone: Backbone, *, data_dir: Path, stop: asyncio.Event, clock: Clock | None = None
) -> None:
    """Store readings and answer questions until ``stop`` is set.

    Raises StoreError when the embedded file can't be opened (another process has it, no rights):
    that needs a person. A server that is down is waited for.
    """
    letters = await asyncio.to_thread(DeadLetters, data_dir)
    catalogue = await asyncio.to_thread(Catalogue, registry, data_dir)
    clock = clock or SystemClock()
    store = await asyncio.to_thread(open_store, catalogue.registry, data_dir)
    served, worker, progress = await asyncio.to_thread(rolled, store, registry.site.store, data_dir, clock)
    try:
        latest = LatestValues(catalogue.table)
        unnamed = await asyncio.to_thread(Unnamed, data_dir)
        writer = Writer(backbone, served, catalogue, letters=letters, latest=latest, unnamed=unnamed)
        # the embedded store needs no alerts, SQL has them; VictoriaMetrics answers no InfluxQL and keeps no words
        answers = isinstance(store, InfluxStore) and not isinstance(store, VictoriaStore)
        server = SetUpFirst(served, store) if isinstance(store, InfluxStore) and answers else None
        events = EventsWriter(backbone, server, registry, letters) if server is not None else None
        status = Status(registry, store, writer, events, letters=letters, progress=progress, clock=clock)
        await _retried(stop, backbone.ensure_streams)
        await QueryService(served, catalogue, latest, clock).serve(backbone)
        keep_days = registry.site.store.retention.raw_days
        if isinstance(store, DuckDbStore):
            await StoreJobs(store, data_dir, keep_days).serve(backbone)
        await LetterService(backbone, letters, writer, catalogue).serve()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_seed(stop, store, latest))
            tasks.create_task(status.publish_until(stop, backbone))
            tasks.create_task(_retried(stop, lambda: writer.run(stop)))
            if worker is not None:
                tasks.create_task(worker.run(stop))
            if isinstance(store, DuckDbStore):
                tasks.create_task(_keep_up(stop, store, keep_days, clock))
            if server is not None and events is not None:
                tasks.create_task(_retried(stop, lambda: events.run(stop)))
                tasks.create_task(Survey(backbone, server, registry, clock).run(stop))
        await status.publish(backbone)
    finally:
        await asyncio.to_thread(served.close)


def open_store(registry: Registry, data_dir: Path) -> Store:
    """Open the store that ``site.yaml`` names."""
    settings = registry.site.store
    if settings.kind is StoreKind.DUCKDB:
        return DuckDbStore(registry.points, data_dir / FILE_NAME)
    if settings.kind is StoreKind.VICTORIA_METRICS:
        return open_influx(registry, settings, VictoriaStore)
    return open_influx(registry, settings, InfluxStore)


class Status:
    """The document ``ingest.main`` in KV ``status``; counts are since ``started_ns``, letters since ever."""

    def __init__(
        self,
        registry: Registry,
        store: Store,
        writer: Writer,
        events: EventsWriter | None,
        *,
        letters: DeadLetters,
        progress: Progress | None,
        clock: Clock,
    ) -> None:
        """Watch a writer, its store and the store's roll-ups; ``events`` is None where alerts don't go to the store."""
        self._progress = progress
        self._kind = registry.site.store.kind.value
        self._store = store
        self._writer = writer
        self._events = events
        self._events_lag: int | None = None
        self._letters = letters
        self._started_ns = clock.now_ns()
        self._clock = clock
        self._lags: dict[str, Lag] = {}

    def document(self) -> dict[str, Any]:
        """Return what is known now.

        ``lag_messages``: messages that are not stored yet, None before the consumers are open. ``oldest_s``: how long
        the oldest of them has waited in its stream, None where nothing waits. ``lag`` has both by lane.
        """
        tally = self._writer.tally
        now_ns = self._clock.now_ns()
        ages_s = {name: self._age_s(lag.oldest_ns, now_ns) for name, lag in self._lags.items()}
        return {
            "started_ns": self._started_ns,
            "store_kind": self._kind,
            "store": tally.store.value,
            "last_error": tally.last_error,
            "stored": tally.stored,
            "duplicates_refused": tally.duplicates_refused,
            "messages": tally.messages,
            "messages_known": tally.messages_known,
            "learned_points": self._writer.learned_points,
            "unknown_points": tally.unknown_points,
            "unknown_subjects": sorted(tally.unknown_subjects),
            "dead_letters": self._letters.counts,
            "lag_messages": sum(lag.messages for lag in self._lags.values()) if self._lags else None,
            "oldest_s": max((age_s for age_s in ages_s.values() if age_s is not None), default=None),
            "lag": {name: {"messages": lag.messages, "oldest_s": ages_s[name]} for name, lag in self._lags.items()},
            "late_hours": None if self._progress is None else self._progress.late,
            "events": {"stored": self._events.stored, "lag": self._events_lag} if self._events is not None else None,
            "set_aside": self._store.set_aside if isinstance(self._store, DuckDbStore) else [],
        }

    def _age_s(self, oldest_ns: int | None, now_ns: int) -> float | None:
        return None if oldest_ns is None else round(max(0, now_ns - oldest_ns) / NS_PER_S, 3)

    async def publish(self, backbone: Backbone) -> None:
        """Publish once; without a link the document grows old, which is what it should look like."""
        try:
            self._lags = await self._writer.lags()
            self._events_lag = await self._events.lag() if self._events is not None else None
            await backbone.put_status(STATUS_KEY, self.document())
        except FengsuiError as error:
            log.debug("no status: %s", error)

    async def publish_until(self, stop: asyncio.Event, backbone: Backbone) -> None:
        """Publish every second."""
        while not stop.is_set():
            await self.publish(backbone)
            await stopped_within(stop, STATUS_PERIOD_S)


async def _keep_up(stop: asyncio.Event, store: DuckDbStore, keep_days: int, clock: Clock) -> None:
    """Compact closed days and drop old ones, again and again; what fails is tried again."""
    while not await stopped_within(stop, UPKEEP_PERIOD_S):
        try:
            await asyncio.to_thread(maintain, store, clock.now_ns(), keep_days)
        except StoreError as error:
            log.warning("the store is not compacted: %s", error)


async def _seed(stop: asyncio.Event, store: Store, latest: LatestValues) -> None:
    """Read the newest readings from the store, as soon as it gives them."""
    while not stop.is_set():
        try:
            latest.seed(await asyncio.to_thread(store.latest))
        except StoreError as error:
            log.warning("newest readings not read yet: %s", error)
            await stopped_within(stop, 5 * RETRY_S)
        else:
            return


async def _retried(stop: asyncio.Event, attempt: Callable[[], Awaitable[None]]) -> None:
    """Do ``attempt`` again while it fails with something that may pass."""
    while not stop.is_set():
        try:
            await attempt()
        except FengsuiError as error:
            if not error.retryable:
                raise
            log.warning("trying again in %.0f s: %s", RETRY_S, error)
            await stopped_within(stop, RETRY_S)
        else:
            return
