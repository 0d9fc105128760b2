"""A cable between an MQTT client and its broker that keeps the packets of both directions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

CONNECT, PUBLISH, PUBACK = 1, 3, 4


@dataclass
class Packets:
    """MQTT packets of one direction: their bytes, first byte and length included."""

    found: list[bytes] = field(default_factory=list)
    _rest: bytes = b""

    def take(self, data: bytes) -> None:
        self._rest += data
        while (end := _end_of(self._rest)) is not None:
            self.found.append(self._rest[:end])
            self._rest = self._rest[end:]

    def of(self, kind: int) -> list[bytes]:
        return [packet for packet in self.found if packet[0] >> 4 == kind]


@dataclass
class Cable:
    port: int = 0
    to_broker: Packets = field(default_factory=Packets)
    to_client: Packets = field(default_factory=Packets)


@dataclass(frozen=True)
class Connect:
    """The head of a CONNECT packet."""

    level: int
    flags: int
    properties: dict[int, int]

    @property
    def is_clean(self) -> bool:
        return bool(self.flags & 2)

    @property
    def has_will(self) -> bool:
        return bool(self.flags & 4)


SESSION_EXPIRY, RECEIVE_MAXIMUM = 0x11, 0x21


def read_connect(packet: bytes) -> Connect:
    """Read what MQTT 3.1.1 §3.1 and 5 §3.1 put at the front; of properties those with numbers that we send."""
    at = 1 + _varint(packet, 1)[1]
    assert packet[at : at + 6] == b"\x00\x04MQTT"
    level, flags = packet[at + 6], packet[at + 7]
    properties: dict[int, int] = {}
    if level == 5:
        at += 10
        length, width = _varint(packet, at)
        at += width
        end = at + length
        while at < end:
            size = {SESSION_EXPIRY: 4, RECEIVE_MAXIMUM: 2}[packet[at]]
            properties[packet[at]] = int.from_bytes(packet[at + 1 : at + 1 + size])
            at += 1 + size
    return Connect(level, flags, properties)


@contextlib.asynccontextmanager
async def cable_to(port: int) -> AsyncIterator[Cable]:
    cable = Cable()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, packets: Packets) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                packets.take(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, far_writer, cable.to_broker), pump(far_reader, writer, cable.to_client))

    server = await asyncio.start_server(joined, "127.0.0.1", 0)
    cable.port = server.sockets[0].getsockname()[1]
    async with server:
        yield cable


def _end_of(data: bytes) -> int | None:
    if len(data) < 2:
        return None
    try:
        length, width = _varint(data, 1)
    except IndexError:
        return None
    end = 1 + width + length
    return end if end <= len(data) else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for width in range(1, 5):
        byte = data[at + width - 1]
        number |= (byte & 0x7F) << 7 * (width - 1)
        if byte < 0x80:
            return number, width
    raise ValueError("a length of more than four bytes")
