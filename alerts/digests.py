"""Digests: many messages to one person on one channel become one, when a flood would hold them up.

The messages stay, as `NoticeState.DIGESTED` with the digest's id, and the audit names them: nothing is lost, and who
asks is told in which message a thing went out. A fire is never digested, whatever is asked for.

An answer to a digest is an answer to each message in it: the person takes on what it lists. What was *found* is said
of single alarms only, so "false alarm" on a digest is a receipt and a comment, and confirms nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from alerts.desk import Desk
from alerts.messages import MessageEvent
from alerts.schema import Alert, NoticeState, Notification
from domain.alarm import AlarmClass, Place
from domain.errors import RefusedError
from domain.glossary import label_of
from domain.ids import stable_id
from domain.site import Person

LEAST = 2
"""Messages that make a digest."""

MOST_BUILDINGS = 12
"""Lines of a digest; the rest is a number (assumption: a phone shows a dozen lines)."""

MOST_NAMED = 500
"""Ids in one audit entry."""


def digest(desk: Desk, person: Person, channel: str, notices: Iterable[Notification]) -> Notification:
    """Replace queued messages of ``person`` on ``channel`` by one; returns it.

    Fires, messages on their way and those of others are left alone. Raises RefusedError when fewer than `LEAST` are
    left to digest.
    """
    ids = [notice.id for notice in notices]
    made = digest_where(desk, person, channel, Notification.id.in_(ids))
    if made is None:
        raise RefusedError(f"可汇总的通知不足 {LEAST} 条 / fewer than {LEAST} messages can be digested")
    return made


def digest_where(desk: Desk, person: Person, channel: str, chosen: ColumnElement[bool]) -> Notification | None:
    """Replace the chosen of a person's queued messages on a channel; None where fewer than `LEAST` are left."""
    waiting = (
        Notification.person == person.id,
        Notification.channel == channel,
        Notification.state == NoticeState.QUEUED,
        Notification.priority > AlarmClass.FIRE.priority,
        chosen,
    )
    query = select(Notification.id, Notification.alert_id, Notification.reason).where(*waiting)
    rows = desk.session.execute(query.order_by(Notification.priority, Notification.created_ns, Notification.id)).all()
    if len(rows) < LEAST:
        return None
    lead = desk.alert(rows[0].alert_id)
    digest_id = stable_id("digest", person.id, channel, desk.now_ns, *(row.id for row in rows))
    ids = [row.id for row in rows]
    older = [row.id for row in rows if row.reason.startswith(MessageEvent.DIGEST)]
    _mark(desk, ids, digest_id)
    for part in _parts(older):  # a digest that had not left yet: its messages belong to this one now
        desk.session.execute(update(Notification).where(Notification.digest_id.in_(part)).values(digest_id=digest_id))
    made = _make(desk, lead, person, channel, digest_id)
    desk.session.add(made)
    desk.write(
        lead, "digested", digest=digest_id, person=person.id, channel=channel, count=len(ids), notices=ids[:MOST_NAMED]
    )
    return made


def relieve(desk: Desk, channel: str, *, room: int) -> list[Notification]:
    """Digest what waits on a channel behind the first ``room`` messages, person by person; returns the digests."""
    queued = (
        Notification.channel == channel,
        Notification.state == NoticeState.QUEUED,
        Notification.priority > AlarmClass.FIRE.priority,
    )
    turn = (Notification.priority, Notification.created_ns, Notification.id)
    first = set(desk.session.scalars(select(Notification.id).where(*queued).order_by(*turn).limit(room)))
    people = desk.session.execute(
        select(Notification.person).where(*queued).group_by(Notification.person).having(func.count() >= LEAST)
    ).scalars()
    made = []
    for name in sorted(people):
        person = desk.directory.person(name)
        if person is not None:
            made.append(digest_where(desk, person, channel, Notification.id.not_in(first)))
    return [one for one in made if one is not None]


def members(desk: Desk, notice: Notification) -> Sequence[Notification]:
    """Return the messages that went out in a digest, oldest first."""
    query = select(Notification).where(Notification.digest_id == notice.id)
    return desk.session.scalars(query.order_by(Notification.created_ns, Notification.id)).all()


def is_digest(notice: Notification) -> bool:
    """Tell whether a message is a digest."""
    return notice.reason.partition("-")[0] == MessageEvent.DIGEST


def answer_members(desk: Desk, notice: Notification, answer: str, take_on: Callable[[Alert], None]) -> None:
    """Let the answer to a digest count for each message in it, and ``take_on`` each alarm that nobody has."""
    for member in members(desk, notice):
        if member.answered_at_ns is not None:
            continue
        member.answered_at_ns, member.answer = desk.now_ns, answer
        alert = desk.alert(member.alert_id)
        fire = alert.alarm_class is AlarmClass.FIRE
        if not fire and alert.closed_at_ns is None and alert.acknowledged_at_ns is None:
            take_on(alert)


def _mark(desk: Desk, ids: Sequence[str], digest_id: str) -> None:
    for part in _parts(ids):
        desk.session.execute(
            update(Notification)
            .where(Notification.id.in_(part))
            .values(state=NoticeState.DIGESTED, digest_id=digest_id)
        )


def _parts(ids: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [ids[at : at + size] for at in range(0, len(ids), size)]


def _make(desk: Desk, lead: Alert, person: Person, channel: str, digest_id: str) -> Notification:
    return Notification(
        id=digest_id,
        alert_id=lead.id,
        occurrence=lead.occurrence,
        step=0,
        person=person.id,
        channel=channel,
        reason=f"{MessageEvent.DIGEST}-{digest_id[:16]}",
        alarm_class=lead.alarm_class,
        priority=lead.priority,
        body=_body(desk, lead, person, digest_id),
        state=NoticeState.QUEUED,
        created_ns=desk.now_ns,
        next_try_ns=desk.now_ns,
        attempts=0,
    )


def _body(desk: Desk, lead: Alert, person: Person, digest_id: str) -> dict[str, Any]:
    """Return what is sent: how many, of what, in which buildings, worst first."""
    member = (Notification.digest_id == digest_id, ~Notification.reason.startswith(f"{MessageEvent.DIGEST}-"))
    query = (
        select(Alert.alarm_class, Alert.unit, Alert.building, func.count(Alert.id.distinct()), func.min(Alert.priority))
        .join(Notification, Notification.alert_id == Alert.id)
        .where(*member)
        .group_by(Alert.alarm_class, Alert.unit, Alert.building)
    )
    rows = sorted(desk.session.execute(query).all(), key=lambda row: (row[4], -row[3], row[1], row[2] or ""))
    lines = [_line(desk, *row[:4]) for row in rows[:MOST_BUILDINGS]]
    more = sum(row[3] for row in rows[MOST_BUILDINGS:])
    if more:
        lines.append({"zh": f"其他建筑 {more} 条", "en": f"{more} in other buildings", "count": more})
    count = sum(row[3] for row in rows)
    return {
        "id": digest_id,
        "idempotency_key": digest_id,
        "alert_id": lead.id,
        "event": MessageEvent.DIGEST.value,
        "class": lead.alarm_class.value,
        "level": lead.level.value,
        "rule": lead.rule,
        "text_zh": f"共 {count} 条告警：" + "；".join(line["zh"] for line in lines) + "。",
        "text_en": f"{count} alarms: " + "; ".join(line["en"] for line in lines) + ".",
        "place": desk.directory.place_labels(Place(unit=lead.unit)),
        "person": {"id": person.id, "zh": person.labels.zh, "en": person.labels.en, "language": person.language},
        "step": 0,
        "raised_at": desk.directory.local_time(desk.now_ns),
        "picture": None,
        "test": lead.test,
        "historical": lead.historical,
        "digest": {"count": count, "lines": lines},
    }


def _line(desk: Desk, alarm_class: AlarmClass, unit: str, building: str | None, count: int) -> dict[str, Any]:
    labels = desk.directory.building_labels(unit, building)
    return {
        "class": alarm_class.value,
        "unit": unit,
        "building": building,
        "count": count,
        "zh": f"{labels.zh}{label_of(alarm_class, 'zh')} {count} 条",
        "en": f"{labels.en}: {count} {label_of(alarm_class, 'en').lower()}",
    }
