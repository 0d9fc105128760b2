"""Every form in which an installer may have a conversation gives the bytes that were on the line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.gb26875_capture import CaptureError, as_text, read_capture, read_text
from tests.servers import require

FRAME = bytes.fromhex(
    "404001000101203a091a090c790300000000385b0100000030000202010101280a000200020020202020202020"
    "202020202020202020202020202020202020202020202020023a091a090c462323"
)
SPACED = FRAME.hex(" ")
HEAD = FRAME[:16]


@pytest.mark.parametrize(
    "text",
    [
        FRAME.hex(),
        SPACED.upper(),
        FRAME.hex(","),
        FRAME.hex(":"),
        FRAME.hex("-"),
        ", ".join(f"0x{byte:02X}" for byte in FRAME),
        "{" + ", ".join(f"0x{byte:x}" for byte in FRAME) + "};",
        "".join(f"\\x{byte:02x}" for byte in FRAME),
        '["' + FRAME.hex(" ").replace(" ", '","') + '"]',
        "\n".join(FRAME[at : at + 7].hex(" ") for at in range(0, len(FRAME), 7)),
        f"[09:58:32.123] {SPACED}",
        f"2012-09-26 09:58:32,123 INFO 10.0.0.7:50312 rx 78 bytes: {SPACED}",
        f"2012年9月26日 09:58:32 收到报文 {FRAME.hex()} 长度 78",
        f"\x1b[32mINFO\x1b[0m 2012/09/26T09:58:32Z <- {SPACED}",
    ],
)
def test_a_frame_in_any_way_of_writing_is_the_same_bytes(text: str) -> None:
    assert read_text(text).data == FRAME


@pytest.mark.parametrize(
    "command",
    [["xxd"], ["xxd", "-g1"], ["xxd", "-c32"], ["hexdump", "-Cv"], ["od", "-A", "o", "-v", "-t", "x1"]],
    ids=" ".join,
)
def test_the_output_of_dump_programs_is_read_back(command: list[str], tmp_path: Path) -> None:
    content = FRAME + bytes(range(256)) + b"   |ab  cd" + FRAME
    (tmp_path / "frames.bin").write_bytes(content)
    program = require(command[0])
    dumped = subprocess.run([program, *command[1:], "frames.bin"], cwd=tmp_path, check=True, capture_output=True)
    capture = read_capture(dumped.stdout)
    assert capture.data == content
    assert capture.passed_over == 0


def test_dumps_of_packet_analysers_are_read_back() -> None:
    wireshark = "0000   40 40 01 00 01 01 20 3a 09 1a 09 0c 79 03 00 00   @@.... :....y...\n0010   00 00   ..\n"
    tcpdump = "\t0x0000:  4040 0100 0101 203a 091a 090c 7903 0000  @@.....:....y...\n\t0x0010:  0000\n"
    xxd = "00000000: 4040 0100 0101 203a 091a 090c 7903 0000  @@.... :....y...\n00000010: 0000     ..\n"
    hexdump = "00000000  40 40 01 00 01 01 20 3a  09 1a 09 0c 79 03 00 00  |@@.... :....y...|\n00000010  00 00  |..|\n"
    for dump in (wireshark, tcpdump, xxd, hexdump + "00000012\n"):
        assert read_text(dump).data == HEAD + b"\0\0"


def test_raw_bytes_are_told_from_text() -> None:
    assert read_capture(FRAME).data == FRAME
    assert read_capture(FRAME).line_of(0) is None
    assert read_capture(f"收到 {SPACED}".encode("gb18030")).data == FRAME
    assert read_capture(f"rx {SPACED}".encode("utf-16")).data == FRAME


def test_every_byte_knows_its_line_and_lines_without_bytes_are_counted() -> None:
    capture = read_text(f"centre started on port 5900\n\n10:00:00 rx {HEAD.hex(' ')}\nclosed\nrx {SPACED}\n")
    assert capture.data == HEAD + FRAME
    assert [capture.line_of(at) for at in (0, 15, 16, 90)] == [3, 3, 5, 5]
    assert capture.passed_over == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no hex bytes"),
        ("nothing here", "no hex bytes"),
        ("4040 0100 1", "line 1: an odd number of hex digits"),
        ("0000000 4040 0001", "line 1: an odd number"),  # words of od -x, whose byte order depends on the machine
        ("40 40\n40 4", "line 2: an odd number"),
        (f"00000000  {HEAD.hex(' ')}  |@|\n*\n", "line 2: .* leaves lines out"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(CaptureError, match=words):
        read_text(text)


@given(st.binary(max_size=400))
def test_any_file_is_read_or_refused(content: bytes) -> None:
    try:
        capture = read_capture(content)
    except CaptureError:
        assert as_text(content) is not None
    else:
        assert capture.lines == tuple(sorted(capture.lines))
        assert as_text(content) is not None or capture.data == content


@given(st.text(alphabet="0123456789abcdefx:|-, \n*", max_size=300))
def test_any_text_of_digits_and_separators_is_read_or_refused(text: str) -> None:
    try:
        capture = read_text(text)
    except CaptureError:
        return
    assert len(capture.data) * 2 <= len(text)


@given(st.binary(min_size=8, max_size=200), st.integers(1, 40))
def test_hex_over_any_lines_is_the_same_bytes(content: bytes, width: int) -> None:
    lines = [content[at : at + width].hex(" ") for at in range(0, len(content), width)]
    assert read_text("\n".join(lines)).data == content
