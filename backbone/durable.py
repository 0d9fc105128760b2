"""A durable pull consumer with acks: the way of a stateless consumer such as ingest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError

from backbone.messages import LogMessage, log_message, position_of
from backbone.pull import Pull
from domain.errors import LinkError

WINDOW = 2000
ACK_WAIT_S = 10.0
REOPEN_S = 0.25


def durable_config(name: str, subjects: Sequence[str] = ()) -> api.ConsumerConfig:
    """Return the one configuration of durable consumers: all messages, an ack for each, sent again without end."""
    return api.ConsumerConfig(
        durable_name=name,
        deliver_policy=api.DeliverPolicy.ALL,
        ack_policy=api.AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
        filter_subjects=list(subjects) or None,
        max_ack_pending=4 * WINDOW,
        max_deliver=-1,
    )


class DurableReader:
    """One worker on a named consumer; unacknowledged messages come again after ``ACK_WAIT_S``."""

    def __init__(
        self,
        client: Client,
        js: JetStreamContext,
        stream: str,
        name: str,
        *,
        subjects: Sequence[str],
        window: int = WINDOW,
    ) -> None:
        """Bind to the consumer ``name`` of ``stream``; `open` creates it."""
        self._client = client
        self._js = js
        self._stream = stream
        self._name = name
        self._subjects = list(subjects)
        self._window = window
        self._pull: Pull | None = None

    async def open(self) -> None:
        """Create or find the consumer and begin to pull; raises nats errors when refused."""
        await self._js.add_consumer(self._stream, durable_config(self._name, self._subjects))
        self._pull = Pull(self._client, self._stream, self._name, window=self._window)
        await self._pull.start()

    async def fetch(self, most: int = 1000, wait_s: float = 0.5) -> list[LogMessage]:
        """Return up to ``most`` messages; none when nothing came in ``wait_s`` or the link is away."""
        if self._pull is None or self._pull.broken is not None:
            await self._reopen(wait_s)
            return []
        deliveries = await self._pull.take(most, wait_s)
        return [log_message(delivery, position_of(delivery.reply)) for delivery in deliveries]

    async def ack(self, message: LogMessage) -> None:
        """Acknowledge; a lost ack only means that the message comes again."""
        await self.ack_all([message])

    async def ack_all(self, messages: Iterable[LogMessage]) -> None:
        """Acknowledge many; raises LinkError when the link is away."""
        try:
            for message in messages:
                await self._client.publish(message.reply, b"+ACK")
        except NatsError as error:
            raise LinkError(f"acks not sent: {error}") from error

    async def nak(self, message: LogMessage, delay_s: float) -> None:
        """Ask for the message again after ``delay_s``."""
        try:
            await self._client.publish(message.reply, b'-NAK {"delay": %d}' % round(delay_s * 1e9))
        except NatsError as error:
            raise LinkError(f"nak not sent: {error}") from error

    async def pending(self) -> int:
        """Return how many messages are not acknowledged yet, delivered or not; raises LinkError."""
        try:
            info = await self._js.consumer_info(self._stream, self._name)
        except (NatsError, APIError, TimeoutError) as error:
            raise LinkError(f"no word on consumer {self._name}: {error}") from error
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def oldest_ns(self) -> int | None:
        """Return when the oldest message that is not acknowledged was received, None without one; raises LinkError."""
        try:
            info = await self._js.consumer_info(self._stream, self._name)
            floor = (info.ack_floor.stream_seq if info.ack_floor else None) or 0
            found = await self._js.get_msg(self._stream, seq=floor + 1, subject=">", next=True)
        except NotFoundError:
            return None
        except (NatsError, APIError, TimeoutError) as error:
            raise LinkError(f"no word on consumer {self._name}: {error}") from error
        return None if found.time is None else round(found.time.timestamp() * 1e6) * 1000

    async def close(self) -> None:
        """Stop pulling and hand back what was not fetched; the consumer and its position stay on the server."""
        if self._pull is None:
            return
        await self._pull.stop()
        try:
            for delivery in self._pull.untaken():
                await self._client.publish(delivery.reply, b"-NAK")
        except NatsError:
            return  # the link is away: the server sends them again after ACK_WAIT_S

    async def _reopen(self, wait_s: float) -> None:
        if self._pull is not None:
            await self._pull.stop()
            self._pull = None
        try:
            await self.open()
        except (NatsError, APIError, TimeoutError, OSError):
            await asyncio.sleep(min(wait_s, REOPEN_S))
