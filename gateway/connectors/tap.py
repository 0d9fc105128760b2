"""The newest frames of a connection, kept only while somebody looks: what an installer sees of a line.

| property | value | why |
|---|---|---|
| off | until somebody asks, and again 30 s after the last time that anybody asked | a line nobody looks at costs a look at one attribute for each frame |
| frames kept | 1,000, or 256 KiB of them | a screen shows some hundreds; a flood must not take the memory |
| bytes of a frame | the first 1,024 | as dead letters |

What a connector notes here is what devices say and are told: never how the connection itself is opened, where
passwords and tokens pass.
"""  # noqa: E501 -- a table row can't be broken

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.clock import Clock, SystemClock

MOST_FRAMES = 1_000
MOST_BYTES = 256 * 1024
MOST_OF_ONE = 1_024
OPEN_S = 30.0
MOST_ANSWERED = 200
"""Frames in one answer: with 2 kB of hex and the words it stays far below a message's megabyte."""


class Frame(NamedTuple):
    """Bytes as they passed; ``out``: we sent them. ``size`` is that on the wire, ``raw`` its head. Times ns UTC."""

    seq: int
    time_ns: int
    out: bool
    peer: str
    size: int
    raw: bytes


class Tap:
    """One connection's; ``is_on`` is all that the hot path asks."""

    def __init__(self, clock: Clock | None = None, now_s: Callable[[], float] = time.monotonic) -> None:
        """Be off. ``clock`` stamps frames; ``now_s`` is what the time to the end is counted by."""
        self.is_on = False
        self._clock = clock or SystemClock()
        self._now_s = now_s
        self._until_s = 0.0
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._seq = 0

    def open(self, seconds: float = OPEN_S) -> None:
        """Keep frames from now on, for ``seconds`` or until asked again."""
        self.is_on = True
        self._until_s = max(self._until_s, self._now_s() + seconds)

    def close(self) -> None:
        """Stop, and forget what was kept."""
        self.is_on = False
        self._until_s = 0.0
        self._frames.clear()
        self._bytes = 0

    def note(self, raw: bytes, *, out: bool, peer: str = "") -> None:
        """Keep a frame that passes; ends by itself when nobody has asked for a while."""
        if not self.is_on:
            return
        if self._now_s() > self._until_s:
            self.close()
            return
        self._seq += 1
        head = bytes(raw[:MOST_OF_ONE])
        self._frames.append(Frame(self._seq, self._clock.now_ns(), out, peer[:200], len(raw), head))
        self._bytes += len(head)
        while len(self._frames) > MOST_FRAMES or self._bytes > MOST_BYTES:
            self._bytes -= len(self._frames.popleft().raw)

    def after(self, seq: int) -> tuple[Sequence[Frame], int]:
        """Return the oldest frames behind number ``seq``, and how many have gone that were not asked for in time.

        A number that was never given is one of an earlier process: everything is new to who asks with it.
        """
        seq = seq if seq <= self._seq else 0
        first = self._frames[0].seq if self._frames else self._seq + 1
        found = [frame for frame in self._frames if frame.seq > seq][:MOST_ANSWERED]
        return found, max(first - 1 - seq, 0) if seq else 0
