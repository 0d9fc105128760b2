"""One stream's way to the store: messages of its durable consumer, gathered into piles of bounded size and age.

There are two: live, and history, whose piles are small. Each gathers its next pile while the last one is stored, so
a long history waits in its stream and takes neither the memory nor the link of what is live.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from backbone.client import Backbone
from backbone.durable import DurableReader
from backbone.layout import BACKFILL, TELEMETRY
from backbone.messages import LogMessage
from ingest.catalogue import Catalogue
from ingest.decoding import Chunk, decode
from ingest.pile import Pile, taken
from ingest.teacher import Teacher

MOST_AGE_S = 0.5
FETCH = 500
"""Messages taken at a time, at most."""
WAIT_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Which stream, by which consumer, how many readings a pile, how many messages are asked for ahead."""

    name: str
    stream: str
    consumer: str
    most_readings: int
    window: int


LIVE = Way(name="live", stream=TELEMETRY, consumer="ingest-live", most_readings=50_000, window=2000)
HISTORY = Way(name="history", stream=BACKFILL, consumer="ingest-history", most_readings=10_000, window=100)
"""Its messages are large (a spool is sent by the thousand readings): a hundred of them are some megabytes on the link
before the next live message, and a pile of it is what a live pile waits for at most."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Messages that are not stored yet, and when the oldest of them came (ns UTC, None: nothing waits)."""

    messages: int
    oldest_ns: int | None


class Lane:
    """Gathers the messages of one stream; open it before use."""

    def __init__(self, way: Way, backbone: Backbone, catalogue: Catalogue, teacher: Teacher) -> None:
        """Nothing is asked of the server before `open`."""
        self.way = way
        self.ready = False
        """A pile is gathered and waits for its turn at the store."""
        self._backbone = backbone
        self._catalogue = catalogue
        self._teacher = teacher
        self._reader: DurableReader | None = None
        self._waiting: deque[LogMessage] = deque()
        self._in_hand = 0
        self._caught_up = False

    async def open(self) -> None:
        """Make or find the consumer; raises LinkError or RefusedError."""
        self._reader = await self._backbone.durable(self.way.stream, name=self.way.consumer, window=self.way.window)

    async def close(self) -> None:
        """Hand back what was not taken; the consumer stays where it is."""
        if self._reader is not None:
            await self._reader.close()

    async def gather(self, stop: asyncio.Event) -> Pile:
        """Take messages until there are enough readings, or until the oldest has waited long enough."""
        pile = Pile()
        loop = asyncio.get_running_loop()
        end: float | None = None
        while pile.readings < self.way.most_readings and not stop.is_set() and (end is None or loop.time() < end):
            await self._take(pile)
            if pile.items and end is None:
                end = loop.time() + MOST_AGE_S
        return pile

    async def _take(self, pile: Pile) -> None:
        """Put messages on the pile until none is left for now, or until it has enough readings."""
        assert self._reader is not None  # noqa: S101  # `open` came first
        fetched = 0
        if not self._waiting:
            messages = await self._reader.fetch(FETCH, wait_s=WAIT_S)
            fetched = len(messages)
            self._waiting.extend(messages)
        while self._waiting and pile.readings < self.way.most_readings:
            chunk = await self._decoded(taken(self._waiting, FETCH, self.way.most_readings - pile.readings))
            self._in_hand += chunk.device_messages
            pile.add(chunk)
        self._caught_up = not self._waiting and fetched < FETCH

    async def _decoded(self, messages: Sequence[LogMessage]) -> Chunk:
        """Learn from the births among some messages, and take them apart."""
        self._teacher.listen(messages)
        chunk = decode(self.way.stream, messages, self._catalogue.table)
        if await self._teacher.explain(chunk.items):
            chunk = decode(self.way.stream, messages, self._catalogue.table)
        return chunk

    async def acknowledge(self, pile: Pile) -> None:
        """Tell the server that a pile is stored; raises LinkError: they come again, and are known."""
        self._in_hand -= sum(chunk.device_messages for chunk in pile.chunks)
        if self._reader is not None:
            await self._reader.ack_all([item.message for item in pile.items])

    async def lag(self) -> Lag | None:
        """Return what waits, None before the consumer is open; raises LinkError.

        Ticks pass through the live stream too, a few a second; who waits for nothing but those is not behind.
        """
        if self._reader is None:
            return None
        messages = await self._reader.pending()
        idle = self._caught_up and not self._in_hand
        if not messages or (self.way is LIVE and idle and messages <= 2 * self._backbone.partitions):
            return Lag(0, None)
        return Lag(messages, await self._reader.oldest_ns())
