r"""What people have of a conversation, as one stream of bytes: hex they type, dumps, logs, raw recordings.

A file is raw when it holds control characters that no text has (every frame has some: its version, its
command). Text is taken line by line:

| line | example | taken |
|---|---|---|
| hex only | ``40 40 01 00``, ``0x40, 0x40``, ``\x40\x40``, ``40:40:01`` | all of it; an odd number of digits is refused |
| dump | ``00000010: 0000 385b  ..8[`` (xxd), hexdump -C, od -t x1, Wireshark, tcpdump -x | what stands between offset and characters |
| log | ``2026-11-22 09:58:32 INFO rx 40 40 01 …`` | runs of 8 bytes or more, and runs that begin with 40 40 |

Other lines hold no bytes; they are counted, so that nobody thinks they were read. Each byte keeps its
line, so that an error can be shown where it stands.
"""  # noqa: E501 -- a table row can't be broken

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LEAST_RUN = 8
"""Fewest bytes that count on a line with other words: a date and a time written in digits make seven."""

MOST_BYTES = 64 * 1024 * 1024
"""Largest file, bytes (assumption): weeks of one transmitter; more is cut up before it is read by a person."""

_START = "4040"
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?"
_DATE_TIME = re.compile(rf"\d{{4}}[-/年]\d{{1,2}}[-/月]\d{{1,2}}日?(?:[T ]*{_CLOCK}(?:Z|[+-]\d{{2}}:?\d{{2}})?)?")
_LEADING_TIME = re.compile(rf"^\W*{_CLOCK}(?![:\dA-Fa-f])\]?")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")
_COLON_DUMP = re.compile(r"\s*(?:0x)?([0-9A-Fa-f]{4,8}):\s+((?:[0-9A-Fa-f]{2,16} ?)++)(?:\s.*)?")
_SPACED_DUMP = re.compile(r"\s*([0-9A-Fa-f]{4,8})\s{2,}(\S.*)")
_OCTAL_DUMP = re.compile(r"\s*([0-7]{6,7}) ((?:[0-9A-Fa-f]{2}(?: +|$))++)")
_END_OF_DUMP = re.compile(r"\s*([0-9A-Fa-f]{6,8})\s*")
_PREFIXED_DIGIT = re.compile(r"(?:0x|\\x)([0-9A-Fa-f])(?![0-9A-Fa-f])", re.IGNORECASE)
_PREFIX = re.compile(r"0x|\\x", re.IGNORECASE)
_RUN = re.compile(r"(?<![0-9A-Za-z])(?:(?:[0-9A-Fa-f]{2})++(?![0-9A-Za-z])[\s,;:\"'-]*+)++")
_HEX_ONLY = re.compile(r"[0-9A-Fa-f\s,;:\"'{}()\[\]-]*")


class CaptureError(ValueError):
    """What was given holds no bytes, or holds them in a way that can't be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A stream of bytes. ``lines``: (first byte, line number) in order, empty for a raw recording."""

    data: bytes
    lines: tuple[tuple[int, int], ...] = ()
    passed_over: int = 0
    """Number of lines with words and no bytes."""

    def line_of(self, offset: int) -> int | None:
        """Return the line that a byte stood on, counted from 1; None in a raw recording."""
        at = bisect_right(self.lines, offset, key=lambda entry: entry[0]) - 1
        return self.lines[at][1] if at >= 0 else None


def read_capture(content: bytes) -> Capture:
    """Read a file or a pipe, whatever of the known forms it has; raises CaptureError."""
    if len(content) > MOST_BYTES:
        raise CaptureError(
            f"{len(content)} 字节，最多 {MOST_BYTES} / {len(content)} bytes, at most {MOST_BYTES}: cut it up"
        )
    text = as_text(content)
    return Capture(content) if text is None else read_text(text)


def read_words(words: Sequence[str]) -> Capture:
    """Collect the bytes of arguments of a command, each of which must hold some; raises CaptureError."""
    pieces = []
    for word in words:
        try:
            pieces.append(read_text(word).data)
        except CaptureError as error:
            raise CaptureError(f"'{word[:60]}': {error}") from None
    return Capture(b"".join(pieces))


def as_text(content: bytes) -> str | None:
    """Return the content as text, None when it is a raw recording."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in content):
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def read_text(text: str) -> Capture:
    """Collect the bytes of lines of text; raises CaptureError when there are none."""
    data, lines, passed_over, expected = bytearray(), [], 0, 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = _COLOUR.sub("", raw)
        dumped = _dump_line(line, expected, number)
        digits = dumped[1] if dumped else "".join(_runs(line, number))
        expected = dumped[0] + len(digits) // 2 if dumped else 0
        if digits:
            lines.append((len(data), number))
            data += bytes.fromhex(digits)
        elif line.strip() and not dumped:
            passed_over += 1
    if not data:
        raise CaptureError("没有找到十六进制字节 / no hex bytes found: write them as 40 40 01 00 …")
    return Capture(bytes(data), tuple(lines), passed_over)


def _dump_line(line: str, expected: int, number: int) -> tuple[int, str] | None:
    """Return offset and digits of a line of a dump, None for any other line.

    A line without a colon after its offset is one only when the offset is 0 or follows the line before.
    """
    if expected and line.strip() == "*":
        raise CaptureError(f"第 {number} 行：* 省略了行 / line {number}: * leaves lines out: dump with hexdump -v")
    if found := _COLON_DUMP.fullmatch(line):
        return _pairs(int(found[1], 16), found[2])
    if (found := _SPACED_DUMP.fullmatch(line)) and int(found[1], 16) in {0, expected}:
        body = found[2].split("|")[0] if "|" in found[2] else re.split(r"\s{3,}", found[2])[0]
        return _pairs(int(found[1], 16), body)
    if (found := _OCTAL_DUMP.fullmatch(line)) and int(found[1], 8) in {0, expected}:
        return _pairs(int(found[1], 8), found[2])
    found = _END_OF_DUMP.fullmatch(line) if expected else None
    ends = found is not None and expected in {int(found[1], base) for base in _bases(found[1])}
    return (expected, "") if ends else None


def _bases(digits: str) -> tuple[int, ...]:
    return (8, 16) if set(digits) <= set("01234567") else (16,)


def _pairs(offset: int, body: str) -> tuple[int, str] | None:
    digits = "".join(body.split())
    return (offset, digits) if re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", digits) else None


def _runs(line: str, number: int) -> Iterator[str]:
    """Yield the digits of the runs of a line that is no dump."""
    line = _ADDRESS.sub("|", _LEADING_TIME.sub("|", _DATE_TIME.sub("|", line)))
    line = _PREFIX.sub(" ", _PREFIXED_DIGIT.sub(r" 0\1", line)).strip("|[] \t")
    alone = _HEX_ONLY.fullmatch(line) is not None
    if alone and any(len(word) % 2 for word in re.findall(r"[0-9A-Fa-f]+", line)):
        raise CaptureError(f"第 {number} 行：位数为奇数 / line {number}: an odd number of hex digits: {line[:60]}")
    for found in _RUN.finditer(line):
        digits = re.sub(r"[^0-9A-Fa-f]", "", found[0])
        if alone or len(digits) >= 2 * LEAST_RUN or digits.startswith(_START):
            yield digits
