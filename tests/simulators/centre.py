"""A small monitoring centre of the tests' own: takes frames on a real socket, confirms them, gives orders.

Reads frames by its own few lines, so that a fault of the simulators' half can't cancel itself out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """A good frame, cut into the fields that tests look at."""

    raw: bytes
    sequence: int
    time: bytes
    source: bytes
    command: int
    data: bytes


def cut(buffer: bytearray) -> list[Seen]:
    """Take whole frames off the front of a buffer; bytes that begin none are thrown away one by one."""
    frames = []
    while len(buffer) >= 30:
        size = 30 + int.from_bytes(buffer[24:26], "little")
        if buffer[:2] != b"@@" or size > 1054:
            del buffer[0]
            continue
        if len(buffer) < size:
            break
        raw = bytes(buffer[:size])
        if raw[-2:] != b"##" or sum(raw[2:-3]) & 255 != raw[-3]:
            del buffer[0]
            continue
        del buffer[:size]
        frames.append(Seen(raw, int.from_bytes(raw[2:4], "little"), raw[6:12], raw[12:18], raw[26], raw[27:-3]))
    return frames


def frame(sequence: int, command: int, to: bytes, data: bytes = b"") -> bytes:
    """Write a frame of the centre at address 0, 2026-05-04 03:02:01."""
    body = sequence.to_bytes(2, "little") + bytes((1, 1, 1, 2, 3, 4, 5, 26)) + bytes(6) + to
    body += len(data).to_bytes(2, "little") + bytes((command,)) + data
    return b"@@" + body + bytes((sum(body) & 255,)) + b"##"


@dataclass(slots=True)
class Centre:
    """What came in, and how it answers: confirms unless `answer` says otherwise."""

    answer: Callable[[Seen], bytes | None] = lambda seen: (
        frame(seen.sequence, 3, seen.source) if seen.command in (2, 7, 254) else None
    )
    seen: list[Seen] = field(default_factory=list)
    junk: int = 0
    calls: int = 0
    lines: list[asyncio.StreamWriter] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one transmitter until it goes."""
        self.calls += 1
        self.lines.append(writer)
        buffer, taken, good = bytearray(), 0, 0
        try:
            while data := await reader.read(4096):
                buffer += data
                taken += len(data)
                frames = cut(buffer)
                good += sum(len(one.raw) for one in frames)
                self.junk = max(self.junk, taken - good - len(buffer))
                await self._take(frames, writer)
        except ConnectionError:
            pass
        finally:
            self.lines.remove(writer)
            writer.close()
            async with self.news:
                self.news.notify_all()

    async def _take(self, frames: list[Seen], writer: asyncio.StreamWriter) -> None:
        for one in frames:
            self.seen.append(one)
            if (raw := self.answer(one)) is not None:
                writer.write(raw)
        async with self.news:
            self.news.notify_all()

    async def until(self, holds: Callable[[Centre], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(40), self.news:
            await self.news.wait_for(lambda: holds(self))

    def of_type(self, type_flag: int) -> list[Seen]:
        """Return the frames whose data unit has a type."""
        return [one for one in self.seen if one.data[:1] == bytes((type_flag,))]

    def order(self, sequence: int, command: int, data: bytes, to: bytes = bytes(6)) -> None:
        """Send an order or a request on the newest line."""
        self.lines[-1].write(frame(sequence, command, to, data))

    def hang_up(self) -> None:
        """Drop every line."""
        for writer in self.lines:
            writer.transport.abort()


@asynccontextmanager
async def running_centre(port: int = 0) -> AsyncIterator[Centre]:
    """Listen on a loopback port, a free one by default."""
    centre = Centre()
    async with await asyncio.start_server(centre.serve, "127.0.0.1", port) as server:
        centre.port = server.sockets[0].getsockname()[1]
        yield centre
        centre.hang_up()
