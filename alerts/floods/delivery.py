"""Delivery success of the channels, out of the outbox."""

from __future__ import annotations

import numpy as np
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from alerts.floods import measures
from alerts.floods.loading import Slice
from alerts.kpi_face import Delivery
from alerts.schema import Alert, Attempt, NoticeState, Notification


def delivery(session: Session, part: Slice) -> tuple[Delivery, ...]:
    """Return what became of the messages that were queued in the period."""
    inside = [Notification.created_ns >= part.from_ns, Notification.created_ns < part.until_ns]
    if part.alerts():
        inside.append(Notification.alert_id.in_(select(Alert.id).where(*part.alerts())))

    query = select(
        Notification.channel,
        func.count(),
        func.count(Notification.accepted_at_ns),
        func.sum(case((Notification.state == NoticeState.DEAD, 1), else_=0)),
        func.count(Notification.answered_at_ns),
    )
    rows = session.execute(query.where(*inside).group_by(Notification.channel).order_by(Notification.channel)).all()
    failed = _failed_tries(session, part)
    found = []
    for channel, messages, accepted, dead, answered in rows:
        spans = select(Notification.accepted_at_ns - Notification.created_ns).where(
            *inside, Notification.channel == channel, Notification.accepted_at_ns.is_not(None)
        )
        found.append(
            Delivery(
                channel=channel,
                messages=messages,
                accepted=accepted,
                dead=dead,
                answered=answered,
                failed_tries=failed.get(channel, 0),
                success=accepted / (accepted + dead) if accepted + dead else None,
                p95_s=measures.percentiles_s(np.fromiter(session.scalars(spans), np.int64))[1],
            )
        )
    return tuple(found)


def _failed_tries(session: Session, part: Slice) -> dict[str, int]:
    failed = (Attempt.at_ns >= part.from_ns, Attempt.at_ns < part.until_ns, Attempt.outcome != "accepted")
    query = select(Attempt.channel, func.count()).where(*failed).group_by(Attempt.channel)
    if part.alerts():
        query = query.join(Notification, Notification.id == Attempt.notification_id)
        query = query.where(Notification.alert_id.in_(select(Alert.id).where(*part.alerts())))
    return {channel: count for channel, count in session.execute(query)}  # noqa: C416  # as in `alerts.stats`
