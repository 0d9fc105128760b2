"""What a digest says: counts by class, the first alarm, and the places by building."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from alerts.floods.words import digest_words
from alerts.schema import Alert, DigestItem, Flood, FloodScope
from domain.alarm import AlarmClass, Level, Place
from domain.site import Labels, Person

if TYPE_CHECKING:
    from alerts.desk import Desk

REASON = "digest"
MOST_PLACES = 30
"""Places that a message lists; how many more there are is said."""

Where = tuple[str, str | None, int | None, str | None]
"""Unit, building, floor, zone."""


@dataclass(slots=True)
class Gathered:
    """What a digest is about."""

    total: int = 0
    active: int = 0
    first_ns: int = 0
    last_ns: int = 0
    by_class: Counter[AlarmClass] = field(default_factory=Counter)
    places: Counter[Where] = field(default_factory=Counter)


def gather(session: Session, digest_id: str) -> Gathered:
    """Return what a digest is about."""
    found = Gathered()
    place = (Alert.unit, Alert.building, Alert.floor, Alert.zone)
    query = (
        select(
            *place,
            Alert.alarm_class,
            func.count(),
            func.sum(case((Alert.active, 1), else_=0)),
            func.min(DigestItem.at_ns),
            func.max(DigestItem.at_ns),
        )
        .join(Alert, Alert.id == DigestItem.alert_id)
        .where(DigestItem.digest_id == digest_id)
        .group_by(*place, Alert.alarm_class)
    )
    for unit, building, floor, zone, alarm_class, count, active, first_ns, last_ns in session.execute(query):
        found.total += count
        found.active += active
        found.first_ns = min(found.first_ns or first_ns, first_ns)
        found.last_ns = max(found.last_ns, last_ns)
        found.by_class[alarm_class] += count
        found.places[unit, building, floor, zone] += count
    return found


def content(desk: Desk, digest_id: str, person: Person, gathered: Gathered, about: Alert) -> dict[str, Any]:
    """Return what is sent, less the answer link: the fields of any message, and ``digest``."""
    directory = desk.directory
    digest = _digest(desk, gathered, _first_out(desk, about))
    zh, en = digest_words(digest)
    return {
        "id": digest_id,
        "idempotency_key": digest_id,
        "alert_id": about.id,
        "event": REASON,
        "class": max(gathered.by_class, key=_urgency).value,
        "level": Level.NOTICE.value,
        "rule": about.rule,
        "text_zh": zh,
        "text_en": en,
        "place": directory.place_labels(Place(unit=about.unit)),
        "person": {"id": person.id, "zh": person.labels.zh, "en": person.labels.en},
        "step": 0,
        "raised_at": digest["from"],
        "picture": None,
        "test": False,
        "historical": False,
        "digest": digest,
    }


def _first_out(desk: Desk, about: Alert) -> Alert:
    """Return the first alarm of the unit's newest flood."""
    newest = select(Flood).where(Flood.scope == FloodScope.UNIT, Flood.place == about.unit)
    flood = desk.session.scalars(newest.order_by(Flood.begun_ns.desc()).limit(1)).first()
    return desk.alert(flood.first_alert) if flood else about


def _digest(desk: Desk, gathered: Gathered, first: Alert) -> dict[str, Any]:
    directory = desk.directory
    shown = gathered.places.most_common(MOST_PLACES)
    return {
        "count": gathered.total,
        "active": gathered.active,
        "from": directory.local_time(gathered.first_ns),
        "to": directory.local_time(gathered.last_ns),
        "by_class": {
            one.value: gathered.by_class[one] for one in sorted(gathered.by_class, key=_urgency, reverse=True)
        },
        "buildings": _buildings(desk, shown),
        "more_places": len(gathered.places) - len(shown),
        "first_out": {
            "alert_id": first.id,
            "zh": first.text_zh,
            "en": first.text_en,
            "at": directory.local_time(first.raised_at_ns),
        },
    }


def _buildings(desk: Desk, shown: list[tuple[Where, int]]) -> list[dict[str, Any]]:
    """Return the places by building, the busiest first."""
    directory = desk.directory
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for (unit, building, floor, zone), count in shown:
        names = directory.operators.place_labels(unit, building)
        one = found.setdefault(
            (unit, building), {"unit": unit, "building": building, "zh": names.zh, "en": names.en, "places": []}
        )
        labels = directory.place_labels(Place(unit=unit, building=building, floor=floor, zone=zone))
        place = names if zone is None else Labels(zh=str(labels["zh"]), en=str(labels["en"]))
        one["places"].append({"zone": zone, "floor": floor, "zh": place.zh, "en": place.en, "count": count})
    return list(found.values())


def _urgency(alarm_class: AlarmClass) -> int:
    return -alarm_class.priority
