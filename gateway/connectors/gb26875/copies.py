"""Knows a frame that comes again: a resend must not raise a second alarm.

A frame is named by source, number, time tag, command and application data. Those that were committed are
remembered by the hosting process, over restarts. Where the time tag says nothing (all zero, no calendar's,
a month and more off) the name holds for a minute only: a device that was rebooted begins its numbers anew,
perhaps on the same day of the year 2000, and its first frames must not be taken for those of the last time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2s

from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875.protocol import Frame

HOLDS_S = 60.0
"""How long a name without a time holds: longer than the 3 resends of 10 s; assumption."""


CLOCK_RUNS_S = 30 * 86_400.0
"""A device clock that is no further off runs, be it in a wrong timezone; assumption."""


def holds_for_ever(clock_error_s: float | None) -> bool:
    """Tell whether a frame's time tag, so far off, makes its name unique."""
    return clock_error_s is not None and abs(clock_error_s) <= CLOCK_RUNS_S


def name_of(frame: Frame) -> bytes:
    """Return the eight bytes that name a frame."""
    head = b"".join((frame.source, frame.sequence.to_bytes(2, "little"), frame.time, bytes((frame.command,))))
    return blake2s(head + frame.data, digest_size=8).digest()


class Copies:
    """The names of frames that are stored, or on their way."""

    def __init__(self, hosting: Hosting) -> None:
        """Ask ``hosting`` for what was committed."""
        self._hosting = hosting
        self._under_way: set[bytes] = set()
        self._brief: OrderedDict[bytes, float] = OrderedDict()

    def is_under_way(self, name: bytes) -> bool:
        """Tell whether the first copy waits for its commit: its confirm serves this one too."""
        return name in self._under_way

    def is_stored(self, name: bytes, now_s: float) -> bool:
        """Tell whether the first copy is on disk."""
        while self._brief and next(iter(self._brief.values())) < now_s:
            self._brief.popitem(last=False)
        return name in self._brief or self._hosting.is_taken(name)

    def begin(self, name: bytes) -> None:
        """Note a frame that goes on its way."""
        self._under_way.add(name)

    def end(self, name: bytes) -> None:
        """Note that a frame is stored by the hosting's memory, or was not stored at all."""
        self._under_way.discard(name)

    def hold(self, names: Iterable[bytes], now_s: float) -> None:
        """Hold names that have no time of their own for `HOLDS_S`."""
        for name in names:
            self._under_way.discard(name)
            self._brief[name] = now_s + HOLDS_S
            self._brief.move_to_end(name)
