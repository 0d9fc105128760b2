"""Whether a frame says fire, or looks as if it did: such frames go first, and a stranger's are heard too.

Fire is bit 1 of a state (types 1, 2 and 21) and bit 2, manual alarm, of an operation (types 4 and 24).
Bit 0 (test) changes nothing: real devices leave it at 0 in a real fire.

Bytes that were not read are suspected of fire when they are laid out as one of those types and hold its bit.
Of a maker's, reserved or undefined type all bytes must fit, no more objects than the standard's n, with a
system type that the standard knows, times that are times (or zero) and a text that is text. Operations are no
pattern for those: their bit of a manual alarm stands where a state has its fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.connectors.gb26875.layouts import LAYOUTS, TIMELESS, Layout
from gateway.connectors.gb26875.objects import (
    ComponentState,
    InformationObject,
    Raw,
    RawReason,
    SystemOperation,
    SystemState,
    TransmitterOperation,
    TransmitterState,
    Unit,
)
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.stamps import is_likely_time
from gateway.connectors.gb26875.tables import SYSTEM_TYPES

FIRE = 1 << 1
MANUAL_ALARM = 1 << 2

_WORDS: Mapping[int, tuple[int, int]] = MappingProxyType(
    {1: (2, FIRE), 2: (7, FIRE), 4: (2, MANUAL_ALARM), 21: (0, FIRE), 24: (0, MANUAL_ALARM)}
)
"""Type flag -> where the low byte of its word stands in an object, and the bit that says fire."""

_PATTERNS = (LAYOUTS[1], LAYOUTS[2], TIMELESS[2], LAYOUTS[21])
"""Layouts that makers copy into types of their own."""

MOST_FLAWS = 1
"""Characters of a description that may be unreadable: makers cut its last one in two."""


def says_fire(unit: Unit) -> bool:
    """Tell whether any object of a frame says fire, or bytes that were not read look like it."""
    return any(suspects_fire(item) if isinstance(item, Raw) else _is_fire(item) for item in unit.objects)


def suspects_fire(raw: Raw) -> bool:
    """Tell whether bytes that were not read look like a fire."""
    data, word = raw.data, _WORDS.get(-1 if raw.type is None else raw.type)
    if raw.reason is RawReason.CUT:
        return word is not None and len(data) > word[0] and bool(data[word[0]] & word[1])
    if raw.reason is RawReason.SIZE and raw.type is not None and word is not None:
        return any(_looks_right(item) and _is_fire(item) for item in _whole(data, LAYOUTS[raw.type]))
    return any(_fits_with_fire(data, layout) for layout in _PATTERNS)


def _is_fire(item: InformationObject) -> bool:
    match item:
        case SystemState() | ComponentState() | TransmitterState():
            return bool(item.state & FIRE)
        case SystemOperation() | TransmitterOperation():
            return bool(item.flags & MANUAL_ALARM)
        case _:
            return False


def _fits_with_fire(data: bytes, layout: Layout) -> bool:
    if len(data) % layout.size or len(data) > layout.most * layout.size:
        return False
    items = _whole(data, layout)
    return any(map(_is_fire, items)) and all(map(_looks_right, items))


def _whole(data: bytes, layout: Layout) -> tuple[InformationObject, ...]:
    """Return the whole objects at the front of ``data``."""
    count = len(data) // layout.size
    return layout.read(data[: count * layout.size], count, STANDARD) or ()


def _looks_right(item: InformationObject) -> bool:
    """Tell whether an object holds what only its layout would bring: a known system, a time, a text."""
    stamp, system = getattr(item, "stamp", None), getattr(item, "system_type", None)
    if stamp is not None and not is_likely_time(stamp.raw):
        return False
    is_text = not isinstance(item, ComponentState) or item.text.count("�") <= MOST_FLAWS
    return is_text and (system is None or system in SYSTEM_TYPES)
