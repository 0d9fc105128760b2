"""Short words for tests of ladders: time passes, people act, and what the database says of it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from alerts import actions, timers
from alerts.schema import Alert, AuditEntry, LadderStep, Notification, StepKind, StepState
from tests.alerts.alerts_scene import Scene


async def later(scene: Scene, seconds: float) -> None:
    """Let time pass and run what is due."""
    scene.clock.advance(seconds)
    await scene.office.change(timers.escalate)


async def acknowledge(scene: Scene, alert: str, by: str = "p-chen") -> None:
    """Take an alert on."""
    await scene.do(alert, lambda desk, record: actions.acknowledge(desk, record, by))


async def audit(scene: Scene, alert: str, *actions: str) -> list[dict[str, Any]]:
    """Return the details of an alert's audit entries of these actions, with the action, in order."""
    query = select(AuditEntry).where(AuditEntry.alert_id == alert, AuditEntry.action.in_(actions))
    entries = await scene.office.database.read(lambda session: session.scalars(query.order_by(AuditEntry.number)).all())
    return [{"action": entry.action, "actor": entry.actor, **json.loads(entry.details)} for entry in entries]


async def reasons(scene: Scene, alert: str) -> list[tuple[str, str]]:
    """Return who was queued a message and why, in order."""
    query = select(Notification).where(Notification.alert_id == alert)
    ordered = query.order_by(Notification.created_ns, Notification.step, Notification.person)
    notices = await scene.office.database.read(lambda session: session.scalars(ordered).all())
    return [(notice.person, notice.reason) for notice in notices]


async def waiting(scene: Scene, alert: str) -> list[tuple[StepKind, int]]:
    """Return the timers of an alert that are pending: kind, and seconds from now."""
    query = select(LadderStep).where(LadderStep.alert_id == alert, LadderStep.state == StepState.PENDING)
    rows = await scene.office.database.read(lambda session: session.scalars(query.order_by(LadderStep.due_ns)).all())
    return [(row.kind, round((row.due_ns - scene.clock.now_ns()) / 1e9)) for row in rows]


async def open_of(scene: Scene, rule: str) -> list[Alert]:
    """Return the open alerts of a rule."""
    query = select(Alert).where(Alert.rule == rule, Alert.closed_at_ns.is_(None)).order_by(Alert.raised_at_ns)
    return list(await scene.office.database.read(lambda session: session.scalars(query).all()))
