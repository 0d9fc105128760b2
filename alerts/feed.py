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

BATCH = 100
"""Events sent together. The stream syncs each one: a fire that comes meanwhile waits for as many, about 0.1 s."""

RETRY_S = 1.0


async def publish_feed(office: Office, backbone: Backbone) -> None:
    """Publish events for ever; a lost link delays them, a lost database is waited for."""
    ear = office.bell.ear()
    async with backbone.publisher(window=BATCH) as publisher:
        line = _Line(office, publisher)
        try:
            while True:
                try:
                    more = await line.advance()
                except StoreError as error:
                    office.fail("feed", error)
                    await asyncio.sleep(RETRY_S)
                    continue
                if not more:
                    await wait(ear, None)
        finally:
            line.end()


def waiting(session: Session, most: int = BATCH) -> Sequence[FeedEvent]:
    """Return the oldest events that are not published."""
    query = select(FeedEvent).where(FeedEvent.published_at_ns.is_(None), FeedEvent.refused.is_(None))
    return session.scalars(query.order_by(FeedEvent.priority, FeedEvent.number).limit(most)).all()


class _Line:
    """Sends batch after batch; while one is on its way, the one before is marked as published."""

    def __init__(self, office: Office, publisher: Publisher) -> None:
        self._office = office
        self._publisher = publisher
        self._marking: asyncio.Task[None] | None = None
        self._unmarked: set[int] = set()

    async def advance(self) -> bool:
        """Send a batch, or finish what is on its way; tells whether there was anything to do. Raises StoreError."""
        most = BATCH + len(self._unmarked)
        found = await self._office.database.read(lambda session: waiting(session, most))
        events = [event for event in found if event.number not in self._unmarked][:BATCH]
        sent = await _publish(self._office, self._publisher, events) if events else None
        had_marks = await self._marked()
        if sent is not None:
            self._unmarked = {event.number for event in events}
            marks = self._office.database.write(lambda session: _mark(session, *sent))
            self._marking = asyncio.create_task(marks, name="feed-marks")
        return had_marks or bool(events)

    def end(self) -> None:
        """Leave: what is not marked goes again with the same id."""
        if self._marking is not None:
            self._marking.cancel()

    async def _marked(self) -> bool:
        """Wait until the batch before is marked; when that failed it goes again."""
        marking, self._marking = self._marking, None
        self._unmarked = set()
        if marking is not None:
            await marking
        return marking is not None


Rows = list[dict[str, int | str]]
"""Columns to be set, by the number of the event."""


async def _publish(office: Office, publisher: Publisher, events: Sequence[FeedEvent]) -> tuple[Rows, Rows]:
    """Send a batch in order and wait for every acknowledgement; returns what is to be marked of each."""
    sent = [
        (event.number, await publisher.submit(event.subject, event.payload.encode(), message_id=event.id))
        for event in events
    ]
    published: Rows = []
    refused: Rows = []
    for number, acknowledged in sent:
        try:
            await acknowledged
            published.append({"number": number, "published_at_ns": office.clock.now_ns()})
        except RefusedError as error:
            log.warning("event %d was refused by the stream: %s", number, error)
            office.fail("feed", error)
            refused.append({"number": number, "refused": str(error)})
    return published, refused


def _mark(session: Session, *columns: Sequence[Mapping[str, int | str]]) -> None:
    """Update many rows by their number with one statement a column."""
    for rows in columns:
        if rows:
            session.execute(update(FeedEvent), rows)
    sent = [row["number"] for rows in columns for row in rows if "published_at_ns" in row]
    if sent:
        session.execute(delete(FeedEvent).where(FeedEvent.number.in_(sent), FeedEvent.priority == FACTS))
