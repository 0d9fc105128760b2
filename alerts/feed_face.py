"""The feed as other modules read it: events of alerts, work items and daily facts. Imports nothing of the service.

    async with await Backbone.connect(url, credentials=credentials, name="units") as backbone:
        async for event in Feed(backbone).follow("units"):
            ...  # acknowledged when the next one is asked for

| guarantee | |
|---|---|
| at least once | an event is acknowledged when its reader asks for the next one; what a crash left comes again |
| once, if you like | repeats carry the same ``id``: `Feed` drops those it knows of, `Seen` is for your own store |
| order | the events of one alert come in the order in which they were recorded, to one reader of a name at a time |
| replay | from any sequence or time that the stream still holds (400 days), by `Feed.replay` and `Feed.follow` |
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from backbone.client import Backbone
from backbone.consumers import ConsumerState
from backbone.durable import ACK_WAIT_S, DurableReader
from backbone.layout import ALERTS, FACTS, FED
from backbone.messages import LogMessage
from domain.errors import LinkError, RefusedError, WireError
from domain.ids import is_token

log = logging.getLogger(__name__)

WINDOW = 64
"""Events asked for ahead by a named reader."""

FETCH_S = 0.5
LEFT_OVER_S = 3 * ACK_WAIT_S
"""How long is waited for what a reader that died had in hand."""

MOST_SEEN = 100_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NS_PER_US = 1000
NOT_FOUND = 404

Since = int | datetime
"""A sequence of the stream, or a time with its zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One message: ``message`` is the CloudEvents object, ``data`` what it is about (`fengsui feed schema`).

    ``seq`` is its place in the stream, to go on from; ``stored_ns`` (ns UTC) when the stream took it.
    """

    seq: int
    subject: str
    stored_ns: int
    message: dict[str, Any]
    redelivered: bool = False

    @property
    def id(self) -> str:
        """Return the id, the same on every repeat."""
        return str(self.message["id"])

    @property
    def type(self) -> str:
        """Return the CloudEvents type, such as ``fengsui.alert.raised``."""
        return str(self.message["type"])

    @property
    def data(self) -> dict[str, Any]:
        """Return what it is about."""
        data: dict[str, Any] = self.message["data"]
        return data


class Seen:
    """Remembers the newest ids: `is_new` is True once for each."""

    def __init__(self, ids: Iterable[str] = (), *, most: int = MOST_SEEN) -> None:
        """Begin with ids that are known already, oldest first; the oldest are forgotten beyond ``most``."""
        self._most = most
        self._ids: dict[str, None] = {}
        for known in ids:
            self.is_new(known)

    def is_new(self, event_id: str) -> bool:
        """Tell whether an id was not seen before, and remember it."""
        if event_id in self._ids:
            return False
        self._ids[event_id] = None
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]
        return True


class Feed:
    """Reads ALERTS, or FACTS when asked. ``unreadable`` counts messages that are no events and were passed over."""

    def __init__(self, backbone: Backbone, *, stream: str = ALERTS) -> None:
        """Read ``stream`` over ``backbone``."""
        self._backbone = backbone
        self._stream = stream
        self.unreadable = 0

    @classmethod
    def facts(cls, backbone: Backbone) -> Feed:
        """Return the feed of daily facts: the newest revision of each day of each unit, then what comes."""
        return cls(backbone, stream=FACTS)

    def follow(
        self, name: str | None = None, *, since: Since | None = None, subjects: Iterable[str] = ()
    ) -> AsyncIterator[Event]:
        """Yield events for ever.

        With ``name`` the server keeps the position: the first reader of that name begins with the oldest event,
        later ones where acknowledging ended; several readers of one name share its events. ``units`` and ``risk``
        are reserved for those modules. Without a name nothing is kept: events come from ``since`` on, or from now
        on. ``subjects`` are NATS filters such as ``alert.hotel.fire.*``; a name keeps those it was first used with.

        Raises RefusedError for a name that is no id, a name together with ``since``, a reserved one with ``subjects``.
        """
        if name is None:
            return self._unnamed(since, list(subjects))
        if since is not None:
            raise RefusedError("a name has its position on the server → leave 'since' out, or follow without a name")
        if not is_token(name):
            raise RefusedError(f"'{name[:80]}' is no name of a reader → write letters, digits, _ and -")
        if name in FED and list(subjects):
            raise RefusedError(f"'{name}' is reserved, with all events → use a name of your own for some of them")
        return self._named(name, list(subjects))

    async def replay(self, since: Since = 1, *, subjects: Iterable[str] = ()) -> AsyncIterator[Event]:
        """Yield what the stream holds now from ``since`` on, in order, and end."""
        filters = list(subjects) or [f"{self._stream.lower().removesuffix('s')}.>"]
        last = max([await self._backbone.last_seq(self._stream, one) for one in filters])
        start = await self._seq(since)
        if start > last:
            return
        async with aclosing(self._backbone.reader(self._stream, subjects=filters, start_seq=start)) as batches:  # type: ignore[type-var]  # it is an async generator
            async for batch in batches:
                for message in batch:
                    if message.seq <= last and (event := self._event(message)) is not None:
                        yield event
                if batch[-1].seq >= last:
                    return

    async def _unnamed(self, since: Since | None, subjects: list[str]) -> AsyncIterator[Event]:
        start = await self._backbone.last_seq(self._stream) + 1 if since is None else await self._seq(since)
        seen = Seen()
        async with aclosing(self._backbone.reader(self._stream, subjects=subjects, start_seq=start)) as batches:  # type: ignore[type-var]  # it is an async generator
            async for batch in batches:
                for message in batch:
                    event = self._event(message)
                    if event is not None and seen.is_new(event.id):
                        yield event

    async def _named(self, name: str, subjects: list[str]) -> AsyncIterator[Event]:
        before = await self._backbone.consumer_state(self._stream, name)
        reader = await self._backbone.durable(self._stream, name=name, subjects=subjects, window=WINDOW)
        seen, waiting = Seen(), list[LogMessage]()
        try:
            waiting = await self._left_over(reader, before) if before is not None else []
            while True:
                waiting = waiting or await reader.fetch(1, wait_s=FETCH_S)
                while waiting:
                    event = self._event(waiting[0])
                    if event is not None and seen.is_new(event.id):
                        yield event
                    await reader.ack(waiting[0])
                    waiting.pop(0)
        finally:
            with suppress(LinkError):  # then the server sends them again by itself
                for message in waiting:
                    await reader.nak(message, 0)
            await reader.close()

    async def _left_over(self, reader: DurableReader, before: ConsumerState) -> list[LogMessage]:
        """Return what a reader that died had in hand, with what came meanwhile, in order: nothing may pass it.

        The server sends it again when its time to be acknowledged is over. Where another reader of the name lives
        and acknowledges it, nothing is waited for any longer.
        """
        held: dict[int, LogMessage] = {}
        ends = asyncio.get_running_loop().time() + LEFT_OVER_S
        state: ConsumerState | None = before
        while state is not None and state.acked_seq < before.delivered_seq:
            if sum(seq <= before.delivered_seq for seq in held) >= before.in_hand:
                break
            if asyncio.get_running_loop().time() > ends:
                break
            held |= {message.seq: message for message in await reader.fetch(WINDOW, wait_s=FETCH_S)}
            state = await self._backbone.consumer_state(before.stream, before.name)
        return [held[seq] for seq in sorted(held)]

    async def _seq(self, since: Since) -> int:
        if isinstance(since, int):
            return max(1, since)
        if since.tzinfo is None:
            raise RefusedError("a time without its zone could mean two moments → write 2026-11-28T08:00:00+08:00")
        time_ns = (since - EPOCH) // timedelta(microseconds=1) * NS_PER_US
        return await self._backbone.first_seq_since(self._stream, time_ns)

    def _event(self, message: LogMessage) -> Event | None:
        try:
            return parse(message)
        except WireError as error:
            self.unreadable += 1
            log.warning("message %d of %s is no event: %s", message.seq, self._stream, error.reason)
            return None


def parse(message: LogMessage) -> Event:
    """Return the event of a message; raises WireError where it is no CloudEvents object of ours."""
    try:
        found = json.loads(message.data)
    except (ValueError, RecursionError) as error:
        raise WireError(f"no JSON: {error}", message.data) from error
    if not isinstance(found, dict) or not isinstance(found.get("data"), dict):
        raise WireError("no CloudEvents object with data", message.data)
    if not all(isinstance(found.get(name), str) and found[name] for name in ("specversion", "id", "type", "time")):
        raise WireError("specversion, id, type or time is missing", message.data)
    return Event(
        seq=message.seq,
        subject=message.subject,
        stored_ns=message.time_ns,
        message=found,
        redelivered=message.redelivered,
    )


def subject_of(*, unit: str | None = None, alarm_class: str | None = None, event: str | None = None) -> str:
    """Return the NATS filter of some events of alerts; None is any."""
    return f"alert.{unit or '*'}.{alarm_class or '*'}.{event or '*'}"


def schema_names() -> tuple[str, ...]:
    """Return the names of the published JSON Schemas."""
    return tuple(
        sorted(file.name.removesuffix(".json") for file in _schemas().iterdir() if file.name.endswith(".json"))
    )


def schema(name: str) -> dict[str, Any]:
    """Return a JSON Schema (draft 2020-12) by its name; raises RefusedError with code 404 for another name."""
    if name not in schema_names():
        raise RefusedError(
            f"没有模式 {name[:80]} / no schema of that name: {', '.join(schema_names())}", code=NOT_FOUND
        )
    found: dict[str, Any] = json.loads((_schemas() / f"{name}.json").read_text("utf-8"))
    return found


def _schemas() -> Any:
    return files("alerts.feeding") / "schemas"
