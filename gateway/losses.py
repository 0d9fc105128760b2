"""Everything that a gateway may lose or set aside, by reason, and the point of its own device that tells it.

| counter of the spool | point | what it means |
|---|---|---|
| ``dropped.<reason>``, a `Drop` | ``dropped_<reason>`` | readings that were taken and will never be delivered |
| ``dead.<reason>`` of `EVENTS_LOST` | ``letters_lost`` | something that happened is lost: rows, and whole frames |
| ``dead.<reason>``, any other | ``letters_unusable`` | a message that no reading could be made of |
| ``damaged_files`` | ``damaged_file`` | a spool file was set aside |

The table is total: a reason that a connector makes up tomorrow is told as ``letters_unusable``. Rules of the library
watch every point of it, and a test insists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Drop(StrEnum):
    """Why readings that had been produced are gone for good."""

    THINNED = "thinned"
    """Every second batch of a full spool."""
    OLDEST = "oldest"
    """The oldest batches of a full spool."""
    AGE = "age"
    """Kept longer than the site allows."""
    FULL = "full"
    """A spool with nothing left to give up."""
    DAMAGED = "damaged"
    """The file, or the checksum of a row, is broken."""
    REFUSED = "refused"
    """The log refuses the row for good."""
    UNKNOWN_NODE = "unknown_node"
    """The site no longer has the node that said it."""


LOST_ROW = "lost_row"
"""Reason of a letter about an event that was stored and can't be read any more."""

DEFECT = "defect"
"""Reason of a letter about a frame that a defect of ours kept from being mapped."""

EVENTS_LOST = frozenset(
    {LOST_ROW, DEFECT, "fire_without_point", "unread_like_fire", Drop.REFUSED.value, Drop.UNKNOWN_NODE.value}
)
"""Reasons of letters about what had been understood, or would have been, and is gone all the same."""

DROPPED, DEAD, DAMAGED_FILES = "dropped.", "dead.", "damaged_files"
"""How the spool names its counters."""

POINTS = (*(f"dropped_{reason.value}" for reason in Drop), "letters_unusable", "letters_lost", "damaged_file")
"""The points that tell of losses."""


def by_reason(counters: Mapping[str, int], prefix: str) -> dict[str, int]:
    """Return the counters of one prefix by the reason behind it, without those at nought."""
    return {name.removeprefix(prefix): count for name, count in counters.items() if name.startswith(prefix) and count}


def losses(counters: Mapping[str, int]) -> dict[str, Counter[str]]:
    """Return for each point of `POINTS` how much was lost since ever, by reason."""
    found: dict[str, Counter[str]] = {point: Counter() for point in POINTS}
    for reason, count in by_reason(counters, DROPPED).items():
        point = f"dropped_{reason}"  # one that another release counted is told by its own name, as damage
        found[point if point in found else f"dropped_{Drop.DAMAGED.value}"][reason] += count
    for reason, count in by_reason(counters, DEAD).items():
        found["letters_lost" if reason in EVENTS_LOST else "letters_unusable"][reason] += count
    if files := counters.get(DAMAGED_FILES, 0):
        found["damaged_file"][DAMAGED_FILES] = files
    return found
