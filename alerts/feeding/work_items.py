"""Work items in the feed: what somebody should do, on ``alert.<unit>.<class>.workitem``."""

from __future__ import annotations

from alerts.cloud_events import WORK_ITEM, anchors, envelope, feed_priority
from alerts.desk import SYSTEM, Desk
from alerts.feeding.models import WorkItem
from alerts.schema import FeedEvent
from backbone import subjects


def work_item(desk: Desk, item: WorkItem, *, outcome: str = "opened", actor: str = SYSTEM) -> None:
    """Add a work item, ``opened`` or ``closed``, to audit and feed, in the transaction of the desk.

    Whoever calls sees to it that the same matter is told once: every call is a message of its own.
    """
    entry = desk.write(
        None, subjects.WORK_ITEM, actor=actor, id=item.id, kind=item.kind, entity=item.entity, outcome=outcome
    )
    payload = envelope(
        event_id=entry.hash[:32],
        source=desk.directory.source,
        event_type=f"fengsui.workitem.{item.kind}",
        subject=item.id,
        time_ns=desk.now_ns,
        schema=WORK_ITEM,
        data=item.model_dump(mode="json"),
        outcome=outcome,
        **anchors(entry),
    )
    desk.session.add(
        FeedEvent(
            id=entry.hash[:32],
            alert_id=item.alerts[0] if item.alerts else "",
            priority=feed_priority(item.alarm_class),
            event=subjects.WORK_ITEM,
            subject=subjects.alert(item.place.unit, item.alarm_class.value, subjects.WORK_ITEM),
            payload=payload,
            created_ns=desk.now_ns,
        )
    )
