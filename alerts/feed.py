"""The feed: events leave for the ALERTS stream in the order in which they were recorded, those of fires first.

The events of one alert stay in order; those of a fire pass whatever waits of other classes.

An event is a row since the change it tells of was committed; it is marked as published after the
stream acknowledged it. A crash in between repeats it with the same id (the stream's duplicate window
drops most repeats, consumers drop the rest by id). Daily facts go the same way after all alerts; what was published of
them is removed, for the facts themselves are kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from alerts.cloud_events import FACTS
from alerts.office import Office, wait
from alerts.schema import FeedEvent
from backbone.client import Backbone
from backbone.publisher import Publisher
from domain.errors import RefusedError, StoreError

log = logging.getLogger(__name__)

BATCH = 500
"""Events sent together: how many a fire that comes meanwhile has to wait for, 0.1 s or so (`make bench ARGS=feed`)."""

RETRY_S = 1.0


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
    return session.scalars(query.order_by(FeedEvent.priority, FeedEvent.number).limit(BATCH)).all()


async def _publish(office: Office, publisher: Publisher, events: Sequence[FeedEvent]) -> None:
    """Send a batch in order, wait for every acknowledgement, and mark each with its time."""
    sent = [
        (event.number, await publisher.submit(event.subject, event.payload.encode(), message_id=event.id))
        for event in events
    ]
    published: list[dict[str, int]] = []
    refused: list[dict[str, int | str]] = []
    for number, acknowledged in sent:
        try:
            await acknowledged
            published.append({"number": number, "published_at_ns": office.clock.now_ns()})
        except RefusedError as error:
            log.warning("event %d was refused by the stream: %s", number, error)
            office.fail("feed", error)
            refused.append({"number": number, "refused": str(error)})
    await office.database.write(lambda session: _mark(session, published, refused))


def _mark(session: Session, *columns: Sequence[Mapping[str, int | str]]) -> None:
    """Update many rows by their number with one statement a column."""
    for rows in columns:
        if rows:
            session.execute(update(FeedEvent), rows)
    sent = [row["number"] for rows in columns for row in rows if "published_at_ns" in row]
    if sent:
        session.execute(delete(FeedEvent).where(FeedEvent.number.in_(sent), FeedEvent.priority == FACTS))
