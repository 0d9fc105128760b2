"""Which line a transmitter is asked on, and what happens when two peers use its address.

Everybody may speak: what a frame says is stored and confirmed where it came from. But one line holds the
transmitter: commands go there, and answers count from there only. Frames carry no password, so that whoever
knows an address could else take a transmitter over with one heartbeat.

| a frame comes by | while the holder is open | what happens |
|---|---|---|
| a newer line of the holder's IP address | | it holds; the old one is closed: the device dialled again |
| a line of another IP address | heard within ``answer_s`` | a conflict: counted and told; the holder stays |
| the same, and the holder was silent longer | | it holds from now on; the old line stays open |
| the line that was there first, again | | it holds again |

Where the site says a transmitter's ``peer``, all this never comes up.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.connectors.gb26875.access_device import AccessDevice
from gateway.connectors.gb26875.intake import Aside
from gateway.connectors.gb26875.limits import Cut
from gateway.connectors.gb26875.session import Line, Session
from gateway.connectors.gb26875.tally import Tally

MOST_RIVALS = 4
"""Lines of other IP addresses that are remembered of a transmitter; assumption: who floods is not a fifth device."""

TOLD_AGAIN_S = 600.0
"""A conflict of one transmitter is told so often at most; assumption."""


class Holders:
    """Decides for all transmitters of a connection; times ``_s`` are the loop's."""

    def __init__(self, answer_s: float, tally: Tally, device: AccessDevice, aside: Callable[[Aside], bool]) -> None:
        """Tell conflicts as events of ``device``; ``aside`` puts them into the next commit, if there is room."""
        self._answer_s = answer_s
        self._tally = tally
        self._device = device
        self._aside = aside

    def spoke(self, session: Session, line: Line, now_s: float) -> None:
        """Note that a transmitter's address has spoken on a line, and decide which line holds it."""
        held = session.line
        if held is line:
            session.line_s = now_s
        elif held is None or not held.is_open:
            _give(session, line, now_s)
        elif held.ip == line.ip:
            line.recognised()
            if held.opened < line.opened:
                _give(session, line, now_s)
                _leave(session, held)
        elif line not in session.rivals and not self._admit(session, held, line, now_s):
            return
        elif line.opened < held.opened or now_s - session.line_s > self._answer_s:
            _give(session, line, now_s)
            session.rivals = (*session.rivals, held)

    @staticmethod
    def hung_up(line: Line, now_s: float) -> None:
        """Let go of a line: the newest rival holds its transmitters, or nobody until they call again."""
        for session in line.sessions:
            session.rivals = tuple(one for one in session.rivals if one is not line and one.is_open)
            if session.line is line:
                session.line, session.lost_s = None, now_s
                if session.rivals:
                    _give(session, session.rivals[-1], now_s)
        line.sessions.clear()

    @staticmethod
    def may_answer(session: Session, line: Line) -> bool:
        """Tell whether an answer to the newest roll-call counts: from the line that it went out on.

        When that line is gone, or went with an earlier life of ours, the line that holds the transmitter serves.
        """
        called = session.called
        return line is called or ((called is None or not called.is_open) and line is session.line)

    def _admit(self, session: Session, held: Line, line: Line, now_s: float) -> bool:
        """Remember a rival, count it and tell people; tells whether there was room for it."""
        for one in session.rivals:
            if one.ip == line.ip:  # it dialled again
                session.rivals = tuple(other for other in session.rivals if other is not one)
                _leave(session, one)
        if len(session.rivals) >= MOST_RIVALS:
            return False
        line.recognised()
        session.rivals = (*session.rivals, line)
        line.sessions.add(session)
        session.conflicts += 1
        self._tally.conflicts += 1
        if not session.conflict_told_s or now_s - session.conflict_told_s >= TOLD_AGAIN_S:
            self._tell(session, held, line, now_s)
        return True

    def _tell(self, session: Session, held: Line, line: Line, now_s: float) -> None:
        two = f"{held.ip}:{held.port}", f"{line.ip}:{line.port}"
        text = (
            f"{session.key}：两个对端使用同一地址，{two[0]} 与 {two[1]}"
            f" / {session.key}: two peers with one address, {two[0]} and {two[1]}"
        )
        if self._aside(Aside(lambda harvest: self._device.tell(harvest, {"address_conflict": 1.0}, text))):
            session.conflict_told_s = now_s


def _give(session: Session, line: Line, now_s: float) -> None:
    """Let a line hold a transmitter."""
    line.recognised()
    session.rivals = tuple(one for one in session.rivals if one is not line)
    session.line, session.lost_s, session.line_s = line, 0.0, now_s
    line.sessions.add(session)


def _leave(session: Session, line: Line) -> None:
    """Take a transmitter off a line that it does not use any more; one that nobody else speaks on is closed."""
    line.sessions.discard(session)
    if not line.sessions:
        line.cut(Cut.REPLACED)
