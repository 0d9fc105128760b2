"""Names in a time-series server's store, beside the readings: what ingest writes and dashboards ask.

Readings: a measurement for each device kind, tags `READING_TAGS`, and ``p``, ``p.quality``, ``p.text`` of a point p.

| measurement | a row is | tags | time |
|---|---|---|---|
| ``alert`` | one change of one alert | `ALERT_TAGS` | of the change; its last six digits (ns) are made unique |
| ``standing`` | what is open in one zone, every 10 s | `PLACE_TAGS` | when it was asked |
| ``limit`` | a device's alarm limits, every 5 min | `READING_TAGS` | when it was written |
| ``pipeline`` | one status document | `PIPELINE_TAGS` | of the document |

A zone without a row in ``standing`` is *unknown*, not normal: nobody answered for its alerts.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.alarm import AlarmClass


class Measurement(StrEnum):
    """Measurements that are no device kind."""

    ALERT = "alert"
    STANDING = "standing"
    LIMIT = "limit"
    PIPELINE = "pipeline"


READING_TAGS = ("unit", "gateway", "device", "zone", "building")
PLACE_TAGS = ("unit", "building", "zone")
ALERT_TAGS = (*PLACE_TAGS, "class", "rule", "event")
PIPELINE_TAGS = ("process", "instance")

NO_ZONE = "-"
"""Tag value of what belongs to no zone, such as a silent gateway: tags without a value can't be listed."""

ALERT_FLAGS = ("open", "active", "acknowledged", "data_unknown", "latched", "test", "historical", "held", "shelved")
"""Integers 0 or 1: InfluxQL can add them up."""
ALERT_TEXTS = (
    "id", "level", "confirmed", "title_zh", "title_en", "entity", "device", "gateway", "place_zh", "place_en",
    "actor", "suppressed_by",
)  # fmt: skip
"""Strings; ``confirmed`` is real, false, test or ``-``; ``actor`` did it."""
ALERT_NUMBERS = ("number", "value", "fire_order", "notice_s", "acknowledge_s", "confirm_s", "clear_s", "open_s")
"""``number``: of the audit entry. ``notice_s``: from the event at the device to the record (event raised);
``acknowledge_s``, ``confirm_s``, ``clear_s``, ``open_s``: from the record to what happened, each only on the row
of its own event (acknowledged, confirmed, cleared, closed)."""

STANDING_STATE: Mapping[AlarmClass, int] = MappingProxyType({one: len(AlarmClass) - one.priority for one in AlarmClass})
"""``state`` of a zone: its worst open class, fire 7 … system 1; 0 when nothing is open."""
STANDING_FIELDS = (
    "state", "open", "unacknowledged", "data_unknown", "stale", "oldest_s", *(one.value for one in AlarmClass)
)  # fmt: skip
"""Integers; ``stale``: active for over 24 h (ISA-18.2, secondary source); a class's name counts its open alerts."""

PIPELINE_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ingest": (
            "stored", "duplicates_refused", "messages", "messages_known", "lag_messages", "unknown_points",
            "learned_points", "dead_letters", "store_up", "events_stored", "events_lag",
        ),
        "rules": (
            "readings", "transitions", "late", "ahead", "unusable", "unknown_points", "unreadable", "open_alarms",
            "lag", "lag_s", "rules",
        ),
        "alerts": (
            "transitions", "open", "set_aside", "events_waiting", "events_refused", "notifications_queued",
            "notifications_accepted", "notifications_delivered", "notifications_failed", "notifications_dead",
        ),
        "gateway": (
            "produced", "accepted", "published", "dropped", "dead_letters", "damaged_files", "spool_batches",
            "spool_events", "spool_bytes", "spool_offline_forecast_s", "uplink_up",
        ),
    }
)  # fmt: skip
"""Numbers by process. ``a_b`` is entry ``b`` of part ``a`` of its status document; a part of numbers is added up;
``<x>_up`` is 1 when the word ``x`` says up."""


def quality_field(point: str) -> str:
    """Return the field that says why a reading is not good."""
    return f"{point}.quality"


def text_field(point: str) -> str:
    """Return the field of words that came with a reading."""
    return f"{point}.text"


def limit_fields(point: str) -> tuple[str, str]:
    """Return the fields of a point's low and high limit in `Measurement.LIMIT`."""
    return f"{point}.low", f"{point}.high"
