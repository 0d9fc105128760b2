"""A peer and its line: bytes in, whole frames to the reception, frames out; the TCP half of it.

No task and no timer belongs to an idle connection; one sweeper looks after the time-outs of all. A decoder
is held only while a frame is unfinished, and all connections read into one buffer: what idles costs little.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Protocol

from gateway.connectors.gb26875.config import PeerLimits
from gateway.connectors.gb26875.limits import Allowance, Cut, Gate
from gateway.connectors.gb26875.protocol import Decoder, Received, Rejected, whole_frame
from gateway.connectors.gb26875.session import Line, Session
from gateway.connectors.gb26875.tally import Tally
from gateway.connectors.tap import Tap

READ_BYTES = 8192
"""Most that one peer is heard for before the others get their turn."""

MOST_UNREAD = 65_536
"""Bytes that a peer may leave unread before it is cut, in the kernel and again in ours: a confirm has 30 bytes."""

QUIET_S = 1.0
"""Nothing more of an unfinished frame for so long: its start may be false, and a frame may stand inside; assumption."""

KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""A line that is cut without a word is noticed in about 90 s, before the offline time; assumption."""


class Hearer(Protocol):
    """What takes the frames of lines."""

    def heard(self, line: Line, events: Sequence[Received | Rejected]) -> None:
        """Take what a line said, in order."""

    def hung_up(self, line: Line) -> None:
        """Hear that a line is gone."""


class Peers:
    """All lines of a listener, and what they share."""

    def __init__(self, hearer: Hearer, limits: PeerLimits, gate: Gate, tally: Tally, tap: Tap | None = None) -> None:
        """Give what is heard to ``hearer``, and to ``tap``; must be called inside a running event loop."""
        self.tap = tap or Tap()
        self.hearer = hearer
        self.limits = limits
        self.gate = gate
        self.loop = asyncio.get_running_loop()
        self.lines: set[PeerLine] = set()
        self.tally = tally
        self.buffer = memoryview(bytearray(READ_BYTES))
        self._opened = 0

    def enter(self, line: PeerLine) -> int:
        """Count a line in; returns its number."""
        self.gate.enter(line.ip)
        self.lines.add(line)
        self._opened += 1
        return self._opened

    def leave(self, line: PeerLine) -> None:
        """Count a line out, once, and tell the hearer."""
        if line in self.lines:
            self.lines.discard(line)
            self.gate.leave(line.ip, known=line.is_known)
            self.hearer.hung_up(line)

    def close(self) -> None:
        """End all lines."""
        for line in list(self.lines):
            line.end()


class PeerLine:
    """A peer that may speak: what TCP and UDP have in common. Times ``_s`` are the loop's."""

    __slots__ = (
        "_allowance", "_decoder", "_fed_s", "_half_s", "_junk", "_looked_s", "_peers",
        "frame_s", "ip", "is_known", "opened", "opened_s", "port", "sessions",
    )  # fmt: skip

    def __init__(self, peers: Peers) -> None:
        """Belong to ``peers``; not connected yet."""
        self._peers = peers
        self._decoder: Decoder | None = None
        self._half_s = self._fed_s = self._looked_s = 0.0
        self._junk = 0
        self.ip, self.port = "", 0
        self.opened = 0
        self.opened_s = peers.loop.time()
        self.frame_s = 0.0
        self.is_known = False
        self.sessions: set[Session] = set()
        self._allowance = Allowance(peers.limits.burst_frames, self.opened_s)

    @property
    def is_open(self) -> bool:
        """Tell whether something can be sent."""
        raise NotImplementedError

    def send(self, raw: bytes) -> None:
        """Send a frame; does nothing on a line that has gone."""
        raise NotImplementedError

    def end(self) -> None:
        """Close it without a reason to count."""
        raise NotImplementedError

    def cut(self, reason: Cut) -> None:
        """End it, and count why."""
        if self.is_open:
            self._peers.tally.cuts[reason] += 1
            self.end()

    def recognised(self) -> None:
        """Note that a registered transmitter has spoken here."""
        if not self.is_known:
            self.is_known = True
            self._peers.gate.known(self.ip)

    @property
    def _peer(self) -> str:
        return f"{self.ip}:{self.port}"

    def overdue(self, now_s: float, offline_s: float) -> Cut | None:
        """Give up a frame that was not finished in time; return why the line must be cut, None when it need not."""
        limits = self._peers.limits
        if self._decoder is not None:
            self._give_up(self._decoder, now_s, limits.half_frame_s)
        if not self.frame_s:
            return Cut.SILENT if now_s - self.opened_s > limits.silent_s else None
        return Cut.OFFLINE if now_s - self.frame_s > offline_s else None

    def _give_up(self, decoder: Decoder, now_s: float, half_frame_s: float) -> None:
        """Give up what is not finished: before a good frame when nothing more comes, and all that is too old.

        What came within ``half_frame_s`` may still be finished, so then only the oldest start is given up.
        """
        events: list[Received | Rejected] = []
        is_late, quiet_s = now_s - self._half_s > half_frame_s, now_s - self._fed_s
        if is_late:
            events += _drop(decoder)
        if is_late or (quiet_s > QUIET_S and self._looked_s != self._fed_s):
            self._looked_s = self._fed_s
            while passed := decoder.pass_false_start():
                events += passed
        while is_late and quiet_s > half_frame_s and decoder.pending:
            events += _drop(decoder)
        if events:
            self._half_s = now_s
            self._settle()
            self._tell(events, now_s)

    def _take(self, data: bytes) -> float:
        """Take bytes of the stream; returns the seconds to pause before reading on."""
        if self._peers.tap.is_on:
            self._peers.tap.note(data, out=False, peer=self._peer)
        now_s = self._peers.loop.time()
        self._fed_s = now_s
        whole = whole_frame(data) if self._decoder is None else None
        events = self._decoded(data, now_s) if whole is None else [whole]
        pause_s = self._allowance.take(len(events), len(data), now_s, self._peers.limits)
        if events:
            self._tell(events, now_s)
        if self._allowance.is_used_up:
            self.cut(Cut.FLOOD)
        elif self._junk > self._peers.limits.junk_bytes:
            self.cut(Cut.JUNK)
        return pause_s

    def _decoded(self, data: bytes, now_s: float) -> list[Received | Rejected]:
        """Return what the next bytes complete; what they leave unfinished is held."""
        decoder = self._decoder or Decoder()
        events = decoder.feed(data)
        if decoder is not self._decoder or any(type(event) is Received for event in events):
            self._half_s = now_s
        self._decoder = decoder
        self._settle()
        return events

    def _settle(self) -> None:
        """Let the decoder go when nothing is unfinished."""
        if self._decoder is not None and not self._decoder.pending:
            self._decoder = None

    def _tell(self, events: Sequence[Received | Rejected], now_s: float) -> None:
        for event in events:
            if isinstance(event, Rejected):
                self._junk += event.size
            else:
                self._junk, self.frame_s = 0, now_s
        self._peers.hearer.heard(self, events)


def _drop(decoder: Decoder) -> list[Received | Rejected]:
    """Give up the unfinished frame or junk that a decoder holds; return that and what stood behind it."""
    dropped = decoder.drop_half()
    return [*([dropped] if dropped else []), *decoder.feed(b"")]


class TcpLine(PeerLine, asyncio.BufferedProtocol):
    """A connection that a transmitter (or its relay) opened."""

    __slots__ = ("_transport",)

    def __init__(self, peers: Peers) -> None:
        """Wait for the connection."""
        super().__init__(peers)
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether something can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or not."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what asyncio gives for TCP
        self.ip, self.port = transport.get_extra_info("peername")[:2]
        refusal = self._peers.gate.refusal(self.ip)
        if refusal is not None:
            self._peers.tally.cuts[refusal] += 1
            transport.abort()
            return
        self._transport = transport
        transport.set_write_buffer_limits(high=MOST_UNREAD)
        _prepare(transport.get_extra_info("socket"))
        self.opened = self._peers.enter(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the buffer of all: what is in it is taken before anybody else reads."""
        del sizehint
        return self._peers.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came; a peer that is too fast waits."""
        if self._transport is None:
            return
        pause_s = self._take(bytes(self._peers.buffer[:nbytes]))
        if pause_s and self.is_open:
            self._peers.tally.limited += 1
            self._transport.pause_reading()
            self._peers.loop.call_later(pause_s, self._read_on)

    def _read_on(self) -> None:
        if self.is_open and self._transport is not None:
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Cut a peer that does not read what we answer."""
        self.cut(Cut.UNREAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        self._transport = None
        self._peers.leave(self)

    def send(self, raw: bytes) -> None:
        """Send a frame; does nothing on a line that has gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(raw)
            if self._peers.tap.is_on:
                self._peers.tap.note(raw, out=True, peer=self._peer)

    def end(self) -> None:
        """Close it at once: what the peer has not read by now it won't miss."""
        if self._transport is not None:
            self._transport.abort()


def _prepare(plain: socket.socket) -> None:
    """Bound what a peer may leave unread, and notice a line that is cut without a word."""
    with contextlib.suppress(OSError):  # gone already: connection_lost says so
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_UNREAD)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
