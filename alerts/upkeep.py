"""What a courier does besides sending: messages held too long go on, floods become digests, unreached fires widen.

`wanted` looks without writing, so that a quiet channel costs reads only.
"""

from __future__ import annotations

from sqlalchemy import func, select

from alerts import channel_health, digests, fire_paths, outbox
from alerts.budget import reserve
from alerts.desk import Desk
from alerts.outbox import RetryPolicy
from alerts.room import room
from alerts.schema import NoticeState, Notification
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.site import ChannelSettings

BATCH = 200


def wanted(desk: Desk, channel: ChannelSettings, retry: RetryPolicy) -> bool:
    """Tell whether `work` has anything to do."""
    if channel_health.is_down(desk, channel.id) and _overdue(desk, channel, retry):
        return True
    return _flood(desk, channel) is not None or bool(fire_paths.unreached(desk.session, channel.id, desk.now_ns))


def work(desk: Desk, channel: ChannelSettings, retry: RetryPolicy) -> None:
    """Do what is due."""
    if channel_health.is_down(desk, channel.id):
        for notice in _overdue(desk, channel, retry):
            outbox.give_up(desk, notice, f"the channel was down for {retry.hold_s:g} s: {notice.last_error or 'held'}")
    fire_paths.widen(desk, channel.id)
    first = _flood(desk, channel)
    if first is not None:
        digests.relieve(desk, channel.id, room=first)


def _flood(desk: Desk, channel: ChannelSettings) -> int | None:
    """Return how many messages may go first, where those behind them would wait longer than a minute for the budget.

    That is so when more wait than what is left now and what the next minute takes.
    """
    if not channel.digest:
        return None
    minute = max(1, channel.per_minute - reserve(channel.per_minute))
    queued = select(func.count(), func.count(Notification.person.distinct())).where(*_queued(channel))
    waiting, people = desk.session.execute(queued).one()
    if waiting <= minute or waiting < people + digests.LEAST - 1:
        return None
    now = room(desk, channel).other
    return now if waiting > now + minute else None


def _overdue(desk: Desk, channel: ChannelSettings, retry: RetryPolicy) -> list[Notification]:
    since_ns = desk.now_ns - round(retry.hold_s * NS_PER_S)
    query = select(Notification).where(*_queued(channel), Notification.created_ns <= since_ns)
    return list(desk.session.scalars(query.order_by(Notification.created_ns).limit(BATCH)))


def _queued(channel: ChannelSettings) -> tuple:  # type: ignore[type-arg]
    return (
        Notification.channel == channel.id,
        Notification.state == NoticeState.QUEUED,
        Notification.priority > AlarmClass.FIRE.priority,
    )
