"""MQTT 3.1.1 and 5 as bytes, as far as a receiver needs them: packets out, packets in.

| limit | value | source |
|---|---|---|
| remaining length | four bytes of seven bits, 268,435,455 | MQTT 3.1.1, 2.2.3; MQTT 5.0, 1.5.5 |
| packet identifier | 1..65535 | 2.2.1 |
| string, binary data | 65,535 bytes | 1.5.3 and 1.5.4 |
| a message kept whole | 2 MiB with its topic | ours: of a larger one the head is kept, the rest is passed over |

Subscriptions are of QoS 0 and 1, so that a message of QoS 2 breaks the protocol here. Connecting again, time-outs
and pings belong to `mqtt_client`.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from domain.errors import WireError

MOST_KEPT = 2 * 2**20
"""Bytes of a packet that are kept; more than any payload that a connector takes."""

MOST_LENGTH = 268_435_455

_U16, _U32 = struct.Struct(">H"), struct.Struct(">L")


class Kind(IntEnum):
    """Upper half of a packet's first byte (MQTT 5.0, 2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Message(NamedTuple):
    """A message that came. ``mid`` is 0 for QoS 0, which nobody acknowledges."""

    topic: str
    payload: bytes
    mid: int


class Connected(NamedTuple):
    """The broker's answer to CONNECT. ``keepalive_s`` is what it asks for instead of our own (version 5)."""

    code: int
    session_present: bool
    keepalive_s: int | None


class Subscribed(NamedTuple):
    """The broker's answer to SUBSCRIBE: the QoS granted, or a refusal from 128 on."""

    mid: int
    codes: bytes


class Pong(NamedTuple):
    """The broker is there."""


class Farewell(NamedTuple):
    """The broker ends the connection, and says why (version 5)."""

    code: int


Packet: TypeAlias = Message | Connected | Subscribed | Pong | Farewell

PING = bytes((Kind.PINGREQ << 4, 0))
GOODBYE = bytes((Kind.DISCONNECT << 4, 0))

_SIZES = {
    0x01: 1, 0x02: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x24: 1, 0x25: 1,
    0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1,
}  # fmt: skip
"""Bytes of the properties of fixed size (MQTT 5.0, table 2-4)."""

_VARIABLE = {0x0B}
_TEXTS = {0x03: 1, 0x08: 1, 0x09: 1, 0x12: 1, 0x15: 1, 0x16: 1, 0x1A: 1, 0x1C: 1, 0x1F: 1, 0x26: 2}
"""Properties that are strings or binary data, and how many."""

_SESSION_EXPIRY, _RECEIVE_MAXIMUM, _SERVER_KEEPALIVE = 0x11, 0x21, 0x13


def connect_packet(
    identifier: str,
    *,
    version: int,
    keepalive_s: int,
    user: str = "",
    password: str = "",
    session_expiry_s: int = 0,
    receive_maximum: int = 65_535,
) -> bytes:
    """Return CONNECT for a session that goes on where it was left; ``version`` is 4 (3.1.1) or 5.

    A broker of 3.1.1 keeps the session as long as it likes, and decides how many messages go unacknowledged.
    """
    flags = (0x80 if user else 0) | (0x40 if password else 0)
    head = _text("MQTT") + bytes((version, flags)) + _U16.pack(keepalive_s)
    if version == 5:
        properties = bytes((_SESSION_EXPIRY,)) + _U32.pack(session_expiry_s)
        properties += bytes((_RECEIVE_MAXIMUM,)) + _U16.pack(receive_maximum)
        head += _length(len(properties)) + properties
    words = [identifier] + [user] * bool(user) + [password] * bool(password)
    return _packet(Kind.CONNECT << 4, head + b"".join(map(_text, words)))


def subscribe_packet(mid: int, topic: str, qos: int, *, version: int) -> bytes:
    """Return SUBSCRIBE for one topic filter."""
    properties = b"\0" if version == 5 else b""
    return _packet(Kind.SUBSCRIBE << 4 | 2, _U16.pack(mid) + properties + _text(topic) + bytes((qos,)))


def ack_packet(mid: int) -> bytes:
    """Return PUBACK: the message is safe here."""
    return b"\x40\x02" + _U16.pack(mid)


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _length(len(body)) + body


def _length(length: int) -> bytes:
    encoded = bytearray()
    while length > 127:
        encoded.append(length & 127 | 128)
        length >>= 7
    encoded.append(length)
    return bytes(encoded)


def _text(words: str) -> bytes:
    raw = words.encode()
    return _U16.pack(len(raw)) + raw


class PacketReader:
    """Cuts a stream of bytes into packets; `feed` gives those that are whole, and raises WireError for no MQTT."""

    def __init__(self, *, version: int) -> None:
        """Begin at the start of a packet."""
        self._v5 = version == 5
        self._buffer = bytearray()
        self._passed_over = 0
        """Bytes still to come of a message that was too long to keep."""

    def feed(self, data: bytes | memoryview) -> list[Packet]:
        """Take bytes and return the packets that they complete.

        Where the bytes break the protocol, the packets before are lost with it: their messages come again.
        """
        if self._passed_over:
            passed = min(self._passed_over, len(data))
            self._passed_over -= passed
            data = data[passed:]
        buffer = self._buffer
        buffer += data
        found: list[Packet] = []
        at, size = 0, len(buffer)
        while (body := _body(buffer, at, size)) is not None:
            start, length = body
            kept = min(length, MOST_KEPT)
            if start + kept > size:
                break
            try:
                found.append(self._packet(buffer[at], bytes(buffer[start : start + kept])))
            except (struct.error, IndexError) as error:
                raise WireError("a packet that ends too early", bytes(buffer[at : start + kept])) from error
            at = start + length
        if at > size:
            self._passed_over, at = at - size, size
        del buffer[:at]
        return found

    def _packet(self, first: int, body: bytes) -> Packet:
        kind = first >> 4
        if kind == Kind.PUBLISH:
            return self._message(first, body)
        if kind == Kind.CONNACK:
            asked = self._properties(body, 2).get(_SERVER_KEEPALIVE) if self._v5 and len(body) > 2 else None
            return Connected(body[1], bool(body[0] & 1), asked)
        if kind == Kind.SUBACK:
            start = self._after_properties(body, 2) if self._v5 else 2
            return Subscribed(_U16.unpack_from(body)[0], body[start:])
        if kind == Kind.PINGRESP:
            return Pong()
        if kind == Kind.DISCONNECT and self._v5:
            return Farewell(body[0] if body else 0)
        raise WireError(f"a packet of kind {kind}, which no broker sends to a receiver", bytes((first,)) + body)

    def _message(self, first: int, body: bytes) -> Message:
        end = 2 + _U16.unpack_from(body)[0]
        qos = first >> 1 & 3
        if qos > 1 or not 2 < end <= len(body):
            raise WireError("a message with a topic or a QoS that can't be", bytes((first,)) + body)
        mid = 0
        topic = body[2:end].decode("utf-8", "replace")
        if qos:
            mid = _U16.unpack_from(body, end)[0]
            end += 2
        if self._v5:
            end = self._after_properties(body, end)
        return Message(topic, body[end:], mid)

    @staticmethod
    def _after_properties(body: bytes, at: int) -> int:
        if body[at] == 0:  # the everyday case
            return at + 1
        length, start = _number(body, at)
        if start + length > len(body):
            raise WireError("properties that are longer than their packet", body)
        return start + length

    def _properties(self, body: bytes, at: int) -> dict[int, int]:
        """Return the properties that are numbers; those that are words are passed over."""
        end, (_, at) = self._after_properties(body, at), _number(body, at)
        found = {}
        while at < end:
            name, at = body[at], at + 1
            if name in _SIZES:
                found[name] = int.from_bytes(body[at : at + _SIZES[name]], "big")
                at += _SIZES[name]
            elif name in _VARIABLE:
                found[name], at = _number(body, at)
            elif name in _TEXTS:
                for _ in range(_TEXTS[name]):
                    at += 2 + _U16.unpack_from(body, at)[0]
            else:
                raise WireError(f"a property {name} that there is none of", body)
        return found


def _body(buffer: bytearray, at: int, size: int) -> tuple[int, int] | None:
    """Return where the body of the packet at ``at`` begins and how long it is, None when more bytes are needed."""
    length = shift = 0
    for place in range(at + 1, min(at + 5, size)):
        byte = buffer[place]
        length |= (byte & 127) << shift
        if byte < 128:
            return place + 1, length
        shift += 7
    if size - at > 4:
        raise WireError("a length of more than four bytes", bytes(buffer[at : at + 6]))
    return None


def _number(body: bytes, at: int) -> tuple[int, int]:
    """Return a variable byte integer and where it ends."""
    found = _body(bytearray(body[at - 1 : at + 4]), 0, min(5, len(body) - at + 1))
    if found is None:
        raise WireError("a number that ends too early", body)
    return found[1], at - 1 + found[0]
