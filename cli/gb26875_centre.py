"""A small centre for the installer's table: it listens, confirms (or is silent), and keeps nothing.

Lines, limits and time-outs are those of the gateway's own listener; only what is done with frames differs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from cli.gb26875_heard import Heard, Record, local_now
from domain.clock import Clock
from gateway.connectors.gb26875.centre import confirm, deny
from gateway.connectors.gb26875.config import Gb26875Settings, Transport
from gateway.connectors.gb26875.limits import Gate
from gateway.connectors.gb26875.line import PeerLine, Peers
from gateway.connectors.gb26875.listener import Listener
from gateway.connectors.gb26875.protocol import Command, Frame, Received, Rejected
from gateway.connectors.gb26875.session import Line
from gateway.connectors.gb26875.tally import Tally

LOOK_S = 1.0
"""How often lines are looked at for time-outs."""

HEARTBEATS = (7, 254)
"""Commands that some makes use as heartbeats, answered like an upload (practice, not in the standard)."""


class Centre:
    """An open port, TCP and UDP; use it as an async context manager.

    Every frame and answer is told to ``tell``, which takes it into ``record``. ``silent`` answers nothing, so that a
    transmitter keeps its messages for the real centre.
    """

    def __init__(
        self, host: str, port: int, record: Record, tell: Callable[[Heard], None], clock: Clock, *, silent: bool
    ) -> None:
        """Listen on ``host`` and ``port`` (0: any free one) once entered."""
        self.record = record
        self._tell = tell
        self._clock = clock
        self._silent = silent
        self._settings = Gb26875Settings(host=host, port=port, transport=Transport.BOTH)
        self._listener: Listener | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is open."""
        return self._listener.port if self._listener else 0

    async def __aenter__(self) -> Self:
        """Open the port; raises LinkError when it is taken."""
        settings = self._settings
        peers = Peers(self, settings.limits, Gate(settings.limits, settings.allow), Tally())
        self._listener = await Listener(settings, peers).__aenter__()
        self._sweeper = asyncio.create_task(self._sweep(peers), name="sweeper")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; lines that never said anything are in the record afterwards."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        if self._listener is not None:
            await self._listener.__aexit__(kind, error, trace)

    def heard(self, line: Line, events: Sequence[Received | Rejected]) -> None:
        """Take what a line said: record it, tell it, answer it."""
        peer = f"{line.ip}:{line.port}"
        for event in events:
            self._tell(Heard(time_ns=self._clock.now_ns(), peer=peer, event=event))
            answer = None if self._silent else self._answer(event)
            if answer is not None:
                raw = answer.encode()
                line.send(raw)
                sent = Received(answer, raw)
                self._tell(Heard(time_ns=self._clock.now_ns(), peer=peer, event=sent, out=True))

    def hung_up(self, line: Line) -> None:
        """Remember who connected and never sent a good frame."""
        if isinstance(line, PeerLine) and not line.frame_s:
            self.record.silent[line.ip] += 1

    def _answer(self, event: Received | Rejected) -> Frame | None:
        """Return the confirm of an upload, the deny of a frame whose header could be read, None for the rest."""
        now = local_now(self._clock.now_ns())
        if isinstance(event, Rejected):
            return deny(event.frame, now, self.record.profiles.of(event.frame)) if event.frame else None
        if event.frame.command not in {Command.SEND, *HEARTBEATS}:
            return None
        return confirm(event.frame, now, self.record.profiles.of(event.frame))

    async def _sweep(self, peers: Peers) -> None:
        """Give up half frames and end lines that say nothing."""
        while True:
            await asyncio.sleep(LOOK_S)
            now_s = asyncio.get_running_loop().time()
            for line in list(peers.lines):
                reason = line.overdue(now_s, self._settings.offline_s)
                if reason is not None:
                    line.cut(reason)
