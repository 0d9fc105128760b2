"""A fire that reaches nobody: when no channel has taken a person's message in time, others are told as well.

A fire goes out on all channels of a person at once (`alerts.notices`), which the site check wants on two independent
paths. Where none of them has accepted it within `WITHIN_S` (a budget is used up, the network is away, every number is
wrong), the supervisors are told at once, besides the ladder and once for each step. The first message is still tried.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session, aliased

from alerts.desk import Desk
from alerts.messages import MessageEvent
from alerts.notices import notify
from alerts.schema import Alert, NoticeState, Notification
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S

WITHIN_S = 20.0
"""Assumption: two tries of 5 s and their pauses; a third of the minute after which the ladder itself goes on."""

FORGOTTEN_S = 3600.0
"""What is older was raised while nothing ran: its ladder has gone on long since."""

BATCH = 50


def unreached(session: Session, channel: str, now_ns: int) -> Sequence[Notification]:
    """Return fires that nobody was told of in time by what ``channel`` carries, at most a batch."""
    sibling = aliased(Notification)
    reached = exists().where(
        sibling.alert_id == Notification.alert_id,
        sibling.occurrence == Notification.occurrence,
        sibling.step == Notification.step,
        sibling.reason == Notification.reason,
        sibling.person == Notification.person,
        sibling.accepted_at_ns.is_not(None),
    )
    query = (
        select(Notification)
        .join(Alert, Alert.id == Notification.alert_id)
        .where(
            Notification.channel == channel,
            Notification.state.in_([NoticeState.QUEUED, NoticeState.SENDING, NoticeState.DEAD]),
            Notification.priority == AlarmClass.FIRE.priority,
            Notification.created_ns <= now_ns - round(WITHIN_S * NS_PER_S),
            Notification.created_ns > now_ns - round(FORGOTTEN_S * NS_PER_S),
            Notification.widened_ns.is_(None),
            ~Notification.reason.startswith(MessageEvent.UNREACHED.value),
            Alert.acknowledged_at_ns.is_(None),
            Alert.closed_at_ns.is_(None),
            ~reached,
        )
    )
    return session.scalars(query.order_by(Notification.created_ns).limit(BATCH)).all()


def widen(desk: Desk, channel: str) -> None:
    """Tell the supervisors of the fires that are `unreached`."""
    for notice in unreached(desk.session, channel, desk.now_ns):
        if notice.widened_ns is None:  # it may have been a sibling of one before it
            _tell_others(desk, notice)


def _tell_others(desk: Desk, notice: Notification) -> None:
    alert = desk.alert(notice.alert_id)
    siblings = (
        Notification.alert_id == notice.alert_id,
        Notification.occurrence == notice.occurrence,
        Notification.step == notice.step,
        Notification.reason == notice.reason,
        Notification.person == notice.person,
    )
    desk.session.execute(update(Notification).where(*siblings).values(widened_ns=desk.now_ns))
    told = [person.id for person in desk.directory.supervisors(alert.place, desk.now_ns) if person.id != notice.person]
    for name in told:
        person = desk.directory.person(name)
        if person is not None:
            notify(desk, alert, person, step=notice.step, reason=f"{MessageEvent.UNREACHED}-{notice.step}")
    desk.write(alert, "fire_unreached", person=notice.person, step=notice.step, within_s=WITHIN_S, told=told)
