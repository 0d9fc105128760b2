"""The outbox in the database: which message goes next, and what became of it.

    queued ──claim──▶ sending ──settle──▶ accepted
      ▲ │                │ retry, or the process died
      │ │                └── refused, or tries used up ──▶ dead ──▶ the person's next channel
      │ └── a flood: many become one (`alerts.digests`) ──▶ digested      └──▶ the alarm `notification_dead`
      └─ while the channel is down (`alerts.channel_health`) only fires and probes leave

Claiming writes an `Attempt` before any byte leaves: budgets count it, and after a crash it shows that
the message may have been sent. Such a message goes again with the same idempotency key: at least once. A receiver that
heeds the key drops the copy; chat robots know no key, so their messages show it (`alerts.channels.chat_text`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select, update

from alerts import channel_health, dead_letters
from alerts.channels import Outcome, Push, Verdict
from alerts.channels.addressing import address_of
from alerts.desk import Desk
from alerts.digests import digest
from alerts.links import Claims, expiry
from alerts.messages import MessageEvent, event_of, render
from alerts.notices import fall_back
from alerts.room import room
from alerts.schema import Attempt, ChannelHealth, NoticeState, Notification
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.clock import NS_PER_S
from domain.site import ChannelSettings

INTERRUPTED = "interrupted"

__all__ = [
    "INTERRUPTED",
    "Job",
    "Plan",
    "RetryPolicy",
    "Slots",
    "claim",
    "digest",
    "give_up",
    "give_up_orphans",
    "plan",
    "recover",
    "settle",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential back-off with jitter. The defaults try for about ten minutes (assumption).

    ``hold_s`` is how long a message waits for a channel that is down before the person's next channel gets it.
    """

    first_s: float = 1.0
    longest_s: float = 120.0
    attempts: int = 12
    hold_s: float = 600.0

    def delay_s(self, attempt: int) -> float:
        """Return the pause after the ``attempt``-th try (1 is the first), ± 50 %."""
        whole = min(self.longest_s, self.first_s * 2.0 ** (attempt - 1))
        return whole * random.uniform(0.5, 1.5)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed message: what to send, whose link goes with it, and the attempt to settle."""

    attempt: int
    push: Push
    claims: Claims


@dataclass(frozen=True, slots=True)
class Slots:
    """How many messages of each lane may be on their way besides those that are."""

    fire: int
    other: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Whether something may go now; if not, when to look again unless a bell rings (None: no need)."""

    ready: bool
    wake_ns: int | None


def recover(desk: Desk) -> int:
    """Queue again what was on its way when the process died; returns how many."""
    lost = desk.session.scalars(select(Notification).where(Notification.state == NoticeState.SENDING)).all()
    for notice in lost:
        notice.state, notice.next_try_ns = NoticeState.QUEUED, desk.now_ns
    desk.session.execute(
        update(Attempt).where(Attempt.outcome.is_(None)).values(outcome=INTERRUPTED, ended_at_ns=desk.now_ns)
    )
    if lost:
        desk.write(None, "notifications_recovered", count=len(lost))
    return len(lost)


def plan(desk: Desk, channel: ChannelSettings, slots: Slots) -> Plan:
    """Look, without writing, whether `claim` would find anything."""
    left = room(desk, channel)
    wake: list[int] = []
    for fire, free, free_now in ((True, slots.fire, left.fire), (False, slots.other, left.other)):
        if free <= 0 or not _any(desk, _lane(channel, fire=fire)):
            continue  # a lane without a free slot is looked at again when a try is settled
        if free_now <= 0:
            wake.append(left.opens_ns if fire else left.other_opens_ns)
        elif _any(desk, _lane(channel, fire=fire) & (Notification.next_try_ns <= desk.now_ns)):
            return Plan(ready=True, wake_ns=None)
        else:
            earliest = select(func.min(Notification.next_try_ns)).where(_lane(channel, fire=fire))
            wake.append(desk.session.scalar(earliest) or desk.now_ns)
    return Plan(ready=False, wake_ns=min(wake, default=None))


def claim(desk: Desk, channel: ChannelSettings, slots: Slots) -> list[Job]:
    """Take the next messages of a channel within its budget and free slots, fire first."""
    left = room(desk, channel)
    fires = _due(desk, channel, fire=True, most=min(left.fire, slots.fire))
    most = min(left.other, left.fire - len(fires), slots.other)
    others = _due(desk, channel, fire=False, most=most)
    if others:
        channel_health.start_probe(desk, channel.id)
    return [_start(desk, channel, notice) for notice in (*fires, *others)]


def settle(desk: Desk, job: Job, verdict: Verdict, retry: RetryPolicy) -> None:
    """Store what a try came to."""
    attempt = desk.session.get_one(Attempt, job.attempt)
    notice = desk.session.get_one(Notification, attempt.notification_id)
    attempt.ended_at_ns, attempt.outcome, attempt.detail = desk.now_ns, verdict.outcome.value, verdict.reason[:500]
    held = channel_health.is_down(desk, notice.channel)
    channel_health.learn(desk, notice.channel, verdict)
    if verdict.outcome is Outcome.ACCEPTED:
        _accept(desk, notice, verdict)
    elif verdict.outcome is Outcome.REFUSED or (notice.attempts >= retry.attempts and not held):
        give_up(desk, notice, verdict.reason)
    else:
        notice.state, notice.last_error = NoticeState.QUEUED, verdict.reason[:500]
        delay_s = max(verdict.wait_s, retry.delay_s(notice.attempts))
        notice.next_try_ns = desk.now_ns + round(delay_s * NS_PER_S)


def give_up(desk: Desk, notice: Notification, reason: str, *, alarm: bool = True) -> None:
    """Make a dead letter: audited, told on the ``system`` subject, handed to the person's next channel, alarmed."""
    notice.state, notice.last_error = NoticeState.DEAD, reason[:500]
    alert = desk.alert(notice.alert_id)
    desk.note(
        alert,
        AlertEvent.RECEIPT,
        outcome="dead",
        subject_class=AlarmClass.SYSTEM,
        notification=notice.id,
        person=notice.person,
        channel=notice.channel,
        reason=reason[:500],
        falls_back_to=fall_back(desk, notice),
    )
    if alarm:
        dead_letters.report(desk, alert, notice, reason)


def give_up_orphans(desk: Desk) -> None:
    """Give up messages whose channel the site no longer has."""
    query = select(Notification).where(
        Notification.state == NoticeState.QUEUED, Notification.channel.not_in(desk.directory.channels)
    )
    for notice in desk.session.scalars(query).all():
        give_up(desk, notice, f"the site has no channel '{notice.channel}' any more")
    gone = select(ChannelHealth.channel).where(ChannelHealth.channel.not_in(desk.directory.channels))
    for channel in desk.session.scalars(gone).all():
        dead_letters.withdraw(desk, channel)


def _lane(channel: ChannelSettings, *, fire: bool) -> ColumnElement[bool]:
    """Select what is queued in one lane of a channel."""
    first = AlarmClass.FIRE.priority
    priority = Notification.priority == first if fire else Notification.priority > first
    return and_(Notification.channel == channel.id, Notification.state == NoticeState.QUEUED, priority)


def _due(desk: Desk, channel: ChannelSettings, *, fire: bool, most: int) -> Sequence[Notification]:
    if most <= 0:
        return ()
    query = select(Notification).where(_lane(channel, fire=fire), Notification.next_try_ns <= desk.now_ns)
    return desk.session.scalars(query.order_by(Notification.priority, Notification.created_ns).limit(most)).all()


def _any(desk: Desk, condition: ColumnElement[bool]) -> bool:
    return desk.session.scalar(select(Notification.id).where(condition).limit(1)) is not None


def _start(desk: Desk, channel: ChannelSettings, notice: Notification) -> Job:
    notice.state = NoticeState.SENDING
    notice.attempts += 1
    notice.sent_at_ns = notice.sent_at_ns or desk.now_ns
    fire = notice.alarm_class is AlarmClass.FIRE
    attempt = Attempt(notification_id=notice.id, channel=notice.channel, fire=fire, at_ns=desk.now_ns)
    desk.session.add(attempt)
    desk.session.flush()
    claims = Claims(
        alert=notice.alert_id, person=notice.person, notification=notice.id, expires_ns=expiry(notice.created_ns)
    )
    person = desk.directory.person(notice.person)
    push = Push(
        key=notice.id,
        fire=fire,
        body=notice.body,
        address=address_of(channel, person) if person else None,
        words=render(notice.body, _event(notice)),
    )
    return Job(attempt.number, push, claims)


def _event(notice: Notification) -> MessageEvent:
    """Return why a message is sent; one from before bodies said so goes by its reason."""
    written = notice.body.get("event")
    if written in set(MessageEvent):
        return MessageEvent(written)
    return event_of(notice.reason, step=notice.step, occurrence=notice.occurrence)


def _accept(desk: Desk, notice: Notification, verdict: Verdict) -> None:
    notice.state, notice.last_error = NoticeState.ACCEPTED, None
    notice.accepted_at_ns = notice.accepted_at_ns or desk.now_ns  # the database lets it be set once
    notice.provider_id = verdict.provider_id
    if verdict.delivered and notice.delivered_at_ns is None:  # a report may be faster than the answer
        notice.delivered_at_ns = desk.now_ns
    dead_letters.withdraw(desk, notice.channel)
    desk.note(
        desk.alert(notice.alert_id),
        AlertEvent.RECEIPT,
        outcome="delivered" if verdict.delivered else "accepted",
        notification=notice.id,
        person=notice.person,
        channel=notice.channel,
        provider_id=verdict.provider_id,
    )
