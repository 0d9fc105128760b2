"""The ladder: who is told when, until somebody acknowledges.

All steps of an occurrence are rows with their due time as soon as it begins, so a restart, an update
of the site or a kill -9 changes nothing about a ladder that runs. A step is ended and its
notifications are queued in one transaction: exactly once.

* It **stops** for good when the alert is acknowledged or closed.
* It **waits** while the alert is shelved, is suppressed by its cause or in a maintenance window, is held by a
  walk test, comes from what is out of service
  (but for fire), or has cleared by itself and
  is not latched; when it goes on, the steps left are later by as long as it waited.
* A step that reaches nobody (no person named, or no channel) does not wait for its time: the next
  one comes at once, and the audit says why.
* After the last step the same time passes once more; then the silence itself is an event, on the
  ``duty`` subject.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.desk import Desk
from alerts.notices import notify
from alerts.schema import Alert, LadderStep, StepState
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.clock import NS_PER_S
from domain.site import EscalationStep

ANSWER_WITHIN_S = 600.0
"""How long the last step may stay unanswered where the ladder has no interval to go by (assumption)."""


def start(desk: Desk, alert: Alert) -> None:
    """Begin the ladder of the alert's current occurrence and run what is due at once."""
    steps = [
        LadderStep(
            alert_id=alert.id,
            occurrence=alert.occurrence,
            step=number,
            due_ns=desk.now_ns + round(after_s * NS_PER_S),
            targets=list(targets),
            state=StepState.PENDING,
        )
        for number, (after_s, targets) in enumerate(_with_end(desk.directory.steps(alert.alarm_class)))
    ]
    desk.session.add_all(steps)
    alert.escalation_step = 0
    alert.paused_at_ns = None
    if _rests(alert):
        settle(desk, alert)
    else:
        _run_due(desk, alert, steps)


def settle(desk: Desk, alert: Alert) -> None:
    """Bring the ladder in line with the alert's facts; call it after every change of them."""
    if alert.closed_at_ns is not None or alert.acknowledged_at_ns is not None:
        _stop(desk, alert)
    elif _rests(alert):
        alert.paused_at_ns = alert.paused_at_ns or desk.now_ns
        alert.next_escalation_ns = None
    else:
        pending = _pending(desk, alert)
        _resume(desk, alert, pending)
        _run_due(desk, alert, pending)


def due(session: Session, now_ns: int, most: int) -> Sequence[Alert]:
    """Return alerts with a timer that is due, fire first."""
    query = select(Alert).where(Alert.next_escalation_ns <= now_ns).order_by(Alert.priority, Alert.next_escalation_ns)
    return session.scalars(query.limit(most)).all()


def _rests(alert: Alert) -> bool:
    """Tell whether the ladder waits: for its cause, a walk test, a return to service, or as the matter is gone."""
    quiet = alert.out_of_service is not None and alert.alarm_class is not AlarmClass.FIRE
    silenced = alert.suppressed_by is not None or alert.shelved_until_ns is not None
    return silenced or alert.held or quiet or not (alert.active or alert.latched)


def _with_end(steps: list[EscalationStep]) -> list[tuple[float, tuple[str, ...]]]:
    """Add the deadline of the last step's answer."""
    last = steps[-1].after_s
    interval = last - steps[-2].after_s if len(steps) > 1 else 0.0
    return [*((step.after_s, step.to) for step in steps), (last + (interval or ANSWER_WITHIN_S), ())]


def _pending(desk: Desk, alert: Alert) -> list[LadderStep]:
    query = select(LadderStep).where(
        LadderStep.alert_id == alert.id,
        LadderStep.occurrence == alert.occurrence,
        LadderStep.state == StepState.PENDING,
    )
    return list(desk.session.scalars(query.order_by(LadderStep.step)))


def _stop(desk: Desk, alert: Alert) -> None:
    for step in _pending(desk, alert):
        step.state, step.ended_at_ns = StepState.STOPPED, desk.now_ns
    alert.next_escalation_ns = alert.paused_at_ns = None


def _resume(desk: Desk, alert: Alert, pending: list[LadderStep]) -> None:
    """Take up a waiting ladder where it stood."""
    if alert.paused_at_ns is None:
        return
    waited = desk.now_ns - alert.paused_at_ns
    for step in pending:
        step.due_ns += waited
    alert.paused_at_ns = None


def _run_due(desk: Desk, alert: Alert, pending: list[LadderStep]) -> None:
    """Run all steps whose time has come, in order; after an outage these can be several."""
    while pending and pending[0].due_ns <= desk.now_ns:
        step = pending.pop(0)
        step.state, step.ended_at_ns = StepState.DONE, desk.now_ns
        if not step.targets:
            _unanswered(desk, alert)
            continue
        alert.escalation_step = step.step
        alert.next_escalation_ns = pending[0].due_ns if pending else None
        reached = _tell(desk, alert, step)
        if not reached and pending and pending[0].targets:
            pending[0].due_ns = desk.now_ns
    alert.next_escalation_ns = pending[0].due_ns if pending else None


def _tell(desk: Desk, alert: Alert, step: LadderStep) -> bool:
    """Queue a step's notifications; returns whether it reaches anybody."""
    people = desk.directory.people(step.targets, alert.place)
    for person in people:
        notify(desk, alert, person, step=step.step, reason="step")
    told = [person.id for person in people]
    if step.step > 0:
        desk.note(alert, AlertEvent.ESCALATED, step=step.step, targets=step.targets, told=told)
    elif told:
        desk.write(alert, "told", step=step.step, targets=step.targets, told=told)
    if not told:
        desk.write(alert, "nobody_to_tell", step=step.step, targets=step.targets)
    return bool(told)


def _unanswered(desk: Desk, alert: Alert) -> None:
    """The ladder is at its end and nobody answered."""
    desk.note(alert, AlertEvent.ESCALATED, outcome="unanswered", subject_class=AlarmClass.DUTY)
