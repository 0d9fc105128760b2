"""`Outbox`: what waits for the centre's confirm, and when it is sent again.

GB/T 26875.3-2011, communication rules: no confirm within 10 s, or a deny → the same frame again, three times;
then the communication has failed. One frame is on its way at a time; a fire goes before it and before all that
waits. What is not confirmed stays, over lost lines and failures, and leaves with the same bytes: a centre that had
it knows it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

PATIENCE_S = 10.0
"""Longest wait for a confirm (the standard's upper limit)."""

RESENDS = 3
"""Times a frame is sent again before the communication has failed (the standard)."""

MOST_WAITING = 10_000
"""Entries that a transmitter keeps (assumption after GB 25506-2010, which asks for as many records)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How something is sent: before all else, not before a moment, in so many copies at the first time."""

    urgent: bool = False
    not_before_s: float = 0.0
    copies: int = 1


USUAL = Manner()


@dataclass(slots=True, eq=False)
class Entry:
    """Something to be sent. ``raw`` and ``sequence`` are set when it is sent for the first time."""

    data: bytes
    command: int
    manner: Manner = USUAL
    keep: bool = True
    answered: bool = True
    raw: bytes = b""
    sequence: int = -1
    tries: int = 0
    sent_s: float = 0.0


Build = Callable[[Entry], bytes]
"""Gives an entry its sequence number and makes its frame."""


@dataclass(slots=True)
class Counts:
    """What became of frames; ``sent`` counts entries once, ``resent`` every further time."""

    sent: int = 0
    confirmed: int = 0
    resent: int = 0
    denied: int = 0
    failed: int = 0
    dropped: int = 0


class Outbox:
    """Waiting entries and the one on its way; all times are passed in."""

    def __init__(self, *, patience_s: float = PATIENCE_S, resends: int = RESENDS) -> None:
        """``patience_s`` and ``resends``: the parties may agree on other ones."""
        self.patience_s, self.resends = patience_s, resends
        self.counts = Counts()
        self.failed = False
        self._urgent: deque[Entry] = deque()
        self._waiting: deque[Entry] = deque()
        self._held: list[Entry] = []
        self._flying: Entry | None = None

    def __len__(self) -> int:
        """Return how many entries the centre has not confirmed, signs of life left out."""
        flying = 1 if self._flying is not None and self._flying.keep else 0
        return len(self._urgent) + len(self._waiting) + len(self._held) + flying

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits or is on its way."""
        return self._flying is None and not (self._urgent or self._waiting)

    def push(self, entry: Entry) -> None:
        """Let an entry wait; the oldest that is no fire goes when there is no more room, and is counted."""
        if len(self) >= MOST_WAITING and self._waiting:
            self._waiting.popleft()
            self.counts.dropped += 1
        if entry.manner.not_before_s > 0:
            self._held.append(entry)
        else:
            (self._urgent if entry.manner.urgent else self._waiting).append(entry)

    def release(self) -> None:
        """Let go of everything that was held back for later."""
        self._release(float("inf"))

    def due(self, now_s: float, build: Build) -> bytes | None:
        """Return the bytes to send now, if any; sets ``failed`` when the last try was in vain."""
        self._release(now_s)
        if self._flying is not None and self._urgent and not self._flying.manner.urgent:
            self._put_back()
        flying = self._flying
        if flying is None:
            return self._send(self._next(), now_s, build)
        if now_s - flying.sent_s < self.patience_s:
            return None
        if flying.tries > self.resends:
            self.failed = True
            self.counts.failed += 1
            self.lost()
            return None
        return self._send(flying, now_s, build)

    def next_s(self) -> float | None:
        """Return when `due` has something to do next; 0 for at once, None when only a push can change it."""
        if self._flying is None or (self._urgent and not self._flying.manner.urgent):
            if self._urgent or self._waiting:
                return 0.0
            moments = [entry.manner.not_before_s for entry in self._held]
        else:
            moments = [self._flying.sent_s + self.patience_s, *(entry.manner.not_before_s for entry in self._held)]
        return min(moments, default=None)

    def confirmed(self, sequence: int) -> bool:
        """Take a confirm; False when nothing of that number waits for one."""
        entry = self._find(sequence)
        if entry is None:
            return False
        self._remove(entry)
        self.counts.confirmed += 1
        return True

    def denied(self, sequence: int) -> bool:
        """Take a deny: what is on its way is sent again with the next `due`."""
        flying = self._flying
        if flying is None or flying.sequence != sequence:
            return False
        self.counts.denied += 1
        flying.sent_s = float("-inf")
        return True

    def lost(self) -> None:
        """Note that the line is gone: what is on its way waits again, signs of life are forgotten."""
        if self._flying is not None:
            self._put_back()
        for queue in (self._urgent, self._waiting):
            for entry in queue:
                entry.tries = 0

    def forget_numbers(self) -> None:
        """Note a reboot: what waits will be sent under new numbers."""
        self.lost()
        for entry in (*self._urgent, *self._waiting):
            entry.raw, entry.sequence = b"", -1

    def _release(self, now_s: float) -> None:
        if not self._held:
            return
        for entry in [entry for entry in self._held if entry.manner.not_before_s <= now_s]:
            self._held.remove(entry)
            (self._urgent if entry.manner.urgent else self._waiting).append(entry)

    def _next(self) -> Entry | None:
        queue = self._urgent or self._waiting
        return queue.popleft() if queue else None

    def _send(self, entry: Entry | None, now_s: float, build: Build) -> bytes | None:
        if entry is None:
            return None
        first = not entry.raw
        if first:
            entry.raw = build(entry)
            self.counts.sent += 1
        else:
            self.counts.resent += 1
        entry.tries += 1
        entry.sent_s = now_s
        self._flying = entry if entry.answered else None
        return entry.raw * (entry.manner.copies if first else 1)

    def _put_back(self) -> None:
        entry, self._flying = self._flying, None
        if entry is not None and entry.keep:
            (self._urgent if entry.manner.urgent else self._waiting).appendleft(entry)

    def _find(self, sequence: int) -> Entry | None:
        if self._flying is not None and self._flying.sequence == sequence:
            return self._flying
        waiting = (*self._urgent, *self._waiting)
        return next((entry for entry in waiting if entry.sequence == sequence and entry.raw), None)

    def _remove(self, entry: Entry) -> None:
        if entry is self._flying:
            self._flying = None
        else:
            (self._urgent if entry.manner.urgent else self._waiting).remove(entry)
