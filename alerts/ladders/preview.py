"""A ladder before there is an alert: who would be told when, on which channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo

from alerts.ladders.plans import Plan, matter_of, plan_for, timers, to_pull
from alerts.ladders.reach import Asker, Reach
from alerts.schema import StepKind
from domain.alarm import AlarmClass, Level, Place
from domain.clock import NS_PER_S
from domain.site import Person, Registry
from domain.site.duty_times import local_time
from domain.site.escalation import SUPERVISORS


@dataclass(frozen=True, slots=True)
class Line:
    """A timer: ``at_ns`` UTC, ``after_s`` since the beginning; who it reaches by then."""

    at_ns: int
    after_s: float
    kind: StepKind
    rung: int
    targets: tuple[str, ...]
    reach: Reach


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan, and its timers with people."""

    plan: Plan
    lines: tuple[Line, ...]


def preview(
    registry: Registry, zone: tzinfo, place: Place, *, alarm_class: AlarmClass, level: Level, now_ns: int
) -> Preview:
    """Return what would happen to an alert that is raised at ``now_ns`` and that nobody answers."""
    matter = matter_of(registry, alarm_class, level, place)
    plan = plan_for(registry, "", matter, local_time(now_ns, zone))
    urgent = alarm_class is AlarmClass.FIRE or level is Level.CRITICAL
    return Preview(plan, tuple(_lines(registry, zone, place, plan, now_ns=now_ns, urgent=urgent)))


def channels_of(registry: Registry, person: Person, alarm_class: AlarmClass) -> list[str]:
    """Return the channels that a message goes out on: all for a fire, else the first that the site has."""
    known = {channel.id for channel in registry.site.channels}
    found = [channel for channel in dict.fromkeys(person.channels) if channel in known]
    return found if alarm_class is AlarmClass.FIRE else found[:1]


def _lines(registry: Registry, zone: tzinfo, place: Place, plan: Plan, *, now_ns: int, urgent: bool) -> Iterator[Line]:
    """Run the plan as `alerts.escalation` does: after a step that reaches nobody the next one comes at once."""
    left = timers(plan)
    while left:
        timer = left.pop(0)
        at_ns = now_ns + round(timer.at_s * NS_PER_S)
        targets = timer.targets or (SUPERVISORS,)
        reach = Asker(registry, zone, place, at_ns, urgent).reach(targets)
        yield Line(at_ns, timer.at_s, timer.kind, timer.rung, targets, reach)
        if timer.kind is StepKind.STEP and not reach.anybody:
            pulled = to_pull([(one.kind, one.rung) for one in left])
            early = left[pulled[0]].at_s - timer.at_s if pulled else 0.0
            for at in pulled:
                left[at] = replace(left[at], at_s=left[at].at_s - early)
            left.sort(key=lambda one: one.at_s)
