"""Quality of a reading: Sparkplug's number, our reason, and the historical flag in one uint16.

| bits | meaning |
|---|---|
| 0-9 | Sparkplug B 3.0 quality: 192 good, 0 bad, 500 stale |
| 10-14 | reason (`Reason`), 0 when good |
| 15 | historical: read earlier, delivered late |

"Busy" or "timed out" is a quality, never the value 0: the value of such a reading is NaN.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

GOOD = 192
BAD = 0
STALE = 500

BASE_MASK = 0x03FF
REASON_SHIFT = 10
REASON_MASK = 0x1F
HISTORICAL = 0x8000


class Reason(IntEnum):
    """Why a reading is not good. Numbers are on the wire: never reuse one."""

    NONE = 0
    TIMEOUT = 1
    EXCEPTION = 2
    OUT_OF_RANGE = 3
    SUBSTITUTED = 4
    CLOCK = 5
    TEST_MODE = 6
    NOT_INSTALLED = 7
    BAD_FRAME = 8
    BAD_VALUE = 9
    BUSY = 10
    LINK_DOWN = 11
    SILENT = 12


_REASONS = {reason.value: reason for reason in Reason}


def pack(base: int, reason: Reason = Reason.NONE, *, historical: bool = False) -> int:
    """Combine the three parts; raises ValueError for a base that is not 10 bits."""
    if not 0 <= base <= BASE_MASK:
        msg = f"quality {base} is outside 0..{BASE_MASK}"
        raise ValueError(msg)
    return base | reason << REASON_SHIFT | (HISTORICAL if historical else 0)


def base_of(quality: int) -> int:
    """Return the Sparkplug number."""
    return quality & BASE_MASK


def reason_of(quality: int) -> Reason:
    """Return the reason; an unknown number from a newer peer reads as BAD_VALUE."""
    number = quality >> REASON_SHIFT & REASON_MASK
    return _REASONS.get(number, Reason.BAD_VALUE)


def is_historical(quality: int) -> bool:
    """Tell whether the reading was delivered late."""
    return bool(quality & HISTORICAL)


def good_mask(quality: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Return a bool per reading, shape ``(n,)``: usable as a value."""
    return np.asarray((quality & BASE_MASK) == GOOD)
