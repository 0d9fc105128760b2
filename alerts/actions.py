"""What people do: each function checks `alerts.life_cycle`, changes the facts, and writes it down.

Shelving is in `alerts.shelving`. All raise RefusedError with the reason, and then change nothing.
"""

from __future__ import annotations

from sqlalchemy import select

from alerts import digests, escalation, life_cycle, suppression
from alerts.accounts.actors import Actor, account_named, same_actor
from alerts.desk import NOT_FOUND, Desk
from alerts.face import Answer
from alerts.life_cycle import Action, Ask
from alerts.links import Claims
from alerts.schema import Alert, Attachment, Comment, Notification
from alerts.transitions import close_if_done
from domain.alarm import AlarmClass
from domain.alert import AlertEvent, Confirmation
from domain.clock import to_iso
from domain.errors import RefusedError

MOST_ATTACHMENTS = 100
"""Of one alert (assumption): evidence, not a store of files."""

_WORDS = {
    Answer.RECEIVED: "收到 / received",
    Answer.ON_SITE: "到场 / on site",
    Answer.FALSE_ALARM: "误报 / false alarm",
}


def acknowledge(desk: Desk, alert: Alert, by: str, *, account: str | None = None, via: str = "service") -> None:
    """Take the alert on; its ladder stops, and consequences that are gone close with it.

    ``account`` is that of ``by``, where they are signed in.
    """
    _take_on(desk, alert, Actor(by, account), via)
    _close_what_is_done(desk, alert)


def confirm(desk: Desk, alert: Alert, by: str, finding: Confirmation, text: str = "", *, cause: str = "") -> None:
    """Record what was found out; ``text`` becomes a comment, and is the cause of a false alarm that names none."""
    cause = (cause or text).strip()
    life_cycle.allow(Action.CONFIRM, alert, Ask(by=by, finding=finding, cause=cause))
    before = alert.confirmed
    alert.confirmed, alert.confirmed_at_ns, alert.confirmed_by = finding, desk.now_ns, by
    alert.false_cause = cause if finding is Confirmation.FALSE else None
    escalation.settle(desk, alert)
    if text:
        comment(desk, alert, by, text)
    told = before.value if before else None
    desk.note(alert, AlertEvent.CONFIRMED, actor=by, finding=finding.value, before=told, cause=alert.false_cause)


def reset(desk: Desk, alert: Alert, by: str) -> None:
    """Let a latched alert go."""
    life_cycle.allow(Action.RESET, alert, Ask(by=by))
    alert.reset_at_ns, alert.reset_by = desk.now_ns, by
    desk.note(alert, AlertEvent.RESET, actor=by)
    close_if_done(desk, alert)


def comment(desk: Desk, alert: Alert, by: str, text: str) -> None:
    """Add something; possible after the end, too."""
    life_cycle.allow(Action.COMMENT, alert, Ask(by=by))
    desk.session.add(Comment(alert_id=alert.id, by=by, text=text, at_ns=desk.now_ns))
    alert.comments += 1
    desk.note(alert, AlertEvent.COMMENTED, actor=by, text=text)


def assign(desk: Desk, alert: Alert, by: str, to: str) -> None:
    """Make somebody else responsible. It is no acknowledgement: the ladder goes on until somebody takes it on."""
    life_cycle.allow(Action.ASSIGN, alert, Ask(by=by, to=to))
    before, alert.owner = alert.owner, to.strip()
    alert.owner_account = account_named(desk.session, alert.owner)
    desk.note(alert, AlertEvent.ASSIGNED, actor=by, to=alert.owner, before=before)


def attach(desk: Desk, alert: Alert, by: str, *, url: str, sha256: str, media_type: str, note: str = "") -> None:
    """Add evidence that lies elsewhere; the same file twice, and more than `MOST_ATTACHMENTS`, are refused."""
    life_cycle.allow(Action.ATTACH, alert, Ask(by=by))
    if alert.attachments >= MOST_ATTACHMENTS:
        raise RefusedError(f"一条告警最多 {MOST_ATTACHMENTS} 个附件 / {MOST_ATTACHMENTS} attachments at most")
    known = select(Attachment.number).where(Attachment.alert_id == alert.id, Attachment.sha256 == sha256)
    if desk.session.scalar(known.where(Attachment.url == url)) is not None:
        raise RefusedError("已附上同一文件 / this file is attached already")
    row = Attachment(
        alert_id=alert.id, by=by, url=url, sha256=sha256, media_type=media_type, note=note, at_ns=desk.now_ns
    )
    desk.session.add(row)
    alert.attachments += 1
    desk.note(alert, AlertEvent.ATTACHED, actor=by, url=url, sha256=sha256, media_type=media_type, note=note)


def recheck(desk: Desk, alert: Alert, by: str, note: str = "", *, account: str | None = None) -> None:
    """Record that somebody saw on the spot that all is well; of a hazard, another person than who took it on."""
    life_cycle.allow(Action.RECHECK, alert, Ask(by=by, took_on=_took_on(desk, alert, Actor(by, account))))
    alert.rechecked_at_ns, alert.rechecked_by = desk.now_ns, by
    desk.note(alert, AlertEvent.RECHECKED, actor=by, note=note)


def linked(desk: Desk, claims: Claims) -> tuple[Alert, Notification]:
    """Return what a valid link is about; raises RefusedError with code 404."""
    notice = desk.session.get(Notification, claims.notification)
    if notice is None or (notice.alert_id, notice.person) != (claims.alert, claims.person):
        raise RefusedError("没有这条通知 / no such notification", code=NOT_FOUND)
    return desk.alert(claims.alert), notice


def read(desk: Desk, claims: Claims) -> Alert:
    """Record that a person has read their message; the first time counts, and can't be changed.

    Call it only when a person did something with the page: chat programs fetch every link they see.
    """
    alert, notice = linked(desk, claims)
    _mark_read(desk, alert, notice)
    return alert


def answer(desk: Desk, claims: Claims, given: Answer, note: str, *, via: str = "link") -> Alert:
    """Take a person's answer through their link, once.

    The answer is a receipt in any case, and shows that the message was read. It acknowledges the alert when nobody
    has. "False alarm" with a note also confirms it as false, the note being the cause; not in the fire class, where an
    operator confirms, and not without a note, as nobody knows the cause then: the answer is a comment.
    """
    alert, notice = linked(desk, claims)
    if notice.answered_at_ns is not None:
        at = desk.directory.local_time(notice.answered_at_ns)
        raise RefusedError(f"已于 {at} 回复过 / answered already at {to_iso(notice.answered_at_ns)}")
    _mark_read(desk, alert, notice)
    notice.answered_at_ns, notice.answer = desk.now_ns, given.value
    desk.note(
        alert, AlertEvent.RECEIPT, actor=claims.person, outcome="answered", answer=given.value, notification=notice.id
    )
    comment(desk, alert, claims.person, f"{_WORDS[given]}：{note}" if note else _WORDS[given])
    digest = digests.is_digest(notice)
    if digest:
        digests.answer_members(desk, notice, given.value, lambda one: acknowledge(desk, one, claims.person, via=via))
    if alert.closed_at_ns is not None:
        return alert
    if alert.acknowledged_at_ns is None:
        _take_on(desk, alert, Actor(claims.person), via)
    else:
        escalation.renew(desk, alert, claims.person)
    known = alert.alarm_class is AlarmClass.FIRE or alert.confirmed is not None or not note.strip()
    if given is Answer.FALSE_ALARM and not known and not digest:
        confirm(desk, alert, claims.person, Confirmation.FALSE, cause=note)
    _close_what_is_done(desk, alert)
    return alert


def _mark_read(desk: Desk, alert: Alert, notice: Notification) -> None:
    if notice.read_at_ns is not None:
        return
    notice.read_at_ns = desk.now_ns
    desk.note(
        alert,
        AlertEvent.RECEIPT,
        actor=notice.person,
        outcome="read",
        notification=notice.id,
        person=notice.person,
        channel=notice.channel,
    )


def _take_on(desk: Desk, alert: Alert, who: Actor, via: str) -> None:
    life_cycle.allow(Action.ACKNOWLEDGE, alert, Ask(by=who.name))
    alert.acknowledged_at_ns, alert.acknowledged_by, alert.acknowledged_account = desk.now_ns, who.name, who.account
    if not alert.owner:
        alert.owner, alert.owner_account = who.name, who.account
    escalation.settle(desk, alert)
    desk.note(alert, AlertEvent.ACKNOWLEDGED, actor=who.name, via=via)


def _took_on(desk: Desk, alert: Alert, who: Actor) -> bool:
    """Tell whether somebody took the alert on, or is responsible for it."""
    theirs = ((alert.acknowledged_by, alert.acknowledged_account), (alert.owner, alert.owner_account))
    return any(same_actor(desk.session, Actor(name, account), who) for name, account in theirs if name is not None)


def _close_what_is_done(desk: Desk, alert: Alert) -> None:
    for consequence in suppression.hidden(desk, alert):
        close_if_done(desk, consequence)
    close_if_done(desk, alert)
