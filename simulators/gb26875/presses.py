"""What somebody can do to a transmitter and what hangs on it: its buttons, and the hands of scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Press(StrEnum):
    """Things that happen at a transmitter. The first group needs a component."""

    FIRE = "fire"
    FAULT = "fault"
    SHIELD = "shield"
    SUPERVISE = "supervise"
    START = "start"
    FEEDBACK = "feedback"
    DELAY = "delay"
    POWER_FAULT = "power_fault"
    RESTORE = "restore"
    MEASURE = "measure"

    RESET = "reset"
    MUTE = "mute"
    MANUAL_ALARM = "manual_alarm"
    CLEAR = "clear"
    SELF_TEST = "self_test"
    CONFIRM = "confirm"
    TEST = "test"
    TEST_OVER = "test_over"
    ANSWER = "answer"

    MAINS_FAULT = "mains_fault"
    MAINS_BACK = "mains_back"
    BACKUP_FAULT = "backup_fault"
    BACKUP_BACK = "backup_back"
    LINE_FAULT = "line_fault"
    LINE_BACK = "line_back"

    VENDOR = "vendor"
    REBOOT = "reboot"


COMPONENT_BITS: Mapping[Press, int] = MappingProxyType(
    {
        Press.FIRE: 1,
        Press.FAULT: 2,
        Press.SHIELD: 3,
        Press.SUPERVISE: 4,
        Press.START: 5,
        Press.FEEDBACK: 6,
        Press.DELAY: 7,
        Press.POWER_FAULT: 8,
    }
)
"""Bit of a component's state word (type 2)."""

OPERATION_BITS: Mapping[Press, int] = MappingProxyType(
    {
        Press.RESET: 0,
        Press.MUTE: 1,
        Press.MANUAL_ALARM: 2,
        Press.CLEAR: 3,
        Press.SELF_TEST: 4,
        Press.CONFIRM: 5,
        Press.ANSWER: 5,
        Press.TEST: 6,
    }
)
"""Bit of an operation byte: `CONFIRM` is of a system (type 4) only, `ANSWER` of the transmitter (type 24) only."""

SUPPLY_BITS: Mapping[Press, tuple[int, bool]] = MappingProxyType(
    {
        Press.MAINS_FAULT: (3, True),
        Press.MAINS_BACK: (3, False),
        Press.BACKUP_FAULT: (4, True),
        Press.BACKUP_BACK: (4, False),
        Press.LINE_FAULT: (6, True),
        Press.LINE_BACK: (6, False),
    }
)
"""Bit of the transmitter's own state (type 21), and whether it is set."""

URGENT = frozenset({Press.FIRE, Press.MANUAL_ALARM, Press.ANSWER})
"""Sent before everything else (priority in GB 26875.1-2011, secondary source; the answer so that it is in time)."""

NEEDS_COMPONENT = frozenset({*COMPONENT_BITS, Press.RESTORE, Press.MEASURE})
