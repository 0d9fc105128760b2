"""`Backbone`: one connection to JetStream with the verbs that our processes need.

nats-py's exceptions end here: callers see `LinkError` (try again), `RefusedError` (don't) and
`FencedError` (somebody else is the writer now).
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from backbone import records, services
from backbone.consumers import ConsumerState, consumer_state, first_seq_since
from backbone.credentials import Credentials
from backbone.durable import WINDOW, DurableReader
from backbone.errors import FencedError
from backbone.layout import Layout, ensure_layout
from backbone.messages import MESSAGE_ID_HEADER, Ack, CoreMessage, KvEntry, LogMessage
from backbone.publisher import PASSING_CODES, PASSING_ERRORS, Publisher
from backbone.reader import OrderedReader
from backbone.server_config import inbox_prefix
from backbone.tls import TlsFiles, proven_context
from domain.errors import LinkError, RefusedError

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 30.0
WRONG_LAST_SEQUENCE = {10071, 10164}
"""Somebody else wrote first; the second one comes from a cluster, where that write is still on its way."""
EXPECT_SEQ = "Nats-Expected-Last-Subject-Sequence"
EXPECT_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject"

FORBIDDEN = re.compile(r'permissions violation for publish to "([^"]+)"', re.IGNORECASE)
"""What the server says of a message that its user may not publish; nats-py gives it in lower case."""

MOST_FORBIDDEN = 1000
"""Subjects that are remembered as forbidden: a site has no more than some thousands."""


class Backbone:
    """A connection; make it with `connect`, use it as an async context manager."""

    def __init__(self, client: Client, layout: Layout) -> None:
        """Wrap a connected client."""
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=5)
        self._layout = layout
        self._closing = False
        self._publishers: weakref.WeakSet[Publisher] = weakref.WeakSet()
        self._forbidden: set[str] = set()
        self.records = records.Records(self._js)

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        credentials: Credentials | None = None,
        name: str,
        partitions: int = 4,
        replicas: int = 1,
        timeout_s: float = CONNECT_TIMEOUT_S,
        tls: TlsFiles | None = None,
    ) -> Self:
        """Connect, waiting up to ``timeout_s`` for the server; afterwards reconnect for ever.

        ``url`` may name several servers of a cluster with commas between them: whichever answers is used.
        With ``tls``, or a ``tls://`` address, nothing is said to a server without TLS. Raises LinkError when no server
        answers in time (TlsError where a certificate is why), RefusedError for wrong credentials.
        """
        user = credentials.user if credentials else ""
        options: dict[str, Any] = {"user": user, "password": credentials.password} if credentials else {}
        servers = url.split(",")
        if tls or url.startswith("tls://"):
            options["tls"] = await proven_context(servers, tls or TlsFiles())
        client = _Client()
        try:
            async with asyncio.timeout(timeout_s):
                await client.connect(
                    servers,
                    name=name,
                    inbox_prefix=inbox_prefix(user or "open"),
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,  # type: ignore[arg-type]  # nats-py sleeps for it, fractions too
                    connect_timeout=2,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    error_cb=_log_error,
                    **options,
                )
        except (TimeoutError, OSError, NatsError) as error:
            if "authorization" in str(error).lower():
                raise RefusedError(f"backbone at {url} refused the credentials of '{user}'") from error
            raise LinkError(f"no backbone at {url} within {timeout_s:.0f} s: {error}") from error
        backbone = cls(client, Layout(partitions=partitions, replicas=replicas))
        client._error_cb = backbone._on_error  # noqa: SLF001  # connect() takes callbacks before there is anybody to call
        client._closed_cb = backbone._on_closed  # noqa: SLF001  # as above
        client._disconnected_cb = backbone._on_disconnected  # noqa: SLF001  # as above
        return backbone

    async def _on_error(self, error: Exception) -> None:
        """Log what the server complains of; a message that may not be published ends here, for it has no ack."""
        await _log_error(error)
        found = FORBIDDEN.search(str(error))
        if found is None:
            return
        subject = found[1].lower()
        if len(self._forbidden) < MOST_FORBIDDEN:
            self._forbidden.add(subject)
        for publisher in list(self._publishers):
            publisher.refuse(subject)

    async def _on_closed(self) -> None:
        """End the process when the server closed us for good (user withdrawn, limits): it must start anew."""
        if not self._closing:
            log.critical("the backbone closed this connection for good; the process ends, to be started anew")
            signal.raise_signal(signal.SIGTERM)

    async def _on_disconnected(self) -> None:
        """Forget what the client has buffered: after a reconnect it would overtake what the dead socket swallowed.

        Whoever waits for an answer asks again; a `Publisher` sends everything again, in order.
        """
        self._client._pending.clear()  # noqa: SLF001  # nats-py has no other way (2.16)
        self._client._pending_data_size = 0  # noqa: SLF001  # as above

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Send what is buffered and close."""
        self._closing = True
        try:
            if self._client.is_connected:
                await self._client.flush(timeout=2)
        except (NatsError, TimeoutError):
            log.warning("closing without a last flush: the link is away")
        await self._client.close()

    @property
    def connected(self) -> bool:
        """Tell whether the link is up now."""
        return self._client.is_connected

    @property
    def forbidden(self) -> list[str]:
        """Subjects in lower case that the server did not let this user publish to when it last tried."""
        return sorted(self._forbidden)

    @property
    def partitions(self) -> int:
        """Number of partitions of TELEMETRY and ALARMS."""
        return self._layout.partitions

    async def ensure_streams(self) -> None:
        """Make streams and buckets that are missing; raises LinkError or RefusedError."""
        with _translated("streams"):
            await ensure_layout(self._js, self._layout)

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        message_id: str | None = None,
        expect_last: tuple[str, int] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5,
    ) -> Ack:
        """Store one message and return its `Ack`.

        ``expect_last`` is ``(subject filter, sequence)``: the message is refused with FencedError
        when the last message that matches the filter is another one.
        """
        sent = dict(headers or {})
        if message_id is not None:
            sent[MESSAGE_ID_HEADER] = message_id
        if expect_last is not None:
            sent |= {EXPECT_SUBJECT: expect_last[0], EXPECT_SEQ: str(expect_last[1])}
        with _translated(subject):
            ack = await self._js.publish(subject, payload, timeout=timeout_s, headers=sent or None)
        return Ack(ack.stream, ack.seq, bool(ack.duplicate))

    def publisher(self, *, window: int = 256) -> Publisher:
        """Return a publisher that keeps up to ``window`` messages in flight."""
        publisher = Publisher(self._client, window=window, forbidden=self._forbidden)
        self._publishers.add(publisher)
        return publisher

    def reader(
        self, stream: str, *, subjects: Sequence[str] = (), start_seq: int = 1, newest: bool = False, began: str = ""
    ) -> AsyncIterator[list[LogMessage]]:
        """Read in order without acks, for ever; yields lists as messages arrive.

        With ``newest`` begin with the newest message of each subject instead of ``start_seq``. ``began``: what
        `log_began` says of the stream that ``start_seq`` is a place in; another one is read from its beginning.
        """
        reader = OrderedReader(self._client, stream, subjects, start_seq, newest=newest, began=began)
        return reader.batches()

    async def durable(
        self, stream: str, *, name: str, subjects: Sequence[str] = (), window: int = WINDOW
    ) -> DurableReader:
        """Return a reader on the durable consumer ``name``, made if missing; ``window`` messages are asked ahead."""
        reader = DurableReader(self._client, self._js, stream, name, subjects=subjects, window=window)
        with _translated(name):
            await reader.open()
        return reader

    async def last_seq(self, stream: str, subject_filter: str = ">") -> int:
        """Return the sequence of the last message that matches, 0 when there is none."""
        with _translated(stream):
            return await self.records.last_seq(stream, subject_filter)

    async def first_seq_since(self, stream: str, time_ns: int) -> int:
        """Return where to begin to read what was stored at ``time_ns`` (ns UTC) or later; raises LinkError."""
        with _translated(stream):
            return await first_seq_since(self._js, stream, time_ns)

    async def consumer_state(self, stream: str, name: str) -> ConsumerState | None:
        """Return how far a durable consumer is, None where there is none of the name; raises LinkError."""
        with _translated(name):
            return await consumer_state(self._js, stream, name)

    async def messages(
        self, stream: str, *, subjects: Sequence[str] = (), start_seq: int = 1, end_seq: int | None = None
    ) -> list[LogMessage]:
        """Return the messages that are in the stream now, from ``start_seq`` to ``end_seq`` inclusive."""
        filters = list(subjects) or [">"]
        last = max([await self.last_seq(stream, one) for one in filters])
        end = min(last, end_seq) if end_seq is not None else last
        found: list[LogMessage] = []
        if end < start_seq:
            return found
        batches = self.reader(stream, subjects=subjects, start_seq=start_seq)
        async for batch in batches:
            found += [message for message in batch if message.seq <= end]
            if batch[-1].seq >= end:
                break
        await batches.aclose()  # type: ignore[attr-defined]  # it is an async generator
        return found

    async def kv_put(self, bucket: str, key: str, value: bytes) -> int:
        """Write a key whatever is there; returns the revision."""
        with _translated(key):
            return await self.records.put(bucket, key, value)

    async def kv_get(self, bucket: str, key: str) -> KvEntry | None:
        """Read a key."""
        with _translated(key):
            return await self.records.get(bucket, key)

    async def kv_newest(self, bucket: str, key: str) -> KvEntry | None:
        """Read a key of a bucket that allows direct gets; a gateway may do so with its own."""
        with _translated(key):
            return await self.records.newest(bucket, key)

    async def kv_create(self, bucket: str, key: str, value: bytes) -> int:
        """Write a key that does not exist; raises FencedError when it does."""
        with _translated(key):
            return await self.records.create(bucket, key, value)

    async def kv_update(
        self, bucket: str, key: str, value: bytes, revision: int, *, timeout_s: float | None = None
    ) -> int:
        """Write a key whose revision is ``revision``; raises FencedError when it is not.

        After a LinkError it may have been written or not.
        """
        with _translated(key):
            return await self.records.update(bucket, key, value, revision, timeout_s=timeout_s)

    async def kv_entries(self, bucket: str) -> dict[str, KvEntry]:
        """Return all entries of a bucket."""
        with _translated(bucket):
            return await self.records.entries(bucket)

    async def kv_delete(self, bucket: str, key: str) -> None:
        """Remove a key."""
        with _translated(key):
            await self.records.delete(bucket, key)

    async def kv_keys(self, bucket: str) -> list[str]:
        """Return the keys of a bucket, sorted."""
        with _translated(bucket):
            return await self.records.keys(bucket)

    async def put_status(self, key: str, document: Mapping[str, Any]) -> None:
        """Publish a process's status document, with the time."""
        with _translated(key):
            await self.records.put_status(key, document)

    async def statuses(self) -> dict[str, dict[str, Any]]:
        """Return all status documents by key."""
        with _translated("status"):
            return await self.records.statuses()

    async def log_began(self, stream: str) -> str:
        """Return when a stream was made: another one of the same name has another time."""
        with _translated(stream):
            return await self.records.began(stream)

    async def save_checkpoint(self, name: str, data: bytes) -> None:
        """Replace a checkpoint; the old one stays readable until the new one is complete."""
        with _translated(name):
            await self.records.save_checkpoint(name, data)

    async def load_checkpoint(self, name: str) -> bytes | None:
        """Return a checkpoint, None when there is none; raises WireError when parts of it are gone."""
        with _translated(name):
            return await self.records.load_checkpoint(name)

    async def request(self, subject: str, body: Mapping[str, Any], *, timeout_s: float = 5) -> Any:
        """Ask a service and return its data; raises what the service raised, or LinkError."""
        with _translated(subject):
            reply = await self._client.request(subject, services.encode(body), timeout=timeout_s)
        return services.unwrap(subject, reply.data)

    async def serve(
        self, subject: str, handler: Callable[[dict[str, Any]], Awaitable[Any]], *, at_once: int = 1
    ) -> Callable[[], Awaitable[None]]:
        """Answer requests on ``subject``, up to ``at_once`` of them together.

        Until the connection closes, or what is returned is called and awaited.
        """
        subscription = await services.serve(self._client, subject, handler, at_once=at_once)
        return subscription.unsubscribe

    async def subscribe(self, subject: str) -> AsyncIterator[CoreMessage]:
        """Return live, unstored messages (commands)."""
        subscription = await self._client.subscribe(subject)

        async def stream() -> AsyncIterator[CoreMessage]:
            async for message in subscription.messages:
                yield CoreMessage(message.subject, message.data)

        return stream()

    async def core_publish(self, subject: str, payload: bytes) -> None:
        """Send a message that nobody stores; raises LinkError."""
        with _translated(subject):
            await self._client.publish(subject, payload)


class _Client(Client):
    """nats-py's client, which shows its password to a server that offers no TLS, whatever was asked for (2.16)."""

    def _connect_command(self) -> bytes:
        if "tls" in self.options and not self._server_info.get("tls_required"):
            raise NatsError("the server offers no TLS, and the site asks for it")
        return super()._connect_command()


class _translated:  # noqa: N801  # reads as a phrase: `with _translated(subject):`
    """Turn nats-py's exceptions into ours."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, NoRespondersError | ServiceUnavailableError):
            raise LinkError(f"{self._what}: nobody answers (stream or service not there yet)") from error
        if isinstance(error, NotFoundError):
            raise RefusedError(f"{self._what}: not found", code=error.err_code) from error
        if isinstance(error, APIError):
            if error.err_code in WRONG_LAST_SEQUENCE:
                raise FencedError(f"{self._what}: somebody else wrote first", code=error.err_code) from error
            if error.err_code in PASSING_ERRORS or error.code in PASSING_CODES:
                raise LinkError(f"{self._what}: {error.description}") from error
            raise RefusedError(f"{self._what}: {error.description}", code=error.err_code) from error
        if isinstance(error, NatsError | TimeoutError | ConnectionError) and not isinstance(error, LinkError):
            raise LinkError(f"{self._what}: {error or type(error).__name__}") from error


async def _log_error(error: Exception) -> None:
    log.warning("backbone: %s", error)
