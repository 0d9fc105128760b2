"""What stands open, zone by zone, and the limits of the site: lines of ``standing`` and ``limit``. Pure.

A board that adds up changes is wrong whenever an alert is older than the board's time range. So what is open is
written as it stands, for every zone of the site, every 10 s: 0 is "nothing is open, the alerts service says so", and no
row is "nobody knows".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.measurements import NO_ZONE, STANDING_STATE, Measurement, limit_fields
from domain.site.registry import Registry
from ingest.events import Value, line

STALE_S = 86_400
"""Active for longer is stale (ISA-18.2, secondary source)."""

Where = tuple[str, str, str]
"""Unit, building and zone."""


def standing_lines(alerts: Iterable[AlertView], registry: Registry, now_ns: int) -> list[bytes]:
    """Return one line for each zone of the site, and one for each unit's alerts that are in no zone.

    ``alerts`` are all that are open.
    """
    by_place: dict[Where, list[AlertView]] = {
        (zone.unit.id, zone.building.id, zone.settings.id): [] for zone in registry.zones.values()
    }
    by_place |= {(unit, NO_ZONE, NO_ZONE): [] for unit in registry.units}
    for alert in alerts:
        place = alert.place
        by_place.setdefault((place.unit, place.building or NO_ZONE, place.zone or NO_ZONE), []).append(alert)
    return [
        line(
            Measurement.STANDING,
            dict(zip(("unit", "building", "zone"), where, strict=True)),
            _figures(found, now_ns),
            now_ns,
        )
        for where, found in by_place.items()
    ]


def _figures(alerts: Sequence[AlertView], now_ns: int) -> dict[str, Value]:
    """Return the fields of one place."""
    ages_s = [max(0, now_ns - alert.raised_at_ns) // NS_PER_S for alert in alerts]
    return {
        "state": max((STANDING_STATE[alert.alarm_class] for alert in alerts), default=0),
        "open": len(alerts),
        "unacknowledged": sum(alert.acknowledged_at_ns is None for alert in alerts),
        "data_unknown": sum(alert.data_unknown for alert in alerts),
        "stale": sum(alert.active and age_s > STALE_S for alert, age_s in zip(alerts, ages_s, strict=True)),
        "oldest_s": max(ages_s, default=0),
        **{one.value: sum(alert.alarm_class is one for alert in alerts) for one in AlarmClass},
    }


def limit_lines(registry: Registry, now_ns: int) -> list[bytes]:
    """Return a line for each device that has alarm limits, tagged as its readings are."""
    lines = []
    limited = (point for point in registry.points if point.low is not None or point.high is not None)
    for key, points in groupby(limited, key=lambda point: f"{point.unit}/{point.device}"):
        device = registry.devices[key]
        tags = {
            "unit": device.zone.unit.id,
            "gateway": device.gateway.gateway,
            "device": device.settings.id,
            "zone": device.zone.settings.id,
            "building": device.zone.building.id,
        }
        fields: dict[str, Value] = {}
        for point in points:
            names = zip(limit_fields(point.name), (point.low, point.high), strict=True)
            fields |= {name: float(limit) for name, limit in names if limit is not None}
        lines.append(line(Measurement.LIMIT, tags, fields, now_ns))
    return lines
