"""The alarm state machine: all of its logic stands in one table, and time is always passed in.

An alarm is one rule's state on one entity. Its input is a *truth* (normal, alarm, unknown) whenever
that changes, and ``DUE`` when the timer that it started has run out.

    normal ──alarm──▶ pending ──due──▶ active ──normal──▶ clearing ──due──▶ normal
                         │               │ ▲                 │
                      normal          unknown, known      unknown
                         ▼               ▼ │                 │
                       normal         uncertain ◀────────────┘

* **pending** waits for the on-delay, **clearing** for the off-delay. A delay of 0 s runs out at once.
* **Unknown is not normal.** A sensor that falls silent in the middle of a fire, or whose cable burns
  through, must not look like a fire that went out. So unknown never clears an active alarm: it becomes
  *uncertain*, stays open, and says so (`UNKNOWN`, later `KNOWN`).
* **Unknown does not stop a pending alarm from maturing**: the last thing that was known is the alarm,
  and silence is no evidence against it. It matures and is uncertain from then on.
* **Unknown does not raise an alarm either**: silence has rules of its own (`absence`).
* In *clearing*, unknown takes back what was gained: the off-delay promises that normal was *seen* all
  the time, so it starts anew when normal is seen again.
* An alarm never goes from normal to active without `RAISED`, nor back without `CLEARED`: each occurrence
  is one record for the people who handle it. *Latching* is theirs: a latched alarm that clears stays
  open in the record until a person resets it, while this machine keeps telling what the telemetry says.

The table is total: every state answers every input, so no sequence of inputs can get it stuck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from domain.alarm import TransitionKind


class AlarmState(IntEnum):
    """Where an alarm stands; numbers are in snapshots, never reuse one."""

    NORMAL = 0
    PENDING = 1
    ACTIVE = 2
    UNCERTAIN = 3
    CLEARING = 4


class Input(IntEnum):
    """What a machine is told; the first three are the codes of a truth."""

    NORMAL = 0
    ALARM = 1
    UNKNOWN = 2
    DUE = 3


class Timer(IntEnum):
    """What happens to the machine's one timer."""

    KEEP = 0
    START_ON_DELAY = 1
    START_OFF_DELAY = 2
    STOP = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of the table: where to, what happens to the timer, and what the world is told."""

    to: AlarmState
    timer: Timer = Timer.KEEP
    says: TransitionKind | None = None


_S, _T, _K = AlarmState, Timer, TransitionKind

TABLE: Mapping[AlarmState, Mapping[Input, Step]] = {
    _S.NORMAL: {
        Input.NORMAL: Step(_S.NORMAL),
        Input.ALARM: Step(_S.PENDING, _T.START_ON_DELAY),
        Input.UNKNOWN: Step(_S.NORMAL),
        Input.DUE: Step(_S.NORMAL, _T.STOP),
    },
    _S.PENDING: {
        Input.NORMAL: Step(_S.NORMAL, _T.STOP),
        Input.ALARM: Step(_S.PENDING),
        Input.UNKNOWN: Step(_S.PENDING),
        Input.DUE: Step(_S.ACTIVE, _T.STOP, _K.RAISED),
    },
    _S.ACTIVE: {
        Input.NORMAL: Step(_S.CLEARING, _T.START_OFF_DELAY),
        Input.ALARM: Step(_S.ACTIVE),
        Input.UNKNOWN: Step(_S.UNCERTAIN, _T.STOP, _K.UNKNOWN),
        Input.DUE: Step(_S.ACTIVE, _T.STOP),
    },
    _S.UNCERTAIN: {
        Input.NORMAL: Step(_S.CLEARING, _T.START_OFF_DELAY, _K.KNOWN),
        Input.ALARM: Step(_S.ACTIVE, _T.STOP, _K.KNOWN),
        Input.UNKNOWN: Step(_S.UNCERTAIN),
        Input.DUE: Step(_S.UNCERTAIN, _T.STOP),
    },
    _S.CLEARING: {
        Input.NORMAL: Step(_S.CLEARING),
        Input.ALARM: Step(_S.ACTIVE, _T.STOP),
        Input.UNKNOWN: Step(_S.UNCERTAIN, _T.STOP, _K.UNKNOWN),
        Input.DUE: Step(_S.NORMAL, _T.STOP, _K.CLEARED),
    },
}

OPEN_STATES = frozenset({_S.ACTIVE, _S.UNCERTAIN, _S.CLEARING})
"""States in which the alarm was raised and has not been cleared."""

SAYINGS: tuple[TransitionKind | None, ...] = (None, *TransitionKind)
"""What the codes of ``SAYS`` stand for; 0 is silence."""


def _column(pick: str) -> NDArray[np.uint8]:
    """Return one attribute of all cells as an array, shape ``(states, inputs)``."""
    cells = [[getattr(TABLE[state][given], pick) for given in Input] for state in AlarmState]
    codes = [[SAYINGS.index(cell) if pick == "says" else int(cell) for cell in row] for row in cells]
    return np.array(codes, np.uint8)


NEXT, TIMERS, SAYS = _column("to"), _column("timer"), _column("says")
OPEN = np.array([state in OPEN_STATES for state in AlarmState], np.bool_)
RAISED, CLEARED, LEVEL = (SAYINGS.index(kind) for kind in (_K.RAISED, _K.CLEARED, _K.LEVEL))


def advance(
    state: NDArray[np.uint8], given: NDArray[np.uint8] | np.uint8
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Move machines on by one input each: codes of `AlarmState` and `Input` in, shape ``(n,)``.

    Returns the next states, what to do with the timers (`Timer`) and what is said (``SAYINGS``), ``(n,)`` each.
    """
    return NEXT[state, given], TIMERS[state, given], SAYS[state, given]


def table_text() -> str:
    """Return the table in Markdown, for the documentation: a row a state, a column an input."""
    rows = ["| state | " + " | ".join(given.name.lower() for given in Input) + " |", "|---" * (len(Input) + 1) + "|"]
    for state, row in TABLE.items():
        cells = [_cell(state, step) for step in row.values()]
        rows.append(f"| **{state.name.lower()}** | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _cell(state: AlarmState, step: Step) -> str:
    timers = {Timer.START_ON_DELAY: "on-delay begins", Timer.START_OFF_DELAY: "off-delay begins"}
    parts = ["–" if step.to is state else step.to.name.lower(), timers.get(step.timer, "")]
    parts.append(f"says `{step.says.value}`" if step.says else "")
    return "; ".join(part for part in parts if part)


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> normal"]
    for state, row in TABLE.items():
        for given, step in row.items():
            if step.to is not state:
                said = f" / {step.says.value}" if step.says else ""
                lines.append(f"    {state.name.lower()} --> {step.to.name.lower()} : {given.name.lower()}{said}")
    return "\n".join(lines) + "\n"
