"""Application data units: every type there and back under every profile, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.connectors.gb26875.layouts import LAYOUTS, layout_of, layouts_of
from gateway.connectors.gb26875.objects import (
    AnalogValue,
    ComponentState,
    Heartbeat,
    Initialise,
    Raw,
    RawReason,
    ReadTransmitter,
    Stamp,
    SystemConfiguration,
    SystemState,
    TransmitterState,
    TransmitterVersion,
    Unit,
    decode_unit,
    encode_unit,
    text_bytes,
)
from gateway.connectors.gb26875.profile import DeviceProfile, HeartbeatKind
from gateway.connectors.gb26875.profiles import PROFILES, STANDARD, profile_named
from gateway.connectors.gb26875.protocol import MOST_DATA
from tests.gateway.gb26875.made_frames import FLAGS, NOW, TAG, frame, objects_of, profiles

SIZES = {
    1: 10, 2: 46, 3: 16, 4: 10, 5: 4, 7: 38, 8: 8, 21: 7, 24: 8, 25: 2, 28: 6, 61: 2, 62: 6, 63: 6, 64: 9, 65: 2,
    66: 2, 67: 6, 68: 2, 81: 1, 84: 7, 85: 1, 86: 1, 88: 1, 89: 1, 90: 6, 91: 1,
}  # fmt: skip
"""Bytes of one object, GB/T 26875.3-2011; types 6 and 26 hold a text of any length."""

MOST = {
    1: 102, 2: 22, 3: 63, 4: 102, 5: 1, 6: 3, 7: 26, 8: 1, 21: 1, 24: 127, 25: 1, 26: 1, 28: 1, 61: 102, 62: 22,
    63: 63, 64: 1, 65: 1, 66: 3, 67: 26, 68: 1, 81: 1, 84: 1, 85: 1, 86: 1, 88: 1, 89: 1, 90: 1, 91: 1,
}  # fmt: skip
"""Largest number of objects in a frame (n)."""

STAMP = Stamp(TAG)


def unit_of(data: bytes, profile: DeviceProfile = STANDARD, command: int = 2) -> Unit:
    return decode_unit(frame(data, command=command), profile)


def test_object_sizes_and_counts_are_those_of_the_standard() -> None:
    assert {flag: layout.size for flag, layout in LAYOUTS.items() if not layout.has_long_text} == SIZES
    assert {flag: layout.most for flag, layout in LAYOUTS.items()} == MOST
    assert all(2 + MOST[flag] * size <= MOST_DATA for flag, size in SIZES.items())


@pytest.mark.parametrize("flag", FLAGS)
@given(st.data())
@settings(max_examples=40)
def test_every_type_comes_back_under_every_profile(flag: int, data: st.DataObject) -> None:
    profile = data.draw(profiles)
    most = layouts_of(flag, profile)[0].most
    items = tuple(data.draw(st.lists(objects_of(flag, profile), min_size=1, max_size=min(most, 4))))
    sent = encode_unit(items, profile, flag)
    assert len(sent) <= MOST_DATA
    assert unit_of(sent, profile) == Unit(flag, len(items), items)
    assert encode_unit(items, profile, flag) == sent


@given(st.binary(max_size=MOST_DATA), st.integers(0, 255), profiles)
@settings(max_examples=300)
def test_any_bytes_are_read_without_an_error(data: bytes, command: int, profile: DeviceProfile) -> None:
    unit = unit_of(data, profile, command)
    for item in unit.objects:
        assert repr(item)
        assert getattr(item, "text", "").isprintable()
        assert getattr(item, "time", None) is None or item.time  # type: ignore[union-attr]


@given(st.sampled_from(FLAGS), st.integers(0, 255), st.binary(max_size=400), profiles)
@settings(max_examples=300)
def test_no_byte_of_a_known_type_is_lost(flag: int, count: int, body: bytes, profile: DeviceProfile) -> None:
    unit = unit_of(bytes((flag, count)) + body, profile)
    assert (unit.type, unit.count) == (flag, count)
    pieces = [
        item.data if isinstance(item, Raw) else layout_of(item, flag, profile).write(item) for item in unit.objects
    ]
    assert b"".join(pieces) == body
    assert all(isinstance(item, Raw) == (not unit.fits and item is unit.objects[-1]) for item in unit.objects)


@pytest.mark.parametrize(
    ("flag", "reason"), [(9, "reserved"), (60, "reserved"), (127, "reserved"), (128, "of_maker"), (255, "undefined")]
)
def test_a_type_without_a_layout_is_kept_with_its_reason(flag: int, reason: str) -> None:
    assert unit_of(bytes((flag, 1)) + b"body").objects == (Raw(flag, RawReason(reason), b"body"),)


@pytest.mark.parametrize(
    ("data", "states", "reason", "rest"),
    [
        (b"\x15\x01", [], "size", b""),
        (b"\x15\x01\x02" + TAG[:5], [2], "size", TAG[:5]),
        (b"\x15\x01\x02" + TAG + b"\0", [2], "size", b"\0"),
        (b"\x15\x00\x02" + TAG, [2], "size", b""),
        (b"\x15\x02\x02" + TAG, [2], "size", b""),
        (b"\x15\x01\x02" + TAG + b"\1" + TAG, [2, 1], "size", b""),
        (b"\x15\x01\x02" + TAG + bytes(7), [2], "size", bytes(7)),
        (b"\x15\x02\x02\x01", [2, 1], "size", b""),
        (b"\x01\x02" + b"\1\1\2\0" + TAG + b"\1\1\4\0" + TAG[:3], [2, 4], "size", TAG[:3]),
        (b"\x01\x02" + b"\1\1\2\0" + TAG + b"\1\1\4", [2], "cut", b"\1\1\4"),
        (b"\x01\x01\1\1\2", [], "cut", b"\1\1\2"),
    ],
)
def test_where_the_size_does_not_fit_whole_objects_at_the_front_are_read(
    data: bytes, states: list[int], reason: str, rest: bytes
) -> None:
    """Padding is no object; an object without its time is one."""
    *objects, raw = unit_of(data).objects
    assert [item.state for item in objects if isinstance(item, TransmitterState | SystemState)] == states
    assert raw == Raw(data[0], RawReason(reason), rest)


def test_components_without_times_are_read_at_their_own_places() -> None:
    """Two of them fill one with a time and a part of another: six bytes of an address are no time."""
    items = tuple(ComponentState(1, 1, 40, bytes((10, 0, n, 0)), 2, bytes(31), None) for n in (2, 3))
    body = b"".join(layout_of(item, 2, STANDARD).write(item) for item in items)
    assert unit_of(b"\x02\x02" + body).objects == (*items, Raw(2, RawReason.SIZE, b""))


def test_types_that_no_device_sends_unasked_are_kept_whole_where_the_size_does_not_fit() -> None:
    assert unit_of(b"\x19\x01\x01\x02\x03").objects == (Raw(25, RawReason.SIZE, b"\x01\x02\x03"),)


def test_a_count_of_zero_is_no_object() -> None:
    assert unit_of(b"\x15\x00").objects == (Raw(21, RawReason.SIZE, b""),)


def test_more_objects_than_the_standard_allows_are_read_all_the_same() -> None:
    """A fire in the second object of a device that sends two in type 21 is a fire."""
    unit = unit_of(b"\x15\x02" + b"\x01" + TAG + b"\x02" + TAG)
    assert [item.state for item in unit.objects if isinstance(item, TransmitterState)] == [1, 2]


def test_a_confirm_is_empty_and_is_no_heartbeat() -> None:
    assert unit_of(b"", command=3) == Unit(None, None, ())


@pytest.mark.parametrize(
    ("profile", "command", "data", "kind"),
    [
        ("standard", 2, b"", "empty"),
        ("standard", 2, b"\x16", "one_byte"),
        ("dahua", 7, b"", "command_7"),
        ("heartbeat_254", 254, b"\x01\x02\x03", "command_254"),
    ],
)
def test_signs_of_life_are_heartbeats(profile: str, command: int, data: bytes, kind: str) -> None:
    unit = unit_of(data, profile_named(profile), command)
    assert unit == Unit(None, None, (Heartbeat(HeartbeatKind(kind), data),))


def test_another_command_with_one_byte_is_kept_raw() -> None:
    assert unit_of(b"\x16", command=3) == Unit(None, None, (Raw(None, RawReason.NO_TYPE, b"\x16"),))


def test_type_21_without_its_time_is_read_where_the_profile_allows_it() -> None:
    """BT firmware sends one byte of state and no time."""
    profile = profile_named("bt_firmware")
    assert unit_of(b"\x15\x01\x03", profile).objects == (TransmitterState(3, None),)
    assert unit_of(b"\x15\x01\x03" + TAG, profile).objects == (TransmitterState(3, STAMP),)
    assert encode_unit([TransmitterState(3, None)], profile) == b"\x15\x01\x03"
    assert unit_of(b"\x15\x01\x03", profile).fits
    assert unit_of(b"\x15\x01\x03").objects == (TransmitterState(3, None), Raw(21, RawReason.SIZE, b""))


def test_a_makers_type_is_read_by_the_layout_that_its_profile_names() -> None:
    value = AnalogValue(1, 1, 92, b"\x01\0\x02\0", 5, -53, STAMP)
    sent = encode_unit([value], profile_named("fubei"), 0x96)
    assert sent[:2] == b"\x96\x01"
    assert unit_of(sent, profile_named("fubei")) == Unit(0x96, 1, (value,))
    assert unit_of(sent).objects == (Raw(0x96, RawReason.OF_MAKER, sent[2:]),)


def test_state_words_are_little_endian() -> None:
    (item,) = unit_of(b"\x01\x01" + b"\x01\x01" + b"\x02\x20" + TAG).objects
    assert item == SystemState(1, 1, 0x2002, STAMP)


def test_an_object_has_its_own_time() -> None:
    (item,) = unit_of(b"\x15\x01\x01" + bytes((5, 6, 7, 8, 9, 26))).objects
    assert isinstance(item, TransmitterState)
    assert item.time == NOW.replace(month=9, day=8, hour=7, minute=6, second=5)


@pytest.mark.parametrize(
    ("raw", "text", "flawed"),
    [
        ("走廊".encode("gb18030").ljust(31, b"\0"), "走廊", False),
        ("走廊".encode("gb18030").ljust(31), "走廊", False),
        (b"\0" * 31, "", False),
        ("走廊".encode("gb18030").rjust(31, b"\0"), "走廊", False),
        ("走廊".encode("gb18030") + b"\0rest".ljust(27, b"\0"), "走廊", False),
        (("廊" * 16).encode("gb18030")[:31], "廊" * 15 + "�", True),
        ("€𠀀".encode("gb18030").ljust(31, b"\0"), "€𠀀", False),
        (b"a\x07b".ljust(31, b"\0"), "a�b", True),
    ],
)
def test_descriptions_are_gb18030_without_padding_and_say_when_they_are_flawed(
    raw: bytes, text: str, *, flawed: bool
) -> None:
    item = ComponentState(1, 1, 40, bytes(4), 0, raw, STAMP)
    assert (item.text, item.text_flawed) == (text, flawed)


def test_text_is_written_padded_and_refused_when_too_long() -> None:
    assert text_bytes("走廊", 31) == "走廊".encode("gb18030") + bytes(27)
    with pytest.raises(ValueError, match="has 32 bytes in GB18030 → write at most 31"):
        text_bytes("廊" * 16, 31)
    with pytest.raises(ValueError, match="write at most 255"):
        text_bytes("廊" * 128)


def test_configurations_of_different_lengths_stand_behind_each_other() -> None:
    items = tuple(SystemConfiguration(1, n, text_bytes("廊" * n)) for n in (0, 1, 127))
    sent = encode_unit(items, STANDARD)
    assert len(sent) == 2 + 3 * 3 + 2 * 128
    assert unit_of(sent).objects == items
    assert isinstance(unit_of(sent[:-1]).objects[0], Raw)
    assert isinstance(unit_of(sent + b"\0").objects[0], Raw)


@pytest.mark.parametrize(("flag", "most"), MOST.items())
def test_more_objects_than_n_are_not_sent(flag: int, most: int) -> None:
    layout = LAYOUTS[flag]
    item = layout.read(bytes(layout.size), 1, STANDARD)
    assert item is not None
    assert encode_unit(item * most, STANDARD, flag)[1] == most
    with pytest.raises(ValueError, match=f"type {flag} takes at most {most} objects"):
        encode_unit(item * (most + 1), STANDARD, flag)


@pytest.mark.parametrize(
    ("items", "flag", "message"),
    [
        ([], None, "at least one"),
        ([ReadTransmitter()], None, r"belongs to types \[81, 85, 86, 88\]"),
        ([TransmitterVersion(1, 1)], 200, "type 200 has no layout"),
        ([TransmitterVersion(1, 1), TransmitterVersion(1, 256)], 25, "takes at most 1"),
        ([TransmitterVersion(1, 256)], None, "minor 256 does not fit → write 0 to 255"),
        ([TransmitterVersion(1, 1)], 21, "not the object of this type → give TransmitterState"),
        ([TransmitterState(1, None)], None, "needs its time"),
        ([AnalogValue(1, 1, 1, bytes(4), 3, 0x8000, STAMP)], None, "value 32768 does not fit → write -32768 to 32767"),
        ([AnalogValue(1, 1, 1, bytes(3), 3, 0, STAMP)], None, "component has 3 bytes → give 4"),
        ([Raw(200, RawReason.OF_MAKER, b"x")], None, "raw data has no layout"),
        ([TransmitterState(1, STAMP), Raw(21, RawReason.SIZE, b"x")], 21, "raw data has no layout"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_give_instead(
    items: list[object], flag: int | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        encode_unit(items, STANDARD, flag)  # type: ignore[arg-type]


def test_initialise_is_the_only_object_of_type_89() -> None:
    assert encode_unit([Initialise()], STANDARD) == b"\x59\x01\x00"


def test_profiles_reach_every_form_that_there_is() -> None:
    assert {profile.roll_call for profile in PROFILES.values()} == set(type(STANDARD.roll_call))
    assert {profile.components for profile in PROFILES.values()} == set(type(STANDARD.components))
    assert {profile.addresses for profile in PROFILES.values()} == set(type(STANDARD.addresses))
