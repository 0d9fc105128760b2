"""``/api/v1/events``: every change of every alert as server-sent events, resumable.

The event's id is the sequence in the ALERTS stream: a client that comes back with ``Last-Event-ID``
gets what it missed, in order, nothing twice. Followers that are up to date share the console's own
tail; only one that has fallen far behind costs a read of the stream.

Filters (``unit``, ``class``, ``event``; each may be repeated) leave out the rest. A sign of life every 15 s carries the
place in the stream, so that who filters much resumes where they were and not where their last event was. An
id that the stream has not reached, after a site was set up anew, begins at its end, and says so
(``fengsui.stream.restarted``): such a client asks for the list again.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from backbone.layout import ALERTS
from backbone.messages import LogMessage
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.scope import sees_subject
from domain.accounts import Right
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.errors import FengsuiError, LinkError
from domain.ids import Token

PAGE = 500
"""Messages read at once by a follower that catches up."""

KEEP_ALIVE_S = 15.0
MOST_FOLLOWERS = 100
RETRY_MS = 2000
MEDIA_TYPE = "text/event-stream"

LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, lt=2**63)]


class EventQuery(BaseModel):
    """Which events, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    units: list[Token] = Field(default=[], alias="unit", max_length=100)
    classes: list[AlarmClass] = Field(default=[], alias="class", max_length=7)
    events: list[AlertEvent] = Field(default=[], alias="event", max_length=40)
    for_s: float | None = Field(default=None, ge=0, le=86_400, description="end after this long; absent: never")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a follower asked for, as tokens of subjects ``alert.<unit>.<class>.<event>``."""

    units: frozenset[str]
    classes: frozenset[str]
    events: frozenset[str]

    def has(self, subject: str) -> bool:
        """Tell whether a message is wanted; a subject of another form is, where nothing is filtered."""
        wanted = (self.units, self.classes, self.events)
        tokens = subject.split(".")[1:]
        return all(not some or (at < len(tokens) and tokens[at] in some) for at, some in enumerate(wanted))


def events_router(context: Context) -> APIRouter:
    """Return the one route."""
    router = APIRouter(prefix="/api/v1/events", tags=["events"], responses=declared())
    followers: set[int] = set()
    described: dict[int | str, dict[str, Any]] = {
        200: {"description": "events, until somebody goes", "content": {MEDIA_TYPE: {}}}
    }

    reads = [Depends(context.principal(Right.READ))]

    @router.get("", dependencies=reads, response_class=StreamingResponse, responses=described)
    async def events(
        request: Request, query: Annotated[EventQuery, Query()], last_event_id: LastEventId = None
    ) -> StreamingResponse:
        if len(followers) >= MOST_FOLLOWERS:
            raise LinkError(f"{MOST_FOLLOWERS} followers already; try again later")
        if not context.tail.started:
            raise LinkError("the backbone is away: there is nothing to follow yet")
        wanted = Wanted(frozenset(query.units), frozenset(query.classes), frozenset(query.events))
        stream = _counted(followers, _follow(context, request, last_event_id, wanted, query.for_s))
        return StreamingResponse(stream, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    return router


async def _counted(followers: set[int], stream: AsyncIterator[str]) -> AsyncIterator[str]:
    me = id(stream)
    followers.add(me)
    try:
        async for part in stream:
            yield part
    finally:
        followers.discard(me)


async def _follow(
    context: Context, request: Request, last_event_id: int | None, wanted: Wanted, for_s: float | None
) -> AsyncIterator[str]:
    """Yield events after the last one until its time is over, the client or the console goes, or who asks is out."""
    tail = context.tail
    position = tail.last_seq if last_event_id is None else last_event_id
    until = None if for_s is None else time.monotonic() + for_s
    yield f"retry: {RETRY_MS}\n\n"
    if position > tail.last_seq:
        position = tail.last_seq
        yield f"id: {position}\nevent: fengsui.stream.restarted\ndata: {{}}\n\n"
    while not tail.closed:
        left_s = KEEP_ALIVE_S if until is None else min(KEEP_ALIVE_S, until - time.monotonic())
        try:
            batch, position = await _after(context, position, max(left_s, 0.0))
            who = await context.still(request)
        except FengsuiError:
            return  # the client comes back with the last id that it saw
        if who is None or not who.may(Right.READ):
            return
        for message in batch:
            if sees_subject(who, message.subject) and wanted.has(message.subject):
                yield _event(message)
        if batch and not sees_subject(who, batch[-1].subject):
            yield f"id: {batch[-1].seq}\n\n"  # nothing to see, and where to go on from
        if not batch:
            yield f": still here\nid: {position}\n\n"
        if until is not None and time.monotonic() >= until and position >= tail.last_seq:
            return


async def _after(context: Context, position: int, timeout_s: float) -> tuple[Sequence[LogMessage], int]:
    """Return messages after ``position``, and where that leads."""
    tail = context.tail
    if position < tail.floor:
        end = min(position + PAGE, tail.floor)
        return await context.link.backbone.messages(ALERTS, start_seq=position + 1, end_seq=end), end
    batch = await tail.more(position, timeout_s)
    return batch, batch[-1].seq if batch else position


def _event(message: LogMessage) -> str:
    """Write one message; its data is JSON on one line, which is what the format needs."""
    kind = "fengsui.alert." + message.subject.rpartition(".")[2]
    try:
        data = json.dumps(json.loads(message.data), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return f": message {message.seq} is no JSON\n\n"
    return f"id: {message.seq}\nevent: {kind}\ndata: {data}\n\n"
