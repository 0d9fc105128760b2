"""Knows a frame that comes again: a resend must not raise a second alarm.

A frame is named by source, number, time tag, command and application data. The names of those that were
committed are remembered by the hosting process, over restarts, each together with the half hour in which its
frame was received: a name of an older half hour is no copy, for resends come within a minute.

Where the time tag is not our time (all zero, no calendar's, further off than the site tolerates) the name holds
for a minute only, in memory: a device that was rebooted begins its numbers anew, and one whose clock begins
anew as well says the same bytes at each boot. A state told twice is harmless, a fire taken for a copy is lost.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2s

from domain.clock import NS_PER_S
from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875.protocol import Frame

HOLDS_S = 60.0
"""How long a name without a time holds: longer than the 3 resends of 10 s; assumption."""

ZONE_STEP_S, FARTHEST_ZONE_S = 900.0, 14 * 3600.0
"""A clock in a wrong timezone is off by whole quarter hours (IANA: all zones in use), by 14 h at most; assumption."""

SLOT_NS = 1800 * NS_PER_S
"""A name holds in its half hour and the next: 30 to 60 min, three resends take about 40 s; assumption."""


def is_lasting(clock_error_s: float | None, tolerance_s: float) -> bool:
    """Tell whether a frame's time tag, so far off, is our time but for its zone, and makes its name unique."""
    if clock_error_s is None:
        return False
    zone_s = round(clock_error_s / ZONE_STEP_S) * ZONE_STEP_S
    return abs(zone_s) <= FARTHEST_ZONE_S and abs(clock_error_s - zone_s) <= tolerance_s


def name_of(frame: Frame) -> bytes:
    """Return the eight bytes that name a frame."""
    head = b"".join((frame.source, frame.sequence.to_bytes(2, "little"), frame.time, bytes((frame.command,))))
    return blake2s(head + frame.data, digest_size=8).digest()


def stored_name(name: bytes, received_ns: int) -> bytes:
    """Return the eight bytes that are committed for a frame's name: name and half hour."""
    return _in_slot(name, received_ns // SLOT_NS)


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

    def is_stored(self, name: bytes, now_s: float, now_ns: int) -> bool:
        """Tell whether the first copy is on disk, and young enough to be one; ``now_s`` is the loop's time."""
        while self._brief and next(iter(self._brief.values())) < now_s:
            self._brief.popitem(last=False)
        slot, is_taken = now_ns // SLOT_NS, self._hosting.is_taken
        return name in self._brief or is_taken(_in_slot(name, slot)) or is_taken(_in_slot(name, slot - 1))

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


def _in_slot(name: bytes, slot: int) -> bytes:
    return blake2s(name + slot.to_bytes(8, "little", signed=True), digest_size=8).digest()
