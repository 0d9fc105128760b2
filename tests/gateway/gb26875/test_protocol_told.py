"""Frames told to people and to programs: every byte explained once, every document readable again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.connectors.gb26875.explain import ERROR_LABELS, RAW_LABELS, explain
from gateway.connectors.gb26875.layouts import layouts_of
from gateway.connectors.gb26875.objects import RawReason, encode_unit
from gateway.connectors.gb26875.profile import DeviceProfile
from gateway.connectors.gb26875.profiles import STANDARD, profile_named
from gateway.connectors.gb26875.protocol import Frame, FrameError, Received, Rejected
from gateway.connectors.gb26875.wire_json import frame_document, frame_from_document
from tests.gateway.gb26875.made_frames import FLAGS, TAG, frame, frames, heard, objects_of, profiles


def told(event: Received | Rejected, profile: DeviceProfile = STANDARD) -> dict[str, str]:
    return {row.name.en: row.value.en for row in explain(event, profile)}


def received(made: Frame) -> Received:
    return Received(made, made.encode())


def assert_rows_cover(event: Received, profile: DeviceProfile) -> None:
    rows = explain(event, profile)
    assert b"".join(row.raw for row in rows) == event.raw
    assert [row.offset for row in rows] == [sum(len(row.raw) for row in rows[:n]) for n in range(len(rows))]
    assert all(row.name.zh and row.name.en and row.source for row in rows)


@given(frames, profiles)
def test_the_rows_of_any_frame_cover_each_byte_once(made: Frame, profile: DeviceProfile) -> None:
    assert_rows_cover(received(made), profile)


@given(st.binary(max_size=300))
def test_the_rows_of_any_refusal_cover_what_was_kept(junk: bytes) -> None:
    for event in heard(junk + b"@@"):
        assert b"".join(row.raw for row in explain(event, STANDARD)) == event.raw


@pytest.mark.parametrize("flag", FLAGS)
@given(st.data())
@settings(max_examples=25)
def test_every_type_is_told_and_comes_back_from_its_document(flag: int, data: st.DataObject) -> None:
    profile = data.draw(profiles)
    most = min(layouts_of(flag, profile)[0].most, 3)
    items = data.draw(st.lists(objects_of(flag, profile), min_size=1, max_size=most))
    event = received(frame(encode_unit(items, profile, flag), time=bytes(6)))
    assert_rows_cover(event, profile)
    document = json.loads(json.dumps(frame_document(event, profile)))
    assert frame_from_document(document, profile) == event.frame


@given(frames, profiles)
def test_any_frame_comes_back_from_its_document(made: Frame, profile: DeviceProfile) -> None:
    document = json.loads(json.dumps(frame_document(received(made), profile)))
    assert frame_from_document(document, profile) == made


def test_a_fire_is_told_with_what_its_bits_mean() -> None:
    data = b"\x02\x01" + b"\x01\x01\x28\x0a\x00\x02\x00\x02\x00" + "走廊".encode("gb18030").ljust(31, b"\0") + TAG
    rows = told(received(frame(data)))
    assert rows["type flag"] == "2 facility component state"
    assert rows["component type"] == "40 smoke detector"
    assert rows["component address"] == "10-2"
    assert rows["state"] == "0002 test, fire alarm"
    assert rows["component description"] == "走廊"
    assert rows["checksum"] == "right"


def test_bits_are_told_by_the_profile() -> None:
    data = b"\x02\x01" + b"\x01\x01\x28\x0a\x00\x02\x00\x00\x02" + bytes(31) + TAG
    assert told(received(frame(data)), profile_named("dahua"))["state"] == "0200 normal running, off line"
    assert told(received(frame(data)))["state"] == "0200 test, bit 9"


@pytest.mark.parametrize(("code", "words"), [(5, "-0.1 kPa"), (130, "-1 (raw count)")])
def test_analog_values_are_told_in_their_quantity_or_as_counts(code: int, words: str) -> None:
    data = b"\x03\x01" + b"\x01\x01\x5c\x0a\x00\x02\x00" + bytes((code,)) + b"\xff\xff" + TAG
    assert told(received(frame(data)))["analog value"] == words


def test_objects_of_one_frame_are_numbered() -> None:
    rows = told(received(frame(b"\x18\x02" + b"\x20\x01" + TAG + b"\x01\x02" + TAG)))
    assert (rows["operation flags 1"], rows["operation flags 2"]) == ("20 roll-call answer", "01 reset")


def test_a_wrong_checksum_is_told_with_the_right_one() -> None:
    raw = frame().encode()
    (event,) = heard(raw[:-3] + bytes((raw[-3] ^ 1,)) + raw[-2:])
    assert told(event)["checksum"] == f"wrong, should be {raw[-3]:02x}"


def test_every_reason_has_words_in_both_languages() -> None:
    assert set(ERROR_LABELS) == set(FrameError)
    assert set(RAW_LABELS) == set(RawReason)


def test_an_analog_value_is_written_in_its_quantity() -> None:
    data = b"\x03\x01" + b"\x01\x01\x5c\x0a\x00\x02\x00\x05\xc5\x12" + TAG
    (item,) = frame_document(received(frame(data)), STANDARD)["objects"]
    assert (item["value"], item["quantity"], item["analog_type"]) == (480.5, "kPa", 5)
    assert item["comp_addr_words"] == [10, 2]


def test_a_refusal_is_a_document_with_its_error_and_its_bytes() -> None:
    (event,) = heard(b"junk@@")
    assert frame_document(event, STANDARD) == {"ok": False, "error": "start", "raw": "6a756e6b"}


def test_what_was_not_read_is_a_document_with_its_bytes_and_the_reason() -> None:
    document = frame_document(received(frame(b"\x80\x01\xca\xfe")), STANDARD)
    assert (document["type"], document["count"]) == (128, 1)
    assert document["objects"] == [{"raw": "cafe", "reason": "of_maker"}]


GOOD: dict[str, Any] = {
    "seq": 1,
    "src": 889,
    "dst": 88888,
    "cmd": 2,
    "type": 21,
    "objects": [{"state": 8, "time": None}],
}


def test_a_document_by_hand_needs_no_count_and_no_version() -> None:
    made = frame_from_document(GOOD, STANDARD)
    assert (made.data, made.version, made.time) == (b"\x15\x01\x08" + bytes(6), (1, 0), bytes(6))
    assert frame_from_document({**GOOD, "type": None, "objects": []}, STANDARD).data == b""
    by_words = {"sys_type": 1, "sys_addr": 1, "comp_addr_words": [10, 2]}
    assert frame_from_document(GOOD | {"type": 62, "objects": [by_words]}, STANDARD).data[4:] == b"\x0a\0\x02\0"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seq": 65536}, "'seq' is 65536 → write a whole number from 0 to 65535"),
        ({"seq": "1"}, "'seq' is '1' → write a whole number"),
        ({"cmd": True}, "'cmd' is True → write a whole number"),
        ({"version": [1]}, r"'version' is \[1\] → write main and user version"),
        ({"version": [1, 256]}, "'version' is 256"),
        ({"time": "yesterday"}, "'time' is 'yesterday' → write local time such as"),
        ({"time": "2100-01-01T00:00:00"}, "'time' is '2100-01-01T00:00:00'"),
        ({"src": 1 << 48}, "'src' is"),
        ({"objects": [1]}, "'objects' is no list of objects"),
        ({"objects": [{"time": None}]}, r"'objects\[0\]\.state' is missing"),
        ({"objects": [{"state": 256, "time": None}]}, r"'objects\[0\]\.state' is 256"),
        ({"objects": [{"state": 1, "time": 5}]}, r"'objects\[0\]\.time' is 5"),
        ({"objects": [{"raw": "xy"}]}, r"'objects\[0\]\.raw' is 'xy' → write bytes in hexadecimal"),
        ({"type": 200}, "'type' 200 has no layout → give 'objects"),
        ({"type": None}, r"'objects\[0\]\.raw' is None"),
        ({"count": 256}, "'count' is 256"),
        ({"type": 62, "objects": [{"sys_type": 1, "sys_addr": 1}]}, r"'objects\[0\]\.comp_addr_raw' is missing"),
        (
            {"type": 62, "objects": [{"sys_type": 1, "sys_addr": 1, "comp_addr_raw": "00"}]},
            r"objects\[0\]\.component has",
        ),
    ],
)
def test_a_document_that_does_not_fit_is_refused_by_its_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frame_from_document(GOOD | change, STANDARD)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e9, "1", True, None])
def test_a_value_that_is_no_sixteen_bit_count_is_refused(value: object) -> None:
    fields = {
        "sys_type": 1,
        "sys_addr": 1,
        "comp_type": 92,
        "comp_addr_raw": "0a000200",
        "analog_type": 5,
        "time": None,
    }
    for code in (5, 130):
        item = fields | {"analog_type": code, "value": value}
        with pytest.raises(ValueError, match="value"):
            frame_from_document(GOOD | {"type": 3, "objects": [item]}, STANDARD)


@given(
    st.dictionaries(
        st.sampled_from(["seq", "version", "time", "src", "dst", "cmd", "type", "count", "objects"]),
        st.recursive(
            st.none() | st.booleans() | st.integers(-1, 70_000) | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["state", "time", "raw"]), inner)
            ),
            max_leaves=8,
        ),
    ).map(lambda changes: GOOD | changes)
)
@settings(max_examples=200)
def test_any_document_is_a_frame_or_a_value_error(document: dict[str, Any]) -> None:
    try:
        made = frame_from_document(document, STANDARD)
    except ValueError as error:
        assert str(error)
    else:
        assert isinstance(made, Frame)
