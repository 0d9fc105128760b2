"""The ladder: who is told when, until somebody acknowledges; and what an acknowledgement is worth.

All timers of an occurrence are rows with their due time as soon as it begins, so a restart, an update
of the site or a kill -9 changes nothing about a ladder that runs. A timer is ended and its
notifications are queued in one transaction: exactly once. Who a step means is decided when it comes
(`alerts.ladders.reach`): rosters change hands while a ladder runs.

| timer | when it is due |
|---|---|
| step | the people of a step are told; when they are nobody, the next one comes at once, and the audit says why |
| repeat | the same step's people are told again |
| delayed | somebody's quiet hours are over |
| answer | nobody answered the last step: all supervisors are told, and the silence is an alarm (`ladders.unanswered`) |
| lapse | an acknowledgement led to nothing: it is withdrawn, and a new ladder begins with who gave it |

* The ladder **stops** for good when the alert is acknowledged or closed. What runs from then on is the lapse, until the
  alert is confirmed, clears, or somebody gives word again (`renew`).
* It **rests** while the alert is suppressed (cause, maintenance, digest), shelved, held by a walk test, comes from
  what is out of service (but for fire), or has cleared by itself and is not latched. When it goes on, all timers left
  are later by as long as it rested; and where what kept it quiet has ended (`released`), who was told is told anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.desk import Desk
from alerts.ladders import rows
from alerts.ladders.defaults import ALERT_UNANSWERED
from alerts.ladders.plans import Timer, to_pull
from alerts.ladders.telling import is_urgent, queue, tell
from alerts.schema import Alert, LadderStep, StepKind, StepState
from domain.alarm import AlarmClass
from domain.alert import AlertEvent, SuppressionKind
from domain.site.escalation import SUPERVISORS


def start(desk: Desk, alert: Alert, first: tuple[str, ...] = ()) -> None:
    """Begin the ladder of the alert's current occurrence and run what is due at once; ``first`` are told before all."""
    plan = desk.directory.plan(alert.rule, alert.alarm_class, alert.level, alert.place, desk.now_ns)
    steps = rows.begin(desk, alert, plan, first)
    alert.escalation_step = 0
    alert.paused_at_ns = None
    if rests(alert):
        settle(desk, alert)
    else:
        _run_due(desk, alert, steps)


def settle(desk: Desk, alert: Alert) -> None:
    """Bring the ladder in line with the alert's facts; call it after every change of them."""
    left = rows.pending(desk, alert)
    if alert.closed_at_ns is not None or alert.acknowledged_at_ns is not None:
        left = _answered(desk, alert, left)
        if not left:
            alert.next_escalation_ns = alert.paused_at_ns = None
            return
    if rests(alert):
        alert.paused_at_ns = alert.paused_at_ns or desk.now_ns
        alert.next_escalation_ns = None
    else:
        _resume(desk, alert, left)
        _wake(desk, alert, left)
        _run_due(desk, alert, left)


def released(desk: Desk, alert: Alert, why: str) -> None:
    """Call it when what kept an alert quiet has ended; ``why`` is a word for it, e.g. cause, shelved, digest.

    If the alert still stands and nothing else keeps it quiet, its ladder goes on, and everybody who was told before is
    told anew: those whom the steps mean by now; where it was acknowledged, its owner, quiet hours or not.
    """
    rested = alert.paused_at_ns is not None
    before = rows.targets_done(desk, alert) if rested else []
    settle(desk, alert)
    if not rested or rests(alert) or alert.closed_at_ns is not None:
        return
    owner = alert.owner or alert.acknowledged_by
    is_owned = alert.acknowledged_at_ns is not None and owner is not None
    targets = [owner] if is_owned and owner else before
    if not targets:
        return
    left, reason = rows.pending(desk, alert), rows.release_name(desk, alert)
    reach = queue(desk, alert, targets, rung=alert.escalation_step, reason=reason, left=left, urgent=is_owned)
    desk.write(alert, "told_again", why=why, told=sorted(reach.people), **reach.words())


def renew(desk: Desk, alert: Alert, by: str) -> None:
    """Somebody gave word again on an acknowledged alert: its acknowledgement holds for as long once more."""
    for timer in rows.pending(desk, alert):
        if timer.kind is StepKind.LAPSE:
            timer.due_ns = (alert.paused_at_ns or desk.now_ns) + rows.holds_ns(desk, alert)
            alert.next_escalation_ns = None if alert.paused_at_ns else timer.due_ns
            desk.write(alert, "acknowledgement_renewed", actor=by, until=desk.directory.local_time(timer.due_ns))


def due(session: Session, now_ns: int, most: int) -> Sequence[Alert]:
    """Return alerts with a timer that is due, fire first."""
    query = select(Alert).where(Alert.next_escalation_ns <= now_ns).order_by(Alert.priority, Alert.next_escalation_ns)
    return session.scalars(query.limit(most)).all()


def rests(alert: Alert) -> bool:
    """Tell whether the ladder waits: suppressed, shelved, in a walk test, out of service, or as the matter is gone."""
    quiet = alert.out_of_service is not None and alert.alarm_class is not AlarmClass.FIRE
    shelved = alert.shelved_until_ns is not None
    kept_quiet = alert.suppressed_kind not in (None, SuppressionKind.DIGEST)  # in a digest it is told, with others
    suppressed = alert.suppressed_by is not None or kept_quiet
    return suppressed or shelved or alert.held or quiet or not (alert.active or alert.latched)


def _answered(desk: Desk, alert: Alert, left: list[LadderStep]) -> list[LadderStep]:
    """Stop the ladder; return the one timer that runs on, of the acknowledgement itself, where it is to run."""
    if not any(timer.kind is StepKind.ANSWER for timer in left):
        desk.answered_late.append(alert)  # it may have gone unanswered
    if alert.closed_at_ns is not None or not alert.active or alert.confirmed is not None:
        return rows.stop(desk, left)
    kept = rows.stop(desk, left, keep=StepKind.LAPSE)
    if kept:
        return kept
    return [rows.new_timer(desk, alert, Timer(0, StepKind.LAPSE, 0, ()), desk.now_ns + rows.holds_ns(desk, alert))]


def _resume(desk: Desk, alert: Alert, left: list[LadderStep]) -> None:
    """Take up a resting ladder where it stood."""
    if alert.paused_at_ns is None:
        return
    rested = desk.now_ns - alert.paused_at_ns
    for timer in left:
        timer.due_ns += rested
    alert.paused_at_ns = None


def _wake(desk: Desk, alert: Alert, left: list[LadderStep]) -> None:
    """What has become critical knows no quiet hours: what waits for their end comes now."""
    for timer in left:
        if timer.kind is StepKind.DELAYED and is_urgent(alert):
            timer.due_ns = min(timer.due_ns, desk.now_ns)
    rows.in_order(left)


def _run_due(desk: Desk, alert: Alert, left: list[LadderStep]) -> None:
    """Run all timers whose time has come, in order; after an outage these can be several."""
    while left and left[0].due_ns <= desk.now_ns:
        timer = left.pop(0)
        timer.state, timer.ended_at_ns = StepState.DONE, desk.now_ns
        alert.next_escalation_ns = left[0].due_ns if left else None
        if timer.kind is StepKind.LAPSE:
            _lapse(desk, alert)
            return
        if timer.kind is StepKind.ANSWER:
            _unanswered(desk, alert, left)
        elif not tell(desk, alert, timer, left) and timer.kind is StepKind.STEP:
            _make_way(desk, left)
    alert.next_escalation_ns = left[0].due_ns if left else None


def _make_way(desk: Desk, left: list[LadderStep]) -> None:
    """A step reached nobody: what comes next comes now."""
    pulled = [left[at] for at in to_pull([(timer.kind, timer.rung) for timer in left])]
    for timer in reversed(pulled):
        timer.due_ns -= max(pulled[0].due_ns - desk.now_ns, 0)
    rows.in_order(left)


def _unanswered(desk: Desk, alert: Alert, left: list[LadderStep]) -> None:
    """The ladder is at its end and nobody answered."""
    if alert.rule == ALERT_UNANSWERED:
        desk.note(alert, AlertEvent.ESCALATED, outcome="unanswered", told=[])
        return
    reach = queue(desk, alert, [SUPERVISORS], rung=alert.escalation_step, reason="unanswered", left=left)
    desk.note(
        alert,
        AlertEvent.ESCALATED,
        outcome="unanswered",
        subject_class=AlarmClass.DUTY,
        told=list(reach.people),
        **reach.words(),
    )
    desk.unanswered.append(alert)


def _lapse(desk: Desk, alert: Alert) -> None:
    """Withdraw an acknowledgement that led to nothing, and begin anew with who gave it."""
    if alert.confirmed is not None or not alert.active:
        return
    by, owner, since_ns = alert.acknowledged_by, alert.owner or alert.acknowledged_by, alert.acknowledged_at_ns
    alert.acknowledged_at_ns = alert.acknowledged_by = alert.acknowledged_account = None
    alert.owner = alert.owner_account = None
    alert.occurrence += 1
    since = desk.directory.local_time(since_ns) if since_ns is not None else None
    desk.note(
        alert, AlertEvent.ESCALATED, outcome="acknowledgement_lapsed", acknowledged_by=by, owner=owner, since=since
    )
    start(desk, alert, first=(owner,) if owner else ())
