"""Whether a frame says fire: such frames go first, and a stranger's are heard too.

Fire is bit 1 of a state (types 1, 2 and 21) and bit 2, manual alarm, of an operation (types 4 and 24).
Bit 0 (test) changes nothing: real devices leave it at 0 in a real fire.
"""

from __future__ import annotations

from gateway.connectors.gb26875.objects import (
    ComponentState,
    SystemOperation,
    SystemState,
    TransmitterOperation,
    TransmitterState,
    Unit,
)

FIRE = 1 << 1
MANUAL_ALARM = 1 << 2


def says_fire(unit: Unit) -> bool:
    """Tell whether any object of a frame says fire."""
    for item in unit.objects:
        match item:
            case SystemState() | ComponentState() | TransmitterState() if item.state & FIRE:
                return True
            case SystemOperation() | TransmitterOperation() if item.flags & MANUAL_ALARM:
                return True
            case _:
                continue
    return False
