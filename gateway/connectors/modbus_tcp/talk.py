"""A conversation with a Modbus server on one open line: requests out, each answer to its own request.

| what comes | what becomes of it |
|---|---|
| the answer of the unit that was asked | the request's result |
| an answer to a request that nobody waits for any more | dropped, counted as ``late`` |
| an answer of another unit | dropped, counted as ``foreign``; the wait goes on |
| bytes that are no Modbus | every request that waits fails with WireError |
| nothing in time | TimeoutError |
| the end of the line | LinkError |
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import Counter
from dataclasses import dataclass

from domain.errors import LinkError, WireError
from gateway.connectors.modbus_tcp.wire import (
    MOST_RTU,
    find_rtu,
    is_whole_rtu,
    mbap_request,
    rtu_request,
    take_mbap,
)
from gateway.connectors.tap import Tap


@dataclass(slots=True)
class _Asked:
    """A request under way."""

    unit: int
    function: int
    deadline_s: float
    answer: asyncio.Future[bytes]


ROOM = 16_384
"""Bytes taken off a socket at once: fifty of the longest replies."""


class Talk(asyncio.BufferedProtocol):
    """What both framings share: requests by transaction, one timer for all of them.

    It gives its transport the buffer to read into: for a protocol without one, asyncio allocates 256 KiB for each
    reply of 200 bytes, which costs more than all the rest of reading it.
    """

    def __init__(self, where: str, counts: Counter[str], *, in_flight: int, tap: Tap) -> None:
        """``where`` names the line in errors; ``counts`` takes ``late`` and ``foreign``, ``tap`` what passes.

        Where ``in_flight`` allows several requests, those of one turn of the loop are sent together.
        """
        self.usable = False
        """The line is up and in step with the peer's frames."""
        self._where = where
        self._tap = tap
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._line: asyncio.Transport | None = None
        self._asked: dict[int, _Asked] = {}
        self._next = 0
        self._buffer = bytearray()
        self._room = memoryview(bytearray(ROOM))
        self._out = bytearray()
        self._together = in_flight > 1
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # streams only are connected to this
        self._line = transport
        self.usable = True

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport is to put what comes."""
        del sizehint  # a reply has its greatest length
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """Take what the transport put there."""
        self.data_received(self._room[:nbytes])

    @abstractmethod
    def data_received(self, data: bytes | memoryview) -> None:
        """Take bytes, which are the caller's again afterwards."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Let everybody who waits know."""
        del exc  # the peer's reason says no more than that it is gone
        self.usable = False
        self._fail_all(self.gone())

    def close(self) -> None:
        """Hang up; requests that wait fail."""
        self.usable = False
        if self._line is not None:
            self._line.abort()
        self._fail_all(self.gone())

    def gone(self) -> LinkError:
        """Return the error for a line that is away."""
        return LinkError(f"{self._where} closed the connection")

    def ask(self, unit: int, pdu: bytes, timeout_s: float) -> asyncio.Future[bytes]:
        """Send a request; the future gives the reply's PDU, or raises as the module says.

        Behind n requests that wait already, the peer has n + 1 time-outs to answer.
        """
        if self._line is None or not self.usable:
            raise self.gone()
        self._next = self._next + 1 & 0xFFFF
        answer: asyncio.Future[bytes] = self._loop.create_future()
        deadline_s = self._loop.time() + timeout_s * (len(self._asked) + 1)
        self._asked[self._next] = _Asked(unit, pdu[0], deadline_s, answer)
        if self._timer is None or deadline_s < self._timer.when():
            self._wake_at(deadline_s)
        frame = self._framed(self._next, unit, pdu)
        if self._tap.is_on:
            self._tap.note(frame, out=True)
        if self._together:
            if not self._out:
                self._loop.call_soon(self._flush)
            self._out += frame
        else:
            self._line.write(frame)
        return answer

    def _flush(self) -> None:
        """Send what was asked in one turn of the loop together: a system call for all requests under way."""
        if self._line is not None and self.usable:
            self._line.write(bytes(self._out))
        self._out.clear()

    @abstractmethod
    def _framed(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        """Return the request's bytes."""

    def _silence(self) -> Exception:
        """Return what an unanswered request fails with."""
        return TimeoutError("no reply in time")

    def _answered(self, transaction: int, pdu: bytes) -> None:
        asked = self._asked.pop(transaction)
        if not asked.answer.done():  # who asked may have been cancelled
            asked.answer.set_result(pdu)

    def _expire(self) -> None:
        """Fail what is due; the timer is set for the oldest request and is often early."""
        now_s = self._loop.time()
        self._timer = None
        for transaction in [key for key, asked in self._asked.items() if asked.deadline_s <= now_s]:
            asked = self._asked.pop(transaction)
            if not asked.answer.done():
                asked.answer.set_exception(self._silence())
        if self._asked:
            self._wake_at(min(asked.deadline_s for asked in self._asked.values()))

    def _wake_at(self, deadline_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline_s, self._expire)

    def _fail_all(self, error: Exception) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        asked, self._asked = self._asked, {}
        for one in asked.values():
            if not one.answer.done():
                one.answer.set_exception(error)


class MbapTalk(Talk):
    """Modbus TCP, plain or in TLS: answers may come in any order."""

    def data_received(self, data: bytes | memoryview) -> None:
        """Give each whole frame to the request it answers."""
        if self._tap.is_on:
            self._tap.note(bytes(data), out=False)
        self._buffer += data
        try:
            while frame := take_mbap(self._buffer):
                asked = self._asked.get(frame.transaction)
                if asked is None:
                    self._counts["late"] += 1
                elif asked.unit != frame.unit:
                    self._counts["foreign"] += 1
                else:
                    self._answered(frame.transaction, frame.pdu)
        except WireError as error:
            self.usable = False
            self._fail_all(error)

    def _framed(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        return mbap_request(transaction, unit, pdu)


class RtuTalk(Talk):
    """RTU frames on a serial line or through a converter: one request at a time."""

    def data_received(self, data: bytes | memoryview) -> None:
        """Look for the answer in all that came since the request."""
        if self._tap.is_on:
            self._tap.note(bytes(data), out=False)
        if not self._asked:
            self._counts["late"] += 1
            return
        self._buffer += data
        transaction, asked = next(iter(self._asked.items()))
        pdu = find_rtu(self._buffer, asked.unit, asked.function)
        if pdu is not None:
            self._answered(transaction, pdu)
        del self._buffer[: -2 * MOST_RTU]

    def _framed(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        del transaction  # RTU has none
        self._buffer.clear()
        return rtu_request(unit, pdu)

    def _silence(self) -> Exception:
        """Tell silence from noise: frames of other units are the former, damaged ones the latter."""
        if not self._buffer:
            return super()._silence()
        if is_whole_rtu(self._buffer):
            self._counts["foreign"] += 1
            return super()._silence()
        return WireError("no reply with a right checksum", bytes(self._buffer))
