"""`fengsui gb26875 decode` and `encode`: what a person reads, what a pipe gets, and that the one undoes the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli.gb26875_commands import app
from cli.gb26875_mends import mend, reason
from cli.gb26875_stream import Profiles, take_apart
from gateway.connectors.gb26875.profile import time_bytes
from gateway.connectors.gb26875.profiles import PROFILES, profile_named
from gateway.connectors.gb26875.protocol import Frame, FrameError, Received, Rejected
from gateway.connectors.gb26875.wire_json import frame_document, frame_from_document

FIRE = bytes.fromhex(
    "404001000101203a091a090c790300000000385b0100000030000202010101280a0002000200202020202020202020202020"
    "20202020202020202020202020202020202000023a091a090c462323"
)
CONFIRM = bytes.fromhex("404001000101233a091a090c385b01000000790300000000000003ab2323")


def run(*arguments: str, given_input: bytes | None = None, width: int = 200) -> Result:
    environment = {"FENGSUI_LANG": None, "COLUMNS": str(width)}
    return CliRunner().invoke(app, arguments, input=given_input, env=environment)


def test_a_fire_is_told_byte_by_byte_in_chinese_first() -> None:
    done = run("decode", FIRE.hex())
    assert done.exit_code == 0
    for words in (
        "业务流水号",
        "889",
        "88888",
        "2 发送数据",
        "40 感烟火灾探测器",
        "10-2",
        "测试、火警",
        "✓ 正确",
        "类型 2",
    ):
        assert words in done.stdout
    assert "1 帧正确，0 处未接收" in done.stdout


def test_a_fire_is_told_in_english_when_asked() -> None:
    done = run("decode", FIRE.hex(" "), "--lang", "en")
    for words in (
        "business sequence number",
        "send data",
        "smoke detector",
        "test, fire alarm",
        "✓ good",
        "bytes 13-18",
    ):
        assert words in done.stdout


def test_several_frames_of_a_stream_come_as_json_documents_in_order() -> None:
    done = run("decode", "--json", FIRE.hex(), CONFIRM.hex())
    fire, confirm = json.loads(done.stdout)
    assert (fire["ok"], fire["type"], fire["src"], fire["dst"], fire["cmd"]) == (True, 2, 889, 88888, 2)
    assert (fire["time"], fire["version"], fire["count"]) == ("2012-09-26T09:58:32", [1, 1], 1)
    assert fire["objects"][0]["comp_addr_words"] == [10, 2]
    assert (confirm["cmd"], confirm["objects"]) == (3, [])


def test_what_is_refused_is_shown_where_it_stands_with_reason_and_mend(tmp_path: Path) -> None:
    bad = bytearray(CONFIRM)
    bad[-3] ^= 1
    capture = tmp_path / "site.log"
    lines = [
        "connected",
        f"09:58:32 rx {FIRE.hex(' ')}",
        f"09:58:33 tx {bad.hex(' ')}",
        f"09:58:35 rx {FIRE.hex()[:60]}",
    ]
    capture.write_text("\n".join(lines), "utf-8")
    done = run("decode", "--file", str(capture), "--lang", "en")
    assert done.exit_code == 1
    assert "#2  bytes 79–108  line 3  ✗ refused" in done.stdout
    assert "wrong checksum → mend: should be ab" in done.stdout
    assert "#3  bytes 109–138  line 4  ✗ refused" in done.stdout
    assert "frame broke off → mend: 48 bytes are missing" in done.stdout
    assert "1 good frames, 2 refusals" in done.stdout
    assert "1 lines held no bytes" in done.stdout
    errors = [one.get("error") for one in json.loads(run("decode", "--file", str(capture), "--json").stdout)]
    assert errors == [None, "checksum", "half"]


@pytest.mark.parametrize("content", [FIRE + CONFIRM, (FIRE + CONFIRM).hex(" ").encode()], ids=["raw", "text"])
def test_a_pipe_may_bring_raw_bytes_or_text(content: bytes) -> None:
    for arguments in (["-"], []):
        assert len(json.loads(run("decode", "--json", *arguments, given_input=content).stdout)) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["decode", "xyz"],
        ["decode", "4040 0"],
        ["decode", FIRE.hex(), "rest"],
        ["decode", FIRE.hex(), "--profile", "dahau"],
        ["decode", FIRE.hex(), "--file", __file__],
        ["decode", "--file", "/nowhere"],
        ["encode", "/nowhere"],
        ["encode", "--profile", "auto"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_misspelt_profile_is_answered_with_the_nearest() -> None:
    assert "dahua" in run("decode", FIRE.hex(), "--profile", "dahau").stderr


def bcd_frame() -> bytes:
    tag = time_bytes(datetime(2026, 11, 22, 17, 45, 59), PROFILES["bcd_time"])  # noqa: DTZ001 - device time
    data = bytes.fromhex("150109") + tag
    return Frame(
        sequence=7, version=(1, 1), time=tag, source=b"\x7a\x03\0\0\0\0", destination=bytes(6), command=2, data=data
    ).encode()


def test_auto_says_what_the_first_frames_prove_and_reads_by_it() -> None:
    done = run("decode", bcd_frame().hex(), "--profile", "auto", "--lang", "en", "--json")
    assert json.loads(done.stdout)[0]["time"] == "2026-11-22T17:45:59"
    assert "device 890: detected" in done.stderr
    assert "only bcd fits" in done.stderr


def test_the_standard_says_when_frames_prove_that_it_does_not_fit() -> None:
    done = run("decode", bcd_frame().hex(), "--lang", "en", "--json")
    assert json.loads(done.stdout)[0]["time"] is None
    assert "→ --profile auto" in done.stderr
    assert run("decode", bcd_frame().hex(), "--profile", "bcd_time").stderr == ""


def test_each_device_of_a_recording_is_read_by_its_own_profile() -> None:
    profiles = Profiles()
    events = [found.event for found in take_apart(FIRE + bcd_frame())]
    for event in events:
        assert isinstance(event, Received)
        profiles.add(event.frame)
    answer = Frame(
        sequence=7, version=(1, 1), time=bytes(6), source=bytes(6), destination=b"\x7a\x03\0\0\0\0", command=3, data=b""
    )
    assert [profiles.of_event(event).name for event in events] == ["standard", "detected"]
    assert profiles.of(answer).name == "detected"


def test_encode_writes_hex_lines_or_raw_bytes() -> None:
    documents = run("decode", "--json", FIRE.hex(), CONFIRM.hex()).stdout.encode()
    assert run("encode", given_input=documents).stdout.split() == [FIRE.hex(), CONFIRM.hex()]
    assert run("encode", "-", "--binary", given_input=documents).stdout_bytes == FIRE + CONFIRM


def test_encode_takes_a_file_one_object_or_one_a_line(tmp_path: Path) -> None:
    first, second = json.loads(run("decode", "--json", FIRE.hex(), CONFIRM.hex()).stdout)
    single, lines = tmp_path / "one.json", tmp_path / "lines.json"
    single.write_text(json.dumps(first), "utf-8")
    lines.write_text(f"{json.dumps(first)}\n\n{json.dumps(second)}\n", "utf-8")
    assert run("encode", str(single)).stdout.split() == [FIRE.hex()]
    assert run("encode", str(lines)).stdout.split() == [FIRE.hex(), CONFIRM.hex()]


def test_encode_leaves_refused_bytes_out_and_says_so() -> None:
    documents = run("decode", "--json", f"{CONFIRM.hex()}ff").stdout.encode()
    done = run("encode", given_input=documents)
    assert done.exit_code == 1
    assert done.stdout.split() == [CONFIRM.hex()]
    assert "left out 1" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "no frames in it"),
        ("{", "line 1 is no JSON"),
        ("[1]", "item 1 is no object"),
        ('{"seq": 70000, "cmd": 2, "src": 1, "dst": 2}', "frame 1: 'seq' is 70000"),
        ('{"seq": 1, "cmd": 2, "src": 1}', "'dst' is missing"),
    ],
)
def test_json_that_is_no_frame_is_answered_with_what_to_write(text: str, words: str) -> None:
    done = run("encode", given_input=text.encode())
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.replace("│", "").split())


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Draw any good frame: of known types with bodies of the right and of wrong sizes, and of none."""
    six = st.binary(min_size=6, max_size=6)
    flag, count, body = draw(st.integers(0, 255)), draw(st.integers(0, 3)), draw(st.binary(max_size=140))
    data = draw(st.sampled_from([b"", bytes((flag, count)) + body, body, _sized(flag, count, body)]))
    return Frame(
        sequence=draw(st.integers(0, 0xFFFF)),
        version=(draw(st.integers(0, 255)), draw(st.integers(0, 255))),
        time=draw(six),
        source=draw(six),
        destination=draw(six),
        command=draw(st.integers(0, 255)),
        data=data,
    ).encode()


def _sized(flag: int, count: int, body: bytes) -> bytes:
    """Cut or fill a body to the size that the standard gives its type (types 1-4, 21, 24)."""
    known = {1: 10, 2: 46, 3: 16, 4: 10, 21: 7, 24: 8}
    flag = list(known)[flag % len(known)]
    return bytes((flag, count)) + body.ljust(known[flag] * count, b"\x15")[: known[flag] * count]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(frames(), st.sampled_from(sorted(PROFILES)))
def test_the_document_of_any_good_frame_gives_its_bytes_again(raw: bytes, name: str) -> None:
    profile = profile_named(name)
    (found,) = take_apart(raw)
    document = json.loads(json.dumps(frame_document(found.event, profile)))
    assert frame_from_document(document, profile).encode() == raw


@settings(max_examples=20)
@given(st.lists(frames(), min_size=1, max_size=4))
def test_decode_and_encode_are_the_identity_on_good_frames(raws: list[bytes]) -> None:
    documents = run("decode", "--json", given_input=b"".join(raws))
    assert documents.exit_code == 0
    assert run("encode", "--binary", given_input=documents.stdout_bytes).stdout_bytes == b"".join(raws)


def rejections() -> Iterator[Rejected]:
    """Yield a refusal of every kind, as the decoder makes them."""
    ended = CONFIRM[:-2] + b"\x35\x35"
    wrong_sum = bytearray(CONFIRM)
    wrong_sum[10] ^= 1
    swapped = CONFIRM[:24] + b"\x04\xff" + CONFIRM[26:]
    for stream, most in (
        (b"\xff\xff" + CONFIRM, 1024),
        (swapped, 1024),
        (CONFIRM[:24] + b"\x00\x04" + CONFIRM[26:], 512),
        (ended, 1024),
        (bytes(wrong_sum), 1024),
        (CONFIRM[:20], 1024),
        (b"TD123\r\n", 1024),
        (CONFIRM.hex().encode(), 1024),
    ):
        yield from (found.event for found in take_apart(stream, most) if isinstance(found.event, Rejected))


def test_every_kind_of_refusal_has_a_reason_and_a_mend_in_both_languages() -> None:
    seen = list(rejections())
    assert {one.error for one in seen} == set(FrameError)
    for one in seen:
        assert all(reason(one))
        assert all(mend(one))
        assert mend(one).zh != mend(one).en


def test_the_end_35_35_is_told_as_what_it_is() -> None:
    assert "decimal 35" in run("decode", (CONFIRM[:-2] + b"55").hex(), "--lang", "en").stdout


@given(st.lists(st.one_of(st.just(FIRE), st.just(CONFIRM), st.binary(max_size=40), st.just(b"@@")), max_size=8))
def test_places_never_go_back_and_frames_stand_where_they_are_said_to(parts: list[bytes]) -> None:
    data = b"".join(parts)
    found = take_apart(data)
    offsets = [one.offset for one in found]
    assert offsets == sorted(offsets)
    for one in found:
        if isinstance(one.event, Received):
            assert data[one.offset : one.offset + len(one.event.raw)] == one.event.raw
