"""What a centre sends: the published frames byte by byte, and the forms that profiles ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.connectors.gb26875.centre import Sender, confirm, deny
from gateway.connectors.gb26875.detection import Evidence
from gateway.connectors.gb26875.objects import (
    ReadComponent,
    ReadSystem,
    ReadSystemOperations,
    ReadTransmitter,
    ReadTransmitterOperations,
    RollCall,
    Stamp,
    Unit,
    decode_unit,
)
from gateway.connectors.gb26875.profiles import STANDARD, profile_named
from gateway.connectors.gb26875.protocol import Decoder, Frame, Received
from gateway.connectors.gb26875.stamps import TimeForm, time_raw
from tests.gateway.gb26875.made_frames import CENTRE, DEVICE, NOW, frame

PUBLISHED = {
    vector["id"]: vector["hex"] for vector in json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
}
SENT = NOW.replace(year=2012, second=32)
SENDER = Sender(centre=CENTRE, device=DEVICE, version=(1, 1))


def published(name: str) -> Frame:
    (event,) = Decoder().feed(bytes.fromhex(PUBLISHED[name]))
    assert isinstance(event, Received)
    return event.frame


def unit_of(sent: Frame, profile: str = "standard") -> Unit:
    (event,) = Decoder().feed(sent.encode())
    assert isinstance(event, Received)
    return decode_unit(event.frame, profile_named(profile))


def test_the_confirm_of_al_01_is_al_02_and_its_deny_al_03() -> None:
    now = NOW.replace(year=2012)
    assert confirm(published("AL-01"), now).encode().hex() == PUBLISHED["AL-02"]
    assert deny(published("AL-01"), now).encode().hex() == PUBLISHED["AL-03"]


def test_a_confirm_has_our_own_time_in_the_devices_form() -> None:
    assert confirm(frame(), NOW, profile_named("dahua")).time == time_raw(NOW, TimeForm.BCD)


def test_the_keepalive_of_dg_02_is_confirmed_with_17_and_its_own_checksum() -> None:
    """DG-03 copied the checksum of the request, which is wrong; ours is computed."""
    answer = confirm(published("DG-02"), NOW, profile_named("fanhai_sanjiang"))
    assert (answer.command, answer.data) == (3, b"\x17")
    assert unit_of(answer).objects[0].data == b"\x17"  # type: ignore[union-attr]
    assert confirm(published("DG-02"), NOW).data == b""
    gathered = Evidence()
    gathered.add(published("DG-02"))
    assert confirm(published("DG-02"), NOW, gathered.verdict()[0]).data == b"\x17"


def test_data_that_only_begins_like_a_keepalive_is_confirmed_empty() -> None:
    assert confirm(frame(b"\x16\x01"), NOW, profile_named("fanhai_sanjiang")).data == b""


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("AL-08", SENDER.read_transmitter(81, sequence=1, now=SENT)),
        ("AL-11", SENDER.read_transmitter(85, sequence=1, now=SENT)),
        ("AL-13", SENDER.read_transmitter(88, sequence=1, now=SENT)),
        ("AL-15", SENDER.initialise(sequence=1, now=SENT)),
        ("AL-18", SENDER.roll_call(10, sequence=1, now=SENT)),
    ],
)
def test_requests_and_controls_are_the_published_frames(name: str, sent: Frame) -> None:
    assert sent.encode().hex() == PUBLISHED[name]


def test_a_clock_is_set_to_the_time_of_sending_as_in_al_17() -> None:
    sent = SENDER.set_clock(sequence=1, now=SENT.replace(second=2))
    assert (sent.command, sent.data) == (1, published("AL-17").data)


@pytest.mark.parametrize("flag", [61, 65, 66, 68])
def test_a_system_is_asked_by_type_and_address(flag: int) -> None:
    sent = SENDER.read_system(flag, 12, 3, sequence=7, now=NOW)
    assert (sent.sequence, sent.command, sent.destination) == (7, 4, DEVICE)
    assert unit_of(sent) == Unit(flag, 1, (ReadSystem(12, 3),))


@pytest.mark.parametrize("flag", [62, 63, 67])
def test_a_component_is_asked_without_its_type(flag: int) -> None:
    sent = SENDER.read_component(flag, 1, 1, b"\x0a\0\x02\0", sequence=0, now=NOW)
    assert unit_of(sent) == Unit(flag, 1, (ReadComponent(1, 1, b"\x0a\0\x02\0"),))
    assert len(sent.data) == 2 + 6


def test_records_are_asked_from_a_time_on() -> None:
    stamp = Stamp(time_raw(SENT, TimeForm.BINARY))
    system = SENDER.read_system_operations(1, 1, 102, SENT, sequence=0, now=NOW)
    assert unit_of(system) == Unit(64, 1, (ReadSystemOperations(1, 1, 102, stamp),))
    itself = SENDER.read_transmitter_operations(1, SENT, sequence=0, now=NOW)
    assert unit_of(itself) == Unit(84, 1, (ReadTransmitterOperations(1, stamp),))
    assert unit_of(SENDER.read_transmitter(86, sequence=0, now=NOW)) == Unit(86, 1, (ReadTransmitter(),))


@pytest.mark.parametrize("records", [0, 103])
def test_more_records_than_102_are_not_asked_for(records: int) -> None:
    with pytest.raises(ValueError, match="ask for 1 to 102"):
        SENDER.read_transmitter_operations(records, SENT, sequence=0, now=NOW)


def test_a_request_of_the_wrong_kind_is_not_sent() -> None:
    with pytest.raises(ValueError, match="not the object of this type → give ReadComponent"):
        SENDER.read_system(62, 1, 1, sequence=0, now=NOW)


def test_roll_calls_take_the_form_of_the_profile() -> None:
    timed = Sender(centre=CENTRE, device=DEVICE, profile=profile_named("firemaster"))
    stamp = Stamp(time_raw(NOW, TimeForm.BINARY))
    assert unit_of(timed.roll_call(5, sequence=0, now=NOW), "firemaster").objects == (RollCall(5, stamp),)
    empty = Sender(centre=CENTRE, device=DEVICE, profile=profile_named("roll_call_empty"))
    assert empty.roll_call(5, sequence=0, now=NOW).data == b"\x5b\x01"


def test_controls_take_the_command_of_the_profile() -> None:
    requesting = Sender(centre=CENTRE, device=DEVICE, profile=profile_named("plain_component_number"))
    assert requesting.initialise(sequence=0, now=NOW).command == 4
    assert SENDER.initialise(sequence=0, now=NOW).command == 1
    assert STANDARD.control_command == 1
