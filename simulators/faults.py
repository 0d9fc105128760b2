"""Faults, declared rather than coded: which target misbehaves, how, and for how long.

| kind | Modbus device | MQTT sensor | link | transmitter |
|---|---|---|---|---|
| silent | takes the request, never answers | sends nothing | – | keeps the line, sends nothing |
| exception | answers exception ``code`` | – | – | – |
| delay | answers after ``delay_s`` | – | – | – |
| drop | closes the connection instead of answering | – | – | – |
| short_frame | the answer lacks its last bytes, its header counts honestly | – | – | – |
| foreign_frame | the answer carries another unit id | – | – | – |
| stray_frame | a frame of another unit comes right before the answer | – | – | – |
| wrong_transaction | the answer carries another transaction id | – | – | – |
| garbage | random bytes instead of an answer | random bytes as payload | – | a flood of random bytes |
| nan | – | numbers are the token ``NaN`` | – | – |
| huge | – | a payload of more than 1 MiB | – | – |
| wrong_types | – | every field has another JSON type | – | – |
| cut | – | – | the cable is cut | its line is cut |
| bad_checksum | – | – | – | frames with a wrong sum |
| bad_end | – | – | – | frames with a wrong end |
| half_frame | – | – | – | half a frame, then silence |
| drip | – | – | – | five bytes a second |
| twice | – | – | – | every frame twice |
| ignore_confirm | – | – | – | does not hear the centre's confirms |
| clock | – | – | – | its clock is off by ``off_s`` |
| zero_time | – | – | – | time tags are all zero |

Times are seconds on the scenario's axis and always passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from simulators.errors import SimulationError


class FaultKind(StrEnum):
    """Ways to misbehave; see the module's table."""

    SILENT = "silent"
    EXCEPTION = "exception"
    DELAY = "delay"
    DROP = "drop"
    SHORT_FRAME = "short_frame"
    FOREIGN_FRAME = "foreign_frame"
    STRAY_FRAME = "stray_frame"
    WRONG_TRANSACTION = "wrong_transaction"
    GARBAGE = "garbage"
    NAN = "nan"
    HUGE = "huge"
    WRONG_TYPES = "wrong_types"
    CUT = "cut"
    BAD_CHECKSUM = "bad_checksum"
    BAD_END = "bad_end"
    HALF_FRAME = "half_frame"
    DRIP = "drip"
    TWICE = "twice"
    IGNORE_CONFIRM = "ignore_confirm"
    CLOCK = "clock"
    ZERO_TIME = "zero_time"


LINK_FAULTS = frozenset({FaultKind.CUT})
MQTT_FAULTS = frozenset(
    {FaultKind.SILENT, FaultKind.GARBAGE, FaultKind.NAN, FaultKind.HUGE, FaultKind.WRONG_TYPES},
)
MODBUS_FAULTS = frozenset(
    {
        FaultKind.SILENT,
        FaultKind.EXCEPTION,
        FaultKind.DELAY,
        FaultKind.DROP,
        FaultKind.SHORT_FRAME,
        FaultKind.FOREIGN_FRAME,
        FaultKind.STRAY_FRAME,
        FaultKind.WRONG_TRANSACTION,
        FaultKind.GARBAGE,
    }
)
TRANSMITTER_FAULTS = frozenset(
    {
        FaultKind.SILENT,
        FaultKind.GARBAGE,
        FaultKind.CUT,
        FaultKind.BAD_CHECKSUM,
        FaultKind.BAD_END,
        FaultKind.HALF_FRAME,
        FaultKind.DRIP,
        FaultKind.TWICE,
        FaultKind.IGNORE_CONFIRM,
        FaultKind.CLOCK,
        FaultKind.ZERO_TIME,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to misbehave.

    ``code``: Modbus exception 1..255; ``delay_s``: of a late answer; ``off_s``: a clock's error, ahead when positive.
    """

    kind: FaultKind
    code: int = 4
    delay_s: float = 1.0
    off_s: float = 600.0

    def __post_init__(self) -> None:
        """Refuse numbers that no wire could carry."""
        if not 1 <= self.code <= 255:
            msg = f"a Modbus exception code is 1..255, not {self.code}"
            raise ValueError(msg)
        if not 0 <= self.delay_s <= 3600:
            msg = f"a delay is 0..3600 s, not {self.delay_s}"
            raise ValueError(msg)


class FaultPlan:
    """Who misbehaves when. A target has at most one fault at a time; the newest one counts."""

    def __init__(self) -> None:
        """Start with everybody well."""
        self._active: dict[str, tuple[Fault, float]] = {}

    def strike(self, target: str, fault: Fault, *, now_s: float, for_s: float | None = None) -> None:
        """Let ``target`` misbehave from now on, for ``for_s`` seconds or until `mend`."""
        if for_s is not None and for_s <= 0:
            msg = f"a fault lasts longer than {for_s} s"
            raise SimulationError(msg)
        self._active[target] = (fault, math.inf if for_s is None else now_s + for_s)

    def mend(self, target: str) -> None:
        """Let ``target`` behave again; one without a fault stays as it is."""
        self._active.pop(target, None)

    def active(self, target: str, now_s: float) -> Fault | None:
        """Return the fault of ``target`` at ``now_s``, or None."""
        fault, until_s = self._active.get(target, (None, 0.0))
        return fault if now_s < until_s else None
