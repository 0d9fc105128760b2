"""A step comes: who it means now gets messages, who has quiet hours a timer, and the audit the whole of it."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.desk import Desk
from alerts.ladders import rows
from alerts.ladders.plans import Timer
from alerts.ladders.reach import Reach
from alerts.notices import notify
from alerts.schema import Alert, LadderStep, StepKind
from domain.alarm import AlarmClass, Level
from domain.alert import AlertEvent


def is_urgent(alert: Alert) -> bool:
    """Tell whether quiet hours do not count."""
    return alert.alarm_class is AlarmClass.FIRE or alert.level is Level.CRITICAL


def tell(desk: Desk, alert: Alert, step: LadderStep, left: list[LadderStep]) -> bool:
    """Tell the people of a timer; returns whether they are anybody. Timers for later go into ``left``."""
    is_step = step.kind is StepKind.STEP
    if is_step:
        alert.escalation_step = step.rung
    reason = step.kind.value if is_step else f"{step.kind}-{step.step}"
    reach = queue(desk, alert, step.targets, rung=step.rung, reason=reason, left=left)
    facts = {"step": step.rung, "targets": step.targets, **reach.words()}
    if is_step and step.rung > 0:
        desk.note(alert, AlertEvent.ESCALATED, told=list(reach.people), **facts)
    elif reach.anybody:
        desk.write(alert, "told" if is_step else f"told_{step.kind}", told=list(reach.people), **facts)
    if not reach.anybody:
        desk.write(alert, "nobody_to_tell", **facts)
    return reach.anybody


def queue(
    desk: Desk,
    alert: Alert,
    targets: Sequence[str],
    *,
    rung: int,
    reason: str,
    left: list[LadderStep],
    urgent: bool = False,
) -> Reach:
    """Queue messages to who is told now, and add timers to ``left`` for those whose quiet hours it is."""
    reach = desk.directory.reach(targets, alert.place, desk.now_ns, urgent=urgent or is_urgent(alert))
    for person in reach.people.values():
        notify(desk, alert, person, step=rung, reason=reason)
    waiting = {name for row in left if row.kind is StepKind.DELAYED for name in row.targets}
    for name, due_ns in reach.later.items():
        if name not in waiting:
            left.append(rows.new_timer(desk, alert, Timer(0, StepKind.DELAYED, rung, (name,)), due_ns))
    rows.in_order(left)
    alert.next_escalation_ns = left[0].due_ns if left else None
    return reach
