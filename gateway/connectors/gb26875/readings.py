"""What frames become: a `Harvest` of columns and dead letters, and the times of what they say.

| time of an object | reading |
|---|---|
| believed (the frame's own time tag is near our clock, the object is not in the future) | at that time |
| believed, more than 60 s before the frame was sent | at that time, marked historical: a late event |
| there, but not believed | when it was received, reason CLOCK |
| none in this type of object | when it was received |

Two readings of a point never share a time and never go back: the second is moved behind the first, and is
marked with CLOCK where that is more than a second, the resolution of the wire. Only a first one more than a day
ahead of our clock is passed over: it is from a time when that was wrong, and would hold all that follow there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache

from domain.batch import ReadingBatch
from domain.clock import NS_PER_MS, NS_PER_S, floor_ms
from domain.points import PointTable
from domain.quality import GOOD, HISTORICAL, REASON_MASK, REASON_SHIFT, Reason
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter, Hosting
from gateway.connectors.gb26875.protocol import Frame
from gateway.connectors.gb26875.stamps import Stamp
from gateway.connectors.reporter import CLOCK_MARK

LATE_S = 60.0
"""An object so much older than its frame is a late event; assumption: above three resends of 10 s."""

MOST_LATE_S = 31 * 86_400.0
"""An object older than this has a wrong time (frame DG-05: nine years); assumption: no device queues for longer."""

MOST_AHEAD_NS = 86_400 * NS_PER_S
"""A newest reading further ahead of our clock was stored while that was wrong; assumption."""

ROLL_CALL_ANSWER = 1 << 5
"""Bit of a transmitter's operation (type 24)."""

NO_POINT, FIRE_WITHOUT_POINT = "no_point", "fire_without_point"
"""Reasons of dead letters: what was read has no point to go to."""

MOST_DETAIL = 500
"""Characters of a dead letter's detail."""

MOST_TEXT = 1024
"""Characters of a text: what a reading carries on the wire (`backbone.sparkplug.data`)."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation at a transmitter ``key`` (``unit/id``), type 24, for whoever waits for one.

    ``at_ns`` is when it was received. ``said_ns`` is when the device says that it happened, by our clock: its
    own age (time tag of the frame less time of the object) before ``at_ns``; None where one of them is no time.
    """

    key: str
    flags: int
    operator: int
    at_ns: int
    said_ns: int | None

    @property
    def answers_roll_call(self) -> bool:
        """Tell whether somebody answered a roll-call."""
        return bool(self.flags & ROLL_CALL_ANSWER)


@dataclass(slots=True)
class Harvest:
    """The columns that a group of frames became, its dead letters, the names of its frames, operations in order."""

    time_ns: list[int] = field(default_factory=list)
    point: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    text: dict[int, str] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    newest: dict[int, float] = field(default_factory=dict)
    """Point -> its newest value in this harvest."""
    _newest_ns: dict[int, int] = field(default_factory=dict)

    def place(
        self, point: int, time_ns: int, value: float, *, quality: int = GOOD, text: str = "", after_ns: int = 0
    ) -> int:
        """Add a reading and return its time: ``time_ns``, or just behind the point's newest.

        ``after_ns`` is the time of the newest reading of the point before this harvest.
        """
        whole_ns, newest_ns = floor_ms(time_ns), max(after_ns, self._newest_ns.get(point, 0))
        own_ns = max(whole_ns, floor_ms(newest_ns) + NS_PER_MS) if newest_ns else whole_ns
        if own_ns - whole_ns > NS_PER_S and not quality >> REASON_SHIFT & REASON_MASK:
            quality |= Reason.CLOCK << REASON_SHIFT
        if text:
            self.text[len(self.point)] = text[:MOST_TEXT]
        self._newest_ns[point] = own_ns
        self.newest[point] = value
        self.time_ns.append(own_ns)
        self.point.append(point)
        self.value.append(value)
        self.quality.append(quality)
        return own_ns

    def batch(self, table: PointTable) -> ReadingBatch:
        """Return the readings as columns."""
        return ReadingBatch.build(table, self.time_ns, self.point, self.value, quality=self.quality, text=self.text)


@dataclass(frozen=True, slots=True)
class FrameTime:
    """When a frame was received, when it says it was sent (None for no time), and how far that is believed."""

    received_ns: int
    sent_ns: int | None
    zone: tzinfo
    tolerance_ns: int

    @property
    def error_ns(self) -> int | None:
        """The device's clock less ours; None where the time tag is no time."""
        return None if self.sent_ns is None else self.sent_ns - self.received_ns

    def of(self, stamp: Stamp | None) -> tuple[int, int]:
        """Return time (ns) and quality of a reading whose object carries ``stamp``."""
        if stamp is None:
            return self.received_ns, GOOD
        object_ns = ns_of(stamp.value, self.zone)
        if object_ns is None or self.error_ns is None or self.sent_ns is None:
            return self.received_ns, CLOCK_MARK
        age_ns = self.sent_ns - object_ns
        in_future = object_ns > self.received_ns + self.tolerance_ns
        if abs(self.error_ns) > self.tolerance_ns or in_future or age_ns > MOST_LATE_S * NS_PER_S:
            return self.received_ns, CLOCK_MARK
        return object_ns, GOOD | (HISTORICAL if age_ns > LATE_S * NS_PER_S else 0)

    def said_ns(self, stamp: Stamp | None) -> int | None:
        """Return when an object happened by our clock, from its age by the device's: wrong clocks don't matter."""
        object_ns = ns_of(stamp.value, self.zone) if stamp is not None else None
        if object_ns is None or self.sent_ns is None:
            return None
        return self.received_ns - max(self.sent_ns - object_ns, 0)


@dataclass(frozen=True, slots=True)
class Books:
    """What the frames of one transmitter have in common; ``key`` is its ``unit/id``."""

    key: str
    connection: str
    hosting: Hosting


@dataclass(frozen=True, slots=True)
class Taken:
    """A frame as it is being mapped, and where its readings and dead letters go."""

    books: Books
    flag: int | None
    frame: Frame
    times: FrameTime
    harvest: Harvest

    def place(self, point: int, time_ns: int, value: float, *, quality: int = GOOD, text: str = "") -> None:
        """Add a reading behind the newest of its point."""
        after_ns = believed_ns(self.books.hosting.last_ns(point), self.times.received_ns)
        self.harvest.place(point, time_ns, value, quality=quality, text=text, after_ns=after_ns)

    def event(self, point: int | None, value: float, text: str) -> None:
        """Add an event that carries no time of its own; without a point it is a dead letter."""
        if point is None:
            self.letter(NO_POINT, text)
        else:
            self.place(point, self.times.received_ns, value, text=text)

    def letter(self, reason: str, detail: str) -> None:
        """Add a dead letter with the frame's bytes."""
        letter = DeadLetter(
            time_ns=self.times.received_ns,
            connection=self.books.connection,
            reason=reason,
            detail=f"{self.books.key}: {detail}"[:MOST_DETAIL],
            raw=self.frame.encode()[:MOST_RAW_BYTES],
        )
        self.harvest.letters.append(letter)


def believed_ns(newest_ns: int, now_ns: int) -> int:
    """Return the time of a point's newest reading; 0 for one that is more than a day ahead of ``now_ns``."""
    return newest_ns if newest_ns - now_ns <= MOST_AHEAD_NS else 0


@lru_cache(maxsize=1024)
def ns_of(local: datetime | None, zone: tzinfo) -> int | None:
    """Return a device's local time in ns since 1970 UTC; remembered, for many objects share a second."""
    return None if local is None else int(local.replace(tzinfo=zone).timestamp()) * NS_PER_S
