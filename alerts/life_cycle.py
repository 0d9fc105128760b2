"""What may be done with an alert, as a table; and when it closes.

An alert is a set of independent facts after ISA-18.2 / IEC 62682, not one state:

* **active** – the telemetry says it. Only a `cleared` transition takes it back; **unknown** (no data)
  is beside it and clears nothing.
* **acknowledged** – somebody has taken it on. Stops the ladder. Says nothing about the cause.
* **confirmed** – what somebody found out: real, false or test. Comes after the acknowledgement
  (OPC UA Part 9 has the same order); may be corrected while the alert is open, the audit keeps both.
* **latched / reset** – a latched alert (every fire) stays until a person resets it, here or at its panel
  (`alerts.panel_resets`), and that is
  refused while the telemetry still says it or says nothing: a hazard opened by telemetry is never
  closed against it.
* **suppressed** – a consequence of another alert. It keeps its facts; only its ladder rests.

Nobody closes an alert. It closes by itself as soon as it is inactive, its data are known, somebody
answered for it (or for the alert that suppresses it), and it is not latched or was reset. What comes
back before that is the same record, active again; what comes back later is a new one.

| action | refused when |
|---|---|
| acknowledge | closed; already acknowledged |
| confirm | closed; not acknowledged; the same finding is on record |
| reset | closed; not latched; telemetry still says it; no data; not acknowledged |
| comment | never: facts may be added after the end |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.alert import Confirmation
from domain.errors import RefusedError


class Facts(Protocol):
    """The columns that decide."""

    active: bool
    data_unknown: bool
    latched: bool
    acknowledged_at_ns: int | None
    acknowledged_by: str | None
    confirmed: Confirmation | None
    reset_at_ns: int | None
    closed_at_ns: int | None


class Action(StrEnum):
    """What a person can do."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    RESET = "reset"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason to say no; the texts may name ``{by}``, who acknowledged."""

    when: Callable[[Facts], bool]
    zh: str
    en: str

    def text(self, facts: Facts) -> str:
        """Return the reason, Chinese first."""
        return f"{self.zh} / {self.en}".format(by=facts.acknowledged_by)


CLOSED = Refusal(lambda facts: facts.closed_at_ns is not None, "告警已关闭", "the alert is closed")
ACKNOWLEDGED = Refusal(
    lambda facts: facts.acknowledged_at_ns is not None, "已由 {by} 应答", "{by} has acknowledged it already"
)
UNACKNOWLEDGED = Refusal(lambda facts: facts.acknowledged_at_ns is None, "请先应答", "acknowledge it first")
UNLATCHED = Refusal(
    lambda facts: not facts.latched, "该告警无需复位，恢复后自动关闭", "nothing to reset: it closes when it clears"
)
STILL_ACTIVE = Refusal(
    lambda facts: facts.active, "设备数据仍在报警，不能复位", "the telemetry still says it: reset is refused"
)
NO_DATA = Refusal(
    lambda facts: facts.data_unknown, "数据未知，不等于正常，不能复位", "no data is not normal: reset is refused"
)

REFUSALS: Mapping[Action, tuple[Refusal, ...]] = {
    Action.ACKNOWLEDGE: (CLOSED, ACKNOWLEDGED),
    Action.CONFIRM: (CLOSED, UNACKNOWLEDGED),
    Action.RESET: (CLOSED, UNLATCHED, STILL_ACTIVE, NO_DATA, UNACKNOWLEDGED),
    Action.COMMENT: (),
}
"""The first reason that holds is the one given."""


def allow(action: Action, facts: Facts) -> None:
    """Return when ``action`` may be done now; raises RefusedError with the reason otherwise."""
    for refusal in REFUSALS[action]:
        if refusal.when(facts):
            raise RefusedError(refusal.text(facts))


def allow_finding(finding: Confirmation, facts: Facts) -> None:
    """As `allow` for a confirmation; the same finding twice is refused, another one corrects the first."""
    allow(Action.CONFIRM, facts)
    if facts.confirmed is finding:
        raise RefusedError(f"已确认为 {finding} / confirmed as {finding} already")


def closes(facts: Facts, *, cause_answered: bool) -> bool:
    """Tell whether nothing is left to do.

    ``cause_answered``: it is suppressed, and the alert that suppresses it was acknowledged.
    """
    answered = facts.acknowledged_at_ns is not None or cause_answered
    released = not facts.latched or facts.reset_at_ns is not None
    return facts.closed_at_ns is None and not facts.active and not facts.data_unknown and answered and released
