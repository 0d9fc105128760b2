"""One roll-call (查岗) as a value, and how it is judged: no clock, no line, no disk.

| result | when |
|---|---|
| present | answered within the minutes, which count from the device's confirm |
| late | answered within the grace behind them |
| no_answer | neither, though the line was up when the minutes ended |
| line_down | the call never arrived, or the line (or our process) was away when the minutes ended |

An answer is judged by our own clock, when it arrives. Where the line was away during the call, the answer may
have waited in the device: then its own time counts, if it has a believable one; such an answer also turns
line_down into what it proves, unless the command was never sent or was denied. no_answer is revised only by an
answer that arrived before the grace was over, and was heard behind a slow disk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Any

from domain.clock import NS_PER_S
from domain.site.labels import Labels

CLOCK_STEPS_NS = 2 * NS_PER_S
"""How wrong an age is that a device tells: both of its times are whole seconds."""

PLAN = "plan"
"""Who called, where no person did."""


class Result(StrEnum):
    """What became of a call."""

    WAITING = "waiting"
    PRESENT = "present"
    LATE = "late"
    NO_ANSWER = "no_answer"
    LINE_DOWN = "line_down"


class Asker(StrEnum):
    """What made a call: a person, a drawn moment of the plan, or the plan a second time after no answer."""

    PERSON = "person"
    PLAN = "plan"
    AGAIN = "again"


class Cause(StrEnum):
    """Why nothing can be said about the person."""

    NONE = ""
    NOT_CONNECTED = "not_connected"
    NOT_CONFIRMED = "not_confirmed"
    DENIED = "denied"
    LINE_LOST = "line_lost"
    WE_WERE_AWAY = "we_were_away"


CAUSE_LABELS = {
    Cause.NOT_CONNECTED: Labels(zh="装置不在线", en="not connected"),
    Cause.NOT_CONFIRMED: Labels(zh="装置未确认查岗指令", en="command not confirmed"),
    Cause.DENIED: Labels(zh="装置否认查岗指令", en="command denied"),
    Cause.LINE_LOST: Labels(zh="查岗期间线路中断", en="line lost during the call"),
    Cause.WE_WERE_AWAY: Labels(zh="查岗期间本平台中断", en="our own process was away during the call"),
}


_MAY_HAVE_RUNG = {Cause.NOT_CONFIRMED, Cause.LINE_LOST, Cause.WE_WERE_AWAY}
"""Causes that leave open whether the device rang: an answer then proves that it did."""


class Line(IntEnum):
    """How the line behaved between call and deadline."""

    HELD = 0
    INTERRUPTED = 1
    AWAY_AT_DEADLINE = 2


VALUES = {Result.WAITING: 0, Result.PRESENT: 1, Result.LATE: 2, Result.NO_ANSWER: 3, Result.LINE_DOWN: 4}
"""Result -> number of the point `roll_call` (`domain.words.VALUES`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCall:
    """A call, as it stands. Times are ns since 1970 by our own clock.

    ``deadline_ns`` is when the device's minutes end, ``closes_ns`` when its grace does, ``changed_ns`` when
    ``result`` became what it is, ``answered_ns`` when the answer was given, ``operator`` its number (0-255).
    ``confirmed``: the device confirmed the command. ``told`` is the last result that was told, empty for none.
    """

    id: str
    unit: str
    transmitter: str
    by: str
    asker: Asker
    called_ns: int
    minutes: int
    deadline_ns: int
    closes_ns: int
    changed_ns: int
    result: Result = Result.WAITING
    cause: Cause = Cause.NONE
    line: Line = Line.HELD
    confirmed: bool = False
    answered_ns: int | None = None
    operator: int | None = None
    told: str = ""

    @property
    def key(self) -> str:
        """``unit/id`` of the transmitter."""
        return f"{self.unit}/{self.transmitter}"

    @property
    def planned(self) -> bool:
        """Tell whether no person asked for it."""
        return self.asker is not Asker.PERSON

    @property
    def value(self) -> int:
        """Value of the reading that tells it."""
        return VALUES[self.result]

    @property
    def text(self) -> str:
        """Words of the reading that tells it: ``operator 1, 42 s``; who asked; what the line did."""
        if self.answered_ns is not None:
            return f"operator {self.operator}, {(self.answered_ns - self.called_ns) // NS_PER_S} s"
        if self.cause is not Cause.NONE:
            label = CAUSE_LABELS[self.cause]
            return f"{label.zh} / {label.en}"
        return f"{self.minutes} min, {self.by}"

    def confirmed_at(self, now_ns: int) -> RollCall:
        """Return it with the device's confirm: its minutes, and the grace behind them, begin now."""
        delay_ns = now_ns - self.called_ns
        if self.confirmed or delay_ns < 0:
            return replace(self, confirmed=True)
        return replace(
            self, confirmed=True, deadline_ns=self.deadline_ns + delay_ns, closes_ns=self.closes_ns + delay_ns
        )

    def failed(self, cause: Cause, now_ns: int) -> RollCall:
        """Return it ended: the command did not reach anybody."""
        return replace(self, result=Result.LINE_DOWN, cause=cause, changed_ns=now_ns)

    def unheard(self, since_ns: int, until_ns: int, cause: Cause) -> RollCall:
        """Return it knowing that no answer could arrive between two moments."""
        if self.result is not Result.WAITING or until_ns <= self.called_ns or since_ns > self.deadline_ns:
            return self
        if self.line is Line.AWAY_AT_DEADLINE or until_ns < self.deadline_ns:
            return replace(self, line=max(self.line, Line.INTERRUPTED))
        return replace(self, line=Line.AWAY_AT_DEADLINE, cause=cause)

    def kept_open(self, until_ns: int) -> RollCall:
        """Return it with a grace that lasts at least until a moment: after our own absence devices resend first."""
        return replace(self, closes_ns=max(self.closes_ns, until_ns)) if self.result is Result.WAITING else self

    def answered(self, operator: int, at_ns: int, said_ns: int | None, now_ns: int) -> RollCall | None:
        """Return it ended by an answer; None when the answer is too late, or none is waited for.

        ``at_ns``: when it arrived; ``said_ns``: the device's own time of it, where that is believed.
        """
        if said_ns is not None and said_ns < self.called_ns - CLOCK_STEPS_NS:
            return None  # of an earlier call: sent late, or read out of the device's memory
        answer_ns = max(at_ns, self.called_ns)
        if self.line is not Line.HELD and said_ns is not None:
            answer_ns = min(max(said_ns, self.called_ns), answer_ns)
        if self.result is not Result.WAITING and not self._is_revised_by(at_ns, answer_ns):
            return None
        result = Result.PRESENT if answer_ns <= self.deadline_ns else Result.LATE
        return replace(
            self, result=result, cause=Cause.NONE, changed_ns=now_ns, answered_ns=answer_ns, operator=operator
        )

    def _is_revised_by(self, at_ns: int, answer_ns: int) -> bool:
        """Tell whether an answer (arrived, given) proves another end than the one that was told."""
        if self.result is Result.NO_ANSWER:
            return self.called_ns <= at_ns <= self.closes_ns
        return self.result is Result.LINE_DOWN and self.cause in _MAY_HAVE_RUNG and answer_ns <= self.closes_ns

    def closed(self, now_ns: int) -> RollCall:
        """Return it ended without an answer once its grace is over, itself before."""
        if self.result is not Result.WAITING or now_ns < self.closes_ns:
            return self
        if self.line is Line.AWAY_AT_DEADLINE:
            return self.failed(self.cause, now_ns)
        if not self.confirmed:
            return self.failed(Cause.NOT_CONFIRMED, now_ns)
        return replace(self, result=Result.NO_ANSWER, changed_ns=now_ns)

    def document(self) -> dict[str, Any]:
        """Return it as the services answer it."""
        return {
            "id": self.id,
            "unit": self.unit,
            "transmitter": self.transmitter,
            "by": self.by,
            "called_ns": self.called_ns,
            "minutes": self.minutes,
            "deadline_ns": self.deadline_ns,
            "result": self.result.value,
            "cause": self.cause.value,
            "answered_ns": self.answered_ns,
            "operator": self.operator,
        }
