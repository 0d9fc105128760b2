"""Our own commands to a device: sent, resent, answered or failed.

| | GB/T 26875.3-2011 | here |
|---|---|---|
| control (89, 90, 91) | ends with confirm, command 3 | the confirm of the same number |
| request (61-68, 81-88) | ends with response, command 5 | the response of the same number |
| no answer, or deny | resend, 3 times, after 10 s each | the same, both settable; the number stays |

The line may change between two sends: a resend goes over the one that holds the device by then. An answer
counts from the line of the newest send only: anybody can say a number on another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import RefusedError
from gateway.connectors.gb26875.centre import MAIN_VERSION, Sender
from gateway.connectors.gb26875.profile import address_bytes
from gateway.connectors.gb26875.protocol import Command, Frame
from gateway.connectors.gb26875.roll_calls import Sent
from gateway.connectors.gb26875.session import Asked, Line, Session

MOST_ASKED = 4
"""Commands to one device at a time; assumption: a small device that is asked more answers nothing."""

Build = Callable[[Sender, int, datetime], Frame]
"""Makes the frame of a command from its sender, number and local time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command; ``answer`` is there when it was confirmed."""

    sent: Sent
    answer: Frame | None = None


class Exchange:
    """Sends commands and matches what comes back, by the number."""

    def __init__(
        self, *, answer_s: float, resends: int, now: Callable[[], datetime], sent: Callable[[Session, bytes], None]
    ) -> None:
        """Wait ``answer_s`` for each try; ``now`` is local time, ``sent`` hears of each frame that leaves."""
        self._answer_s = answer_s
        self._resends = resends
        self._now = now
        self._sent = sent

    async def ask(self, session: Session, build: Build) -> Outcome:
        """Send a command with all its resends; raises RefusedError while too many are under way."""
        if len(session.asked) >= MOST_ASKED:
            raise RefusedError(f"{MOST_ASKED} commands to {session.key} are under way already", retryable=True)
        sequence = session.next_sequence()
        while sequence in session.asked:
            sequence = session.next_sequence()
        try:
            return await self._tries(session, build, sequence)
        finally:
            session.asked.pop(sequence, None)

    def answered(self, session: Session, frame: Frame, line: Line) -> bool:
        """Take an answer that came by ``line``; tells whether anybody asked for it there."""
        asked = session.asked.get(frame.sequence)
        if asked is None or asked.line is not line or asked.answer.done():
            return False
        asked.answer.set_result(frame)
        return True

    async def _tries(self, session: Session, build: Build, sequence: int) -> Outcome:
        sent = Sent.LINE_DOWN
        for _ in range(1 + self._resends):
            line = session.line if session.line is not None and session.line.is_open else None
            asked = session.asked[sequence] = Asked(line, asyncio.get_running_loop().create_future())
            if line is not None:
                sent = Sent.NO_ANSWER
                raw = build(self._sender(session), sequence, self._now()).encode()
                line.send(raw)
                self._sent(session, raw)
            elif sent is Sent.LINE_DOWN:
                return Outcome(sent)
            try:
                async with asyncio.timeout(self._answer_s):
                    answer = await asked.answer
            except TimeoutError:
                continue
            if answer.command != Command.DENY:
                return Outcome(Sent.CONFIRMED, answer)
            sent = Sent.DENIED
        return Outcome(sent)

    @staticmethod
    def _sender(session: Session) -> Sender:
        device = session.source or address_bytes(session.registered.settings.address, session.profile)
        return Sender(
            centre=session.centre, device=device, profile=session.profile, version=(MAIN_VERSION, session.user_version)
        )
