"""Notifications come into being: one message to one person on one channel, queued with its cause.

A person is told on the first channel of their list that the site has; in the fire class on all of
them. When a channel gives a message up, the person's next channel gets it (`fall_back`). A fire for somebody
without any channel goes to the supervisors; see `alerts.fire_paths` for one that no channel takes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from alerts.desk import Desk
from alerts.floods import digests
from alerts.messages import MessageEvent, event_of
from alerts.schema import Alert, NoticeState, Notification
from domain.alarm import AlarmClass
from domain.ids import stable_id
from domain.site import Person


def notify(desk: Desk, alert: Alert, person: Person, *, step: int, reason: str) -> None:
    """Queue messages to ``person``. A step, and a level change, come here once: nothing is queued twice.

    In a flood it is collected for a digest instead, unless it is about fire.
    """
    if digests.collect(desk, alert, person, reason):
        return
    fire = alert.alarm_class is AlarmClass.FIRE
    channels = _channels(desk, person)
    if fire and not channels:
        for other in desk.directory.supervisors(alert.place, desk.now_ns):
            for channel in _channels(desk, other):
                _queue(desk, alert, other, channel, step=step, reason=f"{MessageEvent.UNREACHED}-{step}")
    for channel in channels if fire else channels[:1]:
        _queue(desk, alert, person, channel, step=step, reason=reason)


def _channels(desk: Desk, person: Person) -> list[str]:
    return [channel for channel in dict.fromkeys(person.channels) if channel in desk.directory.channels]


def tell_again(desk: Desk, alert: Alert, reason: str) -> list[str]:
    """Tell everybody who was told of this occurrence what has changed; returns who."""
    query = select(Notification.person).where(
        Notification.alert_id == alert.id, Notification.occurrence == alert.occurrence
    )
    people = [desk.directory.person(name) for name in sorted(set(desk.session.scalars(query)))]
    told = [person for person in people if person is not None]
    for person in told:
        notify(desk, alert, person, step=alert.escalation_step, reason=reason)
    return [person.id for person in told]


def fall_back(desk: Desk, dead: Notification) -> str | None:
    """Queue a message that was given up on the person's next channel; returns that channel."""
    person = desk.directory.person(dead.person)
    alert = desk.session.get(Alert, dead.alert_id)
    if person is None or alert is None or dead.channel not in person.channels:
        return None
    later = person.channels[person.channels.index(dead.channel) + 1 :]
    for channel in later:
        known = desk.session.get(Notification, _name(alert, person, channel, dead.step, dead.reason))
        if known is None and channel in desk.directory.channels:
            body = dead.body if dead.reason.startswith(MessageEvent.DIGEST) else None
            _queue(desk, alert, person, channel, step=dead.step, reason=dead.reason, body=body)
            return channel
    return None


def _name(alert: Alert, person: Person, channel: str, step: int, reason: str) -> str:
    return stable_id("notification", alert.id, alert.occurrence, step, reason, person.id, channel)


def _queue(
    desk: Desk,
    alert: Alert,
    person: Person,
    channel: str,
    *,
    step: int,
    reason: str,
    body: dict[str, Any] | None = None,
) -> None:
    """Queue one message; ``body`` is that of a digest that another channel gave up."""
    notice_id = _name(alert, person, channel, step, reason)
    if reason.startswith(MessageEvent.UNREACHED) and desk.session.get(Notification, notice_id) is not None:
        return  # two people of one step who could not be reached: the supervisors are told once
    names = {"id": notice_id, "idempotency_key": notice_id}
    content = {**body, **names} if body else _body(desk, alert, person, notice_id, step=step, reason=reason)
    desk.session.add(
        Notification(
            id=notice_id,
            alert_id=alert.id,
            occurrence=alert.occurrence,
            step=step,
            person=person.id,
            channel=channel,
            reason=reason,
            alarm_class=alert.alarm_class,
            priority=alert.priority,
            body=content,
            state=NoticeState.QUEUED,
            created_ns=desk.now_ns,
            next_try_ns=desk.now_ns,
            attempts=0,
        )
    )


def _body(desk: Desk, alert: Alert, person: Person, notice_id: str, *, step: int, reason: str) -> dict[str, Any]:
    """Return what is sent, less the answer link."""
    return {
        "id": notice_id,
        "idempotency_key": notice_id,
        "alert_id": alert.id,
        "event": event_of(reason, step=step, occurrence=alert.occurrence).value,
        "class": alert.alarm_class.value,
        "level": alert.level.value,
        "rule": alert.rule,
        "text_zh": alert.text_zh,
        "text_en": alert.text_en,
        "place": desk.directory.place_labels(alert.place),
        "person": {"id": person.id, "zh": person.labels.zh, "en": person.labels.en, "language": person.language},
        "step": step,
        "raised_at": desk.directory.local_time(alert.raised_at_ns),
        "picture": alert.picture_url,
        "test": alert.test,
        "historical": alert.historical,
    }
