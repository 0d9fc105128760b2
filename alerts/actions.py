"""What people do: each function checks `alerts.life_cycle`, changes the facts, and writes it down."""

from __future__ import annotations

from alerts import digests, escalation, life_cycle, suppression
from alerts.desk import NOT_FOUND, Desk
from alerts.face import Answer
from alerts.life_cycle import Action
from alerts.links import Claims
from alerts.schema import Alert, Comment, Notification
from alerts.transitions import close_if_done
from domain.alarm import AlarmClass
from domain.alert import AlertEvent, Confirmation
from domain.clock import to_iso
from domain.errors import RefusedError

_WORDS = {
    Answer.RECEIVED: "收到 / received",
    Answer.ON_SITE: "到场 / on site",
    Answer.FALSE_ALARM: "误报 / false alarm",
}


def acknowledge(desk: Desk, alert: Alert, by: str, *, via: str = "service") -> None:
    """Take the alert on; its ladder stops, and consequences that are gone close with it."""
    _take_on(desk, alert, by, via)
    _close_what_is_done(desk, alert)


def confirm(desk: Desk, alert: Alert, by: str, finding: Confirmation, text: str = "") -> None:
    """Record what was found out, and the cause as a comment."""
    life_cycle.allow_finding(finding, alert)
    before = alert.confirmed
    alert.confirmed, alert.confirmed_at_ns, alert.confirmed_by = finding, desk.now_ns, by
    if text:
        comment(desk, alert, by, text)
    desk.note(alert, AlertEvent.CONFIRMED, actor=by, finding=finding.value, before=before.value if before else None)


def reset(desk: Desk, alert: Alert, by: str) -> None:
    """Let a latched alert go."""
    life_cycle.allow(Action.RESET, alert)
    alert.reset_at_ns, alert.reset_by = desk.now_ns, by
    desk.note(alert, AlertEvent.RESET, actor=by)
    close_if_done(desk, alert)


def comment(desk: Desk, alert: Alert, by: str, text: str) -> None:
    """Add something; possible after the end, too."""
    life_cycle.allow(Action.COMMENT, alert)
    desk.session.add(Comment(alert_id=alert.id, by=by, text=text, at_ns=desk.now_ns))
    alert.comments += 1
    desk.note(alert, AlertEvent.COMMENTED, actor=by, text=text)


def linked(desk: Desk, claims: Claims) -> tuple[Alert, Notification]:
    """Return what a valid link is about; raises RefusedError with code 404."""
    notice = desk.session.get(Notification, claims.notification)
    if notice is None or (notice.alert_id, notice.person) != (claims.alert, claims.person):
        raise RefusedError("没有这条通知 / no such notification", code=NOT_FOUND)
    return desk.alert(claims.alert), notice


def answer(desk: Desk, claims: Claims, given: Answer, note: str, *, via: str = "link") -> Alert:
    """Take a person's answer through their link, once.

    The answer is a receipt in any case. It acknowledges the alert when nobody has. "False alarm" also
    confirms it as false, except in the fire class: there an operator confirms, the answer is a comment.
    """
    alert, notice = linked(desk, claims)
    if notice.answered_at_ns is not None:
        at = desk.directory.local_time(notice.answered_at_ns)
        raise RefusedError(f"已于 {at} 回复过 / answered already at {to_iso(notice.answered_at_ns)}")
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
        _take_on(desk, alert, claims.person, via)
    if (
        given is Answer.FALSE_ALARM
        and not digest
        and alert.alarm_class is not AlarmClass.FIRE
        and alert.confirmed is None
    ):
        confirm(desk, alert, claims.person, Confirmation.FALSE)
    _close_what_is_done(desk, alert)
    return alert


def _take_on(desk: Desk, alert: Alert, by: str, via: str) -> None:
    life_cycle.allow(Action.ACKNOWLEDGE, alert)
    alert.acknowledged_at_ns, alert.acknowledged_by, alert.owner = desk.now_ns, by, by
    escalation.settle(desk, alert)
    desk.note(alert, AlertEvent.ACKNOWLEDGED, actor=by, via=via)


def _close_what_is_done(desk: Desk, alert: Alert) -> None:
    for consequence in suppression.hidden(desk, alert):
        close_if_done(desk, consequence)
    close_if_done(desk, alert)
