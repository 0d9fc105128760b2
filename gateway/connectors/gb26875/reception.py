"""Takes what lines say: whose frame it is, whether it came before, where it goes; and sends the answers.

| frame | what happens |
|---|---|
| upload (2) of a registered transmitter | waits for the commit, then confirm |
| the same again | confirmed again, nothing else |
| response (5), confirm (3), deny (6) | to the command of that number; a response is mapped like an upload |
| heartbeat | confirmed, in its turn |
| any other command; header good, check failed | deny, where the settings say so |
| of somebody unregistered | quarantine; a fire is told |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from domain.clock import Clock
from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875 import centre
from gateway.connectors.gb26875.config import Gb26875Settings
from gateway.connectors.gb26875.copies import Copies, is_lasting, name_of
from gateway.connectors.gb26875.directory import Directory
from gateway.connectors.gb26875.exchange import Exchange
from gateway.connectors.gb26875.fire import says_fire
from gateway.connectors.gb26875.holders import Holders
from gateway.connectors.gb26875.objects import Heartbeat, TransmitterOperation, Unit, decode_unit
from gateway.connectors.gb26875.profile import time_of
from gateway.connectors.gb26875.protocol import Command, Frame, Received, Rejected
from gateway.connectors.gb26875.readings import ROLL_CALL_ANSWER
from gateway.connectors.gb26875.session import Line, Session, Waiting
from gateway.connectors.gb26875.strangers import Strangers
from gateway.connectors.gb26875.tally import Tally


class Reception:
    """Routes frames of all lines; everything here happens within one turn of the event loop."""

    def __init__(
        self,
        settings: Gb26875Settings,
        hosting: Hosting,
        clock: Clock,
        *,
        directory: Directory,
        exchange: Exchange,
        holders: Holders,
        strangers: Strangers,
        tally: Tally,
        now: Callable[[], datetime],
        put: Callable[[Waiting], bool],
        came: Callable[[Session], None],
    ) -> None:
        """Make it.

        ``now`` is local time; ``put`` takes a frame to be stored and tells whether there was room; ``came``
        hears of each transmitter that is on the line now and was not before.
        """
        self._settings = settings
        self._hosting = hosting
        self._clock = clock
        self._directory = directory
        self._exchange = exchange
        self._holders = holders
        self._strangers = strangers
        self._now = now
        self._put = put
        self._came = came
        self._loop = asyncio.get_running_loop()
        self.copies = Copies(hosting)
        self._tally = tally

    def heard(self, line: Line, events: Sequence[Received | Rejected]) -> None:
        """Take what a line said, in order."""
        for event in events:
            if not line.is_open:
                return
            if isinstance(event, Rejected):
                self._reject(line, event)
                continue
            session = self._directory.find(event.frame.source, line.ip)
            if session is None:
                self._strangers.take(line, event)
            else:
                self._take(session, line, event)

    def hung_up(self, line: Line) -> None:
        """Let go of a line: its transmitters have none, until they call again."""
        self._holders.hung_up(line, self._loop.time())

    def confirm(self, waiting: Sequence[Waiting]) -> None:
        """Confirm frames that are stored, on the line that they came by, or on the newest."""
        now = self._now()
        for one in waiting:
            self.copies.end(one.name)
            if one.confirm:
                line = one.line if one.line.is_open else one.session.line
                self._answer(one.session, line, centre.confirm(one.frame, now, one.session.profile))
        now_s = self._loop.time()
        self.copies.hold((one.name for one in waiting if one.name and not one.lasting), now_s)

    def forget(self, waiting: Sequence[Waiting]) -> None:
        """Let frames that could not be stored come again."""
        self._tally.errors["not_stored"] += len(waiting)
        for one in waiting:
            self.copies.end(one.name)

    def _reject(self, line: Line, event: Rejected) -> None:
        """Count bytes that are no frame; deny them where it is known whose they are."""
        self._tally.errors[event.error.value] += 1
        self._tally.refused += 1
        frame = event.frame
        session = self._directory.find(frame.source, line.ip) if frame is not None else None
        if session is None and len(line.sessions) == 1:
            (session,) = line.sessions
            session.refused += 1
        elif frame is not None and session is not None:
            session.refused += 1
            session.keep(self._clock.now_ns(), event.raw, out=False)
            self._deny(session, line, frame)

    def _take(self, session: Session, line: Line, event: Received) -> None:
        frame = event.frame
        self._attach(session, line, event)
        match frame.command:
            case Command.CONFIRM | Command.DENY:
                if not self._exchange.answered(session, frame, line):
                    session.unexpected += 1
            case Command.RESPONSE:
                if not self._exchange.answered(session, frame, line):
                    session.unexpected += 1
                self._upload(session, line, frame, confirm=False)
            case _:
                self._upload(session, line, frame, confirm=True)

    def _attach(self, session: Session, line: Line, event: Received) -> None:
        """Note a sign of life; how a device speaks is learned from the line that holds it."""
        now_ns = self._clock.now_ns()
        frame = event.frame
        session.frames += 1
        self._tally.frames += 1
        session.last_ns, session.heard_s = now_ns, self._loop.time()
        session.keep(now_ns, event.raw, out=False)
        self._holders.spoke(session, line, session.heard_s)
        if not session.is_up:
            session.is_up, session.since_ns = True, now_ns
            self._came(session)
        self._hosting.heard(session.key)
        if session.line is line:
            session.learn_profile(frame)
            session.source, session.centre, session.user_version = frame.source, frame.destination, frame.version[1]
            session.clock_error_s = self._clock_error_s(session, frame)

    def _clock_error_s(self, session: Session, frame: Frame) -> float | None:
        """Return the clock of whoever sent a frame less ours; None where its time tag is no time."""
        device = time_of(frame.time, session.profile)
        return None if device is None else (device - self._now()).total_seconds()

    def _upload(self, session: Session, line: Line, frame: Frame, *, confirm: bool) -> None:
        """Let a frame wait for the commit, unless it came before or nobody waits for such."""
        unit = decode_unit(frame, session.profile)
        heartbeat = any(isinstance(item, Heartbeat) for item in unit.objects)
        if confirm and frame.command != Command.SEND and not heartbeat:
            self._tally.errors["command"] += 1
            self._deny(session, line, frame)
            return
        now_s = self._loop.time()
        name = b"" if heartbeat or not frame.data else name_of(frame)
        if name and self._is_copy(session, line, frame, name, now_s, confirm=confirm):
            return
        error_s = session.clock_error_s if session.line is line else self._clock_error_s(session, frame)
        waiting = Waiting(
            session=session,
            line=line,
            frame=frame,
            unit=unit,
            received_ns=session.last_ns,
            received_s=now_s,
            name=name,
            lasting=is_lasting(error_s, self._settings.clock_tolerance_s),
            confirm=confirm,
            may_answer=self._holders.may_answer(session, line),
            fire=says_fire(unit),
            answers=_answers_roll_call(unit),
        )
        if self._put(waiting):
            if name:
                self.copies.begin(name)
        else:
            session.overrun += 1
            self._tally.errors["overrun"] += 1

    def _is_copy(self, session: Session, line: Line, frame: Frame, name: bytes, now_s: float, *, confirm: bool) -> bool:
        """Tell whether a frame came before; one that is stored is confirmed again."""
        if self.copies.is_under_way(name):
            self._count_copy(session)
            return True
        if not self.copies.is_stored(name, now_s, session.last_ns):
            return False
        self._count_copy(session)
        if confirm:
            self._answer(session, line, centre.confirm(frame, self._now(), session.profile))
        return True

    def _count_copy(self, session: Session) -> None:
        session.duplicates += 1
        self._tally.duplicates += 1

    def _deny(self, session: Session, line: Line, frame: Frame) -> None:
        if self._settings.deny:
            self._answer(session, line, centre.deny(frame, self._now(), session.profile))

    def _answer(self, session: Session, line: Line | None, answer: Frame) -> None:
        """Send an answer and keep it among the newest frames."""
        if line is not None and line.is_open:
            raw = answer.encode()
            line.send(raw)
            session.keep(self._clock.now_ns(), raw, out=True)


def _answers_roll_call(unit: Unit) -> bool:
    return any(isinstance(item, TransmitterOperation) and item.flags & ROLL_CALL_ANSWER for item in unit.objects)
