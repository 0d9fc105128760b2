"""The ingest process: writer, query service and status around one store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from domain.clock import Clock, SystemClock
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
from ingest.latest import LatestValues
from ingest.query_service import QueryService
from ingest.store import Store
from ingest.store_jobs import StoreJobs
from ingest.unnamed import Unnamed
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
    store = await asyncio.to_thread(open_store, catalogue.registry, data_dir)
    try:
        latest = LatestValues(catalogue.table)
        unnamed = await asyncio.to_thread(Unnamed, data_dir)
        writer = Writer(backbone, store, catalogue, letters=letters, latest=latest, unnamed=unnamed)
        clock = clock or SystemClock()
        server = store if isinstance(store, InfluxStore) else None  # the embedded store needs no alerts: SQL has them
        events = EventsWriter(backbone, server, registry, letters) if server is not None else None
        status = Status(registry, store, writer, events, letters=letters, started_ns=clock.now_ns())
        await _retried(stop, backbone.ensure_streams)
        await QueryService(store, catalogue, latest).serve(backbone)
        keep_days = registry.site.store.retention.raw_days
        if isinstance(store, DuckDbStore):
            await StoreJobs(store, data_dir, keep_days).serve(backbone)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_seed(stop, store, latest))
            tasks.create_task(status.publish_until(stop, backbone))
            tasks.create_task(_retried(stop, lambda: writer.run(stop)))
            if isinstance(store, DuckDbStore):
                tasks.create_task(_keep_up(stop, store, keep_days, clock))
            if server is not None and events is not None:
                tasks.create_task(_retried(stop, lambda: events.run(stop)))
                tasks.create_task(Survey(backbone, server, registry, clock).run(stop))
        await status.publish(backbone)
    finally:
        await asyncio.to_thread(store.close)


def open_store(registry: Registry, data_dir: Path) -> Store:
    """Open the store that ``site.yaml`` names."""
    settings = registry.site.store
    if settings.kind is StoreKind.DUCKDB:
        return DuckDbStore(registry.points, data_dir / FILE_NAME)
    return open_influx(registry, settings)


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
        started_ns: int,
    ) -> None:
        """Watch a writer and its store; ``events`` is None where alerts don't go to the store."""
        self._kind = registry.site.store.kind.value
        self._store = store
        self._writer = writer
        self._events = events
        self._events_lag: int | None = None
        self._letters = letters
        self._started_ns = started_ns
        self._lag_messages: int | None = None

    def document(self) -> dict[str, Any]:
        """Return what is known now; ``lag_messages`` None means that the consumers are not open yet."""
        tally = self._writer.tally
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
            "lag_messages": self._lag_messages,
            "events": {"stored": self._events.stored, "lag": self._events_lag} if self._events is not None else None,
            "set_aside": self._store.set_aside if isinstance(self._store, DuckDbStore) else [],
        }

    async def publish(self, backbone: Backbone) -> None:
        """Publish once; without a link the document grows old, which is what it should look like."""
        try:
            self._lag_messages = await self._writer.lag_messages()
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
