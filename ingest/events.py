"""Changes of alerts as lines of measurement ``alert`` (`domain.measurements`): pure.

A CloudEvents message of stream ALERTS is one line. Its time is that of the change, to the millisecond that the
message tells; the six digits below it are the audit entry's number modulo 1,000,000. So two changes of one moment in
one zone are two rows, in the order in which they were recorded, and a message that is delivered again is the same row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from domain.alert import AlertEvent, AlertView
from domain.clock import NS_PER_S
from domain.errors import WireError
from domain.measurements import NO_ZONE, Measurement
from domain.site.registry import Registry

NS_PER_MS = 1_000_000
LONGEST_TEXT = 1_000
MOST_BYTES = 1 << 20
"""A NATS message holds no more."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TYPE = "fengsui.alert."

Value = str | int | float
"""A field: text, integer or float."""


def alert_line(message: bytes, registry: Registry) -> bytes:
    """Return the line of one CloudEvents message; raises WireError for anything else."""
    event, kind, view = _parsed(message)
    place = view.place
    tags = {
        "unit": place.unit,
        "building": place.building or NO_ZONE,
        "zone": place.zone or NO_ZONE,
        "class": view.alarm_class.value,
        "rule": view.rule,
        "event": kind.value,
    }
    number = _number(event)
    fields = {**_facts(view), **_responses(kind, view), "number": number, "actor": str(event.get("actor", ""))}
    zh, en = place_texts(view, registry)
    return line(Measurement.ALERT, tags, {**fields, "place_zh": zh, "place_en": en}, _time_ns(event, number))


def line(measurement: str, tags: Mapping[str, str], fields: Mapping[str, Value], time_ns: int) -> bytes:
    """Return a line without line feed; fields that are no finite number are left out, one must remain.

    Measurement, tags and field names are ids (`domain.ids`), so there is nothing to escape in them.
    """
    series = "".join([measurement, *(f",{key}={value}" for key, value in sorted(tags.items()))])
    pairs = [f"{key}={_value(value)}" for key, value in fields.items() if not _is_nothing(value)]
    return f"{series} {','.join(pairs)} {time_ns}".encode()


def place_texts(view: AlertView, registry: Registry) -> tuple[str, str]:
    """Return where it is in Chinese and English: building, floor and zone, then the device or gateway."""
    place, found = view.place, registry.zones.get(f"{view.place.unit}/{view.place.zone}")
    device = registry.devices.get(f"{place.unit}/{place.device}")
    gateway = registry.gateways.get(f"{place.unit}/{place.gateway}")
    thing = device.settings.labels if device else gateway.labels if gateway and place.zone is None else None
    unit = registry.units.get(place.unit)
    zh = [] if found is None else [found.building.labels.zh, f"{found.settings.floor}层", found.settings.labels.zh]
    en = [] if found is None else [found.building.labels.en, f"floor {found.settings.floor}", found.settings.labels.en]
    if unit is not None and found is None:
        zh, en = [unit.labels.zh], [unit.labels.en]
    if thing is not None:
        zh, en = [*zh, thing.zh], [*en, thing.en]
    return " ".join(zh) or view.entity, " ".join(en) or view.entity


def _parsed(message: bytes) -> tuple[dict[str, Any], AlertEvent, AlertView]:
    if len(message) > MOST_BYTES:
        raise WireError(f"an event of {len(message)} bytes")
    try:
        event = json.loads(message)
        kind = AlertEvent(str(event["type"]).removeprefix(TYPE))
        return event, kind, AlertView.model_validate(event["data"])
    except ValidationError as error:
        raise WireError(f"no alert: {error.error_count()} fields are wrong") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError(f"no CloudEvents message of an alert: {error!r}"[:200]) from error


def _number(event: Mapping[str, Any]) -> int:
    text = str(event.get("auditnumber", ""))
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise WireError(f"auditnumber is {text[:40]!r}")
    return int(text)


def _time_ns(event: Mapping[str, Any], number: int) -> int:
    try:
        moment = datetime.fromisoformat(str(event.get("time", "")))
    except ValueError as error:
        raise WireError(f"time is {str(event.get('time'))[:40]!r}") from error
    if moment.tzinfo is None or moment < EPOCH:
        raise WireError(f"time is {str(event.get('time'))[:40]!r}")
    return (moment - EPOCH) // timedelta(milliseconds=1) * NS_PER_MS + number % NS_PER_MS


def _facts(view: AlertView) -> dict[str, Value]:
    """Return the fields that every row has; flags are 0 or 1."""
    return {
        "id": view.id,
        "level": view.level.value,
        "open": int(view.is_open),
        "active": int(view.active),
        "acknowledged": int(view.acknowledged_at_ns is not None),
        "confirmed": view.confirmed.value if view.confirmed else "-",
        "data_unknown": int(view.data_unknown),
        "latched": int(view.latched),
        "test": int(view.test),
        "historical": int(view.historical),
        "held": int(view.held),
        "shelved": int(view.shelved_until_ns is not None),
        "title_zh": view.text_zh,
        "title_en": view.text_en,
        "entity": view.entity,
        "device": view.place.device or "-",
        "gateway": view.place.gateway or "-",
        "suppressed_by": view.suppressed_by or "-",
        "value": math.nan if view.value is None else float(view.value),
        **({} if view.fire_order is None else {"fire_order": view.fire_order}),
    }


def _responses(kind: AlertEvent, view: AlertView) -> dict[str, Value]:
    """Return how long it took, seconds, on the row of what happened."""
    times = {
        AlertEvent.ACKNOWLEDGED: ("acknowledge_s", view.acknowledged_at_ns),
        AlertEvent.CONFIRMED: ("confirm_s", view.confirmed_at_ns),
        AlertEvent.CLEARED: ("clear_s", view.cleared_at_ns),
        AlertEvent.CLOSED: ("open_s", view.closed_at_ns),
    }
    if kind is AlertEvent.RAISED:
        return {"notice_s": (view.raised_at_ns - view.event_time_ns) / NS_PER_S}
    name, happened_ns = times.get(kind, ("", None))
    return {} if happened_ns is None else {name: (happened_ns - view.raised_at_ns) / NS_PER_S}


def _is_nothing(value: Value) -> bool:
    return value == "" or (isinstance(value, float) and not math.isfinite(value))


def _value(value: Value) -> str:
    if isinstance(value, str):
        plain = value[:LONGEST_TEXT].replace("\r", " ").replace("\n", " ").replace("\\", "\\\\").replace('"', '\\"')
        return f'"{plain}"'
    return f"{value}i" if isinstance(value, int) else repr(value)
