"""One change of an alert as a CloudEvents 1.0 message in structured JSON.

| attribute | value |
|---|---|
| ``id`` | first half of the audit entry's hash: the same on every repeat |
| ``source`` | ``/sites/<site>/alerts`` |
| ``type`` | ``fengsui.alert.<event>`` |
| ``subject`` | the alert's id |
| ``time`` | when the change was recorded, UTC |
| ``data`` | `domain.alert.AlertView` just after the change |

Extensions: ``actor`` (who did it), ``auditnumber`` and ``audithash`` (an anchor of the chain, see
`alerts.audit`), ``outcome`` (which of the events of one name), ``detail`` (JSON text of what else the
audit has).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alerts.audit import canonical
from alerts.schema import AuditEntry
from domain.alert import AlertEvent, AlertView
from domain.clock import to_iso


def cloud_event(
    view: AlertView,
    event: AlertEvent,
    entry: AuditEntry,
    *,
    source: str,
    outcome: str | None,
    details: Mapping[str, Any],
) -> str:
    """Return the message as JSON text."""
    message: dict[str, Any] = {
        "specversion": "1.0",
        "id": entry.hash[:32],
        "source": source,
        "type": f"fengsui.alert.{event.value}",
        "subject": view.id,
        "time": to_iso(entry.at_ns),
        "datacontenttype": "application/json",
        "actor": entry.actor,
        "auditnumber": str(entry.number),
        "audithash": entry.hash,
        "data": view.model_dump(mode="json"),
    }
    if outcome is not None:
        message["outcome"] = outcome
    if details:
        message["detail"] = canonical(details)
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
