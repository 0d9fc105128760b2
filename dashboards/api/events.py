"""``/api/v1/events``: every change of every alert as server-sent events, resumable.

The event's id is the sequence in the ALERTS stream: a client that comes back with ``Last-Event-ID``
gets what it missed, in order, nothing twice. Followers that are up to date share the console's own
tail; only one that has fallen far behind costs a read of the stream.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse

from backbone.layout import ALERTS
from backbone.messages import LogMessage
from dashboards.api.context import Context
from dashboards.api.scope import sees_subject
from domain.accounts import Right
from domain.errors import FengsuiError, LinkError

PAGE = 500
"""Messages read at once by a follower that catches up."""

KEEP_ALIVE_S = 15.0
MOST_FOLLOWERS = 100
RETRY_MS = 2000

LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0)]


def events_router(context: Context) -> APIRouter:
    """Return the one route."""
    router = APIRouter(prefix="/api/v1/events", tags=["events"])
    followers: set[int] = set()

    @router.get("", dependencies=[Depends(context.principal(Right.READ))])
    async def events(request: Request, last_event_id: LastEventId = None) -> StreamingResponse:
        if len(followers) >= MOST_FOLLOWERS:
            raise LinkError(f"{MOST_FOLLOWERS} followers already; try again later")
        if not context.tail.started:
            raise LinkError("the backbone is away: there is nothing to follow yet")
        position = context.tail.last_seq if last_event_id is None else last_event_id
        stream = _counted(followers, _follow(context, request, position))
        return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    return router


async def _counted(followers: set[int], stream: AsyncIterator[str]) -> AsyncIterator[str]:
    me = id(stream)
    followers.add(me)
    try:
        async for part in stream:
            yield part
    finally:
        followers.discard(me)


async def _follow(context: Context, request: Request, position: int) -> AsyncIterator[str]:
    """Yield events after ``position`` until the client or the console goes, or the client's session or token ends."""
    tail = context.tail
    yield f"retry: {RETRY_MS}\n\n"
    while not tail.closed:
        try:
            if position < tail.floor:
                end = min(position + PAGE, tail.floor)
                batch = await context.link.backbone.messages(ALERTS, start_seq=position + 1, end_seq=end)
                position = end
            else:
                batch = await tail.more(position, KEEP_ALIVE_S)
                position = batch[-1].seq if batch else position
            who = await context.still(request)
        except FengsuiError:
            return  # the client comes back with the last id that it saw
        if who is None or not who.may(Right.READ):
            return
        for message in batch:
            if sees_subject(who, message.subject):
                yield _event(message)
        if batch and not sees_subject(who, batch[-1].subject):
            yield f"id: {batch[-1].seq}\n\n"  # nothing to see, and where to go on from
        if not batch:
            yield ": still here\n\n"


def _event(message: LogMessage) -> str:
    """Write one message; its data is JSON on one line, which is what the format needs."""
    kind = "fengsui.alert." + message.subject.rpartition(".")[2]
    try:
        data = json.dumps(json.loads(message.data), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return f": message {message.seq} is no JSON\n\n"
    return f"id: {message.seq}\nevent: {kind}\ndata: {data}\n\n"
