"""Transmitters that speak UDP: an address that a registered one speaks from is a line, forgotten when it is silent.

A datagram holds whole frames; what is unfinished at its end stays so. Answers go to the sender's address.
Senders of datagrams can be made up, so nothing is cut for speed here: what is too much is dropped, unconfirmed.
Nor does a sender take room before a registered transmitter has spoken from there: his datagrams are taken, and he
is forgotten. Where all room is taken, the oldest connection on which nobody registered has spoken goes.
"""

from __future__ import annotations

import asyncio
from typing import cast

from gateway.connectors.gb26875.config import PeerLimits
from gateway.connectors.gb26875.limits import Allowance, Cut
from gateway.connectors.gb26875.line import PeerLine, Peers
from gateway.connectors.gb26875.protocol import Decoder

PASSING = PeerLimits(frames_per_s=1_000, burst_frames=2_000)
"""What all senders without a line may send together; assumption: 10,000 transmitters that beat every 30 s, thrice."""


class UdpLine(PeerLine):
    """The address that datagrams come from; a datagram holds whole frames. It takes room once it is recognised."""

    __slots__ = ("_door",)

    def __init__(self, peers: Peers, door: UdpDoor, ip: str, port: int) -> None:
        """Speak through the socket of ``door``."""
        super().__init__(peers)
        self.ip, self.port = ip, port
        self._door: UdpDoor | None = door

    def recognised(self) -> None:
        """Take room: a registered transmitter has spoken here."""
        if self.is_known or self._door is None:
            return
        if not self._peers.gate.has_room():
            self._peers.tally.cuts[Cut.FULL] += 1
            return
        self._door.keep(self)
        self.opened = self._peers.enter(self)
        super().recognised()

    @property
    def is_open(self) -> bool:
        """Tell whether something can be sent."""
        return self._door is not None

    def send(self, raw: bytes) -> None:
        """Send a frame; does nothing on a line that has gone."""
        if self._door is not None:
            self._door.send(raw, (self.ip, self.port))
            if self._peers.tap.is_on:
                self._peers.tap.note(raw, out=True, peer=self._peer)

    def end(self) -> None:
        """Forget the sender."""
        if self._door is not None:
            self._door.forget(self)
            self._door = None
            self._peers.leave(self)

    def take(self, data: bytes, passing: Allowance | None = None) -> None:
        """Take a datagram; drop it when the sender, or all who are ``passing``, have no allowance left."""
        if self._peers.tap.is_on:
            self._peers.tap.note(data, out=False, peer=self._peer)
        now_s = self._peers.loop.time()
        decoder = Decoder()
        events = decoder.feed(data)
        while decoder.pending:
            half = decoder.drop_half()
            events += [*([half] if half else []), *decoder.feed(b"")]
        allowance, limits = (self._allowance, self._peers.limits) if passing is None else (passing, PASSING)
        if allowance.take(len(events), len(data), now_s, limits):
            allowance.strikes = 0
            self._peers.tally.limited += 1
        else:
            self._tell(events, now_s)


class UdpDoor(asyncio.DatagramProtocol):
    """The socket that all datagrams come in by."""

    def __init__(self, peers: Peers) -> None:
        """Make lines of ``peers``."""
        self._peers = peers
        self._lines: dict[tuple[str, int], UdpLine] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._passing = Allowance(PASSING.burst_frames, peers.loop.time())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take a datagram of a sender that is let in."""
        line = self._lines.get(addr[:2])
        if line is not None:
            line.take(data)
        elif self._peers.gate.is_allowed(addr[0]):
            UdpLine(self._peers, self, *addr[:2]).take(data, self._passing)
        else:
            self._peers.tally.cuts[Cut.NOT_ALLOWED] += 1

    def keep(self, line: UdpLine) -> None:
        """Remember a sender."""
        self._lines[line.ip, line.port] = line

    def send(self, raw: bytes, address: tuple[str, int]) -> None:
        """Send a datagram."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(raw, address)

    def forget(self, line: UdpLine) -> None:
        """Let a sender go."""
        if self._lines.get((line.ip, line.port)) is line:
            del self._lines[line.ip, line.port]
