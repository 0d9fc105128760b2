"""A panel's reset ends what its components reported: many panels restore the system's word only.

Without this a component that reported fire would stay in fire: its next fire would be no change, and its
alert could never be reset. So when a facility system is reset (operation bit 0; state bit 13; or its own fire
bit falls), each of its components that still says fire, supervision, started, feedback or delay is told to
have ended, with quality SUBSTITUTED and a text that says so. A detector that is still in alarm reports again
after a reset; and the alert is latched, so a person has the last word: this errs towards an alarm too many.
"""

from __future__ import annotations

import math

from domain.points import Point
from domain.quality import GOOD, Reason, pack
from domain.words import COMPONENT_STATE
from gateway.connectors.contract import Hosting
from gateway.connectors.gb26875.fire import FIRE
from gateway.connectors.gb26875.naming import Home
from gateway.connectors.gb26875.readings import Harvest, Taken

RESET_OPERATION, RESET_STATE = 1 << 0, 1 << 13
"""Bits of an operation (type 4) and of a system's state (type 1)."""

ENDED = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7
"""What a reset ends: fire, supervision, started, feedback, delay (type 2); faults and shielding stay."""

SUBSTITUTED = pack(GOOD, Reason.SUBSTITUTED)
WORDS = "随系统复位 (reset with its system)"


def is_reset(before: float, state: int) -> bool:
    """Tell whether a system's word says that it was reset; ``before`` is its last one, NaN for none."""
    fell = math.isfinite(before) and int(before) & FIRE and not state & FIRE
    return bool(state & RESET_STATE or fell)


def last_value(point: int, harvest: Harvest, hosting: Hosting) -> float:
    """Return the newest value of a point: of this harvest, or of what was emitted before; NaN for none."""
    found = harvest.newest.get(point)
    return hosting.last_value(point) if found is None else found


def end_components(home: Home, unit: str, taken: Taken) -> None:
    """Add the end of what the components of a system still report."""
    hosting, harvest = taken.books.hosting, taken.harvest
    for at in hosting.table.of_device(unit, home.device).tolist():
        if _is_component(hosting.table[at], home):
            value = last_value(at, harvest, hosting)
            if math.isfinite(value) and int(value) & ENDED:
                rest = int(value) & ~ENDED
                taken.place(at, taken.times.received_ns, rest, quality=SUBSTITUTED, text=WORDS)


def _is_component(point: Point, home: Home) -> bool:
    return point.word == COMPONENT_STATE and point.name.startswith(home.prefix)
