"""Reading a stream in order without acks, for ever: the way of a stateful consumer.

Order and completeness are checked on every delivery: the consumer's own sequence must rise by one.
At a gap, a lost link or a deleted consumer a new consumer starts after the last sequence handed on,
so the caller sees each stored message once, in order, whatever happens in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import api
from nats.js.errors import APIError

from backbone.messages import LogMessage, log_message, position_of
from backbone.pull import Pull

log = logging.getLogger(__name__)

WINDOW = 1000
RETRY_S = 0.25
WAIT_S = 1.0
ANSWER_S = 2.0
"""A stream without a leader answers nothing: then we ask again."""


class OrderedReader:
    """One ordered read of a stream."""

    def __init__(
        self,
        client: Client,
        stream: str,
        subjects: Sequence[str],
        start_seq: int,
        *,
        newest: bool,
        began: str = "",
    ) -> None:
        """Read messages of ``subjects`` (all when empty) from ``start_seq`` on.

        With ``newest`` the first deliveries are the newest message of each subject, in order, then all that follow.
        """
        self._client = client
        self._js = client.jetstream(timeout=ANSWER_S)
        self._stream = stream
        self._subjects = list(subjects)
        self._next_seq = max(1, start_seq)
        self._consumer_seq = 0
        self._newest = newest
        self._began = began

    async def batches(self) -> AsyncIterator[list[LogMessage]]:
        """Yield lists of 1..1000 messages as they arrive; ends only with its task."""
        while True:
            try:
                pull, name = await self._open()
            except (NatsError, APIError, TimeoutError, OSError):
                await asyncio.sleep(RETRY_S)
                continue
            try:
                while pull.broken is None:
                    batch = self._in_order(pull, await pull.take(WINDOW, WAIT_S))
                    if batch:
                        yield batch
            finally:
                await self._close(pull, name)
            await asyncio.sleep(RETRY_S)

    def _in_order(self, pull: Pull, deliveries: list[Msg]) -> list[LogMessage]:
        """Return deliveries up to the first gap; a gap breaks the pull."""
        batch: list[LogMessage] = []
        for delivery in deliveries:
            position = position_of(delivery.reply)
            if position.consumer_seq != self._consumer_seq + 1:
                pull.broken = f"gap in deliveries: {self._consumer_seq} then {position.consumer_seq}"
                break
            self._consumer_seq = position.consumer_seq
            self._next_seq = position.seq + 1
            self._newest = False
            batch.append(log_message(delivery, position))
        return batch

    async def _open(self) -> tuple[Pull, str]:
        await self._look()
        policy = api.DeliverPolicy.LAST_PER_SUBJECT if self._newest else api.DeliverPolicy.BY_START_SEQUENCE
        config = api.ConsumerConfig(
            deliver_policy=policy,
            opt_start_seq=None if self._newest else self._next_seq,
            ack_policy=api.AckPolicy.NONE,
            filter_subjects=self._subjects or ([">"] if self._newest else None),
            max_deliver=1,
            mem_storage=True,
            num_replicas=1,
            inactive_threshold=60.0,
        )
        info = await self._js.add_consumer(self._stream, config)
        self._consumer_seq = 0
        pull = Pull(self._client, self._stream, info.name, window=WINDOW)
        await pull.start()
        return pull, info.name

    async def _look(self) -> None:
        """Read a new stream from its beginning.

        A stream that was made at the same time is the same one, wherever it ends: a node of a cluster that was
        elected a moment ago may not have come to its end yet.
        """
        info = await self._js.stream_info(self._stream)
        began, last = info.created.isoformat() if info.created else "", info.state.last_seq
        is_new = self._began != began if self._began else self._next_seq > last + 1
        if is_new and self._next_seq > 1:
            log.warning(
                "%s ends at %d, before the wanted %d: it is a new one, read from 1", self._stream, last, self._next_seq
            )
            self._next_seq = 1
        self._began = began

    async def _close(self, pull: Pull, name: str) -> None:
        await pull.stop()
        if self._client.is_connected:
            try:
                await self._js.delete_consumer(self._stream, name)
            except (NatsError, APIError, TimeoutError):
                return  # the server forgets it by itself after its inactivity threshold
