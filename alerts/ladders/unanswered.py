"""A ladder that ended without an answer is an alarm of its own: ``alert_unanswered``, of class ``duty``.

It is raised on the place of the alert, tells in its text what was not answered, and its entity is
``<unit>/<id of the alert>``. It is answered for, and cleared, as soon as somebody takes on the alert. Its own ladder
ending raises nothing more. All this happens at the end of the transaction in which the ladder ended or the
answer came (`alerts.office`), so a crash can't part them.
"""

from __future__ import annotations

from alerts import escalation
from alerts.desk import Desk
from alerts.ladders.defaults import ALERT_UNANSWERED
from alerts.own_alarms import OwnAlarm, clear_own, raise_own
from alerts.schema import Alert
from domain.alarm import AlarmClass, EntityKind, Level
from domain.alert import AlertEvent
from domain.clock import NS_PER_S

_SHOWN_ID = 8


def settle(desk: Desk) -> None:
    """Raise or clear for every alert whose ladder ended, or was answered, in this transaction."""
    while desk.unanswered:
        alert = desk.unanswered.pop()
        if not _is_answered(alert):
            _raise(desk, alert)
    while desk.answered_late:
        alert = desk.answered_late.pop()
        if _is_answered(alert):
            _clear(desk, alert)


def _is_answered(alert: Alert) -> bool:
    return alert.acknowledged_at_ns is not None or alert.closed_at_ns is not None


def _raise(desk: Desk, alert: Alert) -> None:
    place = desk.directory.place_labels(alert.place)
    waited_s = (desk.now_ns - alert.raised_at_ns) // NS_PER_S
    about = f"{alert.rule} {alert.id[:_SHOWN_ID]}"
    raise_own(
        desk,
        _alarm(alert, waited_s),
        zh=f"告警 {waited_s} 秒无人应答，各级均已通知：{place['zh']}：{alert.text_zh}（{about}）",
        en=f"Nobody has answered for {waited_s} s, every step was told: {place['en']}: {alert.text_en} ({about})",
    )


def _clear(desk: Desk, alert: Alert) -> None:
    """Let the silence end: who answered for the alert has answered for it."""
    alarm = _alarm(alert)
    own = desk.open_alert(alarm.rule, alarm.entity)
    if own is None:
        return
    if own.acknowledged_at_ns is None:
        by = alert.acknowledged_by or "system"
        own.acknowledged_at_ns, own.acknowledged_by, own.owner = desk.now_ns, by, by
        own.acknowledged_account = own.owner_account = alert.acknowledged_account
        escalation.settle(desk, own)
        desk.note(own, AlertEvent.ACKNOWLEDGED, actor=by, via="original", original=alert.id)
    clear_own(desk, alarm, zh=f"告警已应答：{alert.text_zh}", en=f"The alert is answered for: {alert.text_en}")


def _alarm(alert: Alert, waited_s: int = 0) -> OwnAlarm:
    urgent = alert.alarm_class is AlarmClass.FIRE or alert.level is Level.CRITICAL
    return OwnAlarm(
        rule=ALERT_UNANSWERED,
        alarm_class=AlarmClass.DUTY,
        level=Level.CRITICAL if urgent else Level.WARNING,
        entity_kind=EntityKind.UNIT,
        entity=f"{alert.unit}/{alert.id}",
        place=alert.place,
        values={"step": float(alert.escalation_step), "waited_s": float(waited_s)},
    )
