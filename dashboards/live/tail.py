"""The newest messages of the ALERTS stream, kept once for everybody who follows them.

Invariant: every message with a sequence above ``floor`` that this process has seen is in the ring.
A follower whose position is below the floor reads the stream itself until it has caught up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from backbone.messages import LogMessage

KEPT = 1000
"""Messages kept, about 1.5 MB."""


class AlertTail:
    """A ring of messages with one writer and any number of followers."""

    def __init__(self, kept: int = KEPT) -> None:
        """Keep the last ``kept`` messages."""
        self._ring: deque[LogMessage] = deque()
        self._kept = kept
        self._wake = asyncio.Event()
        self.floor = 0
        self.started = False
        self.closed = False

    @property
    def last_seq(self) -> int:
        """Sequence of the newest message, or where following began."""
        return self._ring[-1].seq if self._ring else self.floor

    def start(self, seq: int) -> None:
        """Begin after ``seq``: what is older has to be read from the stream."""
        self._ring.clear()
        self.floor = seq
        self.started = True

    def push(self, batch: Sequence[LogMessage]) -> None:
        """Add messages in their order and wake the followers."""
        self._ring.extend(batch)
        while len(self._ring) > self._kept:
            self.floor = self._ring.popleft().seq
        self._wake.set()
        self._wake = asyncio.Event()

    def close(self) -> None:
        """End all following: the process stops."""
        self.closed = True
        self._wake.set()

    def since(self, seq: int) -> list[LogMessage]:
        """Return what came after ``seq``; complete only when ``seq`` is not below the floor."""
        return [message for message in self._ring if message.seq > seq]

    async def more(self, seq: int, timeout_s: float) -> list[LogMessage]:
        """Wait for messages after ``seq``; empty when none came in time."""
        wake = self._wake
        found = self.since(seq)
        if not found:
            try:
                await asyncio.wait_for(wake.wait(), timeout_s)
            except TimeoutError:
                return []
            found = self.since(seq)
        return found
