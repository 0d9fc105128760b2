"""A push platform on loopback: plain asyncio, its own half of HTTP, scripted answers, everything kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

HTTP_OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        """The JSON body."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def key(self) -> str:
        """The idempotency key."""
        return self.headers["idempotency-key"]


@dataclass
class Phone:
    """What came in, and what is answered: ``answers`` is asked for each request, by its number from 0.

    ``by_path`` is asked instead where it is set, with the path and the request's number on that path.
    """

    answers: Callable[[int], bytes | None]
    port: int = 0
    received: list[Received] = field(default_factory=list)
    most_at_once: int = 0
    by_path: Callable[[str, int], bytes | None] | None = None
    _now: int = 0

    @property
    def url(self) -> str:
        """Where to push."""
        return f"http://127.0.0.1:{self.port}/push"

    async def wait_for(self, count: int, timeout_s: float = 60) -> list[Received]:
        """Return the first ``count`` requests when they are there."""
        async with asyncio.timeout(timeout_s):
            while len(self.received) < count:
                await asyncio.sleep(0.02)
        return self.received[:count]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection after the other request on it."""
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._one(reader, writer):
                    pass
        finally:
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first = (await reader.readline()).decode().split()
        if not first:
            return False
        headers = {}
        while line := (await reader.readline()).strip().decode():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        number = len(self.received)
        self.received.append(Received(first[1], headers, body))
        try:
            return await self._answer(writer, self._pick(first[1], number))
        finally:
            self._now -= 1

    def _pick(self, path: str, number: int) -> bytes | None:
        if self.by_path is None:
            return self.answers(number)
        plain = path.partition("?")[0]
        return self.by_path(plain, sum(one.path.partition("?")[0] == plain for one in self.received) - 1)

    async def _answer(self, writer: asyncio.StreamWriter, answer: bytes | None) -> bool:
        """Send an answer; None says nothing at all, `DRIP` says it byte by byte for ever, `HANG_UP` ends the line."""
        if answer is None:
            await asyncio.sleep(3600)
        if answer == HANG_UP:
            return False
        if answer == DRIP:
            writer.write(HTTP_OK + b"Content-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        assert answer is not None
        await asyncio.sleep(0.005)
        writer.write(answer)
        await writer.drain()
        return True


HANG_UP = b"hang up"
DRIP = b"drip"


def answer(body: Any = None, status: str = "200 OK", headers: str = "") -> bytes:
    """Write an HTTP answer with a JSON body (or bytes as they are)."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n{headers}\r\n".encode() + content


GOOD = answer({"ok": True, "message_id": "m-1", "delivered": True})


@asynccontextmanager
async def phone(answers: Callable[[int], bytes | None] = lambda _number: GOOD) -> AsyncIterator[Phone]:
    """Run a platform on a free port."""
    platform = Phone(answers)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(platform.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    platform.port = server.sockets[0].getsockname()[1]
    try:
        yield platform
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # sockets of aborted connections are closed in the loop's next round
