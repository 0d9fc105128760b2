"""Messages to a person while a flood stands: collected, and sent as one every ``digest_s`` seconds.

* While a flood stands for a unit, what is not about fire waits as a row here instead of becoming a message of its
  own. Ladders go on: only the single push rests. **A fire never comes here**, nor does an alarm about the flood.
* What waits for a person leaves as one message, ``digest_s`` after the first of it, or at the flood's end: counts by
  class, the first alarm, and the places by building. It goes to the person's first channel, like any message.
* A row is written in the transaction of its cause, and marked in that of its digest: nothing is lost or doubled.

The answer link of a digest acknowledges the flood's own alert, and none of those that it lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from alerts.floods.activations import OWN_RULES
from alerts.floods.digest_content import REASON, content, gather
from alerts.schema import Alert, DigestItem, FloodScope, NoticeState, Notification
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S
from domain.ids import stable_id
from domain.site import Person

if TYPE_CHECKING:
    from alerts.desk import Desk

BATCH = 50


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
    gathered = gather(desk.session, digest_id)
    person = desk.directory.person(name)
    channels = [one for one in person.channels if one in desk.directory.channels] if person else []
    if person is None or not channels:
        desk.write(None, "digest_to_nobody", digest=digest_id, person=name, messages=gathered.total)
        return
    about = _about(desk, digest_id)
    body = content(desk, digest_id, person, gathered, about)
    queue(desk, about, channels[0], body)
    desk.write(about, "digest_queued", digest=digest_id, person=name, messages=gathered.total, channel=channels[0])


def queue(desk: Desk, about: Alert, channel: str, body: dict[str, Any]) -> None:
    """Put a digest into the outbox; ``body`` names it, its person and its most urgent class."""
    urgent = AlarmClass(body["class"])
    desk.session.add(
        Notification(
            id=body["id"],
            alert_id=about.id,
            occurrence=about.occurrence,
            step=0,
            person=body["person"]["id"],
            channel=channel,
            reason=f"{REASON}-{body['id'][:16]}",
            alarm_class=urgent,
            priority=urgent.priority,
            body=body,
            state=NoticeState.QUEUED,
            created_ns=desk.now_ns,
            next_try_ns=desk.now_ns,
            attempts=0,
        )
    )


def _about(desk: Desk, digest_id: str) -> Alert:
    """Return the open alert of the flood that it comes from; the first alarm that it lists, where that is closed."""
    first = desk.session.scalars(
        select(DigestItem).where(DigestItem.digest_id == digest_id).order_by(DigestItem.number).limit(1)
    ).one()
    return desk.open_alert("alarm_flood", first.unit) or desk.alert(first.alert_id)
