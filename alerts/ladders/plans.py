"""Which ladder an alert climbs: the site's first policy that fits, else the default of its class.

A *plan* is decided once, as the ladder begins; its timers are rows of the database from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.ladders.defaults import ALERT_UNANSWERED, DEFAULTS, UNANSWERED
from alerts.schema import StepKind
from domain.alarm import AlarmClass, Level, Place
from domain.site import EscalationStep, Matter, Registry


@dataclass(frozen=True, slots=True)
class Plan:
    """A ladder before it begins; times in seconds. ``policy`` is what chose it: a name, ``#3``, or a default."""

    policy: str
    steps: tuple[EscalationStep, ...]
    answer_within_s: float
    acknowledged_within_s: float


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer of a plan: ``at_s`` after the beginning something happens; no targets: the answer is overdue."""

    at_s: float
    kind: StepKind
    rung: int
    targets: tuple[str, ...]


def matter_of(registry: Registry, alarm_class: AlarmClass, level: Level, place: Place) -> Matter:
    """Return what policies are asked about."""
    zone = registry.zones.get(f"{place.unit}/{place.zone}")
    unit = registry.units.get(place.unit)
    opening = zone.opening if zone is not None else unit.opening if unit is not None else None
    kind = zone.settings.kind.value if zone is not None else place.zone_kind
    return Matter(alarm_class, level, place.unit, kind, opening)


def plan_for(registry: Registry, rule: str, matter: Matter, local: datetime) -> Plan:
    """Return the ladder of an alert that begins at ``local``, the site's wall clock."""
    default = DEFAULTS[matter.alarm_class]
    if rule == ALERT_UNANSWERED:
        return Plan(ALERT_UNANSWERED, UNANSWERED.steps, UNANSWERED.answer_within_s, UNANSWERED.acknowledged_within_s)
    for number, policy in enumerate(registry.site.escalation, start=1):
        if policy.fits(matter, local, registry.calendar):
            steps = tuple(sorted(policy.steps, key=lambda step: step.after_s))
            return Plan(
                policy.id or f"#{number}",
                steps,
                policy.answer_within_s or _interval(steps) or default.answer_within_s,
                policy.acknowledged_within_s or default.acknowledged_within_s,
            )
    name = f"default:{matter.alarm_class}"
    return Plan(name, default.steps, default.answer_within_s, default.acknowledged_within_s)


def timers(plan: Plan, first: tuple[str, ...] = ()) -> list[Timer]:
    """Return the timers in the order of their times; ``first`` are told on the first step, before those it names."""
    found: list[Timer] = []
    for rung, step in enumerate(plan.steps):
        targets = tuple(dict.fromkeys((*first, *step.to))) if rung == 0 else step.to
        found.append(Timer(step.after_s, StepKind.STEP, rung, targets))
        if step.repeat is not None:
            found += [
                Timer(step.after_s + turn * step.repeat.every_s, StepKind.REPEAT, rung, targets)
                for turn in range(1, step.repeat.times + 1)
            ]
    last = max(timer.at_s for timer in found)
    found.append(Timer(last + plan.answer_within_s, StepKind.ANSWER, len(plan.steps) - 1, ()))
    return sorted(found, key=lambda timer: timer.at_s)


def to_pull(left: Sequence[tuple[StepKind, int]]) -> list[int]:
    """Return which of the timers left (kind and rung) come at once after a step that reached nobody.

    The next step with its repeats; after the last one, the deadline of the answer.
    """
    heads = (StepKind.STEP, StepKind.ANSWER)
    head = next((at for at, (kind, _) in enumerate(left) if kind in heads), None)
    if head is None:
        return []
    kind, rung = left[head]
    repeats = [at for at, one in enumerate(left) if one == (StepKind.REPEAT, rung)] if kind is StepKind.STEP else []
    return [head, *repeats]


def _interval(steps: tuple[EscalationStep, ...]) -> float:
    """Return the time between the last two steps, 0 where there is only one: the last answer gets as much."""
    return steps[-1].after_s - steps[-2].after_s if len(steps) > 1 else 0.0
