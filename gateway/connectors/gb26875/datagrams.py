"""Transmitters that speak UDP: each address that datagrams come from is a line, forgotten when it is silent.

A datagram holds whole frames; what is unfinished at its end stays so. Answers go to the sender's address.
Senders of datagrams can be made up, so nothing is cut for speed here: what is too much is dropped, unconfirmed.
"""

from __future__ import annotations

import asyncio
from typing import cast

from gateway.connectors.gb26875.line import PeerLine, Peers
from gateway.connectors.gb26875.protocol import Decoder


class UdpLine(PeerLine):
    """The address that datagrams come from; a datagram holds whole frames."""

    __slots__ = ("_door",)

    def __init__(self, peers: Peers, door: UdpDoor, ip: str, port: int) -> None:
        """Speak through the socket of ``door``."""
        super().__init__(peers)
        self.ip, self.port = ip, port
        self._door: UdpDoor | None = door
        self.opened = peers.enter(self)

    @property
    def is_open(self) -> bool:
        """Tell whether something can be sent."""
        return self._door is not None

    def send(self, raw: bytes) -> None:
        """Send a frame; does nothing on a line that has gone."""
        if self._door is not None:
            self._door.send(raw, (self.ip, self.port))

    def end(self) -> None:
        """Forget the sender."""
        if self._door is not None:
            self._door.forget(self)
            self._door = None
            self._peers.leave(self)

    def take(self, data: bytes) -> None:
        """Take a datagram; drop it when the sender has no allowance left."""
        now_s = self._peers.loop.time()
        decoder = Decoder()
        events = decoder.feed(data)
        while decoder.pending:
            half = decoder.drop_half()
            events += [*([half] if half else []), *decoder.feed(b"")]
        if self._allowance.take(len(events), len(data), now_s, self._peers.limits):
            self._allowance.strikes = 0
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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is no subclass of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take a datagram of a sender that is let in."""
        line = self._lines.get(addr[:2])
        if line is None:
            refusal = self._peers.gate.refusal(addr[0])
            if refusal is not None:
                self._peers.tally.cuts[refusal] += 1
                return
            line = self._lines[addr[:2]] = UdpLine(self._peers, self, *addr[:2])
        line.take(data)

    def send(self, raw: bytes, address: tuple[str, int]) -> None:
        """Send a datagram."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(raw, address)

    def forget(self, line: UdpLine) -> None:
        """Let a sender go."""
        self._lines.pop((line.ip, line.port), None)
