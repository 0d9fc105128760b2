"""Figures, all computed from stored facts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Select, Subquery, case, func, select
from sqlalchemy.orm import Session

from alerts.face import Latency, LatencyStats, NotificationStats, Stats
from alerts.schema import (
    Alert,
    Attempt,
    DigestItem,
    FeedEvent,
    LadderStep,
    NoticeState,
    Notification,
    StepState,
)
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.clock import NS_PER_MS

NEWEST = 10_000
"""Alerts that latencies are taken over."""


def stats(session: Session) -> Stats:
    """Return all figures."""
    is_open = func.sum(case((Alert.closed_at_ns.is_(None), 1), else_=0))
    raised, still_open = session.execute(select(func.count(), is_open).select_from(Alert)).one()
    return Stats(
        raised=raised,
        open=still_open or 0,
        by_rule=_counts(session, select(Alert.rule, func.count()).group_by(Alert.rule)),
        by_class=_counts(session, select(Alert.alarm_class, func.count()).group_by(Alert.alarm_class)),
        notifications=notification_stats(session),
        latency_ms=_latencies(session),
    )


def notification_stats(session: Session) -> NotificationStats:
    """Return counts of notifications and failed tries."""
    states = select(Notification.state, func.count()).group_by(Notification.state)
    by_state = {state: count for state, count in session.execute(states)}  # noqa: C416  # a Result is no iterable of pairs to mypy
    sent, delivered, answered, *last = session.execute(
        select(
            func.count(Notification.sent_at_ns),
            func.count(Notification.delivered_at_ns),
            func.count(Notification.answered_at_ns),
            func.max(Notification.accepted_at_ns),
            func.max(Notification.delivered_at_ns),
            func.max(Notification.answered_at_ns),
        )
    ).one()
    failed = session.scalar(
        select(func.count()).select_from(Attempt).where(Attempt.outcome.is_not(None), Attempt.outcome != "accepted")
    )
    return NotificationStats(
        queued=by_state.get(NoticeState.QUEUED, 0) + by_state.get(NoticeState.SENDING, 0),
        sent=sent,
        accepted=by_state.get(NoticeState.ACCEPTED, 0),
        delivered=delivered,
        answered=answered,
        failed=failed or 0,
        dead=by_state.get(NoticeState.DEAD, 0),
        digested=by_state.get(NoticeState.DIGESTED, 0),
        last_accepted_ns=last[0],
        last_delivered_ns=last[1],
        last_answered_ns=last[2],
    )


def _counts(session: Session, query: Select[str, int] | Select[AlarmClass, int]) -> dict[str, int]:
    return {str(row[0]): row[1] for row in session.execute(query)}


def _latencies(session: Session) -> LatencyStats:
    published = select(FeedEvent.alert_id, func.min(FeedEvent.published_at_ns).label("at_ns")).where(
        FeedEvent.event == AlertEvent.RAISED.value, FeedEvent.published_at_ns.is_not(None)
    )
    late = select(func.count()).select_from(Alert).where(Alert.historical)
    return LatencyStats(
        event_to_alert=_latency(session, published.group_by(FeedEvent.alert_id).subquery()),
        event_to_push=_latency(session, _pushed()),
        excluded_historical=session.scalar(late) or 0,
    )


def _pushed() -> Subquery:
    """Return when the first push of each alert was accepted, less the time for which it was not due yet.

    A message is due at once where it is queued with its cause; one of a later step, or after quiet hours, at the time
    of its timer, which ended as it was queued; a digest at that of its first item. One that goes by another channel
    because the first gave it up was due with the first: what that channel cost is latency.
    """
    sent = _sent()
    timer = (
        select(func.min(LadderStep.due_ns))
        .where(
            LadderStep.alert_id == sent.c.alert_id,
            LadderStep.occurrence == sent.c.occurrence,
            LadderStep.rung == sent.c.step,
            LadderStep.ended_at_ns == sent.c.begun_ns,
            LadderStep.state == StepState.DONE,
        )
        .scalar_subquery()
    )
    digest = select(func.min(DigestItem.due_ns)).where(DigestItem.digest_id == sent.c.id).scalar_subquery()
    turn = func.row_number().over(partition_by=sent.c.alert_id, order_by=sent.c.accepted_at_ns)
    accepted = (
        select(
            sent.c.alert_id,
            sent.c.accepted_at_ns,
            func.coalesce(digest, timer, sent.c.begun_ns).label("due_ns"),
            turn.label("turn"),
        )
        .where(sent.c.accepted_at_ns.is_not(None))
        .subquery()
    )
    waited = case((accepted.c.due_ns > Alert.raised_at_ns, accepted.c.due_ns - Alert.raised_at_ns), else_=0)
    return (
        select(accepted.c.alert_id, (accepted.c.accepted_at_ns - waited).label("at_ns"))
        .join(Alert, Alert.id == accepted.c.alert_id)
        .where(accepted.c.turn == 1)
        .subquery()
    )


def _sent() -> Subquery:
    """Return all messages, each with when the first of its chain of channels was queued."""
    row = Notification
    chain = (row.alert_id, row.occurrence, row.step, row.reason, row.person)
    begun = func.min(row.created_ns).over(partition_by=chain)
    return select(
        row.id, row.alert_id, row.occurrence, row.step, row.accepted_at_ns, begun.label("begun_ns")
    ).subquery()


def _latency(session: Session, end: Subquery) -> Latency:
    """Return percentiles over the newest alerts that have an end.

    Counted from when the rule's on-delay was over: the delay is what the rule asks for, not what we take.
    """
    query = (
        select(end.c.at_ns - Alert.event_time_ns - Alert.delay_ns)
        .join(end, end.c.alert_id == Alert.id)
        .where(~Alert.historical)
        .order_by(Alert.raised_at_ns.desc())
        .limit(NEWEST)
    )
    return _percentiles(session.scalars(query).all())


def _percentiles(spans_ns: Sequence[int]) -> Latency:
    if not spans_ns:
        return Latency(count=0, p50=None, p99=None)
    milliseconds = np.array(spans_ns, dtype=np.float64) / NS_PER_MS
    p50, p99 = np.percentile(milliseconds, (50, 99))
    return Latency(count=len(spans_ns), p50=round(float(p50), 3), p99=round(float(p99), 3))
