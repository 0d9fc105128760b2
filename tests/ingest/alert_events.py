"""CloudEvents messages as the alerts service publishes them, for the tests of what ingest makes of them."""

from __future__ import annotations

import json
from typing import Any

from domain.alarm import AlarmClass, EntityKind, Level, Place
from domain.alert import AlertEvent, AlertView
from domain.clock import NS_PER_S, to_iso
from tests.ingest.ingest_site import GATEWAY, START_NS, UNIT


def alert(name: str = "alert-1", **facts: Any) -> AlertView:
    """Return an open, unacknowledged alert of a transmitter, raised at `START_NS`, with ``facts`` changed."""
    plain: dict[str, Any] = {
        "id": name,
        "rule": "pressure_low",
        "rule_version": "1",
        "alarm_class": AlarmClass.SUPERVISORY,
        "level": Level.WARNING,
        "entity_kind": EntityKind.POINT,
        "entity": f"{UNIT}/pressure-1/pressure",
        "place": Place(unit=UNIT, building="east", floor=-1, zone="east-b1-pump", gateway=GATEWAY, device="pressure-1"),
        "text_zh": "水压低",
        "text_en": "pressure is low",
        "picture_url": None,
        "value": 180.0,
        "values": {},
        "raised_at_ns": START_NS,
        "event_time_ns": START_NS - 2 * NS_PER_S,
        "active": True,
        "data_unknown": False,
        "cleared_at_ns": None,
        "latched": False,
        "reset_at_ns": None,
        "reset_by": None,
        "acknowledged_at_ns": None,
        "acknowledged_by": None,
        "confirmed": None,
        "confirmed_at_ns": None,
        "confirmed_by": None,
        "suppressed_by": None,
        "test": False,
        "historical": False,
        "owner": None,
        "escalation_step": 0,
        "next_escalation_ns": None,
        "closed_at_ns": None,
        "comments": 0,
    }
    return AlertView.model_validate({**plain, **facts})


def message(view: AlertView, event: AlertEvent, *, number: int, at_ns: int = START_NS) -> bytes:
    """Return the CloudEvents message of a change."""
    body = {
        "specversion": "1.0",
        "id": f"{number:032x}",
        "source": "/sites/demo/alerts",
        "type": f"fengsui.alert.{event.value}",
        "subject": view.id,
        "time": to_iso(at_ns),
        "datacontenttype": "application/json",
        "actor": "p-lin",
        "auditnumber": str(number),
        "audithash": "0" * 64,
        "data": view.model_dump(mode="json"),
    }
    return json.dumps(body, ensure_ascii=False).encode()
