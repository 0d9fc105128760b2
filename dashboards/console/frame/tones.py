"""How each class sounds: told apart by ear, without looking.

A fire warbles without a pause, as a fire panel does; a fault is one long low tone with a long pause. Between them the
number of tones and their pitch tell. GB 4717 asks that fire and fault differ, and that a fire drowns the others (as
read in secondary texts); pitches, lengths and periods are assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.alarm import AlarmClass

AWAY = "away"
"""What sounds when the page has lost the console itself: nobody there can say how it stands."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Repeated every ``period_s``; ``tones`` are (pitch in Hz, begins at s, lasts s)."""

    period_s: float
    tones: tuple[tuple[float, float, float], ...]


PATTERNS: Mapping[str, Pattern] = {
    AlarmClass.FIRE.value: Pattern(1.6, ((960, 0, 0.38), (770, 0.4, 0.38), (960, 0.8, 0.38), (770, 1.2, 0.38))),
    AlarmClass.LINKAGE.value: Pattern(2.4, ((740, 0, 0.18), (740, 0.3, 0.18), (740, 0.6, 0.18))),
    AlarmClass.SUPERVISORY.value: Pattern(3.0, ((587, 0, 0.25), (494, 0.3, 0.25))),
    AlarmClass.FAULT.value: Pattern(4.0, ((330, 0, 0.8),)),
    AlarmClass.HAZARD.value: Pattern(3.2, ((523, 0, 0.2), (659, 0.25, 0.2), (784, 0.5, 0.3))),
    AlarmClass.DUTY.value: Pattern(5.0, ((440, 0, 0.15), (440, 0.25, 0.15))),
    AlarmClass.SYSTEM.value: Pattern(6.0, ((294, 0, 0.5),)),
    AWAY: Pattern(5.0, ((262, 0, 0.4), (196, 0.5, 0.6))),
}


def tables() -> dict[str, dict[str, object]]:
    """Return the patterns as the browser takes them."""
    return {
        name: {"period": pattern.period_s, "tones": [list(tone) for tone in pattern.tones]}
        for name, pattern in PATTERNS.items()
    }
