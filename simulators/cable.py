"""`Cable`: a TCP proxy that can be cut and mended, for the outages a scenario plays.

A cut closes both sides of every connection, and what was on the way is gone, as on a real cable. While
it is cut, a new connection is *refused* (closed at once: the peer's host is up, its port is not) or
falls into a *black hole* (accepted, never answered: the usual look of a broken route).
"""

from __future__ import annotations

import asyncio
from enum import StrEnum

from simulators.listener import Listener

CHUNK = 65_536


class Cut(StrEnum):
    """What a new connection meets while the cable is cut."""

    REFUSE = "refuse"
    BLACK_HOLE = "black_hole"


class Cable(Listener):
    """Carries every connection on its own port to ``host:port``."""

    def __init__(self, host: str, port: int) -> None:
        """``host`` and ``port`` are the far end."""
        self._far = (host, port)
        super().__init__(self._carry)
        self._cut: Cut | None = None
        self.carried_bytes = 0
        self.turned_away = 0

    @property
    def is_cut(self) -> bool:
        """Tell whether nothing passes."""
        return self._cut is not None

    def cut(self, how: Cut = Cut.REFUSE) -> None:
        """Cut it now."""
        self._cut = how
        self.drop_all()

    def mend(self) -> None:
        """Let new connections through again; what hung in the black hole is closed."""
        self._cut = None
        self.drop_all()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut is not None:
            await self._turn_away(writer, self._cut)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._far)
        except OSError:
            writer.transport.abort()
            return
        try:
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._pump(reader, far_writer))
                both_ways.create_task(self._pump(far_reader, writer))
        except* OSError:  # a reset, or an end that was gone before its end of stream could be passed on
            writer.transport.abort()
        finally:
            far_writer.transport.abort()

    async def _turn_away(self, writer: asyncio.StreamWriter, how: Cut) -> None:
        self.turned_away += 1
        if how is Cut.REFUSE:
            writer.transport.abort()
        else:
            await asyncio.Event().wait()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Copy until the sender is done, and pass its end of stream on."""
        while data := await reader.read(CHUNK):
            writer.write(data)
            self.carried_bytes += len(data)
            await writer.drain()
        writer.write_eof()
