"""Lets a connector read on while the spool commits: a bounded queue with one emitter behind it."""

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
        self._queue: asyncio.Queue[ReadingBatch | None] = asyncio.Queue(MOST_WAITING)
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
        if not self._emitter.done():
            try:
                async with asyncio.timeout(FLUSH_S):
                    await self._queue.put(None)
                    await asyncio.wait([self._emitter])
            except TimeoutError:
                self._emitter.cancel()
        await asyncio.gather(self._emitter, return_exceptions=True)

    async def put(self, batch: ReadingBatch) -> None:
        """Queue a batch; waits when the queue is full. Raises what the sink raised, if it did."""
        if not len(batch):
            return
        assert self._emitter is not None  # noqa: S101  # set by __aenter__
        if self._emitter.done():
            self._emitter.result()
        await self._queue.put(batch)

    async def _emit(self) -> None:
        open_ = True
        while open_:
            waiting = [await self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            batches = [batch for batch in waiting if batch is not None]
            open_ = len(batches) == len(waiting)
            if batches:
                await self._sink.emit(batches[0] if len(batches) == 1 else concat(batches))
