"""Floods and work items for other modules: CloudEvents 1.0 in the feed, beside those of alerts.

| subject | type | outcome |
|---|---|---|
| ``alert.<unit>.<class>.flood`` | ``fengsui.flood.begun``, ``fengsui.flood.ended`` | begins, ends |
| ``alert.<unit>.<class>.workitem`` | ``fengsui.workitem.<kind>`` | opened, closed |

The envelope is that of `alerts.cloud_events`; ``subject`` is the id of the flood or work item, ``data`` its facts. The
message is anchored in the audit like all others: its id is that of its audit entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alerts.schema import FeedEvent
from backbone import subjects
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.clock import to_iso

if TYPE_CHECKING:
    from alerts.desk import Desk

FLOOD, WORK_ITEM = "flood", "workitem"
"""Last tokens of the subjects."""


def publish(
    desk: Desk,
    *,
    topic: str,
    kind: str,
    outcome: str,
    about: str,
    alert_id: str,
    unit: str,
    alarm_class: AlarmClass,
    data: Mapping[str, Any],
) -> None:
    """Write audit entry and feed event of something that is no alert; ``about`` is its id."""
    entry = desk.write(None, f"{topic}_{outcome}", id=about, kind=kind, **{"class": alarm_class.value}, data=dict(data))
    message = {
        "specversion": "1.0",
        "id": entry.hash[:32],
        "source": desk.directory.source,
        "type": f"fengsui.{topic}.{kind}",
        "subject": about,
        "time": to_iso(entry.at_ns),
        "datacontenttype": "application/json",
        "actor": entry.actor,
        "auditnumber": str(entry.number),
        "audithash": entry.hash,
        "outcome": outcome,
        "data": dict(data),
    }
    desk.session.add(
        FeedEvent(
            id=entry.hash[:32],
            alert_id=alert_id,
            priority=1,
            event=AlertEvent.LEVEL,  # the column's nearest word; consumers go by subject and type
            subject=subjects.alert(unit, alarm_class.value, topic),
            payload=json.dumps(message, ensure_ascii=False, separators=(",", ":")),
            created_ns=desk.now_ns,
        )
    )
