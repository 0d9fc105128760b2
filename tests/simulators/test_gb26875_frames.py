"""Frames, stamps and objects of the device half against published frames, and under noise."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.gb26875 import objects
from simulators.gb26875.dialect import DIALECTS, STANDARD
from simulators.gb26875.frames import Command, Frame, FrameReader
from simulators.gb26875.objects import RequestError, Target
from simulators.gb26875.stamps import (
    AddressForm,
    ComponentForm,
    TimeForm,
    address_bytes,
    component_bytes,
    component_key,
    time_bytes,
    time_from,
)

SENT = datetime(2012, 9, 26, 9, 58, 32)  # noqa: DTZ001 -- the wire has no zone
HAPPENED = datetime(2012, 9, 26, 9, 58, 2)  # noqa: DTZ001 -- the wire has no zone
HEAD = {
    "sequence": 1,
    "source": address_bytes(889, AddressForm.NUMBER),
    "destination": address_bytes(88888, AddressForm.NUMBER),
    "time": time_bytes(SENT, TimeForm.BINARY),
}
# Published in the manual kept by ActorLancer/GB-T-26875.3.2011-rs: AL-04, AL-05, AL-06, AL-07.
MAINS_FAULT = "404001000101203a091a090c790300000000385b010000000900021501080" + "23a091a090c422323"
ROLL_CALL_ANSWER = "404001000101203a091a090c790300000000385b010000000a000218012001023a091a090c5f2323"
VERSION = "404001000101203a091a090c790300000000385b0100000004000219010101c72323"
CLOCK = "404001000101203a091a090c790300000000385b010000000800021c01023a091a090c402323"
ORDERED_ROLL_CALL = "404001000101203a091a090c385b01000000790300000000030001" + "5b010a0f2323"  # AL-18
SET_CLOCK = "404001000101203a091a090c385b010000007903000000000800015a01023a091a090c7d2323"  # AL-17


def sent(data: bytes) -> str:
    return Frame(**HEAD, command=Command.SEND, data=data).encode().hex()  # type: ignore[arg-type]  # the fields of HEAD differ in type


def test_type_21_mains_fault_is_the_published_frame() -> None:
    raw = bytes((8,)) + time_bytes(HAPPENED, TimeForm.BINARY)
    assert sent(objects.unit(objects.STATE, [raw], STANDARD)) == MAINS_FAULT
    assert objects.state(8, HAPPENED, DIALECTS["roll_call_empty"]) == raw


def test_type_24_roll_call_answer_is_the_published_frame() -> None:
    raw = objects.operation(1 << 5, 1, HAPPENED, STANDARD)
    assert sent(objects.unit(objects.OPERATION, [raw], STANDARD)) == ROLL_CALL_ANSWER


def test_type_25_and_28_are_the_published_frames() -> None:
    assert sent(objects.unit(objects.VERSION, [bytes((1, 1))], STANDARD)) == VERSION
    assert sent(objects.unit(objects.TIME, [objects.time_object(HAPPENED, STANDARD)], STANDARD)) == CLOCK


def test_type_2_fire_names_zone_10_point_2() -> None:
    target = Target(system=1, address=1, type=40, at="10-2")
    raw = objects.component_state(target, 2, "Ａ区１层走廊", HAPPENED, STANDARD)
    assert raw[:9].hex() == "010128" + "0a000200" + "0200"
    assert raw[9:40].rstrip(b"\0").decode("gb18030") == "Ａ区１层走廊"
    assert (len(raw), raw[40:].hex()) == (46, "023a091a090c")


def test_orders_of_the_centre_are_read() -> None:
    roll_call, clock = FrameReader().feed(bytes.fromhex(ORDERED_ROLL_CALL + SET_CLOCK))
    assert roll_call.command == clock.command == Command.CONTROL
    assert objects.read_request(roll_call.data, STANDARD)[1][0].minutes == 10
    assert objects.read_request(clock.data, STANDARD)[1][0].time == HAPPENED


def test_a_description_is_cut_between_characters() -> None:
    raw = objects.description("点型光电感烟火灾探测器在一层东走廊的尽头")
    assert len(raw) == 31
    assert raw.rstrip(b"\0").decode("gb18030") == "点型光电感烟火灾探测器在一层东"


def test_a_unit_takes_as_many_objects_as_the_standard_and_the_maker_allow() -> None:
    raw = objects.system_state(1, 1, 1, HAPPENED, STANDARD)
    assert len(objects.unit(objects.SYSTEM_STATE, [raw] * 102, STANDARD)) == 2 + 102 * 10
    with pytest.raises(ValueError, match="1 to 102 objects, not 103"):
        objects.unit(objects.SYSTEM_STATE, [raw] * 103, STANDARD)
    assert objects.most_objects(objects.COMPONENT_STATE, DIALECTS["dahua"]) == 11
    with pytest.raises(ValueError, match="at most 1024 bytes"):
        Frame(**HEAD, command=2, data=bytes(1025)).encode()  # type: ignore[arg-type]  # the fields of HEAD differ in type


@given(st.lists(st.binary(max_size=200).map(lambda data: data[:1024]), max_size=5), st.data())
def test_any_split_of_the_stream_gives_the_same_frames(bodies: list[bytes], data: st.DataObject) -> None:
    frames = [
        Frame(sequence=at, command=3, source=bytes(6), destination=bytes(6), data=b) for at, b in enumerate(bodies)
    ]
    junk = data.draw(st.binary(max_size=40).filter(lambda noise: b"@" not in noise))
    stream = junk + b"".join(frame.encode() for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader, found = FrameReader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == frames
    assert reader.skipped == len(junk)


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_noise_is_skipped_and_bounded(chunks: list[bytes]) -> None:
    reader = FrameReader()
    for chunk in (*chunks, b"@@" + b"\xff" * 40):
        reader.feed(chunk)
    good = Frame(sequence=7, command=3, source=bytes(6), destination=bytes(6))
    found = reader.feed(bytes(1100) + good.encode())
    assert found[-1:] == [good]


@given(st.binary(max_size=64), st.sampled_from(list(DIALECTS.values())))
def test_any_bytes_are_a_request_or_one_error(data: bytes, dialect: object) -> None:
    try:
        kind, asked = objects.read_request(data, dialect)  # type: ignore[arg-type]  # sampled from values of that type
    except RequestError as error:
        assert str(error)
    else:
        assert kind == data[0]
        assert len(asked) <= 255


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), st.sampled_from(TimeForm))  # noqa: DTZ001 -- the wire has no zone
def test_times_survive_each_form(moment: datetime, form: TimeForm) -> None:
    assert time_from(time_bytes(moment, form), form) == moment.replace(microsecond=0)


@given(st.binary(min_size=4, max_size=4), st.sampled_from(ComponentForm))
def test_component_addresses_survive_each_form(raw: bytes, form: ComponentForm) -> None:
    assert component_bytes(component_key(raw, form), form) == raw


@pytest.mark.parametrize(
    ("address", "form", "raw"),
    [
        (889, AddressForm.NUMBER, "790300000000"),
        ("889", AddressForm.NUMBER_BIG_ENDIAN, "000000000379"),
        (13800001234, AddressForm.BCD, "341200003801"),
        ("192.168.1.4:7533", AddressForm.IPV4_PORT, "c0a801046d1d"),
    ],
)
def test_addresses_are_written_as_the_maker_does(address: int | str, form: AddressForm, raw: str) -> None:
    assert address_bytes(address, form).hex() == raw


@pytest.mark.parametrize(
    ("address", "form", "words"),
    [
        ("east", AddressForm.NUMBER, "write a whole number"),
        (1 << 48, AddressForm.NUMBER, "below 2"),
        (10**12, AddressForm.BCD, "at most 12 digits"),
        (7, AddressForm.IPV4_PORT, "192.168.1.4:7533"),
    ],
)
def test_addresses_that_do_not_fit_are_refused_with_the_mend(address: int | str, form: AddressForm, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        address_bytes(address, form)


def test_component_addresses_that_do_not_fit_are_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match="such as 10-2"):
        component_bytes("10", ComponentForm.ZONE_POINT)
    with pytest.raises(ValueError, match="four numbers"):
        component_bytes("10-2", ComponentForm.DOTTED)
