"""Ladders where a site says nothing. Every figure is an **assumption**: no official times were found.

They follow the usual duties: a fire is looked at at once, judged within 1 min, with somebody on the spot in 3 min
(微型消防站 "3分钟到场"); for other urgent matters the person first, the manager after 10 min without an answer, then
twice that; 24 h for what is not urgent. A missed duty (roll-call without an answer) is the manager's matter at once,
since whoever is on duty did not answer. docs/escalation.md has this table, and a test holds it to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.alarm import AlarmClass
from domain.site.escalation import RESPONSIBLE, SAFETY_MANAGER, SUPERVISORS, EscalationStep, Repeat

ALERT_UNANSWERED = "alert_unanswered"
"""The rule of the alarm that a ladder ended without an answer."""


@dataclass(frozen=True, slots=True)
class Default:
    """A ladder. Times in seconds: of each step since the alert, of the last answer, of an acknowledgement."""

    steps: tuple[EscalationStep, ...]
    answer_within_s: float
    acknowledged_within_s: float
    source: str


def _steps(*times_s: float) -> tuple[EscalationStep, ...]:
    """Return steps for the person responsible, the manager, the supervisors: the last ones where there are fewer."""
    targets = (RESPONSIBLE, SAFETY_MANAGER, SUPERVISORS)[-len(times_s) :]
    return tuple(EscalationStep(after_s=at, to=(target,)) for at, target in zip(times_s, targets, strict=True))


_URGENT = _steps(0.0, 600.0, 1200.0)
_CALM = _steps(0.0, 86_400.0, 172_800.0)
_URGENT_WHY = "the person, the manager after 10 min, twice that for the next; "

DEFAULTS: dict[AlarmClass, Default] = {
    AlarmClass.FIRE: Default(
        _steps(0.0, 60.0, 180.0), 180.0, 180.0, "look at once, judge within 1 min, on the spot and confirmed in 3 min"
    ),
    AlarmClass.LINKAGE: Default(_URGENT, 600.0, 1800.0, f"{_URGENT_WHY}30 min until somebody has looked"),
    AlarmClass.SUPERVISORY: Default(_URGENT, 600.0, 7200.0, f"{_URGENT_WHY}as a hazard"),
    AlarmClass.FAULT: Default(_CALM, 86_400.0, 86_400.0, "24 h to repair, or to patrol instead"),
    AlarmClass.HAZARD: Default(_URGENT, 600.0, 7200.0, f"{_URGENT_WHY}2 h to clear an exit"),
    AlarmClass.DUTY: Default(
        _steps(0.0, 600.0), 600.0, 1800.0, "a roll-call without answer: the manager at once, who has 10 min"
    ),
    AlarmClass.SYSTEM: Default(_CALM, 86_400.0, 86_400.0, "24 h, as a fault"),
}

UNANSWERED = Default(
    (EscalationStep(after_s=600.0, to=(SUPERVISORS,), repeat=Repeat(every_s=1800.0, times=2)),),
    1800.0,
    1800.0,
    "supervisors are told of the alert itself as it is raised; of the silence after 10 min more",
)
"""The ladder of `ALERT_UNANSWERED`, whatever a site's policies say of the class ``duty``."""


def table() -> str:
    """Return the defaults as the Markdown table of docs/escalation.md."""
    lines = ["| class | who is told when | last answer | acknowledgement holds | assumption |", "|---|---|---|---|---|"]
    for name, default in [*((one.value, found) for one, found in DEFAULTS.items()), (ALERT_UNANSWERED, UNANSWERED)]:
        steps = ", ".join(_step_words(step) for step in default.steps)
        answer, holds = said(default.answer_within_s), said(default.acknowledged_within_s)
        lines.append(f"| `{name}` | {steps} | {answer} | {holds} | {default.source} |")
    return "\n".join(lines)


def said(seconds: float) -> str:
    """Write a time as people say it: 45 s, 10 min, 2 h 30 min, 2 d."""
    left, parts = round(seconds), []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def _step_words(step: EscalationStep) -> str:
    again = f" and every {said(step.repeat.every_s)}, {step.repeat.times}×" if step.repeat is not None else ""
    return f"{' and '.join(step.to)} at {said(step.after_s)}{again}"
