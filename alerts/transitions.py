"""Transitions become facts of alerts.

| kind | open alert of (rule, entity): none | there |
|---|---|---|
| raised | a new record, with its ladder [2]; or the last one [3] | inactive: active again [1]; active: content only |
| level | kept as seen | level and content; a rise is told to everybody who was told before |
| unknown, known | kept as seen | `data_unknown` set, taken back |
| cleared | kept as seen | inactive; its consequences are free; it closes when nothing is left to do |

[1] An acknowledgement or reset before does not count for it: both are taken back (the audit has them),
and people are told anew.
[2] It waits while a walk test holds the record (`alerts.walk_tests`), or its place is out of service
(`alerts.out_of_service`), or while a cause or a maintenance window suppresses it.
[3] By class, see `alerts.reoccurrence`.

A transition that ``resets`` is no alert of its own: see `alerts.panel_resets`.

Every transition is applied once: its id is stored with what it did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select

from alerts import (
    escalation,
    life_cycle,
    notices,
    out_of_service,
    panel_resets,
    reoccurrence,
    shelving,
    silences,
    suppression,
    walk_tests,
)
from alerts.desk import Desk
from alerts.schema import Alert, MaintenanceWindow, SeenTransition
from domain.alarm import AlarmClass, Level, Transition, TransitionKind
from domain.alert import AlertEvent, SuppressionKind

_LEVELS = list(Level)


def apply(desk: Desk, changes: Sequence[tuple[int, Transition]]) -> None:
    """Apply transitions (with their stream sequences) that were not applied before, in order."""
    seen = set(
        desk.session.scalars(
            select(SeenTransition.id).where(SeenTransition.id.in_([transition.id for _, transition in changes]))
        )
    )
    desk.look_up((transition.rule, transition.entity) for _, transition in changes)
    for seq, transition in changes:
        if transition.id not in seen:
            seen.add(transition.id)
            _apply(desk, transition, seq)


def _apply(desk: Desk, transition: Transition, seq: int) -> None:
    alert = desk.open_alert(transition.rule, transition.entity)
    if transition.resets:
        _reset_panel(desk, transition, seq)
    elif alert is not None:
        _ON_OPEN[transition.kind](desk, alert, transition)
    elif transition.kind is TransitionKind.RAISED:
        alert = _raise(desk, transition)
    desk.session.add(
        SeenTransition(
            id=transition.id,
            seq=seq,
            kind=transition.kind,
            alert_id=alert.id if alert else None,
            seen_at_ns=desk.now_ns,
        )
    )


def _reset_panel(desk: Desk, transition: Transition, seq: int) -> None:
    """A reset at a panel is no alert; it lets those of the panel go."""
    if transition.kind is TransitionKind.RAISED:
        for alert in panel_resets.reset_panel(desk, transition, seq):
            close_if_done(desk, alert)


def close_if_done(desk: Desk, alert: Alert) -> None:
    """Close an alert when nothing is left to do, and then what it suppressed."""
    if not life_cycle.closes(alert, cause_answered=_answered_elsewhere(desk, alert)):
        return
    alert.closed_at_ns = desk.now_ns
    escalation.settle(desk, alert)
    shelving.end(desk, alert, shelving.BY_CLOSING, anew=False)
    desk.note(alert, AlertEvent.CLOSED)


def _answered_elsewhere(desk: Desk, alert: Alert) -> bool:
    """Tell whether somebody answered for what suppresses it: its cause, or the window that it was raised in."""
    if alert.suppressed_kind is SuppressionKind.MAINTENANCE:
        window = desk.session.get(MaintenanceWindow, alert.suppressed_by)
        return window is not None and alert.raised_at_ns >= window.from_ns
    cause = desk.session.get(Alert, alert.suppressed_by) if alert.suppressed_by else None
    return cause is not None and cause.acknowledged_at_ns is not None


def _raise(desk: Desk, transition: Transition) -> Alert:
    place = transition.place.model_dump()
    alert = Alert(
        id=transition.id,
        rule=transition.rule,
        alarm_class=transition.alarm_class,
        priority=transition.alarm_class.priority,
        entity_kind=transition.entity_kind,
        entity=transition.entity,
        event_time_ns=transition.event_time_ns,
        delay_ns=transition.delay_ns,
        raised_at_ns=desk.now_ns,
        occurrence=1,
        active=True,
        data_unknown=False,
        test=transition.test,
        historical=transition.historical,
        escalation_step=0,
        comments=0,
        attachments=0,
        reopened=0,
        **place,
    )
    _take_content(alert, transition)
    why = {**walk_tests.hold(desk, alert), **out_of_service.flag(desk, alert)}
    earlier = reoccurrence.earlier(desk, alert)
    if earlier is not None and reoccurrence.reopens(desk, earlier, alert):
        return _reopen(desk, earlier, transition)
    alert.previous_id = reoccurrence.link(desk, earlier, alert)
    if not alert.held:
        number_fire(desk, alert)
    desk.open(alert)
    suppression.remember(desk, alert, transition.hides)
    why |= suppression.decide(desk, alert)
    desk.note(alert, AlertEvent.RAISED, **_evidence(transition), **why)
    if transition.hides:
        suppression.hide_consequences(desk, alert)
    silences.cover(desk, alert)
    escalation.start(desk, alert)
    return alert


def number_fire(desk: Desk, alert: Alert) -> None:
    """Count a fire: of its building since none was open there; of the unit where it has no building.

    What a walk test holds is not counted: a fire elsewhere is the first alarm all the same.
    """
    if alert.alarm_class is not AlarmClass.FIRE or alert.fire_order is not None:
        return
    same_place = (Alert.unit == alert.unit, Alert.building == alert.building)
    query = select(func.max(Alert.fire_order)).where(
        Alert.alarm_class == AlarmClass.FIRE, Alert.closed_at_ns.is_(None), *same_place
    )
    alert.fire_order = (desk.session.scalar(query) or 0) + 1


def _raise_again(desk: Desk, alert: Alert, transition: Transition) -> None:
    """The same record is active (again)."""
    rises = _rises(alert, transition)
    _take_content(alert, transition)
    suppression.remember(desk, alert, transition.hides)
    if alert.active:
        desk.write(alert, "raised_while_active", **_evidence(transition))
        suppression.hide_consequences(desk, alert)
        shelving.on_raised(desk, alert, rises=rises, again=False)
        return
    withdrawn = alert.acknowledged_by
    _take_answers_back(alert)
    why = {**walk_tests.hold_again(desk, alert, told_test=transition.test), **out_of_service.flag(desk, alert)}
    if not alert.held:
        number_fire(desk, alert)
    evidence = {**_evidence(transition), **why, **suppression.decide(desk, alert)}
    desk.note(alert, AlertEvent.RAISED, outcome="again", acknowledgement_withdrawn=withdrawn, **evidence)
    suppression.hide_consequences(desk, alert)
    silences.cover(desk, alert)
    if withdrawn is None:
        escalation.settle(desk, alert)
    else:
        alert.occurrence += 1
        escalation.start(desk, alert)
    shelving.on_raised(desk, alert, rises=rises, again=True)


def _reopen(desk: Desk, alert: Alert, transition: Transition) -> Alert:
    """The closed record goes on: nothing of what people said before counts for it."""
    closed_at_ns, withdrawn = alert.closed_at_ns, alert.acknowledged_by
    _take_content(alert, transition)
    _take_answers_back(alert)
    alert.closed_at_ns = None
    alert.reopened += 1
    alert.occurrence += 1
    desk.open(alert)
    suppression.remember(desk, alert, transition.hides)
    why = {**out_of_service.flag(desk, alert), **suppression.decide(desk, alert)}
    evidence = {**_evidence(transition), **why, "closed_at_ns": closed_at_ns, "acknowledgement_withdrawn": withdrawn}
    desk.note(alert, AlertEvent.RAISED, outcome="reopened", **evidence)
    suppression.hide_consequences(desk, alert)
    silences.cover(desk, alert)
    escalation.start(desk, alert)
    return alert


def _take_answers_back(alert: Alert) -> None:
    """What people said of an alert before does not count for its return; the audit has it."""
    alert.active, alert.data_unknown, alert.cleared_at_ns = True, False, None
    alert.acknowledged_at_ns = alert.acknowledged_by = alert.acknowledged_account = None
    alert.owner = alert.owner_account = None
    alert.reset_at_ns = alert.reset_by = None
    alert.rechecked_at_ns = alert.rechecked_by = None
    alert.panel_reset_ns = None


def _level(desk: Desk, alert: Alert, transition: Transition) -> None:
    rises = _rises(alert, transition)
    before = alert.level
    _take_content(alert, transition)
    suppression.remember(desk, alert, transition.hides)
    told: list[str] = []
    shelved = alert.shelved_until_ns is not None and not shelving.ends_at(alert.level)
    if rises and alert.suppressed_by is None and not alert.held and not shelved:
        told = notices.tell_again(desk, alert, f"level-{transition.id}")
    desk.note(alert, AlertEvent.LEVEL, before=before.value, told=told, **_evidence(transition))
    if rises and shelving.ends_at(alert.level):
        shelving.end(desk, alert, shelving.BY_LEVEL, anew=False)
    if rises:
        escalation.settle(desk, alert)  # quiet hours end with what is critical
    suppression.hide_consequences(desk, alert)


def _unknown(desk: Desk, alert: Alert, transition: Transition) -> None:
    if not alert.data_unknown:
        alert.data_unknown = True
        desk.note(alert, AlertEvent.UNKNOWN, **_evidence(transition))


def _known(desk: Desk, alert: Alert, transition: Transition) -> None:
    if alert.data_unknown:
        alert.data_unknown = False
        desk.note(alert, AlertEvent.KNOWN, **_evidence(transition))
        close_if_done(desk, alert)


def _clear(desk: Desk, alert: Alert, transition: Transition) -> None:
    if not alert.active:
        desk.write(alert, "cleared_while_inactive", **_evidence(transition))
        return
    alert.active, alert.data_unknown, alert.cleared_at_ns = False, False, desk.now_ns
    escalation.settle(desk, alert)
    desk.note(alert, AlertEvent.CLEARED, **_evidence(transition))
    suppression.release_consequences(desk, alert)
    panel_resets.reset_on_clearing(desk, alert)
    close_if_done(desk, alert)


_ON_OPEN: dict[TransitionKind, Callable[[Desk, Alert, Transition], None]] = {
    TransitionKind.RAISED: _raise_again,
    TransitionKind.LEVEL: _level,
    TransitionKind.UNKNOWN: _unknown,
    TransitionKind.KNOWN: _known,
    TransitionKind.CLEARED: _clear,
}


def _rises(alert: Alert, transition: Transition) -> bool:
    return _LEVELS.index(transition.level) > _LEVELS.index(alert.level)


def _take_content(alert: Alert, transition: Transition) -> None:
    """Take what the newest transition says about the matter; a fire is latched whatever its rule says."""
    alert.rule_version = transition.rule_version
    alert.level = transition.level
    alert.latched = transition.latched or alert.alarm_class is AlarmClass.FIRE
    if transition.kind is TransitionKind.RAISED:
        alert.input_seq, alert.log_time_ns = transition.input_seq, transition.log_time_ns
    alert.text_zh, alert.text_en = transition.text_zh, transition.text_en
    alert.picture_url = transition.picture_url or alert.picture_url
    alert.value = transition.value if transition.value is None or math.isfinite(transition.value) else None
    alert.values = {name: value for name, value in transition.values.items() if math.isfinite(value)}


def _evidence(transition: Transition) -> dict[str, Any]:
    """Return what the audit keeps of a transition."""
    return {
        "transition": transition.id,
        "input_seq": transition.input_seq,
        "event_time_ns": transition.event_time_ns,
        "log_time_ns": transition.log_time_ns,
        "level": transition.level.value,
    }
