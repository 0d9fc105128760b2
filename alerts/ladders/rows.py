"""The timers of a ladder as rows of the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update

from alerts.desk import Desk
from alerts.ladders.plans import Plan, Timer, timers
from alerts.schema import Alert, Ladder, LadderStep, StepKind, StepState
from domain.clock import NS_PER_S


def begin(desk: Desk, alert: Alert, plan: Plan, first: tuple[str, ...]) -> list[LadderStep]:
    """Write a ladder down, in the order of its times; ``first`` are told before all others."""
    if alert.occurrence > 1:
        _end_earlier(desk, alert)
    desk.session.add(
        Ladder(
            alert_id=alert.id,
            occurrence=alert.occurrence,
            policy=plan.policy,
            started_ns=desk.now_ns,
            acknowledged_within_ns=round(plan.acknowledged_within_s * NS_PER_S),
            releases=0,
        )
    )
    return [
        new_timer(desk, alert, timer, desk.now_ns + round(timer.at_s * NS_PER_S), number)
        for number, timer in enumerate(timers(plan, first))
    ]


def new_timer(desk: Desk, alert: Alert, timer: Timer, due_ns: int, number: int | None = None) -> LadderStep:
    """Write a timer down; ``number`` is the next one when absent."""
    row = LadderStep(
        alert_id=alert.id,
        occurrence=alert.occurrence,
        step=_next_number(desk, alert) if number is None else number,
        kind=timer.kind,
        rung=timer.rung,
        due_ns=due_ns,
        targets=list(timer.targets),
        state=StepState.PENDING,
    )
    desk.session.add(row)
    return row


def pending(desk: Desk, alert: Alert) -> list[LadderStep]:
    """Return what is to come, in order."""
    query = select(LadderStep).where(*_of(alert), LadderStep.state == StepState.PENDING)
    return list(desk.session.scalars(query.order_by(LadderStep.due_ns, LadderStep.step)))


def in_order(rows: list[LadderStep]) -> None:
    """Sort timers by their times, after one was moved or added."""
    rows.sort(key=lambda row: (row.due_ns, row.step))


def targets_done(desk: Desk, alert: Alert) -> list[str]:
    """Return the targets of all steps that have come, in order."""
    query = select(LadderStep).where(*_of(alert), LadderStep.state == StepState.DONE, LadderStep.kind == StepKind.STEP)
    steps = desk.session.scalars(query.order_by(LadderStep.rung))
    return list(dict.fromkeys(target for step in steps for target in step.targets))


def stop(desk: Desk, rows: Sequence[LadderStep], keep: StepKind | None = None) -> list[LadderStep]:
    """Stop timers but for one kind; return those left."""
    for row in rows:
        if row.kind is not keep:
            row.state, row.ended_at_ns = StepState.STOPPED, desk.now_ns
    return [row for row in rows if row.kind is keep]


def holds_ns(desk: Desk, alert: Alert) -> int:
    """Return how long an acknowledgement holds: as the ladder began with; as the site says for one of before."""
    ladder = desk.session.get(Ladder, (alert.id, alert.occurrence))
    if ladder is not None:
        return ladder.acknowledged_within_ns
    plan = desk.directory.plan(alert.rule, alert.alarm_class, alert.level, alert.place, desk.now_ns)
    return round(plan.acknowledged_within_s * NS_PER_S)


def release_name(desk: Desk, alert: Alert) -> str:
    """Return a name for this release that no other of the occurrence has: messages are told apart by it."""
    ladder = desk.session.get(Ladder, (alert.id, alert.occurrence))
    if ladder is None:
        return f"released-{desk.now_ns}"
    ladder.releases += 1
    return f"released-{ladder.releases}"


def _of(alert: Alert) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return LadderStep.alert_id == alert.id, LadderStep.occurrence == alert.occurrence


def _next_number(desk: Desk, alert: Alert) -> int:
    last: int | None = desk.session.scalar(select(func.max(LadderStep.step)).where(*_of(alert)))
    return 0 if last is None else last + 1


def _end_earlier(desk: Desk, alert: Alert) -> None:
    """End what is left of the ladders of earlier occurrences."""
    earlier = (LadderStep.alert_id == alert.id, LadderStep.occurrence < alert.occurrence)
    query = update(LadderStep).where(*earlier, LadderStep.state == StepState.PENDING)
    desk.session.execute(query.values(state=StepState.STOPPED, ended_at_ns=desk.now_ns))
