"""The decoder: any cut of any stream gives the same events, and nothing good is lost in anything bad."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.connectors.gb26875.protocol import (
    END,
    LEAST_FRAME,
    MOST_DATA,
    MOST_FRAME,
    MOST_RUN,
    MOST_SHOWN,
    START,
    Decoder,
    Frame,
    FrameError,
    Received,
    Rejected,
    whole_frame,
)
from tests.gateway.gb26875.made_frames import frame, frames, heard

FIRE = frame(b"\x15\x01\x02" + bytes(6)).encode()
OTHER = frame(b"\x15\x01\x01" + bytes(6), sequence=2).encode()


def received(events: list[Received | Rejected]) -> list[bytes]:
    return [event.raw for event in events if isinstance(event, Received)]


def errors(events: list[Received | Rejected]) -> list[tuple[str, int]]:
    return [(event.error.value, event.size) for event in events if isinstance(event, Rejected)]


def broken(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes((raw[at] ^ 0xFF,)) + raw[at + 1 :]


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [START, END, b"@", b"#", b"@@@", b"TD1\n", b"TD", b"\n", b"4040", FIRE[:20], FIRE[:40], broken(FIRE, 30)]
    ),
    st.sampled_from([bytes(24).join((START, b"\xff\xff")), START + bytes(22) + b"\x00\x04", START * 13]),
    frames.map(Frame.encode),
)
STREAMS = st.lists(PIECES, max_size=12).map(b"".join)


@given(st.one_of(STREAMS, st.tuples(frames.map(Frame.encode), st.integers(0, 29)).map(lambda made: broken(*made))))
def test_bytes_that_are_one_whole_frame_are_what_the_decoder_makes_of_them(stream: bytes) -> None:
    whole, decoder = whole_frame(stream), Decoder()
    events = decoder.feed(stream)
    is_one = len(events) == 1 and isinstance(events[0], Received) and events[0].raw == stream and not decoder.pending
    assert (whole is not None) == is_one
    assert whole is None or events == [whole]


@given(frames)
def test_a_frame_is_read_as_it_was_written(made: Frame) -> None:
    raw = made.encode()
    assert LEAST_FRAME <= len(raw) <= MOST_FRAME
    assert heard(raw) == [Received(made, raw)]


@given(STREAMS, st.lists(st.integers(0, 3000), max_size=20))
@settings(max_examples=300)
def test_any_cut_of_any_stream_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    assert heard(*pieces) == heard(stream)


@given(STREAMS)
@settings(max_examples=100)
def test_byte_by_byte_gives_the_same_events(stream: bytes) -> None:
    assert heard(*(bytes((byte,)) for byte in stream)) == heard(stream)


@given(st.lists(frames, min_size=1, max_size=5), st.binary(max_size=60).filter(lambda junk: b"@" not in junk))
def test_frames_are_found_behind_each_other_and_behind_junk(made: list[Frame], junk: bytes) -> None:
    raws = [one.encode() for one in made]
    assert received(heard(junk.join([b"", *raws]))) == raws


class SplitStream(RuleBasedStateMachine):
    """Two decoders hear one stream: one as it comes, one whole each time; both time out at will at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = b""
        self.decoder = Decoder()
        self.events: list[Received | Rejected] = []

    @rule(piece=PIECES, cut=st.integers(0, 2000))
    def hear(self, piece: bytes, cut: int) -> None:
        self.stream += piece
        for part in (piece[:cut], piece[cut:]):
            self.events += self.decoder.feed(part)

    @rule()
    def nothing_comes(self) -> None:
        assert self.decoder.feed(b"") == []

    @invariant()
    def the_events_are_those_of_the_whole_stream(self) -> None:
        assert self.events == heard(self.stream)

    @invariant()
    def no_more_than_a_frame_is_kept(self) -> None:
        assert len(self.decoder._buffer) < MOST_FRAME
        assert self.decoder.pending < MOST_FRAME + MOST_RUN

    def teardown(self) -> None:
        for _ in range(MOST_FRAME + 2):
            before = self.decoder.pending
            dropped = self.decoder.drop_half()
            assert (dropped is None) <= (before <= 1)
            self.decoder.feed(b"")
        assert self.decoder.pending == 0


TestSplitStream = SplitStream.TestCase
TestSplitStream.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)


def test_the_length_rules_because_start_and_end_characters_occur_inside_data() -> None:
    inner = frame(END + START + END + FIRE).encode()
    assert received(heard(inner)) == [inner]


def test_resynchronise_by_one_byte_a_good_frame_inside_a_bad_one_is_found() -> None:
    """A frame that claims to be longer than it is must not swallow the fire behind it."""
    liar = START + FIRE[2:24] + (60).to_bytes(2, "little") + b"\x02" + bytes(5)
    events = heard(liar + FIRE + OTHER)
    assert received(events) == [FIRE, OTHER]
    assert errors(events)[0] == ("end", 90)


def test_one_stray_start_character_before_a_frame_costs_nothing() -> None:
    assert received(heard(b"@" + FIRE)) == [FIRE]


def test_a_wrong_checksum_or_end_names_the_frame_so_that_it_can_be_denied() -> None:
    for at, error in ((30, "checksum"), (-1 % len(FIRE), "end"), (-3 % len(FIRE), "checksum")):
        (event,) = heard(broken(FIRE, at))
        assert isinstance(event, Rejected)
        assert (event.error, event.raw, event.size) == (error, broken(FIRE, at), len(FIRE))
        assert event.frame is not None
        assert event.frame.sequence == 1


def test_over_long_data_is_refused_as_soon_as_its_length_is_there() -> None:
    head = FIRE[:24] + (MOST_DATA + 1).to_bytes(2, "little")
    assert heard(head[:-1]) == []
    assert errors(heard(head)) == [("length", 26)]


def test_a_profile_may_allow_less_than_the_standard() -> None:
    head = FIRE[:24] + (513).to_bytes(2, "little")
    assert errors(Decoder(most_data=512).feed(head)) == [("oversize", 26)]
    assert heard(head) == []


def test_a_run_of_junk_is_one_refusal_with_its_size_and_its_first_bytes() -> None:
    events = heard(b"x" * 200 + FIRE + b"\0\0" + OTHER)
    assert received(events) == [FIRE, OTHER]
    assert errors(events) == [("start", 200), ("start", 2)]
    assert isinstance(events[0], Rejected)
    assert events[0].raw == b"x" * MOST_SHOWN


def test_junk_without_end_is_told_about_piece_by_piece() -> None:
    decoder = Decoder()
    assert errors(decoder.feed(b"x" * (MOST_RUN + 5))) == [("start", MOST_RUN)]
    assert decoder.pending == 5


@pytest.mark.parametrize(
    ("junk", "error"),
    [(b"TD0123456789\n", "registration"), (FIRE.hex().upper().encode(), "hex_text"), (b"GET / HTTP/1.1\r\n", "start")],
)
def test_oddities_of_the_field_are_called_what_they_are(junk: bytes, error: str) -> None:
    events = heard(junk + FIRE)
    assert errors(events)[0][0] == error
    assert received(events) == [FIRE]


def test_a_registration_line_is_told_at_its_line_feed_because_its_sender_waits() -> None:
    assert errors(heard(b"T", b"D42\r", b"\n")) == [("registration", 6)]


def test_a_half_frame_is_given_up_and_what_waited_behind_it_is_heard() -> None:
    decoder = Decoder()
    liar = START + FIRE[2:24] + (1000).to_bytes(2, "little") + b"\x02"
    assert decoder.feed(liar + FIRE) == []
    half = decoder.drop_half()
    assert half is not None
    assert (half.error, half.raw) == (FrameError.HALF, liar + FIRE)
    assert received(decoder.feed(b"")) == [FIRE]
    assert decoder.pending == 0
    assert decoder.drop_half() is None


def test_junk_that_stays_the_last_is_told_after_the_time_out() -> None:
    decoder = Decoder()
    assert decoder.feed(b"hello@") == []
    assert decoder.pending == 6
    dropped = decoder.drop_half()
    assert dropped is not None
    assert (dropped.error, dropped.raw) == ("start", b"hello@")


LIAR = START + FIRE[2:24] + (1000).to_bytes(2, "little") + b"\x02"


def test_a_good_frame_behind_false_starts_is_heard_and_the_rest_is_one_refusal() -> None:
    decoder = Decoder()
    assert decoder.feed(LIAR + LIAR + b"@@" + LIAR + FIRE + OTHER[:20]) == []
    events = decoder.pass_false_start()
    assert received(events) == [FIRE]
    assert errors(events) == [("half", 3 * len(LIAR) + 2)]
    assert decoder.pass_false_start() == []
    assert received(decoder.feed(OTHER[20:])) == [OTHER], "what is unfinished behind it goes on"


def test_another_false_start_behind_a_good_frame_is_passed_by_another_call() -> None:
    decoder = Decoder()
    decoder.feed(LIAR + FIRE + LIAR + OTHER)
    assert received(decoder.pass_false_start()) == [FIRE]
    assert received(decoder.pass_false_start()) == [OTHER]
    assert decoder.pending == 0


@pytest.mark.parametrize(
    "held", [FIRE[:20], LIAR, LIAR + FIRE[:-1], LIAR + broken(FIRE, 30), LIAR + broken(FIRE, -1 % len(FIRE)), b"junk@"]
)
def test_nothing_is_given_up_where_no_good_frame_stands_behind(held: bytes) -> None:
    decoder = Decoder()
    decoder.feed(held)
    before = decoder.pending
    assert decoder.pass_false_start() == []
    assert decoder.pending == before


@given(st.lists(st.sampled_from([LIAR, START, b"@", FIRE[:25], b"xx", OTHER[:30]]), min_size=1, max_size=8), frames)
def test_a_good_frame_that_came_whole_is_heard_behind_any_false_starts(before: list[bytes], made: Frame) -> None:
    decoder, raw = Decoder(), made.encode()
    events = decoder.feed(b"".join(before) + raw)
    while passed := decoder.pass_false_start():
        events += passed
    assert raw in received(events)


@pytest.mark.parametrize(
    "pattern",
    [b"@", b"@@" + bytes(22) + b"\x00\x04", b"@" * 24 + bytes(24), (b"@" * 12 + bytes(12) + b"@@@@" + b"#" * 12), END],
)
def test_hostile_bytes_are_reported_within_a_few_times_their_size(pattern: bytes) -> None:
    """A refusal repeats bytes; reports of one kind never overlap, so there is a bound."""
    stream = (pattern * (200_000 // len(pattern)))[:200_000]
    decoder = Decoder()
    events = decoder.feed(stream)
    assert sum(len(event.raw) for event in events) <= 4 * len(stream)
    assert len(events) <= len(stream) // 16
    assert decoder.pending < MOST_FRAME + MOST_RUN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sequence": 65536}, "sequence 65536"),
        ({"command": 256}, "command 256"),
        ({"version": (1, 256)}, "version 256"),
        ({"time": b"12345"}, "time has 5 bytes"),
        ({"source": bytes(7)}, "source has 7 bytes"),
        ({"data": bytes(MOST_DATA + 1)}, "data length 1025 does not fit a frame → use 0 to 1024"),
    ],
)
def test_a_field_that_does_not_fit_is_not_sent(change: dict[str, object], message: str) -> None:
    fields = {name: getattr(frame(), name) for name in Frame.__dataclass_fields__} | change
    with pytest.raises(ValueError, match=message):
        Frame(**fields).encode()
