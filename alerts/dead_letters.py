"""A message that was given up raises an alarm of its own: ``notification_dead``, one for a channel.

It stands until the channel takes a message again. It is told like any alarm, on whatever channels are left; a message
about it that dies in turn raises nothing more.
"""

from __future__ import annotations

from alerts import channel_health
from alerts.desk import Desk
from alerts.own_alarms import OwnAlarm, clear_own, raise_own
from alerts.schema import Alert, ChannelHealth, Notification
from domain.alarm import AlarmClass, EntityKind, Level, Place

RULE = "notification_dead"


def report(desk: Desk, alert: Alert, notice: Notification, reason: str) -> None:
    """Raise the alarm of the channel, unless it stands or the message was about such an alarm itself."""
    if alert.rule == RULE or notice.channel not in desk.directory.channels:
        return
    known = channel_health.health(desk, notice.channel)
    if known is None:
        known = ChannelHealth(channel=notice.channel, failures=0, dead=False)
        desk.session.add(known)
    if known.dead:
        return
    known.dead = True
    raise_own(
        desk,
        _alarm(desk, notice.channel),
        zh=f"通知渠道 {notice.channel} 有通知未能送出：{reason[:200]}。请检查该渠道。",
        en=f"Channel {notice.channel} could not deliver a message: {reason[:200]}. Look at the channel.",
    )


def withdraw(desk: Desk, channel: str) -> None:
    """Clear the alarm of a channel that takes messages again, or that the site has no more."""
    known = channel_health.health(desk, channel)
    if known is None or not known.dead:
        return
    known.dead = False
    clear_own(
        desk,
        _alarm(desk, channel),
        zh=f"通知渠道 {channel} 恢复送达。",
        en=f"Channel {channel} takes messages again.",
    )


def _alarm(desk: Desk, channel: str) -> OwnAlarm:
    unit = desk.directory.centre
    return OwnAlarm(
        rule=RULE,
        alarm_class=AlarmClass.SYSTEM,
        level=Level.WARNING,
        entity_kind=EntityKind.GATEWAY,
        entity=f"{unit}/channel-{channel}",
        place=Place(unit=unit),
    )
