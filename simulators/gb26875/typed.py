"""What an installer types at a simulated transmitter, one command a line → what is to be done.

| typed | what happens |
|---|---|
| ``fire`` · ``fault`` · ``shield`` · ``supervise`` · ``start`` · ``feedback`` · ``delay`` · ``restore`` N | |
| ``measure`` N TYPE VALUE | component N sends an analog value, in the unit of the standard's table |
| ``reset`` · ``mute`` · ``alarm`` · ``clear`` · ``selftest`` · ``test`` · ``testover`` [OPERATOR] | a key |
| ``answer`` [OPERATOR] | the roll-call is answered |
| ``mains`` · ``backup`` · ``line`` fault or back | supplies, and the line to the panel |
| ``cut`` · ``garbage`` · ``half`` · ``drip`` · ``deaf`` · ``silent`` · ``twice`` [SECONDS] | a fault of the line |
| ``badsum`` · ``badend`` [SECONDS] | frames that fail their check |
| ``clock`` SECONDS · ``noclock`` | its clock is wrong |
| ``mend`` | the fault ends |
| ``vendor`` · ``reboot`` · ``wait`` SECONDS · ``help`` · ``quit`` | |

N is a component's number in the list, its id, or its numbers, as ``c42-10-2``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.documents import nearest
from simulators.errors import UnknownNameError
from simulators.faults import Fault, FaultKind
from simulators.gb26875.buttons import Push
from simulators.gb26875.presses import Press

LONGEST_S = 86_400.0

ON_COMPONENT = {
    "fire": Press.FIRE,
    "fault": Press.FAULT,
    "shield": Press.SHIELD,
    "supervise": Press.SUPERVISE,
    "start": Press.START,
    "feedback": Press.FEEDBACK,
    "delay": Press.DELAY,
    "power": Press.POWER_FAULT,
    "restore": Press.RESTORE,
}
KEYS = {
    "reset": Press.RESET,
    "mute": Press.MUTE,
    "alarm": Press.MANUAL_ALARM,
    "clear": Press.CLEAR,
    "selftest": Press.SELF_TEST,
    "test": Press.TEST,
    "testover": Press.TEST_OVER,
    "answer": Press.ANSWER,
    "vendor": Press.VENDOR,
    "reboot": Press.REBOOT,
}
SUPPLIES = {
    ("mains", "fault"): Press.MAINS_FAULT,
    ("mains", "back"): Press.MAINS_BACK,
    ("backup", "fault"): Press.BACKUP_FAULT,
    ("backup", "back"): Press.BACKUP_BACK,
    ("line", "fault"): Press.LINE_FAULT,
    ("line", "back"): Press.LINE_BACK,
}
FAULTS = {
    "cut": FaultKind.CUT,
    "garbage": FaultKind.GARBAGE,
    "half": FaultKind.HALF_FRAME,
    "drip": FaultKind.DRIP,
    "deaf": FaultKind.IGNORE_CONFIRM,
    "silent": FaultKind.SILENT,
    "twice": FaultKind.TWICE,
    "badsum": FaultKind.BAD_CHECKSUM,
    "badend": FaultKind.BAD_END,
    "noclock": FaultKind.ZERO_TIME,
}


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault begins; it ends by itself after ``for_s``, or by `Mend`."""

    fault: Fault
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class Mend:
    """The fault ends."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing for so long; for scripts."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Help:
    """Say what can be typed."""


@dataclass(frozen=True, slots=True)
class Quit:
    """The end."""


Typed = Push | Strike | Mend | Wait | Help | Quit


def parse(line: str) -> Typed | None:
    """Return what a line asks for, None for an empty line or a comment; raises `UnknownNameError` with the mend."""
    words = line.partition("#")[0].split()
    if not words:
        return None
    first, rest = words[0].lower(), words[1:]
    if first in _MEANINGS:
        return _MEANINGS[first](first, rest)
    raise UnknownNameError(f"'{first}' means nothing here", nearest(first, WORDS))


def _on_component(first: str, rest: list[str]) -> Push:
    return Push(press=ON_COMPONENT[first], component=_word(rest, f"{first} N, such as {first} 1"))


def _key(first: str, rest: list[str]) -> Push:
    operator = _number(rest, 0, f"{first} OPERATOR, such as {first} 2", most=255) if rest else 1
    return Push(press=KEYS[first], operator=int(operator))


def _fault(first: str, rest: list[str]) -> Strike:
    for_s = _number(rest, 0, f"{first} SECONDS", least=0.1) if rest else None
    return Strike(Fault(kind=FAULTS[first]), for_s)


def _clock(_: str, rest: list[str]) -> Strike:
    off_s = _number(rest, 0, "clock SECONDS, such as clock -600", least=-LONGEST_S)
    return Strike(Fault(kind=FaultKind.CLOCK, off_s=off_s))


def _supply(first: str, rest: list[str]) -> Push:
    press = SUPPLIES.get((first, rest[0].lower() if rest else ""))
    if press is None:
        raise UnknownNameError(f"what about the {first}?", f"type '{first} fault' or '{first} back'")
    return Push(press=press)


def _measure(_: str, rest: list[str]) -> Push:
    usage = "measure N TYPE VALUE, such as measure 1 5 350"
    component = _word(rest, usage)
    kind, value = _number(rest, 1, usage, least=1, most=255), _number(rest, 2, usage, least=-1e6, most=1e6)
    return Push(press=Press.MEASURE, component=component, analog=int(kind), value=value)


def _word(rest: list[str], usage: str) -> str:
    if not rest:
        raise UnknownNameError("of which component?", f"type {usage}")
    return rest[0]


def _number(rest: list[str], at: int, usage: str, *, least: float = 0.0, most: float = LONGEST_S) -> float:
    try:
        value = float(rest[at])
    except (IndexError, ValueError):
        value = math.nan
    if not least <= value <= most:
        raise UnknownNameError(f"a number from {least:g} to {most:g} is missing", f"type {usage}")
    return value


_MEANINGS: Mapping[str, Callable[[str, list[str]], Typed]] = MappingProxyType(
    {
        **dict.fromkeys(ON_COMPONENT, _on_component),
        **dict.fromkeys(KEYS, _key),
        **dict.fromkeys(FAULTS, _fault),
        **dict.fromkeys(("mains", "backup", "line"), _supply),
        "measure": _measure,
        "clock": _clock,
        "mend": lambda _first, _rest: Mend(),
        "wait": lambda _first, rest: Wait(_number(rest, 0, "wait SECONDS, such as wait 5")),
        "help": lambda _first, _rest: Help(),
        "quit": lambda _first, _rest: Quit(),
    }
)
"""What each first word does with the words behind it."""

WORDS = tuple(_MEANINGS)
"""Every first word that means something."""
