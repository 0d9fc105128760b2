"""Lets a connector read on while the spool commits: what it read waits in order, with one emitter behind it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from domain.batch import ReadingBatch, concat
from gateway.connectors.contract import Sink

MOST_WAITING = 1000
"""Batches held in memory. A disk that is slower than the line makes polls late (and counted), never memory full."""

FLUSH_S = 2.0


class Outbox:
    """Hands batches to a sink in order, joining what waits; use it as an async context manager."""

    def __init__(self, sink: Sink) -> None:
        """Send to ``sink``."""
        self._sink = sink
        self._waiting: list[ReadingBatch] = []
        self._changed = asyncio.Event()
        """Something waits, or nothing will come any more."""
        self._room = asyncio.Event()
        """Set when what waited was taken."""
        self._closing = False
        self._emitter: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start the emitter."""
        self._emitter = asyncio.create_task(self._emit(), name="outbox")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give what waits a moment to reach the disk, then stop."""
        assert self._emitter is not None  # noqa: S101  # set by __aenter__
        self._closing = True
        self._changed.set()
        if not self._emitter.done():
            try:
                async with asyncio.timeout(FLUSH_S):
                    await asyncio.wait([self._emitter])
            except TimeoutError:
                self._emitter.cancel()
        await asyncio.gather(self._emitter, return_exceptions=True)

    async def put(self, batch: ReadingBatch) -> None:
        """Let a batch wait its turn; waits itself when too many do. Raises what the sink raised, if it did."""
        if not len(batch):
            return
        assert self._emitter is not None  # noqa: S101  # set by __aenter__
        while len(self._waiting) >= MOST_WAITING and not self._emitter.done():
            self._room.clear()
            await self._room.wait()
        if self._emitter.done():
            self._emitter.result()
        self._waiting.append(batch)
        self._changed.set()

    async def _emit(self) -> None:
        try:
            while self._waiting or not self._closing:
                await self._changed.wait()
                self._changed.clear()
                batches, self._waiting = self._waiting, []
                self._room.set()
                if batches:
                    await self._sink.emit(batches[0] if len(batches) == 1 else concat(batches))
        finally:
            self._room.set()  # whoever waits shall see that nobody takes any more
