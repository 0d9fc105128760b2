"""The writer: durable consumers → store → acknowledgement, in that order and no other.

Live readings come first; history takes the room that they leave, and a little always, so that a
backlog ends. While one pile of messages is being stored in a worker thread, the next is gathered.
When the store is down the pile waits and is tried again, later each time, and everything behind it
waits in the stream. Letters are on disk before the store is told, the store has the data before the
server is told: whatever is killed in between comes again, and the store knows it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from backbone.client import Backbone
from backbone.durable import DurableReader
from backbone.layout import BACKFILL, TELEMETRY
from backbone.messages import LogMessage
from domain.batch import ReadingBatch, concat
from domain.errors import FengsuiError, LinkError, StoreError
from ingest.catalogue import Catalogue
from ingest.dead_letters import DeadLetter, DeadLetters, LetterKind
from ingest.decoding import Chunk, Decoded, decode
from ingest.latest import LatestValues
from ingest.pile import Pile, taken
from ingest.store import Mark, Store, StoreDeniedError, StoreDownError, Written
from ingest.teacher import Teacher
from ingest.unnamed import Unnamed

log = logging.getLogger(__name__)

LIVE_CONSUMER = "ingest-live"
HISTORY_CONSUMER = "ingest-history"

MOST_READINGS = 50_000
MOST_AGE_S = 0.5
FETCH = 500
"""Messages taken at a time, at most."""
LIVE_WAIT_S = 0.05
HISTORY_WAIT_S = 0.001
HISTORY_SHARE = 5_000
"""Readings of history per pile while live readings fill it."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
DENIED_PAUSE_S = 30.0
MOST_UNKNOWN_SHOWN = 20


class StoreState(StrEnum):
    """How the store stands, as the status page says it."""

    STARTING = "starting"
    UP = "up"
    DOWN = "down"
    DENIED = "denied"


@dataclass(slots=True)
class Tally:
    """What this process did since it started."""

    stored: int = 0
    duplicates_refused: int = 0
    messages: int = 0
    messages_known: int = 0
    unknown_points: int = 0
    unknown_subjects: set[str] = field(default_factory=set)
    store: StoreState = StoreState.STARTING
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """What a pile came to: the messages that were new, their readings, and the store's answer."""

    new: list[Decoded]
    rows: ReadingBatch
    written: Written


class Writer:
    """Moves readings from the streams to one store; run it once."""

    def __init__(
        self,
        backbone: Backbone,
        store: Store,
        catalogue: Catalogue,
        *,
        letters: DeadLetters,
        latest: LatestValues,
        unnamed: Unnamed | None = None,
    ) -> None:
        """Nothing is read before `run`. Without ``unnamed`` data of unknown devices are counted and given up."""
        self._backbone = backbone
        self._store = store
        self._catalogue = catalogue
        self._teacher = Teacher(backbone, catalogue)
        self._letters = letters
        self._latest = latest
        self._unnamed = unnamed
        self._live: DurableReader | None = None
        self._history: DurableReader | None = None
        self._in_hand = 0
        self._caught_up = False
        self._waiting: dict[str, deque[LogMessage]] = {TELEMETRY: deque(), BACKFILL: deque()}
        self.tally = Tally()

    @property
    def learned_points(self) -> int:
        """Number of points that births told of and nobody wrote."""
        return self._catalogue.learned

    async def lag_messages(self) -> int | None:
        """Return how many messages are not stored yet, None before the consumers are open; raises LinkError.

        Ticks pass through here too, a few a second; a writer that waits for nothing but those is not behind.
        """
        if self._live is None or self._history is None:
            return None
        waiting = await self._live.pending() + await self._history.pending()
        idle = self._caught_up and not self._in_hand and not self._waiting[BACKFILL]
        only_ticks = idle and waiting <= 2 * self._backbone.partitions
        return 0 if only_ticks else waiting

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; what is gathered by then is still stored if the store is up.

        The newest births are read before the first message: that of a message's points may have expired.
        Raises LinkError or RefusedError when the consumers can't be made.
        """
        await self._teacher.read_newest()
        self._live = await self._backbone.durable(TELEMETRY, name=LIVE_CONSUMER)
        self._history = await self._backbone.durable(BACKFILL, name=HISTORY_CONSUMER)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._name_late(stop))
                storing: asyncio.Task[None] | None = None
                while not stop.is_set():
                    pile = await self._gather(self._live, self._history, stop)
                    if storing is not None:
                        await storing
                    storing = tasks.create_task(self._store_pile(pile, stop)) if pile.items else None
        finally:
            await self._live.close()
            await self._history.close()

    async def _name_late(self, stop: asyncio.Event) -> None:
        """Store what stands in the log of devices that were not known when it came."""
        due = self._unnamed.due(self._catalogue.registry) if self._unnamed is not None else []
        for (stream, subject), seq in due:
            try:
                if await self._store_again(stream, subject, seq, stop) and self._unnamed is not None:
                    await asyncio.to_thread(self._unnamed.settle, (stream, subject))
            except FengsuiError as error:
                log.warning("%s is read again at the next start: %s", subject, error)

    async def _store_again(self, stream: str, subject: str, seq: int, stop: asyncio.Event) -> bool:
        """Read a subject again from a message on, to what is its last one now; tells whether all was stored."""
        last = await self._backbone.last_seq(stream, subject)
        batches = self._backbone.reader(stream, subjects=[subject], start_seq=seq)
        try:
            while last >= seq and not stop.is_set():
                messages = await anext(batches)
                rows = decode(stream, messages, self._catalogue.table).rows
                written = await asyncio.to_thread(self._store.write, rows, {})
                self.tally.stored += written.stored
                self._latest.update(rows)
                if messages[-1].seq >= last:
                    break
        finally:
            await batches.aclose()  # type: ignore[attr-defined]  # it is an async generator
        log.info("%s: read again from %d on, its device is known now", subject, seq)
        return not stop.is_set()

    async def _gather(self, live: DurableReader, history: DurableReader, stop: asyncio.Event) -> Pile:
        """Take messages until there are enough readings, or until the oldest has waited long enough."""
        pile = Pile()
        loop = asyncio.get_running_loop()
        end: float | None = None
        while pile.readings < MOST_READINGS and not stop.is_set() and (end is None or loop.time() < end):
            self._caught_up = await self._take(pile, TELEMETRY, live, MOST_READINGS, LIVE_WAIT_S)
            if self._caught_up:
                await self._take(pile, BACKFILL, history, MOST_READINGS, HISTORY_WAIT_S)
            if pile.items and end is None:
                end = loop.time() + MOST_AGE_S
        if not self._caught_up:
            await self._take(pile, BACKFILL, history, pile.readings + HISTORY_SHARE, HISTORY_WAIT_S)
        return pile

    async def _take(self, pile: Pile, stream: str, reader: DurableReader, most: int, wait_s: float) -> bool:
        """Put messages of one stream on the pile until it has ``most`` readings; tell whether all were taken."""
        waiting = self._waiting[stream]
        fetched = 0
        if not waiting:
            messages = await reader.fetch(FETCH, wait_s=wait_s)
            fetched = len(messages)
            waiting.extend(messages)
        while waiting and pile.readings < most:
            chunk = await self._decoded(stream, taken(waiting, FETCH, most - pile.readings))
            self._in_hand += sum(item.is_device_data for item in chunk.items)
            pile.add(chunk)
        return not waiting and fetched < FETCH

    async def _decoded(self, stream: str, messages: Sequence[LogMessage]) -> Chunk:
        """Learn from the births among some messages, and take them apart."""
        self._teacher.listen(messages)
        chunk = decode(stream, messages, self._catalogue.table)
        if await self._teacher.explain(chunk.items):
            chunk = decode(stream, messages, self._catalogue.table)
        return chunk

    async def _store_pile(self, pile: Pile, stop: asyncio.Event) -> None:
        """Store until it is done; returns early, without acknowledging, only when stopped meanwhile."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                stored = await asyncio.to_thread(self._write, pile)
                break
            except StoreError as error:
                wanted_s = self._note_failure(error, pause_s)
                if await stopped_within(stop, wanted_s):
                    return
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self._note_success(pile, stored)
        await self._acknowledge(pile)
        self._in_hand -= sum(item.is_device_data for item in pile.items)

    def _write(self, pile: Pile) -> _Stored:
        """Park poison, store the readings of messages that are new (in a worker thread)."""
        registry = self._catalogue.registry
        self._catalogue.save()
        self._store.grow(registry)
        chosen = list(zip(pile.chunks, self._unknown_to_store(pile), strict=True))
        new = [item for chunk, wanted in chosen for item in compress(chunk.items, wanted)]
        self._letters.park([item.letter for item in new if item.letter is not None])
        if self._unnamed is not None:
            self._unnamed.note(new, registry)
        batches = [chunk.rows_of(wanted).moved_to(registry.points) for chunk, wanted in chosen]
        rows = concat(batches) if batches else ReadingBatch.empty(registry.points)
        marks: dict[str, list[Mark]] = {}
        for item in new:
            marks.setdefault(item.stream, []).append(item.mark)
        written = self._store.write(rows, marks)
        self._letters.park(
            [
                DeadLetter(kind=LetterKind.REFUSED_BY_STORE, reason=refused.reason, evidence=refused.evidence)
                for refused in written.refused
            ]
        )
        return _Stored(new, rows, written)

    def _unknown_to_store(self, pile: Pile) -> list[NDArray[np.bool_]]:
        """Tell for each chunk which messages are not applied, each once, shape (items,)."""
        seen: set[tuple[str, int]] = set()
        found = []
        for chunk in pile.chunks:
            stream = chunk.items[0].stream
            known = self._store.applied(stream, [item.mark for item in chunk.items])
            new = np.zeros(len(chunk.items), np.bool_)
            for at, (item, applied) in enumerate(zip(chunk.items, known, strict=True)):
                new[at] = not applied and (stream, item.message.seq) not in seen
                seen.add((stream, item.message.seq))
            found.append(new)
        return found

    def _note_success(self, pile: Pile, stored: _Stored) -> None:
        tally = self.tally
        if tally.store is not StoreState.UP:
            log.info("the store is up")
        tally.store, tally.last_error = StoreState.UP, None
        tally.stored += stored.written.stored
        tally.duplicates_refused += stored.written.duplicates
        tally.messages += len(stored.new)
        tally.messages_known += len(pile.items) - len(stored.new)
        for item in stored.new:
            tally.unknown_points += item.unknown_points
            if item.unknown_points and len(tally.unknown_subjects) < MOST_UNKNOWN_SHOWN:
                tally.unknown_subjects.add(item.message.subject)
        self._latest.update(stored.rows)

    def _note_failure(self, error: StoreError, pause_s: float) -> float:
        """Tell people what is wrong and return how long to wait."""
        state = StoreState.DENIED if isinstance(error, StoreDeniedError) else StoreState.DOWN
        level = logging.ERROR if state is StoreState.DENIED else logging.WARNING
        if self.tally.store is not state or self.tally.last_error != str(error):
            log.log(level, "not stored, kept in the stream: %s", error)
        self.tally.store, self.tally.last_error = state, str(error)
        if state is StoreState.DENIED:
            return DENIED_PAUSE_S
        wanted_s = error.retry_after_s if isinstance(error, StoreDownError) else 0.0
        return max(wanted_s, pause_s * random.uniform(0.7, 1.3))

    async def _acknowledge(self, pile: Pile) -> None:
        for stream, reader in ((TELEMETRY, self._live), (BACKFILL, self._history)):
            if reader is None:
                continue
            try:
                await reader.ack_all([item.message for item in pile.items if item.stream == stream])
            except LinkError as error:
                log.warning("stored, but not acknowledged (they come again and are known): %s", error)


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for ``stop``, at most ``seconds``; tell whether it came."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
