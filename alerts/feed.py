"""The feed: events leave for the ALERTS stream in the order in which they were recorded.

An event is a row since the change it tells of was committed; it is marked as published after the
stream acknowledged it. A crash in between repeats it with the same id (the stream's duplicate window
drops most repeats, consumers drop the rest by id).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerts.office import Office, wait
from alerts.schema import FeedEvent
from backbone.client import Backbone
from backbone.publisher import Publisher
from domain.errors import RefusedError, StoreError

log = logging.getLogger(__name__)

BATCH = 200
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of an event: a column and its value."""

    number: int
    fact: dict[str, int | str]


async def publish_feed(office: Office, backbone: Backbone) -> None:
    """Publish events for ever; a lost link delays them, a lost database is waited for."""
    ear = office.bell.ear()
    async with backbone.publisher(window=BATCH) as publisher:
        while True:
            try:
                events = await office.database.read(waiting)
                if events:
                    await _publish(office, publisher, events)
                    continue
            except StoreError as error:
                office.fail("feed", error)
                await asyncio.sleep(RETRY_S)
                continue
            await wait(ear, None)


def waiting(session: Session) -> Sequence[FeedEvent]:
    """Return the oldest events that are not published."""
    query = select(FeedEvent).where(FeedEvent.published_at_ns.is_(None), FeedEvent.refused.is_(None))
    return session.scalars(query.order_by(FeedEvent.number).limit(BATCH)).all()


async def _publish(office: Office, publisher: Publisher, events: Sequence[FeedEvent]) -> None:
    """Send a batch in order, wait for every acknowledgement, and mark each with its time."""
    sent = [
        (event.number, await publisher.submit(event.subject, event.payload.encode(), message_id=event.id))
        for event in events
    ]
    marks: list[Mark] = []
    for number, acknowledged in sent:
        try:
            await acknowledged
            marks.append(Mark(number, {"published_at_ns": office.clock.now_ns()}))
        except RefusedError as error:
            log.warning("event %d was refused by the stream: %s", number, error)
            office.fail("feed", error)
            marks.append(Mark(number, {"refused": str(error)}))
    await office.database.write(lambda session: _mark(session, marks))


def _mark(session: Session, marks: Sequence[Mark]) -> None:
    for mark in marks:
        session.execute(update(FeedEvent).where(FeedEvent.number == mark.number).values(mark.fact))
