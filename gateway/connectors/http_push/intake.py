"""From requests to the spool: all that wait are stored with one commit, and answered after it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import FengsuiError
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter, Sink, Wiring
from gateway.connectors.http_push.protocol import EnvelopeReader, MessageError, Pushed, text_of
from gateway.connectors.json_decoder import UnusableError
from gateway.connectors.json_listener import Harvest, Listener, Timekeeper, place
from gateway.connectors.unregistered import Unregistered

log = logging.getLogger(__name__)

MOST_TOGETHER = 256
"""Requests in one commit."""

MOST_TOLD = 100
"""Messages set aside that an answer names; their count says how many there are."""


@dataclass(slots=True)
class Outcome:
    """What became of the messages of one request."""

    stored: int = 0
    copies: int = 0
    left: int = 0
    aside: list[dict[str, str]] = field(default_factory=list)
    aside_count: int = 0

    def document(self) -> dict[str, Any]:
        """Return it as the answer's body."""
        return {
            "stored": self.stored,
            "copies": self.copies,
            "left": self.left,
            "set_aside": {"count": self.aside_count, "first": self.aside},
        }


@dataclass(slots=True)
class _Waiting:
    """A request: its messages, and who waits for the outcome."""

    messages: Sequence[tuple[str, Any]]
    done: asyncio.Future[Outcome]
    outcome: Outcome = field(default_factory=Outcome)


class Intake:
    """Takes requests while it runs; ``listeners`` are the devices by their ``address``."""

    def __init__(
        self,
        wiring: Wiring,
        reader: EnvelopeReader,
        listeners: Mapping[str, Listener],
        *,
        times: Timekeeper,
        unregistered: Unregistered,
        errors: Counter[str],
        most_waiting: int,
    ) -> None:
        """Count in ``errors`` what is wrong; refuse more than ``most_waiting`` requests at once."""
        self._wiring = wiring
        self._reader = reader
        self._listeners = listeners
        self._times = times
        self._unregistered = unregistered
        self._errors = errors
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(most_waiting)

    def put(self, messages: Sequence[tuple[str, Any]]) -> asyncio.Future[Outcome]:
        """Queue a request; the future gives its outcome after the commit, or the sink's error.

        Raises asyncio.QueueFull when too many wait.
        """
        waiting = _Waiting(messages, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return waiting.done

    async def run(self, sink: Sink) -> None:
        """Store what waits, for ever."""
        together: list[_Waiting] = []
        try:
            while True:
                together = [await self._queue.get()]
                while not self._queue.empty() and len(together) < MOST_TOGETHER:
                    together.append(self._queue.get_nowait())
                await self._store(together, sink)
        finally:
            while not self._queue.empty():
                together.append(self._queue.get_nowait())
            for one in together:
                one.done.cancel()

    async def _store(self, together: Sequence[_Waiting], sink: Sink) -> None:
        """Commit a group and answer it; a disk that refuses is the platform's reason to come again."""
        harvest = Harvest()
        names: set[bytes] = set()
        for one in together:
            for at, message in one.messages:
                self._take(at, message, harvest, names, one.outcome)
        try:
            await self._deliver(harvest, sink)
        except FengsuiError as error:
            harvest.forget()
            self._errors["not_stored"] += len(together)
            log.warning("connection %s: pushes not stored: %s", self._wiring.connection.id, error)
            for one in together:
                if not one.done.done():
                    one.done.set_exception(error)
            return
        except BaseException:  # cancelled: not stored, so the platform's second copy must count
            harvest.forget()
            raise
        for one in together:
            if not one.done.done():
                one.done.set_result(one.outcome)

    async def _deliver(self, harvest: Harvest, sink: Sink) -> None:
        """Return when everything is on disk; the letters first, so that no name is known before all of it is."""
        if harvest.letters:
            await asyncio.gather(*(sink.dead_letter(letter) for letter in harvest.letters))
        if harvest.point:
            await sink.emit(harvest.batch(self._wiring.table), names=harvest.names)

    def _take(self, at: str, message: Any, harvest: Harvest, names: set[bytes], outcome: Outcome) -> None:
        """Add one message's readings, or its dead letter."""
        try:
            pushed = self._reader.read(at, message)
            listener = self._listener(pushed)
            stored = self._add(pushed, listener, harvest, names)
        except MessageError as error:
            self._put_aside(error, harvest, outcome)
            return
        outcome.stored += stored == "stored"
        outcome.copies += stored == "second_copy"
        outcome.left += stored == "left_to_others"
        if stored != "stored":
            self._errors[stored] += 1

    def _add(self, pushed: Pushed, listener: Listener, harvest: Harvest, names: set[bytes]) -> str:
        """Return what became of a message; raises MessageError."""
        if pushed.name is not None and (pushed.name in names or self._is_taken(pushed.name)):
            return "second_copy"
        try:
            message = listener.decoder.read(pushed.fields)
        except UnusableError as error:
            raise MessageError(error.code, pushed.at, error.detail, pushed.message) from error
        listener.lost = False
        if message is None:
            return "left_to_others"
        if not message.rows:
            return "left_to_others"
        expected = self._reader.has_time or listener.decoder.has_time
        own_ns = pushed.time_ns if message.time_ns is None else message.time_ns
        time_ns, believed = self._times.time(own_ns, expected=expected)
        digest = hash(pushed.name or str(pushed.message))
        if not place(
            listener, message, harvest, time_ns=time_ns, believed=believed, doubted=expected and not believed,
            digest=digest,
        ):  # fmt: skip
            return "second_copy"
        if pushed.name is not None:
            names.add(pushed.name)
            harvest.names.append(pushed.name)
        return "stored"

    def _listener(self, pushed: Pushed) -> Listener:
        listener = self._listeners.get(pushed.device)
        if listener is None:
            self._unregistered.heard(pushed.device, self._wiring.clock.now_ns(), text_of(pushed.message))
            detail = f"no device of this connection has the address '{pushed.device}'"
            raise MessageError("unknown_device", pushed.at, detail, pushed.message)
        return listener

    def _is_taken(self, name: bytes) -> bool:
        hosting = self._wiring.hosting
        return hosting is not None and hosting.is_taken(name)

    def _put_aside(self, error: MessageError, harvest: Harvest, outcome: Outcome) -> None:
        self._errors[error.code] += 1
        outcome.aside_count += 1
        if len(outcome.aside) < MOST_TOLD:
            outcome.aside.append({"at": error.at, "reason": error.code, "detail": error.detail})
        harvest.letters.append(
            DeadLetter(
                time_ns=self._wiring.clock.now_ns(),
                connection=self._wiring.connection.id,
                reason=error.code,
                detail=f"{error.at}: {error.detail}"[:500],
                raw=error.message.encode(errors="replace")[:MOST_RAW_BYTES],
            )
        )
