"""Modbus frames: published ones with their checksums, both framings, and any bytes at all."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RefusedError, WireError
from gateway.connectors.modbus_tcp.wire import (
    MBAP,
    check_written,
    crc16,
    find_rtu,
    is_whole_rtu,
    mbap_request,
    payload_of,
    read_pdu,
    rtu_request,
    take_mbap,
    write_pdu,
)

SFJK_200 = [
    ("01 03 00 00 00 02 C4 0B", 0x0000, 2, "01 03 04 3F 00 00 00 F6 27"),
    ("01 03 0B A2 00 01 27 CC", 0x0BA2, 1, "01 03 02 01 5A 39 EF"),
    ("01 03 07 C4 00 04 04 80", 0x07C4, 4, "01 03 08 00 01 00 03 00 04 00 08 81 10"),
]
"""Request and reply of the SFJK-200 gas controller's published protocol (allbs-model, PDF V1.0)."""

WRONG_IN_THE_DOCUMENT = ["01 03 0B E4 00 04 07 7A", "01 03 02 00 01 79 8E", "01 03 0F 82 00 02 E7 35"]


@pytest.mark.parametrize(("request_hex", "address", "count", "reply"), SFJK_200)
def test_published_rtu_frames(request_hex: str, address: int, count: int, reply: str) -> None:
    assert rtu_request(1, read_pdu(3, address, count)) == bytes.fromhex(request_hex)
    pdu = find_rtu(bytes.fromhex(reply), 1, 3)
    assert pdu is not None
    assert payload_of(pdu, 3, count) == bytes.fromhex(reply)[3:-2]


def test_published_reply_of_a_leakage_breaker() -> None:
    pdu = find_rtu(bytes.fromhex("01 04 02 00 FE 38 B0"), 1, 4)
    assert pdu is not None
    assert payload_of(pdu, 4, 1) == b"\x00\xfe"


@pytest.mark.parametrize("frame", WRONG_IN_THE_DOCUMENT)
def test_frames_with_the_documents_own_wrong_checksums_are_no_frames(frame: str) -> None:
    data = bytes.fromhex(frame)
    assert crc16(data[:-2]) != int.from_bytes(data[-2:], "little")
    assert find_rtu(data, data[0], data[1]) is None


REPLY = bytes.fromhex("01 03 02 01 5A 39 EF")


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\x00\xff",
        bytes.fromhex("01 03 0B A2 00 01 27 CC"),
        bytes.fromhex("02 03 02 00 01 3D 84"),
        b"\x01\x03\xff",
    ],
    ids=["nothing", "noise", "the echo of the request", "another unit", "the start of a long frame"],
)
def test_an_rtu_reply_is_found_behind(before: bytes) -> None:
    for end in range(len(before) + len(REPLY)):
        assert find_rtu((before + REPLY)[:end], 1, 3) is None, "not before its last byte"
    assert find_rtu(before + REPLY, 1, 3) == b"\x03\x02\x01\x5a"


def test_whole_frames_of_others_are_told_from_noise() -> None:
    assert is_whole_rtu(REPLY + REPLY)
    assert not is_whole_rtu(REPLY[:-1])
    assert not is_whole_rtu(REPLY + b"\x00")


def test_an_exception_has_its_code() -> None:
    with pytest.raises(RefusedError) as refused:
        payload_of(b"\x83\x02", 3, 1)
    assert refused.value.code == 2


@pytest.mark.parametrize(
    "pdu", [b"\x04\x02\x00\x01", b"\x03", b"\x03\x04\x00\x01\x00\x02", b"\x03\x02\x00", b"\x83\x02\x00"]
)
def test_what_answers_another_question_is_a_wire_error(pdu: bytes) -> None:
    with pytest.raises(WireError):
        payload_of(pdu, 3, 1)


def test_coils_become_registers_of_their_own() -> None:
    """The example of the application protocol V1.1b3, 6.1: coils 20-38 are CD 6B 05."""
    payload = payload_of(bytes.fromhex("01 03 CD 6B 05"), 1, 19)
    bits = struct.unpack(">19H", payload)
    assert "".join(map(str, bits)) == "1011001111010110101"


def test_writes_are_confirmed_by_their_own_words() -> None:
    """Examples of the application protocol V1.1b3, 6.5 and 6.6."""
    assert write_pdu(5, 0xAC, 1) == bytes.fromhex("05 00AC FF00")
    assert write_pdu(6, 1, 3) == bytes.fromhex("06 0001 0003")
    check_written(bytes.fromhex("06 0001 0003"), write_pdu(6, 1, 3))
    with pytest.raises(WireError, match="confirms something else"):
        check_written(bytes.fromhex("06 0001 0004"), write_pdu(6, 1, 3))
    with pytest.raises(RefusedError):
        check_written(bytes.fromhex("86 01"), write_pdu(6, 1, 3))


def test_mbap_frames_come_out_whole_whatever_the_pieces() -> None:
    stream = mbap_request(7, 1, b"\x03\x02\x00\x01") + mbap_request(8, 2, b"\x83\x02")
    buffer, found = bytearray(), []
    for byte in stream:
        buffer.append(byte)
        if frame := take_mbap(buffer):
            found.append((frame.transaction, frame.unit, frame.pdu))
    assert found == [(7, 1, b"\x03\x02\x00\x01"), (8, 2, b"\x83\x02")]
    assert not buffer


@pytest.mark.parametrize("header", [MBAP.pack(1, 7, 5, 1), MBAP.pack(1, 0, 2, 1), MBAP.pack(1, 0, 255, 1), b"HTTP/1.1"])
def test_a_header_that_is_no_modbus_is_a_wire_error(header: bytes) -> None:
    with pytest.raises(WireError):
        take_mbap(bytearray(header))


@given(st.binary(max_size=600))
def test_fuzz_any_stream_is_frames_then_a_rest_or_an_error(data: bytes) -> None:
    buffer = bytearray(data)
    taken = 0
    try:
        while frame := take_mbap(buffer):
            taken += len(frame.pdu) + 7
    except WireError:
        return
    assert taken + len(buffer) == len(data)


@given(st.binary(max_size=260), st.sampled_from([1, 2, 3, 4]), st.integers(1, 125))
def test_fuzz_any_pdu_is_data_of_the_right_length_a_refusal_or_an_error(pdu: bytes, function: int, count: int) -> None:
    try:
        assert len(payload_of(pdu, function, count)) == 2 * count
    except (RefusedError, WireError):
        return


@given(st.binary(max_size=400), st.integers(0, 255), st.sampled_from([1, 3, 4, 5, 6]))
def test_fuzz_noise_on_a_line_is_no_frame_without_its_checksum(data: bytes, unit: int, function: int) -> None:
    pdu = find_rtu(data, unit, function)
    if pdu is not None:
        whole = bytes((unit,)) + pdu
        assert whole + crc16(whole).to_bytes(2, "little") in data
    is_whole_rtu(data)
