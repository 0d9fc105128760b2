"""Publishing many messages in order, with a bounded number not acknowledged yet.

The server stores what comes on one connection in the order in which it comes. So the order is kept
by one rule: when anything goes wrong (link lost, no ack in time, stream away), *everything* that
is not acknowledged is sent again, oldest first, with the same ids; the server's duplicate window
and the consumers' own identity checks drop second copies. Until that is done nothing new is sent: what is
submitted waits behind what went before.

What the server forbids a user to publish has no ack at all, only a word on the connection: `refuse` ends it.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from backbone.messages import MESSAGE_ID_HEADER, Ack
from domain.errors import LinkError, RefusedError

ACK_TIMEOUT_S = 5.0
RETRY_S = 0.2
HEADER_ROOM = 1024
"""Bytes kept free beside a payload: the server counts the headers too."""

PASSING_CODES = {408, 409, 429, 500, 503}
"""HTTP-like codes that mean "not now": no leader yet, a write with the same id is on its way, busy, storage short."""

PASSING_ERRORS = {10002, 10023, 10028, 10047, 10077}
"""Server errors that pass though their code is 400: resources of account or server exceeded, store failed."""


@dataclass(slots=True)
class _Entry:
    subject: str
    payload: bytes
    message_id: str
    done: asyncio.Future[Ack]
    sent_at: float = 0.0


class Publisher:
    """Submits messages without waiting for each; see the module for order and retry."""

    def __init__(self, client: Client, *, window: int, forbidden: set[str] | None = None) -> None:
        """Allow at most ``window`` messages in flight.

        ``forbidden`` are the subjects in lower case that the server did not let this user publish to; whoever
        holds the set adds them, and one that passes after all is taken out.
        """
        self._client = client
        self._forbidden = forbidden if forbidden is not None else set()
        self._window = window
        self._inbox = client.new_inbox()
        self._pending: OrderedDict[str, _Entry] = OrderedDict()
        self._count = 0
        self._room = asyncio.Event()
        self._room.set()
        self._resend = asyncio.Event()
        self._resending = False
        self._connection = client.stats["reconnects"]
        """The connection on which all that is pending was sent, by its number."""
        self._subscription: Subscription | None = None
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen for acks."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flush when all is well, then stop."""
        if kind is None:
            await self.flush()
        await self.close()

    @property
    def in_flight(self) -> int:
        """Messages sent and not acknowledged."""
        return len(self._pending)

    async def start(self) -> None:
        """Subscribe to acks and start watching for lost ones."""
        if self._watch is None:
            self._subscription = await self._client.subscribe(
                f"{self._inbox}.*", cb=self._on_ack, pending_msgs_limit=-1, pending_bytes_limit=-1
            )
            self._watch = asyncio.create_task(self._watch_acks(), name="publisher-acks")

    async def submit(self, subject: str, payload: bytes, *, message_id: str) -> asyncio.Future[Ack]:
        """Send one message, waiting for room in the window; the future gives its `Ack`.

        The future fails with RefusedError when the server refuses this message for good, or would: one that
        is too large is not sent at all, for the server closes the connection of whoever tries.
        """
        await self.start()
        if len(payload) + HEADER_ROOM > self._client.max_payload:
            return self._too_large(subject, len(payload))
        while len(self._pending) >= self._window:
            self._room.clear()
            await self._room.wait()
        self._count += 1
        token = str(self._count)
        entry = _Entry(subject, payload, message_id, asyncio.get_running_loop().create_future())
        self._pending[token] = entry
        if self._in_order:
            await self._send(token, entry)
        else:
            self._resend.set()  # what went before goes first
        return entry.done

    def _too_large(self, subject: str, size: int) -> asyncio.Future[Ack]:
        refused: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        refused.set_exception(RefusedError(f"{subject}: {size} bytes; the log takes {self._client.max_payload}"))
        return refused

    def refuse(self, subject: str) -> None:
        """Let all fail with RefusedError that is pending for a subject which this user may not publish to.

        ``subject`` is in lower case, as the client tells of it. The server says no more of such a message, so
        without this it would be sent again for ever, and the window would fill with its like.
        """
        error = f"{subject}: this user may not publish here; does the server know the gateway's nodes?"
        refused = [(token, entry) for token, entry in self._pending.items() if entry.subject.lower() == subject]
        for token, entry in refused:
            self._finish(token, entry, RefusedError(error))

    async def flush(self) -> None:
        """Wait until every message is acknowledged or refused."""
        waiting = [entry.done for entry in self._pending.values()]
        if waiting:
            await asyncio.wait(waiting)

    async def close(self) -> None:
        """Stop; messages that are still pending fail with LinkError (the caller keeps them)."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        if self._subscription is not None and self._client.is_connected:
            await self._subscription.unsubscribe()
        for entry in self._pending.values():
            if not entry.done.done():
                entry.done.set_exception(LinkError("publisher closed before the server acknowledged"))
                entry.done.exception()  # seen here, so that nobody is warned about a future nobody waits for
        self._pending.clear()

    @property
    def _in_order(self) -> bool:
        """Tell whether a message that is sent now comes after all that are pending."""
        known = self._client.is_connected and self._connection == self._client.stats["reconnects"]
        return known and not self._resending and not self._resend.is_set()

    async def _send(self, token: str, entry: _Entry) -> None:
        entry.sent_at = asyncio.get_running_loop().time()
        try:
            await self._client.publish(
                entry.subject,
                entry.payload,
                reply=f"{self._inbox}.{token}",
                headers={MESSAGE_ID_HEADER: entry.message_id},
            )
        except NatsError:
            self._resend.set()

    async def _on_ack(self, message: Msg) -> None:
        token = message.subject.rpartition(".")[2]
        entry = self._pending.get(token)
        if entry is None:
            return  # an ack of an earlier copy
        answer = _answer(message)
        if isinstance(answer, Ack):
            self._finish(token, entry, answer)
        elif answer.retryable:
            self._resend.set()
        else:
            self._finish(token, entry, answer)

    def _finish(self, token: str, entry: _Entry, answer: Ack | RefusedError) -> None:
        del self._pending[token]
        self._room.set()
        if entry.done.done():
            return  # the caller gave up on it
        if isinstance(answer, Ack):
            entry.done.set_result(answer)
            if self._forbidden:
                self._forbidden.discard(entry.subject.lower())
        else:
            entry.done.set_exception(answer)
            entry.done.exception()  # seen here: nobody need wait for the future of a birth

    async def _watch_acks(self) -> None:
        """Send everything pending again when asked to, on a new connection, or when the oldest ack is overdue."""
        while True:
            try:
                async with asyncio.timeout(RETRY_S):
                    await self._resend.wait()
            except TimeoutError:
                if self._connection == self._client.stats["reconnects"] and not self._overdue():
                    continue
            else:
                await asyncio.sleep(RETRY_S)
            if self._client.is_connected:
                self._resend.clear()
                await self._send_again()

    async def _send_again(self) -> None:
        """Send everything pending, and what is submitted meanwhile behind it."""
        self._resending = True
        try:
            connection, sent = self._client.stats["reconnects"], 0
            while sent < self._count:
                waiting = [(token, entry) for token, entry in self._pending.items() if int(token) > sent]
                sent = self._count
                for token, entry in waiting:
                    await self._send(token, entry)
            self._connection = connection
        finally:
            self._resending = False

    def _overdue(self) -> bool:
        oldest = next(iter(self._pending.values()), None)
        return oldest is not None and asyncio.get_running_loop().time() - oldest.sent_at > ACK_TIMEOUT_S


def _answer(message: Msg) -> Ack | RefusedError:
    """Read a PubAck, an error reply or the server's "no responders"."""
    if message.headers and message.headers.get("Status") == "503":
        return RefusedError("no stream takes this subject yet", code=503, retryable=True)
    try:
        body = json.loads(message.data)
        error = body.get("error")
        if error is None:
            return Ack(body["stream"], body["seq"], bool(body.get("duplicate")))
    except (ValueError, KeyError, AttributeError):
        return RefusedError(f"unreadable ack: {message.data[:120]!r}", retryable=True)
    code = error.get("code", 0)
    passing = code in PASSING_CODES or error.get("err_code") in PASSING_ERRORS
    return RefusedError(str(error.get("description")), code=error.get("err_code"), retryable=passing)
