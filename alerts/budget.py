"""How many messages a channel may take now, from what it took in the last minute.

A platform that is overrun mutes its sender (DingTalk for 10 min), so a flood of faults would silence
the fire behind it. In every window of 60 s all messages together stay within the channel's
budget, and messages of other classes leave a fifth of it (one at least, where there is more than one) to fire.
The counts come from the attempts in the database: a restart forgets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.clock import NS_PER_S

WINDOW_NS = 60 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Budget:
    """Messages that may leave now, and when the oldest of the window (or one that leaves now) makes room."""

    fire: int
    other: int
    opens_ns: int


def reserve(per_minute: int) -> int:
    """Return how much of a budget is kept for fire."""
    return 0 if per_minute < 2 else max(1, per_minute // 5)


def budget(per_minute: int, *, total: int, fires: int, oldest_ns: int) -> Budget:
    """Return what is left of ``per_minute`` after ``total`` attempts in the window, ``fires`` of them fire.

    ``oldest_ns`` is the time of the oldest of them; now, when there is none.
    """
    left = max(0, per_minute - total)
    return Budget(
        fire=left,
        other=max(0, min(left, per_minute - reserve(per_minute) - (total - fires))),
        opens_ns=oldest_ns + WINDOW_NS,
    )
