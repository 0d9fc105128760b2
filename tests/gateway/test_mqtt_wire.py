"""MQTT packets: those of the standards' own figures, in any pieces, too long, broken, and any bytes at all."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import WireError
from gateway.connectors.mqtt_wire import (
    MOST_KEPT,
    Connected,
    Farewell,
    Message,
    Packet,
    PacketReader,
    Pong,
    Subscribed,
    ack_packet,
    connect_packet,
    subscribe_packet,
)

V4, V5 = 4, 5


def text(words: str) -> bytes:
    return struct.pack(">H", len(words.encode())) + words.encode()


def packet(first: int, body: bytes) -> bytes:
    length, size = bytearray(), len(body)
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | 0x80 if size else digit)
        if not size:
            return bytes((first,)) + bytes(length) + body


def read(data: bytes, version: int = V4) -> list[Packet]:
    return PacketReader(version=version).feed(data)


def test_connect_is_the_bytes_of_both_standards() -> None:
    """MQTT 3.1.1, figures 3.2 to 3.6; MQTT 5.0, figure 3-6: session expiry 10, as there; receive maximum 20."""
    body = text("MQTT") + b"\x04\xc0\x00\x0a" + text("id") + text("user") + text("pass")
    assert connect_packet("id", version=V4, keepalive_s=10, user="user", password="pass") == packet(0x10, body)  # noqa: S106 -- a word of this test
    body = text("MQTT") + b"\x05\x00\x00\x0a" + b"\x08" + bytes.fromhex("110000000A 210014") + text("id")
    found = connect_packet("id", version=V5, keepalive_s=10, session_expiry_s=10, receive_maximum=20)
    assert found == packet(0x10, body)


def test_subscribe_is_the_bytes_of_both_standards() -> None:
    """MQTT 3.1.1, figure 3.23 (its first filter alone): identifier 10, a/b with QoS 1."""
    assert subscribe_packet(10, "a/b", 1, version=V4) == bytes.fromhex("82 08 000A 0003 612F62 01")
    assert subscribe_packet(10, "a/b", 1, version=V5) == bytes.fromhex("82 09 000A 00 0003 612F62 01")
    assert ack_packet(10) == bytes.fromhex("40 02 000A")


@pytest.mark.parametrize(
    ("version", "raw", "found"),
    [
        (V4, "30 05 0003 612F62", Message("a/b", b"", 0)),
        (V4, "32 09 0003 612F62 000A 6869", Message("a/b", b"hi", 10)),
        (V5, "32 0A 0003 612F62 000A 00 6869", Message("a/b", b"hi", 10)),
        (V5, "3B 0F 0003 612F62 000A 05 0200000E10 6869", Message("a/b", b"hi", 10)),
        (V4, "20 02 01 00", Connected(0, True, None)),
        (V4, "20 02 00 05", Connected(5, False, None)),
        (V5, "20 03 00 87 00", Connected(0x87, False, None)),
        (V5, "20 02 00 87", Connected(0x87, False, None)),
        (V5, "20 0E 00 00 0B 13003C 210014 1F00026F6B", Connected(0, False, 60)),
        (V4, "90 03 000A 01", Subscribed(10, b"\x01")),
        (V5, "90 04 000A 00 87", Subscribed(10, b"\x87")),
        (V4, "D0 00", Pong()),
        (V5, "E0 00", Farewell(0)),
        (V5, "E0 02 8E 00", Farewell(0x8E)),
    ],
)
def test_packets_of_a_broker(version: int, raw: str, found: Packet) -> None:
    data = bytes.fromhex(raw)
    reader = PacketReader(version=version)
    assert read(data, version) == [found]
    assert read(data * 3, version) == [found] * 3
    assert [one for at in range(len(data)) for one in reader.feed(data[at : at + 1])] == [found]


def test_a_message_of_some_hundred_bytes_has_a_length_of_two() -> None:
    payload = b"x" * 300
    data = packet(0x32, text("a") + b"\x00\x01" + payload)
    assert data[1] & 0x80
    assert read(data + data[:-1]) == [Message("a", payload, 1)]


def test_a_message_that_is_too_long_keeps_its_head_and_what_follows_is_read() -> None:
    long = packet(0x32, text("a") + b"\x00\x07" + b"x" * (3 * MOST_KEPT))
    data = long + packet(0x32, text("a") + b"\x00\x08next")
    reader, found = PacketReader(version=V4), []
    for at in range(0, len(data), 65_536):
        found += reader.feed(data[at : at + 65_536])
    assert [(one.mid, len(one.payload)) for one in found if isinstance(one, Message)] == [(7, MOST_KEPT - 5), (8, 4)]


def test_a_topic_that_is_no_text_is_a_topic_that_nobody_has() -> None:
    (message,) = read(packet(0x30, b"\x00\x02\xff\xfe" + b"{}"))
    assert message == Message("\ufffd\ufffd", b"{}", 0)


@pytest.mark.parametrize(
    ("version", "raw"),
    [
        (V4, "30 02 0000"),  # no topic: aliases are for those who asked for them
        (V4, "34 09 0003 612F62 000A 6869"),  # QoS 2, which nobody subscribed to
        (V4, "36 09 0003 612F62 000A 6869"),
        (V4, "32 05 0003 612F62"),  # no identifier
        (V4, "30 03 0009 61"),
        (V4, "20 01 00"),
        (V4, "90 01 00"),
        (V5, "90 03 000A 05"),
        (V5, "20 05 00 00 02 7F00"),  # a property that there is none of
        (V5, "32 08 0003 612F62 000A FF"),
        (V4, "E0 00"),  # 3.1.1 has no farewell of a broker
        (V4, "10 00"),
        (V4, "30 80 80 80 80 01"),
    ],
)
def test_bytes_that_break_the_protocol(version: int, raw: str) -> None:
    with pytest.raises(WireError):
        read(bytes.fromhex(raw), version)


def test_http_is_no_mqtt() -> None:
    with pytest.raises(WireError):
        read(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + bytes(100))


@given(st.binary(max_size=400), st.sampled_from([V4, V5]), st.lists(st.integers(1, 50), max_size=12))
def test_fuzz_any_stream_is_packets_or_an_error_whatever_the_pieces(
    data: bytes, version: int, sizes: list[int]
) -> None:
    try:
        whole: list[Packet] | None = read(data, version)
    except WireError:
        whole = None
    reader, pieces, at = PacketReader(version=version), [], 0
    try:
        for size in [*sizes, len(data)]:
            pieces += reader.feed(data[at : at + size])
            at += size
    except WireError:
        assert whole is None
        return
    assert pieces == whole
