"""Messages of the feed: CloudEvents 1.0 in structured JSON.

| attribute | of a change of an alert | of a work item | of daily facts |
|---|---|---|---|
| ``id`` | first half of the audit entry's hash | the same | a function of unit, day and revision |
| ``source`` | ``/sites/<site>/alerts`` | the same | the same |
| ``type`` | ``fengsui.alert.<event>`` | ``fengsui.workitem.<kind>`` | ``fengsui.fact.daily`` |
| ``subject`` | the alert's id | the work item's id | ``<unit>/<day>`` |
| ``time`` | when it was recorded, UTC | the same | when these facts were issued, UTC |
| ``dataschema`` | ``urn:fengsui:schema:alert-event-v1`` | ``…:work-item-v1`` | ``…:daily-fact-v1`` |
| ``data`` | `domain.alert.AlertView` after the change | `alerts.feeding.models.WorkItem` | `…models.DailyFact` |

An id is the same on every repeat. Extensions: ``actor`` (who did it), ``auditnumber`` and ``audithash`` (an anchor
of the chain, see `alerts.audit`; the numbers of one alert rise), ``outcome`` (which of the events of one name),
``detail`` (JSON text of what else the audit has). Facts have none of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alerts.audit import canonical
from alerts.schema import AuditEntry
from domain.alarm import AlarmClass
from domain.alert import AlertEvent, AlertView
from domain.clock import to_iso

SCHEMA = "urn:fengsui:schema:"
ALERT_EVENT, WORK_ITEM, DAILY_FACT, FLOOD = "alert-event-v1", "work-item-v1", "daily-fact-v1", "flood-v1"
"""Names of what ``data`` is, each with its version."""

FIRE, OTHER, FACTS = 0, 1, 2
"""Priorities in the outbox of the feed."""


def feed_priority(alarm_class: AlarmClass) -> int:
    """Return the priority of what is about an alarm of a class: fire passes all else."""
    return FIRE if alarm_class is AlarmClass.FIRE else OTHER


def cloud_event(
    view: AlertView,
    event: AlertEvent,
    entry: AuditEntry,
    *,
    source: str,
    outcome: str | None,
    details: Mapping[str, Any],
) -> str:
    """Return the message of a change of an alert as JSON text."""
    more: dict[str, Any] = anchors(entry)
    if outcome is not None:
        more["outcome"] = outcome
    if details:
        more["detail"] = canonical(details)
    return envelope(
        event_id=entry.hash[:32],
        source=source,
        event_type=f"fengsui.alert.{event.value}",
        subject=view.id,
        time_ns=entry.at_ns,
        schema=ALERT_EVENT,
        data=view.model_dump(mode="json"),
        **more,
    )


def anchors(entry: AuditEntry) -> dict[str, Any]:
    """Return the extensions that tie a message to the audit."""
    return {"actor": entry.actor, "auditnumber": str(entry.number), "audithash": entry.hash}


def envelope(
    *,
    event_id: str,
    source: str,
    event_type: str,
    subject: str,
    time_ns: int,
    schema: str,
    data: Mapping[str, Any],
    **extensions: str,
) -> str:
    """Return a message as JSON text; ``time_ns`` is ns UTC, names of extensions are lower-case letters."""
    message = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "subject": subject,
        "time": to_iso(time_ns),
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMA}{schema}",
        **extensions,
        "data": data,
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
