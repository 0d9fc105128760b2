"""Messages to a person while a flood stands: collected, and sent as one every ``digest_s`` seconds.

* While a flood stands for a unit, what is not about fire waits as a row here instead of becoming a message of its
  own. Ladders go on: only the single push rests. **A fire never comes here**, nor does an alarm about the flood.
* What waits for a person leaves as one message, ``digest_s`` after the first of it, or at the flood's end: counts by
  class, the first alarm, and the places by building. It goes to the person's first channel, like any message.
* A row is written in the transaction of its cause, and marked in that of its digest: nothing is lost or doubled.

The answer link of a digest acknowledges the flood's own alert, and none of those that it lists.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from alerts.floods.activations import OWN_RULES
from alerts.floods.words import digest_words
from alerts.schema import Alert, DigestItem, Flood, FloodScope, NoticeState, Notification
from domain.alarm import AlarmClass, Level, Place
from domain.clock import NS_PER_S
from domain.ids import stable_id
from domain.site import Person

if TYPE_CHECKING:
    from alerts.desk import Desk

REASON = "digest"
BATCH = 50
MOST_PLACES = 30
"""Places that a message lists; how many more there are is said."""


@dataclass(slots=True)
class Gathered:
    """What a digest is about; ``places`` by (unit, building, floor, zone)."""

    total: int = 0
    active: int = 0
    first_ns: int = 0
    last_ns: int = 0
    by_class: Counter[AlarmClass] = field(default_factory=Counter)
    places: Counter[tuple[str, str | None, int | None, str | None]] = field(default_factory=Counter)


def collect(desk: Desk, alert: Alert, person: Person, reason: str) -> bool:
    """Keep a message for the next digest; returns False where it must go by itself."""
    if alert.alarm_class is AlarmClass.FIRE or alert.rule in OWN_RULES:
        return False
    if (FloodScope.UNIT, alert.unit) not in desk.book.floods(desk.session):
        return False
    if not any(channel in desk.directory.channels for channel in person.channels):
        return False
    due_ns = desk.now_ns + round(desk.directory.operators.settings.digest_s * NS_PER_S)
    desk.session.add(
        DigestItem(
            person=person.id, alert_id=alert.id, unit=alert.unit, reason=reason, at_ns=desk.now_ns, due_ns=due_ns
        )
    )
    return True


def next_time(session: Session) -> int | None:
    """Return when the next digest is due."""
    return session.scalar(select(func.min(DigestItem.due_ns)).where(DigestItem.digest_id.is_(None)))


def send_due(desk: Desk) -> None:
    """Send what is due, one message to each person; a person that the site no longer has gets none."""
    waiting = select(DigestItem.person).where(DigestItem.digest_id.is_(None)).group_by(DigestItem.person)
    for name in desk.session.scalars(waiting.having(func.min(DigestItem.due_ns) <= desk.now_ns).limit(BATCH)).all():
        first = desk.session.scalar(
            select(func.min(DigestItem.number)).where(DigestItem.digest_id.is_(None), DigestItem.person == name)
        )
        digest_id = stable_id("digest", name, first)
        mine = (DigestItem.digest_id.is_(None), DigestItem.person == name)
        desk.session.execute(update(DigestItem).where(*mine).values(digest_id=digest_id))
        _send(desk, digest_id, name)


def _send(desk: Desk, digest_id: str, name: str) -> None:
    gathered = _gather(desk.session, digest_id)
    person = desk.directory.person(name)
    channels = [one for one in person.channels if one in desk.directory.channels] if person else []
    if person is None or not channels:
        desk.write(None, "digest_to_nobody", digest=digest_id, person=name, messages=gathered.total)
        return
    about = _about(desk, digest_id)
    body = _body(desk, digest_id, person, gathered, about)
    queue(desk, digest_id, about, person, channels[0], max(gathered.by_class, key=_urgency), body)
    desk.write(about, "digest_queued", digest=digest_id, person=name, messages=gathered.total, channel=channels[0])


def queue(
    desk: Desk, digest_id: str, about: Alert, person: Person, channel: str, urgent: AlarmClass, body: dict[str, Any]
) -> None:
    """Put a digest into the outbox; the same digest is queued once."""
    desk.session.add(
        Notification(
            id=digest_id,
            alert_id=about.id,
            occurrence=about.occurrence,
            step=0,
            person=person.id,
            channel=channel,
            reason=REASON,
            alarm_class=urgent,
            priority=urgent.priority,
            body=body,
            state=NoticeState.QUEUED,
            created_ns=desk.now_ns,
            next_try_ns=desk.now_ns,
            attempts=0,
        )
    )


def _urgency(alarm_class: AlarmClass) -> int:
    return -alarm_class.priority


def _about(desk: Desk, digest_id: str) -> Alert:
    """Return the open alert of the flood that it comes from; the first alarm that it lists, where that is closed."""
    first = desk.session.scalars(
        select(DigestItem).where(DigestItem.digest_id == digest_id).order_by(DigestItem.number).limit(1)
    ).one()
    return desk.open_alert("alarm_flood", first.unit) or desk.alert(first.alert_id)


def _gather(session: Session, digest_id: str) -> Gathered:
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


def _body(desk: Desk, digest_id: str, person: Person, gathered: Gathered, about: Alert) -> dict[str, Any]:
    """Return what is sent, less the answer link: the fields of any message, and ``digest``."""
    directory = desk.directory
    flood = (
        desk.book.floods(desk.session).get((FloodScope.UNIT, about.unit))
        or desk.session.scalars(
            select(Flood)
            .where(Flood.scope == FloodScope.UNIT, Flood.place == about.unit)
            .order_by(Flood.begun_ns.desc())
        ).first()
    )
    first = desk.alert(flood.first_alert) if flood else about
    shown = gathered.places.most_common(MOST_PLACES)
    buildings: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for (unit, building, floor, zone), count in shown:
        labels = directory.place_labels(Place(unit=unit, building=building, floor=floor, zone=zone))
        buildings.setdefault((unit, building), []).append(
            {"zone": zone, "floor": floor, "zh": labels["zh"], "en": labels["en"], "count": count}
        )
    digest: dict[str, Any] = {
        "count": gathered.total,
        "active": gathered.active,
        "from": directory.local_time(gathered.first_ns),
        "to": directory.local_time(gathered.last_ns),
        "by_class": {
            one.value: gathered.by_class[one] for one in sorted(gathered.by_class, key=_urgency, reverse=True)
        },
        "buildings": [
            {
                "unit": unit,
                "building": building,
                **directory.operators.place_labels(unit, building).model_dump(),
                "places": places,
            }
            for (unit, building), places in buildings.items()
        ],
        "more_places": len(gathered.places) - len(shown),
        "first_out": {
            "alert_id": first.id,
            "zh": first.text_zh,
            "en": first.text_en,
            "at": directory.local_time(first.raised_at_ns),
        },
    }
    zh, en = digest_words(digest)
    return {
        "id": digest_id,
        "idempotency_key": digest_id,
        "alert_id": about.id,
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
