"""The frames that people may look at: off until asked, bounded, and ended by itself; words for whatever bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import FakeClock
from gateway.connectors.gb26875.spelling import frame_words as gb26875_words
from gateway.connectors.jbf293k.protocol import POLL
from gateway.connectors.jbf293k.spelling import frame_words as jbf293k_words
from gateway.connectors.modbus_tcp.spelling import frame_words as modbus_words
from gateway.connectors.modbus_tcp.wire import mbap_request, read_pdu, rtu_request
from gateway.connectors.sparkplug.spelling import message_words
from gateway.connectors.tap import MOST_ANSWERED, MOST_BYTES, MOST_FRAMES, MOST_OF_ONE, OPEN_S, Tap
from gateway.connectors.text_words import MOST_WORDS, text_words
from tests.gateway.gb26875.made_frames import frame


class Seconds:
    """A clock of the loop's kind that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_kept_until_somebody_asks_and_nothing_after_nobody_does() -> None:
    seconds = Seconds()
    tap = Tap(FakeClock(5), seconds)
    tap.note(b"unseen", out=False)
    assert tap.after(0) == ([], 0)
    tap.open()
    tap.note(b"seen", out=True, peer="10.0.0.1:5200")
    (one,), missed = tap.after(0)
    assert (one.seq, one.time_ns, one.out, one.peer, one.size, one.raw) == (1, 5, True, "10.0.0.1:5200", 4, b"seen")
    assert missed == 0
    seconds.now += OPEN_S - 1
    tap.open()
    seconds.now += OPEN_S - 1
    tap.note(b"still", out=False)
    assert tap.is_on
    seconds.now += 2
    tap.note(b"too late", out=False)
    assert not tap.is_on
    assert tap.after(0) == ([], 0)


def test_what_is_kept_is_bounded_and_what_went_is_counted() -> None:
    tap = Tap(FakeClock(0), Seconds())
    tap.open()
    for _ in range(MOST_FRAMES + 50):
        tap.note(b"x", out=False)
    frames, missed = tap.after(10)
    assert (len(frames), frames[0].seq, missed) == (MOST_ANSWERED, 51, 40)
    assert tap.after(frames[-1].seq)[0][0].seq == frames[-1].seq + 1
    for _ in range(500):
        tap.note(b"y" * 5000, out=False)
    kept, _ = tap.after(MOST_FRAMES + 50)
    assert {(one.size, len(one.raw)) for one in kept} == {(5000, MOST_OF_ONE)}
    assert tap.after(10**9) == tap.after(0)
    first = tap.after(1)[0][0].seq
    assert (MOST_FRAMES + 550 - first + 1) * MOST_OF_ONE <= MOST_BYTES


@pytest.mark.parametrize("is_rtu", [False, True])
def test_modbus_says_who_is_asked_for_what(*, is_rtu: bool) -> None:
    wrap = rtu_request if is_rtu else lambda unit, pdu: mbap_request(7, unit, pdu)
    zh, en = modbus_words(wrap(3, read_pdu(3, 100, 2)), is_rtu=is_rtu, out=True)
    assert (zh, en) == ("从站 3 读保持寄存器 100…101", "unit 3 read holding registers 100…101")
    _, en = modbus_words(wrap(3, bytes((3, 4, 2, 138, 0, 1))), is_rtu=is_rtu, out=False)
    assert en == "unit 3 read holding registers: 650 1"
    zh, en = modbus_words(wrap(3, bytes((0x83, 2))), is_rtu=is_rtu, out=False)
    assert (zh, en) == (
        "从站 3 读保持寄存器：异常 2 非法数据地址",
        "unit 3 read holding registers: exception 2 illegal data address",
    )


def test_two_modbus_frames_that_came_together_are_both_told() -> None:
    raw = mbap_request(1, 1, bytes((1, 1, 5))) + mbap_request(2, 9, bytes((0x84, 6)))
    _, en = modbus_words(raw + b"\0\3", is_rtu=False, out=False)
    assert en.split("; ") == [
        "unit 1 read coils: 01 05",
        "unit 9 read input registers: exception 6 device busy",
        "2 bytes of an unfinished frame",
    ]


def test_a_transmitter_s_frame_says_sender_command_and_objects() -> None:
    state = bytes.fromhex("020101012a0a0002000200") + bytes(31) + bytes.fromhex("1e0a0c1a091a")
    zh, en = gb26875_words(frame(state).encode())
    assert "发送数据" in zh
    assert "889" in zh
    assert "fire" in en
    assert gb26875_words(b"@@nonsense")[0] == "报文不完整"


def test_a_card_s_poll_and_a_sparkplug_topic_say_what_they_are() -> None:
    assert jbf293k_words(POLL) == ("轮询", "poll")
    assert message_words(b"", "spBv1.0/g/NDEATH/e") == ("NDEATH 0 个量：", "NDEATH 0 metrics: ")
    assert message_words(json.dumps({"online": True}).encode(), "spBv1.0/STATE/h")[1] == '{"online": true}'
    assert text_words(b"a\n  b \xff" + b"c" * 900)[0].startswith("a b �ccc")
    assert len(text_words(b"c" * 900)[0]) == MOST_WORDS + 1


@given(raw=st.binary(max_size=300), out=st.booleans())
def test_whatever_the_bytes_words_are_found_and_nothing_raises(*, raw: bytes, out: bool) -> None:
    for words in (
        modbus_words(raw, is_rtu=False, out=out),
        modbus_words(raw, is_rtu=True, out=out),
        gb26875_words(raw),
        jbf293k_words(raw),
        message_words(raw, "spBv1.0/g/DDATA/e/d"),
        text_words(raw),
    ):
        assert len(words) == 2
