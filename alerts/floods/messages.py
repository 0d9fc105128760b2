"""Floods for other modules: CloudEvents in the feed, beside those of alerts.

``alert.<unit>.system.flood`` carries ``fengsui.flood.begun`` (outcome ``begins``) and ``fengsui.flood.ended``
(``ends``); ``subject`` is the flood's id. The message is anchored in the audit like all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.cloud_events import FLOOD, anchors, envelope, feed_priority
from alerts.feeding.models import FloodNotice
from alerts.schema import FeedEvent
from backbone import subjects
from domain.alarm import AlarmClass

if TYPE_CHECKING:
    from alerts.desk import Desk


def publish(desk: Desk, notice: FloodNotice, *, first_alert: str) -> None:
    """Write audit entry and feed event of a flood that has begun or ended."""
    ended = notice.ended_ns is not None
    outcome, data = "ends" if ended else "begins", notice.model_dump(mode="json")
    entry = desk.write(None, f"flood_{outcome}", id=notice.id, data=data)
    payload = envelope(
        event_id=entry.hash[:32],
        source=desk.directory.source,
        event_type=f"fengsui.flood.{'ended' if ended else 'begun'}",
        subject=notice.id,
        time_ns=desk.now_ns,
        schema=FLOOD,
        data=data,
        outcome=outcome,
        **anchors(entry),
    )
    desk.session.add(
        FeedEvent(
            id=entry.hash[:32],
            alert_id=first_alert,
            priority=feed_priority(AlarmClass.SYSTEM),
            event=subjects.FLOOD,
            subject=subjects.alert(notice.unit, AlarmClass.SYSTEM.value, subjects.FLOOD),
            payload=payload,
            created_ns=desk.now_ns,
        )
    )
