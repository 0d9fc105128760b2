"""Detection of a device's profile: proof only, the standard otherwise, always the same for the same frames."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.gb26875.detection import Evidence
from gateway.connectors.gb26875.profile import HeartbeatKind
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Frame
from gateway.connectors.gb26875.stamps import TimeForm, time_raw
from tests.gateway.gb26875.made_frames import NOW, frame, frames


def evidence(*seen: Frame) -> Evidence:
    gathered = Evidence()
    for one in seen:
        gathered.add(one)
    return gathered


def english(gathered: Evidence) -> str:
    return "; ".join(en for _, en in gathered.verdict()[1])


def test_nothing_heard_is_the_standard() -> None:
    profile, reasons = Evidence().verdict()
    assert profile is STANDARD
    assert reasons == [("无偏离标准的证据", "nothing proves a deviation from the standard")]


def test_a_tag_that_is_a_time_only_in_bcd_proves_bcd() -> None:
    gathered = evidence(frame(time=time_raw(NOW.replace(day=30), TimeForm.BCD)))
    assert gathered.verdict()[0].times is TimeForm.BCD
    assert english(gathered) == "time tag 35 58 09 30 09 26 is no binary time, only bcd fits"


def test_a_tag_that_is_a_time_in_both_proves_nothing() -> None:
    """05-10-2009 03:02:01 is a time in binary and in BCD."""
    assert evidence(frame(time=bytes((1, 2, 3, 5, 9, 9)))).verdict()[0] is STANDARD


def test_several_tags_decide_together_what_one_can_not() -> None:
    open_question = frame(time=time_raw(NOW.replace(day=6, second=8, minute=7), TimeForm.BCD))
    assert evidence(open_question).verdict()[0] is STANDARD
    later = frame(time=time_raw(NOW.replace(day=31, month=8, second=59), TimeForm.BCD))
    assert evidence(open_question, later).verdict()[0].times is TimeForm.BCD


def test_tags_that_contradict_each_other_leave_the_standard() -> None:
    bcd = frame(time=time_raw(NOW.replace(day=30), TimeForm.BCD))
    binary = frame(time=time_raw(NOW, TimeForm.BINARY))
    gathered = evidence(bcd, binary)
    assert gathered.verdict()[0] is STANDARD
    assert "no other reading is certain" in english(gathered)


def test_tags_that_are_no_time_at_all_prove_nothing() -> None:
    assert evidence(frame(time=bytes(6)), frame(time=b"\xff" * 6)).verdict()[0] is STANDARD


def test_the_tag_of_an_answer_proves_nothing_because_devices_copy_ours() -> None:
    bcd = time_raw(NOW.replace(day=30), TimeForm.BCD)
    for command in (3, 5, 6):
        assert evidence(frame(command=command, time=bcd)).verdict()[0] is STANDARD


def test_a_heartbeat_proves_itself() -> None:
    profile, _ = evidence(frame(command=7), frame(b"\x01", command=254)).verdict()
    assert profile.heartbeats - STANDARD.heartbeats == {HeartbeatKind.COMMAND_7, HeartbeatKind.COMMAND_254}


def test_the_keepalive_16_is_to_be_answered_with_17() -> None:
    gathered = evidence(frame(b"\x16"))
    assert gathered.verdict()[0].heartbeat_answers == {b"\x16": b"\x17"}
    assert english(gathered) == "keepalive 16 is confirmed with 17"
    assert evidence(frame(b"\x17")).verdict()[0] is STANDARD


def test_type_21_with_one_byte_proves_that_it_comes_without_time() -> None:
    assert evidence(frame(b"\x15\x01\x01")).verdict()[0].timeless == {21}


def test_a_version_is_only_a_hint() -> None:
    gathered = evidence(replace(frame(), version=(16, 0)))
    assert gathered.verdict()[0] is STANDARD
    assert english(gathered) == "hint: looks like Fanhai Sanjiang; set profile: fanhai_sanjiang if it is"


def test_a_makers_type_of_the_right_size_is_only_a_hint() -> None:
    assert "profile: fubei" in english(evidence(frame(b"\x96\x02" + bytes(32))))
    assert "fubei" not in english(evidence(frame(b"\x96\x02" + bytes(31))))


@given(st.lists(frames, max_size=12))
def test_the_same_frames_give_the_very_same_profile(seen: list[Frame]) -> None:
    first, second = evidence(*seen), evidence(*seen)
    assert first.verdict()[0] is second.verdict()[0]
    assert first.verdict() == second.verdict()
    assert all(zh and en for zh, en in first.verdict()[1])


@given(st.lists(frames, max_size=12), st.randoms())
def test_the_order_of_frames_does_not_matter_to_the_profile(seen: list[Frame], order: Random) -> None:
    shuffled = list(seen)
    order.shuffle(shuffled)
    assert evidence(*seen).verdict()[0] is evidence(*shuffled).verdict()[0]
