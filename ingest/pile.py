"""What is gathered before it is stored together."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from backbone.messages import LogMessage
from ingest.decoding import Chunk, Decoded

READING_BYTES = 24
"""Bytes of an everyday reading in a payload (`backbone.sparkplug.rows`)."""


@dataclass(slots=True)
class Pile:
    """Chunks that are stored together, in the order in which they came."""

    chunks: list[Chunk] = field(default_factory=list)
    items: list[Decoded] = field(default_factory=list)
    readings: int = 0

    def add(self, chunk: Chunk) -> None:
        """Put one more on it."""
        self.chunks.append(chunk)
        self.items += chunk.items
        self.readings += len(chunk.rows)


def taken(waiting: deque[LogMessage], most: int, readings: int) -> list[LogMessage]:
    """Take 1..``most`` messages from the front, about as many as hold ``readings`` by their size."""
    found = [waiting.popleft()]
    room = readings * READING_BYTES - len(found[0].data)
    while waiting and len(found) < most and room > 0:
        room -= len(waiting[0].data)
        found.append(waiting.popleft())
    return found
