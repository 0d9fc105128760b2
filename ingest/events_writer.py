"""From stream ALERTS to measurement ``alert``: durable consumer → store → acknowledgement.

A consumer of its own, so that alerts wait for no backlog of readings. What is not stored is not acknowledged and comes
again; writing a change again changes nothing (`ingest.events`). A message that is no alert is parked with the
dead letters, and so is a line that the store will never take. For the embedded store none of this is needed: alerts
are in SQL there.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Protocol

from backbone.client import Backbone
from backbone.durable import DurableReader
from backbone.layout import ALERTS
from backbone.messages import LogMessage
from backbone.subjects import is_alert_change
from domain.errors import LinkError, StoreError, WireError
from domain.site.registry import Registry
from ingest.dead_letters import DeadLetter, DeadLetters, LetterKind
from ingest.events import alert_line
from ingest.store import StoreDeniedError
from ingest.writer import DENIED_PAUSE_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, stopped_within

log = logging.getLogger(__name__)

EVENTS_CONSUMER = "ingest-events"
FETCH = 1_000
WAIT_S = 0.5


class LineStore(Protocol):
    """A store that takes lines of line protocol."""

    def write_lines(self, lines: Sequence[bytes]) -> dict[int, str]:
        """Store lines; returns the positions of those that it will never take, with reasons.

        Raises StoreDownError or StoreDeniedError.
        """


class EventsWriter:
    """Moves changes of alerts from the stream to one store; run it once."""

    def __init__(self, backbone: Backbone, store: LineStore, registry: Registry, letters: DeadLetters) -> None:
        """Nothing is read before `run`."""
        self._backbone = backbone
        self._store = store
        self._registry = registry
        self._letters = letters
        self._reader: DurableReader | None = None
        self.stored = 0

    async def lag(self) -> int | None:
        """Return how many changes are not stored yet, None before the consumer is open; raises LinkError."""
        return None if self._reader is None else await self._reader.pending()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; raises LinkError or RefusedError when the consumer can't be made."""
        self._reader = await self._backbone.durable(ALERTS, name=EVENTS_CONSUMER)
        try:
            while not stop.is_set():
                messages = await self._reader.fetch(FETCH, wait_s=WAIT_S)
                if messages:
                    await self._store_all(messages, stop)
        finally:
            await self._reader.close()

    async def _store_all(self, messages: Sequence[LogMessage], stop: asyncio.Event) -> None:
        """Store until it is done, then acknowledge; returns without acknowledging only when stopped meanwhile."""
        assert self._reader is not None  # noqa: S101  # `run` made it
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                self.stored += await asyncio.to_thread(self._write, messages)
                break
            except StoreError as error:
                denied = isinstance(error, StoreDeniedError)
                log.log(logging.ERROR if denied else logging.DEBUG, "alerts not stored, kept in the stream: %s", error)
                if await stopped_within(stop, DENIED_PAUSE_S if denied else pause_s * random.uniform(0.7, 1.3)):
                    return
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        try:
            await self._reader.ack_all(messages)
        except LinkError as error:
            log.warning("alerts stored, but not acknowledged (they come again and change nothing): %s", error)

    def _write(self, messages: Sequence[LogMessage]) -> int:
        """Park what is no alert, store the others (in a worker thread); returns how many are stored."""
        lines: list[bytes] = []
        sources: list[LogMessage] = []
        letters: list[DeadLetter] = []
        for message in messages:
            if not is_alert_change(message.subject):
                continue
            try:
                lines.append(alert_line(message.data, self._registry))
                sources.append(message)
            except WireError as error:
                letters.append(_letter(LetterKind.BAD_PAYLOAD, error.reason, message))
        self._letters.park(letters)
        refused = self._store.write_lines(lines) if lines else {}
        self._letters.park(
            [_letter(LetterKind.REFUSED_BY_STORE, reason, sources[at]) for at, reason in refused.items()]
        )
        return len(lines) - len(refused)


def _letter(kind: LetterKind, reason: str, message: LogMessage) -> DeadLetter:
    return DeadLetter(
        kind=kind,
        reason=reason,
        evidence=message.data[:256].hex(),
        stream=ALERTS,
        seq=message.seq,
        received_ns=message.time_ns,
        subject=message.subject[:256],
    )
