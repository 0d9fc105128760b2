"""A fire in a frame that is slightly off its layout, or in a maker's copy of one, is a fire all the same."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.quality import GOOD, Reason, pack
from gateway.connectors.gb26875 import naming
from gateway.connectors.gb26875.explain import explain
from gateway.connectors.gb26875.fire import says_fire
from gateway.connectors.gb26875.objects import (
    ComponentState,
    InformationObject,
    Raw,
    RawReason,
    Stamp,
    SystemOperation,
    SystemState,
    TransmitterOperation,
    TransmitterState,
    decode_unit,
    encode_unit,
    text_bytes,
)
from gateway.connectors.gb26875.profile import DeviceProfile, time_bytes
from gateway.connectors.gb26875.profiles import PROFILES
from gateway.connectors.gb26875.protocol import Received
from gateway.connectors.gb26875.stamps import TimeForm, is_likely_time, time_raw
from gateway.connectors.gb26875.tables import SYSTEM_TYPES
from gateway.connectors.gb26875.wire_json import frame_document, frame_from_document
from tests.gateway.gb26875.made_frames import NOW, TAG, frame, profiles
from tests.gateway.gb26875.mapped import NOW_NS, Mapped
from tests.gateway.gb26875.test_mapping_laws import fires

CLOCK = pack(GOOD, Reason.CLOCK)
WORD_AT = {1: 2, 2: 7, 4: 2, 21: 0, 24: 0}
"""Type flag -> byte of an object that says fire."""

SIZE = {1: 10, 2: 46, 4: 10, 21: 7, 24: 8}
FIRE_BIT = {1: 2, 2: 2, 4: 4, 21: 2, 24: 4}


def component(flag: int = 2, count: int = 1, state: int = 2, system: int = 1, text: bytes = b"") -> bytes:
    return struct.pack("<BBBBBHHH31s6s", flag, count, system, 1, 40, 10, 2, state, text, TAG)


def system(flag: int = 1, state: int = 2, kind: int = 1, tag: bytes = TAG) -> bytes:
    return struct.pack("<BBBBH6s", flag, 1, kind, 1, state, tag)


FAS, SMOKE, OPERATION, OWN = "fas/state", "fas/smoke-1", "fas/operation", "utd/state"
ELSEWHERE = "utd/fire_elsewhere"


@pytest.mark.parametrize(
    ("data", "point", "value"),
    [
        (component() + b"\0", SMOKE, 2),
        (component(count=2), SMOKE, 2),
        (component(count=0), SMOKE, 2),
        (component()[:-6], SMOKE, 2),
        (component()[:-7], ELSEWHERE, 1),
        (component(count=2, state=1) + component()[2:20], ELSEWHERE, 1),
        (component(count=2, state=1) + component()[2:-6], SMOKE, 2),
        (component(count=1, state=1) + component()[2:], SMOKE, 2),
        (system() + b"\0", FAS, 2),
        (system(state=2, tag=bytes(6))[:-3], FAS, 2),
        (bytes((4, 1, 1, 1, 4, 7)) + TAG + b"\0", OPERATION, 4),
        (bytes((21, 1, 2)), OWN, 2),
        (component(flag=130), ELSEWHERE, 1),
        (component(flag=130)[:-6], ELSEWHERE, 1),
        (component(flag=130, text=("廊" * 16).encode("gb18030")[:31]), ELSEWHERE, 1),
        (component(flag=130, state=1) + component()[2:], ELSEWHERE, 1),
        (system(flag=128), ELSEWHERE, 1),
        (system(flag=9), ELSEWHERE, 1),
        (bytes((200, 1, 2)) + TAG, ELSEWHERE, 1),
    ],
)
def test_a_fire_that_is_off_its_layout_is_a_fire(data: bytes, point: str, value: int) -> None:
    one = Mapped()
    one.take(frame(data))
    assert (point, value) in [(name, said) for name, said, _ in one.rows]
    assert says_fire(decode_unit(frame(data), one.profile)), "such frames go first"
    assert one.letters[0].raw == frame(data).encode()


@pytest.mark.parametrize(
    "data",
    [
        component(flag=130, state=1),
        component(flag=130, system=77),
        component(flag=130, text=bytes(range(1, 32))),
        component(flag=130) + b"\0",
        system(flag=128, state=4),
        system(flag=128, tag=b"\xff" * 6),
        system(state=1) + b"\xff" * 9,
        bytes((200, 1)) + b"\2\2\2\2\2\2\2",
        bytes((200, 1)) + bytes(70),
        bytes((200, 2, 2)) + TAG + b"\2" + TAG,
        bytes((200, 0)),
        bytes((0xFF, 1, 2)),
    ],
)
def test_bytes_that_do_not_look_like_fire_raise_none(data: bytes) -> None:
    one = Mapped()
    assert fires(one.take(frame(data)), one) == 0
    assert not says_fire(decode_unit(frame(data), one.profile))
    assert [name for name, _, _ in one.rows][-1] == "utd/unread"


def test_what_looks_like_fire_is_told_with_its_bytes_and_kept_apart_from_other_dead_letters() -> None:
    one = Mapped()
    one.take(frame(system(flag=128)))
    assert one.rows[-1] == (
        ELSEWHERE, 1, f"未能解读但像火警的信息 / unread message that looks like fire, hex 01 01 02 00 {TAG.hex(' ')}",
    )  # fmt: skip
    assert [letter.reason for letter in one.letters] == ["unread_like_fire"]


@pytest.mark.parametrize("data", [component() + b"\0", component()[:-6]])
def test_times_are_not_believed_where_the_size_does_not_fit(data: bytes) -> None:
    one = Mapped()
    one.take(frame(data, time=time_bytes(NOW, one.profile)))
    assert (one.time_ns(SMOKE), one.quality(SMOKE)) == (NOW_NS, CLOCK)


def test_an_answer_to_a_roll_call_off_its_layout_counts_from_when_it_came() -> None:
    one = Mapped()
    stamp = one.stamp(NOW - timedelta(seconds=20))
    sent = encode_unit([TransmitterOperation(1 << 5, 3, stamp)], one.profile) + b"\0"
    [operation] = one.take(frame(sent, time=time_bytes(NOW, one.profile))).operations
    assert operation.answers_roll_call
    assert (operation.at_ns, operation.said_ns) == (NOW_NS, None)


def test_fires_without_room_are_no_test_and_each_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit 0 is set: without it a rule would read the system's word as a test."""
    monkeypatch.setattr(naming, "MOST_POINTS", 0)
    one = Mapped()
    at = [bytes((9, 0, number, 0)) for number in (1, 2)]
    one.say(*(ComponentState(1, 1, 40, raw, 2, text_bytes("Ｂ区", 31), one.stamp()) for raw in at))
    assert one.rows == [(ELSEWHERE, 1, "感烟火灾探测器 9-1 Ｂ区"), (ELSEWHERE, 1, "感烟火灾探测器 9-2 Ｂ区")]
    assert len(set(one.harvest.time_ns[:2])) == 2
    one.say(ComponentState(1, 1, 40, at[1], 2, text_bytes("Ｂ区", 31), one.stamp()))
    assert one.rows == [(ELSEWHERE, 1, "感烟火灾探测器 9-2 Ｂ区")]


@st.composite
def fire_objects(draw: st.DrawFn, flag: int, profile: DeviceProfile) -> InformationObject:
    """An object as a device sends it: a known system, a time or zeros, a text; fire or not."""
    tag = draw(st.just(bytes(6)) | st.datetimes(NOW, NOW + timedelta(days=9)).map(lambda at: time_bytes(at, profile)))
    stamp, word = Stamp(tag, profile.times), draw(st.integers(0, 0xFF))
    kind = draw(st.sampled_from(sorted(SYSTEM_TYPES)))
    match flag:
        case 1:
            return SystemState(kind, 1, word, stamp)
        case 2:
            text = text_bytes(draw(st.sampled_from(["", "走廊", "Hall 2"])), 31)
            return ComponentState(kind, 1, 40, draw(st.binary(min_size=4, max_size=4)), word, text, stamp)
        case 4:
            return SystemOperation(kind, 1, word, 7, stamp)
        case 21:
            return TransmitterState(word, stamp)
        case _:
            return TransmitterOperation(word, 7, stamp)


@given(st.data(), profiles, st.sampled_from(sorted(WORD_AT)))
@settings(max_examples=400)
def test_any_fire_frame_with_bytes_added_cut_or_recounted_still_is_a_fire(
    data: st.DataObject, profile: DeviceProfile, flag: int
) -> None:
    """As long as the byte that says fire is there."""
    items = data.draw(st.lists(fire_objects(flag, profile), min_size=1, max_size=1 if flag == 21 else 4))
    sent = encode_unit(items, profile, flag)
    match data.draw(st.sampled_from(["added", "cut", "recounted"])):
        case "added":
            sent += data.draw(st.binary(min_size=1, max_size=8))
        case "cut":
            sent = sent[: -data.draw(st.integers(1, 8))]
        case _:
            sent = sent[:1] + bytes((data.draw(st.integers(0, 255)),)) + sent[2:]
    words = sent[2 + WORD_AT[flag] :: SIZE[flag]][: len(items)]
    one = Mapped(profile)
    harvest = one.take(frame(sent))
    if any(word & FIRE_BIT[flag] for word in words):
        assert fires(harvest, one) > 0
        assert says_fire(decode_unit(frame(sent), profile))


@given(st.data(), st.binary(max_size=120), st.integers(0, 255), st.sampled_from(sorted(PROFILES)))
@settings(max_examples=200)
def test_any_misfit_is_explained_and_goes_back_to_its_bytes(
    data: st.DataObject, body: bytes, count: int, name: str
) -> None:
    profile = PROFILES[name]
    flag = data.draw(st.sampled_from([1, 2, 3, 4, 21, 24, 130]))
    made = frame(bytes((flag, count)) + body)
    event = Received(made, made.encode())
    assert frame_from_document(frame_document(event, profile), profile) == made
    assert b"".join(row.raw for row in explain(event, profile)) == event.raw
    assert all(item.reason in RawReason for item in decode_unit(made, profile).objects if isinstance(item, Raw))


@given(st.datetimes(NOW.replace(year=2010), NOW.replace(year=2099)), st.sampled_from(list(TimeForm)))
def test_a_time_of_a_set_clock_is_likely_in_every_form(moment: datetime, form: TimeForm) -> None:
    assert is_likely_time(time_raw(moment, form))


@pytest.mark.parametrize("raw", [b"\xff" * 6, bytes((4, 1, 4, 1, 4, 1)), bytes((1, 1, 40, 10, 0, 2)), b"\x60" * 6])
def test_numbers_that_no_clock_says_are_no_time(raw: bytes) -> None:
    assert not is_likely_time(raw)
