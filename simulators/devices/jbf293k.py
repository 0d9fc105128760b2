"""A JBF293K interface card: the device half of the protocol, on a TCP port as behind a serial converter.

| rule | source |
|---|---|
| answers each poll with one telegram: the oldest event, else "normal" (09) with its version | JBF293K V1.1 |
| sends events by itself when it has seen no poll for 3 s | the same |
| twelve bytes, each as two characters 30..3F, between 82 and 83; the last is the sum of the others | the same |
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from simulators.listener import Listener

UNPOLLED_S = 3.0
VERSION = 0x10
FIRE, FAULT, FAULT_GONE, RESET, NORMAL = 0x80, 0x81, 0x82, 0x01, 0x09
_POLL_LENGTH = 26


def telegram(
    command: int, *, controller: int = 1, loop: int = 0, point: int = 0, part: int = 0, at: datetime | None = None,
    extension: Sequence[int] = (),
) -> bytes:  # fmt: skip
    """Return the bytes of one telegram; ``extension``: part type, channel, value low and high, CRC."""
    when = [at.year % 100, at.month, at.day, at.hour, at.minute, at.second] if at else [0] * 6
    data = [command, controller, loop, point, part, *when]
    return framed([*data, sum(data) & 0xFF, *extension])


def framed(data: Sequence[int]) -> bytes:
    """Return data bytes as characters between start and end."""
    characters = [0x30 + nibble for byte in data for nibble in (byte >> 4, byte & 0x0F)]
    return bytes([0x82, *characters, 0x83])


class JbfCard(Listener):
    """One card. ``tell`` queues an event of the panel, ``say`` puts bytes on the line at once."""

    def __init__(self) -> None:
        """Begin with nothing to tell."""
        super().__init__(self._serve)
        self.silent = False
        self.polls = 0
        self._events: deque[bytes] = deque()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def waiting(self) -> int:
        """Events that nobody has fetched yet."""
        return len(self._events)

    def tell(self, event: bytes) -> None:
        """Queue a telegram for the next poll."""
        self._events.append(event)

    def say(self, data: bytes) -> None:
        """Put bytes on the line that nobody asked for."""
        for writer in self._writers:
            writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                try:
                    async with asyncio.timeout(UNPOLLED_S):
                        asked = await reader.readexactly(_POLL_LENGTH)
                except TimeoutError:
                    if self._events and not self.silent:
                        writer.write(self._events.popleft())
                    continue
                if asked == framed([0] * 12) and not self.silent:
                    self.polls += 1
                    writer.write(self._events.popleft() if self._events else telegram(NORMAL, point=VERSION))
        except asyncio.IncompleteReadError:
            return
        finally:
            self._writers.discard(writer)
