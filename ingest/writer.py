"""The writer: durable consumers → store → acknowledgement, in that order and no other.

Live readings and history go two ways (`ingest.lane`) and meet at the store, which takes one pile at a time, whoever
came first: a live pile waits for one small pile of history at most, and a history has its turn after each live pile,
so that it ends. While one pile is stored in a worker thread, the next of its way is gathered.
When the store is down a pile waits and is tried again, later each time, and everything behind it waits in the stream;
nobody holds the store meanwhile. Letters are on disk before the store is told, the store has the data before the
server is told: whatever is killed in between comes again, and the store knows it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from backbone.client import Backbone
from domain.batch import ReadingBatch, concat
from domain.errors import FengsuiError, LinkError, StoreError
from ingest.catalogue import Catalogue
from ingest.dead_letters import DeadLetters
from ingest.decoding import Decoded, decode
from ingest.lane import HISTORY, LIVE, Lag, Lane
from ingest.latest import LatestValues
from ingest.letters_of_readings import letter_of
from ingest.pile import Pile
from ingest.store import Mark, Store, StoreDeniedError, StoreDownError, Written
from ingest.teacher import Teacher
from ingest.unnamed import Unnamed

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
DENIED_PAUSE_S = 10.0
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
        teacher = Teacher(backbone, catalogue)
        self._letters = letters
        self._latest = latest
        self._unnamed = unnamed
        self._teacher = teacher
        self.lanes = tuple(Lane(way, backbone, catalogue, teacher) for way in (LIVE, HISTORY))
        self._turn = asyncio.Lock()
        """Who has the store; asyncio hands a lock on in the order in which it was asked for."""
        self.tally = Tally()

    @property
    def learned_points(self) -> int:
        """Number of points that births told of and nobody wrote."""
        return self._catalogue.learned

    async def lags(self) -> dict[str, Lag]:
        """Return what is not stored yet, by lane; none before the consumers are open. Raises LinkError."""
        found = {lane.way.name: await lane.lag() for lane in self.lanes}
        return {name: lag for name, lag in found.items() if lag is not None}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; what is gathered by then is still stored if the store is up.

        The newest births are read before the first message: that of a message's points may have expired.
        Raises LinkError or RefusedError when the consumers can't be made.
        """
        await self._teacher.read_newest()
        try:
            for lane in self.lanes:
                await lane.open()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._name_late(stop))
                for lane in self.lanes:
                    tasks.create_task(self._run_lane(lane, stop, tasks))
        finally:
            for lane in self.lanes:
                await lane.close()

    async def _run_lane(self, lane: Lane, stop: asyncio.Event, tasks: asyncio.TaskGroup) -> None:
        """Gather a pile while the one before it is stored."""
        storing: asyncio.Task[None] | None = None
        while not stop.is_set():
            pile = await lane.gather(stop)
            if storing is not None:
                await storing
            storing = tasks.create_task(self._store_pile(lane, pile, stop)) if pile.items else None

    async def _name_late(self, stop: asyncio.Event) -> None:
        """Store what stands in the log of devices that were not known when it came."""
        due = self._unnamed.due(self._catalogue.registry) if self._unnamed is not None else []
        for (stream, subject), seq in due:
            try:
                if await self._store_again(stream, subject, seq, stop) and self._unnamed is not None:
                    await asyncio.to_thread(self._unnamed.settle, (stream, subject))
            except FengsuiError as error:
                log.warning("%s is read again at the next start: %s", subject, error)

    async def store_rows(self, rows: ReadingBatch) -> Written:
        """Store readings that a person wants tried again; raises StoreError. What is refused gets no letter here."""
        async with self._turn:
            written = await asyncio.to_thread(self._store.write, rows.moved_to(self._catalogue.table), {})
        self.tally.stored += written.stored
        return written

    async def _store_again(self, stream: str, subject: str, seq: int, stop: asyncio.Event) -> bool:
        """Read a subject again from a message on, to what is its last one now; tells whether all was stored."""
        last = await self._backbone.last_seq(stream, subject)
        batches = self._backbone.reader(stream, subjects=[subject], start_seq=seq)
        try:
            while last >= seq and not stop.is_set():
                messages = await anext(batches)
                rows = decode(stream, messages, self._catalogue.table).rows
                async with self._turn:
                    written = await asyncio.to_thread(self._store.write, rows, {})
                self.tally.stored += written.stored
                self._latest.update(rows)
                if messages[-1].seq >= last:
                    break
        finally:
            await batches.aclose()  # type: ignore[attr-defined]  # it is an async generator
        log.info("%s: read again from %d on, its device is known now", subject, seq)
        return not stop.is_set()

    async def _store_pile(self, lane: Lane, pile: Pile, stop: asyncio.Event) -> None:
        """Store until it is done; returns early, without acknowledging, only when stopped meanwhile."""
        pause_s = FIRST_PAUSE_S
        lane.ready = True
        while True:
            try:
                async with self._turn:
                    stored = await asyncio.to_thread(self._write, pile)
                break
            except StoreError as error:
                wanted_s = self._note_failure(error, pause_s)
                if await stopped_within(stop, wanted_s):
                    return
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        lane.ready = False
        self._note_success(pile, stored)
        try:
            await lane.acknowledge(pile)
        except LinkError as error:
            log.warning("stored, but not acknowledged (they come again and are known): %s", error)

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
        self._letters.park([letter_of(refused, rows) for refused in written.refused])
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


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for ``stop``, at most ``seconds``; tell whether it came."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
