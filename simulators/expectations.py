"""What was seen against what was expected: observations in, verdicts out, as pure functions.

Observations are facts of the running platform (an event of an alert, a push, the end of a roll-call) that the caller
feeds in: simulators know nothing of the platform's inside. A verdict is *pending* until its window is
over or its case is decided; without a feed it is *not judged*, and fails nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from simulators.expectation_model import AlertPattern, PushPattern, RollCallPattern
from simulators.scenario import Expected

MOST_HINTS = 3


class Observed(StrEnum):
    """Kinds of observation."""

    ALERT = "alert"
    PUSH = "push"
    ROLL_CALL = "roll_call"


_KINDS = {AlertPattern: Observed.ALERT, PushPattern: Observed.PUSH, RollCallPattern: Observed.ROLL_CALL}


class Observation(BaseModel):
    """Something seen. Fields that do not apply are None; further keys of the caller are left alone.

    ``event`` and ``level`` are of an alert, ``person`` of a push, ``transmitter`` (``unit/id``) and ``result`` of
    a roll-call that has ended; ``time_ns`` is when it happened (ns
    UTC), or None for "as it came in".
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Observed
    rule: str = ""
    event: str | None = None
    zone: str | None = None
    device: str | None = None
    gateway: str | None = None
    level: str | None = None
    person: str | None = None
    text: str | None = None
    transmitter: str | None = None
    result: str | None = None
    time_ns: int | None = Field(default=None, ge=0)


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation on the scenario's axis."""

    at_s: float
    observation: Observation


class State(StrEnum):
    """What came of an expectation."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An expectation with what came of it. ``at_s``: when it was decided, None while or when it was not."""

    what: str
    line: int
    state: State
    at_s: float | None
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return it for a JSON report."""
        at_s = None if self.at_s is None else round(self.at_s, 3)
        return {"what": self.what, "line": self.line, "state": self.state.value, "at_s": at_s, "why": self.why}


def judge(expected: Expected, seen: Sequence[Seen], now_s: float, *, ended: bool = False) -> Verdict:
    """Judge one expectation at ``now_s``; ``ended``: nothing more will be seen.

    A window that the run did not reach the end of is not judged, unless its case was decided before.
    """
    expectation = expected.expectation
    hits = [item for item in seen if _within(expected, item.at_s) and _fits(expected, item.observation)]
    over = now_s >= expected.end_s
    if expectation.never:
        if hits:
            return _verdict(expected, State.FAILED, hits[0].at_s, f"seen at {hits[0].at_s:.1f} s")
        return _waiting(expected, over, ended, State.PASSED, "not seen")
    if expectation.count is not None:
        return _count(expected, hits, expectation.count, over=over, ended=ended)
    if hits:
        return _verdict(expected, State.PASSED, hits[0].at_s, f"seen at {hits[0].at_s:.1f} s")
    return _waiting(expected, over, ended, State.FAILED, _hint(expected, seen))


def not_judged(expected: Expected, why: str) -> Verdict:
    """Return the verdict for an expectation that nobody could judge."""
    return _verdict(expected, State.NOT_JUDGED, None, why)


def describe(expected: Expected) -> str:
    """Write an expectation as a sentence, e.g. ``panel_fire raised (device panel-1), 17–27 s``."""
    expectation = expected.expectation
    match expectation.pattern:
        case AlertPattern() as alert:
            marks = {"zone": alert.zone, "device": alert.device, "gateway": alert.gateway, "level": alert.level}
            what = f"{alert.rule} {alert.event}" + _marks(marks) + _quoted(alert.text)
        case PushPattern() as push:
            what = f"push of {push.rule} to {push.person}{_quoted(push.text)}"
        case RollCallPattern() as call:
            what = f"roll-call of {call.transmitter}: {call.result}"
    times = f"exactly {expectation.count}× " if expectation.count is not None else ""
    never = "never " if expectation.never else ""
    return f"{never}{times}{what}, {expected.start_s:g}–{expected.end_s:g} s"


def _count(expected: Expected, hits: Sequence[Seen], count: int, *, over: bool, ended: bool) -> Verdict:
    times = ", ".join(f"{hit.at_s:.1f} s" for hit in hits)
    if len(hits) > count:
        return _verdict(expected, State.FAILED, hits[count].at_s, f"seen {len(hits)} times: {times}")
    state = State.PASSED if len(hits) == count else State.FAILED
    return _waiting(expected, over, ended, state, f"seen {len(hits)} times{f': {times}' if times else ''}")


def _waiting(expected: Expected, over: bool, ended: bool, state: State, why: str) -> Verdict:  # noqa: FBT001 -- private
    if over:
        return _verdict(expected, state, expected.end_s, why)
    if ended:
        return _verdict(expected, State.NOT_JUDGED, None, "the run ended before its window did")
    return _verdict(expected, State.PENDING, None, "")


def _verdict(expected: Expected, state: State, at_s: float | None, why: str) -> Verdict:
    return Verdict(what=describe(expected), line=expected.line, state=state, at_s=at_s, why=why)


def _within(expected: Expected, at_s: float) -> bool:
    return expected.start_s <= at_s <= expected.end_s


def _fits(expected: Expected, observation: Observation) -> bool:
    pattern = expected.expectation.pattern
    wanted = pattern.model_dump(exclude_none=True, mode="json")
    if observation.kind is not _KINDS[type(pattern)]:
        return False
    return all(_same(name, getattr(observation, name), value) for name, value in wanted.items())


def _same(name: str, seen: str | None, wanted: str) -> bool:
    """Compare a field; a transmitter may be written without its unit."""
    if name == "transmitter" and seen is not None and "/" not in wanted:
        return seen.rpartition("/")[2] == wanted
    return seen == wanted


def _hint(expected: Expected, seen: Sequence[Seen]) -> str:
    """Say what came instead: the right thing at a wrong time, or the same rule in another form."""
    late = [f"{item.at_s:.1f} s" for item in seen if _fits(expected, item.observation)]
    if late:
        return f"not in its window, but at {', '.join(late[:MOST_HINTS])}"
    pattern = expected.expectation.pattern
    if isinstance(pattern, RollCallPattern):
        ends = {item.observation.transmitter: item.observation.result for item in seen if item.observation.result}
        return f"not seen; roll-calls ended: {ends}" if ends else "not seen, nor the end of any roll-call"
    kin = [item for item in seen if item.observation.rule == pattern.rule]
    if not kin:
        return "not seen, nor anything else of this rule"
    shown = [f"{_short(item.observation)} at {item.at_s:.1f} s" for item in kin[:MOST_HINTS]]
    return f"not seen; of this rule came {', '.join(shown)}"


def _short(observation: Observation) -> str:
    if observation.kind is Observed.PUSH:
        return f"a push to {observation.person}"
    marks = {"zone": observation.zone, "device": observation.device, "level": observation.level}
    return f"{observation.event}{_marks(marks)}"


def _marks(marks: dict[str, str | None]) -> str:
    shown = ", ".join(f"{name} {value}" for name, value in marks.items() if value is not None)
    return f" ({shown})" if shown else ""


def _quoted(text: str | None) -> str:
    return f" “{text}”" if text else ""
