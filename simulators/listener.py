"""A TCP listener whose connections end when it does: the ground of servers, cable and phone.

asyncio's own server leaves open connections running when it is closed; a simulator that is stopped
or cut must take them along, or a test's next server inherits ghosts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self

from simulators.errors import NotStartedError

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MOST_CONNECTIONS = 256
"""Further connections are closed at once (assumption: no field gateway serves more masters)."""


class Listener:
    """Accepts connections and runs ``serve`` on each; ``async with`` starts it where `start` was not called."""

    def __init__(self, serve: Serve) -> None:
        """``serve`` may end by returning, by a connection error or by cancellation."""
        self._on_connection = serve
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 lets the system choose. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._accept, host, port)

    @property
    def port(self) -> int:
        """The port in use; raises `NotStartedError` when not listening."""
        if self._server is None or not self._server.sockets:
            raise NotStartedError("the listener has not been started")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def listening(self) -> bool:
        """Tell whether it has a port."""
        return self._server is not None

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def drop_all(self) -> None:
        """Close every open connection at once; bytes that were not sent yet are thrown away."""
        for task, writer in self._connections.items():
            writer.transport.abort()
            task.cancel()

    async def stop(self) -> None:
        """Stop listening and end every connection. May be called twice."""
        if self._server is not None:
            self._server.close()
        self.drop_all()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        """Start on a free port of the loopback, unless it listens already."""
        if not self.listening:
            await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- asyncio runs this callback as a task of its own
        self._connections[task] = writer
        try:
            # A peer that goes away and our own `drop_all` are both ordinary ends of a connection.
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._on_connection(reader, writer)
        finally:
            self._connections.pop(task, None)
            writer.close()
