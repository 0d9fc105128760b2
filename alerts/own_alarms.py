"""Alarms that this service raises itself: nobody else can see that a ladder went unanswered or a message died.

They go the way of all alarms: a `Transition` that is applied like one from the log, so record, ladder, audit and feed
need to know nothing of where it came from. Its id is a function of (rule, entity, time), and it is
committed with what it tells of. Raising what is raised, or clearing what is clear, does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts import transitions
from alerts.desk import Desk
from domain.alarm import AlarmClass, EntityKind, Level, Place, Transition, TransitionKind
from domain.ids import stable_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAlarm:
    """What it is about; ``entity`` (in the form of `Transition.entity`) tells apart alarms of one rule."""

    rule: str
    alarm_class: AlarmClass
    level: Level
    entity_kind: EntityKind
    entity: str
    place: Place
    delay_ns: int = 0
    latched: bool = False
    values: Mapping[str, float] = field(default_factory=dict)


def stands(desk: Desk, alarm: OwnAlarm) -> bool:
    """Tell whether it is active now."""
    alert = desk.open_alert(alarm.rule, alarm.entity)
    return alert is not None and alert.active


def raise_own(desk: Desk, alarm: OwnAlarm, *, zh: str, en: str) -> None:
    """Raise it, unless it stands."""
    if not stands(desk, alarm):
        _say(desk, alarm, TransitionKind.RAISED, zh, en)


def clear_own(desk: Desk, alarm: OwnAlarm, *, zh: str, en: str) -> None:
    """Clear it, if it stands."""
    if stands(desk, alarm):
        _say(desk, alarm, TransitionKind.CLEARED, zh, en)


def _say(desk: Desk, alarm: OwnAlarm, kind: TransitionKind, zh: str, en: str) -> None:
    transition = Transition(
        id=stable_id(alarm.rule, alarm.entity, desk.now_ns, kind),
        kind=kind,
        rule=alarm.rule,
        rule_version="1",
        alarm_class=alarm.alarm_class,
        level=alarm.level,
        entity_kind=alarm.entity_kind,
        entity=alarm.entity,
        place=alarm.place,
        partition=0,
        input_seq=0,
        event_time_ns=desk.now_ns,
        log_time_ns=desk.now_ns,
        delay_ns=alarm.delay_ns,
        latched=alarm.latched,
        values=dict(alarm.values),
        text_zh=zh,
        text_en=en,
    )
    transitions.apply(desk, [(0, transition)])
