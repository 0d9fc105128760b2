"""Words that scenarios write instead of numbers: camera behaviour, panel bits.

Panel words follow GB/T 26875.3 component and system state; bit 0 is "normal running", 0 = test. A
component may be in several states at once: ``fire``, ``[fire, feedback]``. ``test`` clears bit 0, so
``[test, fire]`` is a fire on a component that stands in test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.documents import nearest
from simulators.errors import UnknownNameError

BEHAVIOURS = {"none": 0, "entering": 1, "parked": 2, "charging": 3}

RUNNING = 1
COMPONENT_BITS = {
    "normal": 0,
    "test": 0,
    "fire": 1 << 1,
    "fault": 1 << 2,
    "shielded": 1 << 3,
    "supervision": 1 << 4,
    "started": 1 << 5,
    "feedback": 1 << 6,
    "delay": 1 << 7,
    "power_fault": 1 << 8,
}
SYSTEM_BITS = {key: bit for key, bit in COMPONENT_BITS.items() if key != "power_fault"} | {
    "mains_fault": 1 << 8,
    "backup_fault": 1 << 9,
    "bus_fault": 1 << 10,
    "manual": 1 << 11,
    "config_changed": 1 << 12,
    "reset": 1 << 13,
}

SUMMARY = 0b1111_1110
"""Component bits 1–7, which mean the same in the system word: a panel sums its components up."""


def number(value: Any) -> float:
    """Return a plain number; raises `UnknownNameError` for anything else (true and false included)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnknownNameError("must be a number", "write a number such as 2.5")
    return float(value)


def behaviour(value: Any) -> float:
    """Return a camera's behaviour code from its word or number."""
    return float(BEHAVIOURS[_word(value, BEHAVIOURS)]) if isinstance(value, str) else number(value)


def panel_word(value: Any, bits: Mapping[str, int]) -> float:
    """Return a panel's state word from a word, a list of words, or a number."""
    if not isinstance(value, str | list | tuple):
        return number(value)
    words: Sequence[Any] = [value] if isinstance(value, str) else value
    chosen = [_word(word, bits) for word in words]
    return float(sum({bits[word] for word in chosen}) | (0 if "test" in chosen else RUNNING))


def _word(value: Any, known: Mapping[str, int]) -> str:
    if not isinstance(value, str) or value not in known:
        raise UnknownNameError(f"no such word '{value}'", nearest(str(value), known))
    return value
