"""Frames of GB/T 26875.3-2011: a stream of bytes becomes good frames and honest refusals.

| bytes | field | |
|---|---|---|
| 1-2 | start | ``40 40`` |
| 3-4 | business sequence number | u16, little-endian like all that follows |
| 5-6 | main and user version | |
| 7-12, 13-18, 19-24 | time tag, source, destination | six bytes each, kept raw: `profile` reads them |
| 25-26 | length N of the application data | 0 to 1024 |
| 27 | command | |
| 28 … | application data | `objects` reads it |
| last 3 | checksum (sum of bytes 3 to 27+N, modulo 256), end ``23 23`` | |

There is no byte stuffing: ``40 40`` and ``23 23`` occur inside frames, so the length rules, never a search
for the end. A failed check moves on by ONE byte, because a good frame may begin inside a bad one.

What `Decoder` reports depends on the stream alone, never on how it was cut into pieces:

- a failed check gives one `Rejected` with the bytes that it looked at. Another failure of the same kind that
  begins inside those bytes is not told again: a flood of ``@`` gives one report for each 26 bytes, not for each.
- bytes that belong to no frame and were not shown yet form a *run*; one run is one `Rejected`. A run ends
  at the next ``40 40``, after `MOST_RUN` bytes, or, when it begins with ``TD``, at its line feed.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import accumulate

START = b"@@"
END = b"##"
MOST_DATA = 1024
LEAST_FRAME = 30
MOST_FRAME = LEAST_FRAME + MOST_DATA

MOST_RUN = MOST_FRAME
"""Bytes of one run of junk; assumption: who sends this much without a start is told about at once."""

MOST_SHOWN = 64
"""Bytes kept of a run of junk; assumption: enough to see what it is."""

_UNTIL_LENGTH = 26
_CONTROL = struct.Struct("<H2B6s6s6sHB")
_HEX_TEXT = re.compile(rb"4040[0-9A-Fa-f\s]*")


class Command(IntEnum):
    """Commands; 0 and 7-127 are reserved, 128-255 are the maker's, and stay plain numbers."""

    CONTROL = 1
    SEND = 2
    CONFIRM = 3
    REQUEST = 4
    RESPONSE = 5
    DENY = 6


class FrameError(StrEnum):
    """Why bytes are no frame."""

    START = "start"
    LENGTH = "length"
    OVERSIZE = "oversize"
    END = "end"
    CHECKSUM = "checksum"
    HALF = "half"
    REGISTRATION = "registration"
    HEX_TEXT = "hex_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame as sent, without start, checksum and end; times and addresses are the six raw bytes."""

    sequence: int
    version: tuple[int, int]
    time: bytes
    source: bytes
    destination: bytes
    command: int
    data: bytes

    def encode(self) -> bytes:
        """Return the bytes on the wire; raises ValueError for a field that does not fit its place."""
        self._check()
        control = _CONTROL.pack(
            self.sequence, *self.version, self.time, self.source, self.destination, len(self.data), self.command
        )
        return b"".join((START, control, self.data, bytes((sum(control + self.data) & 0xFF,)), END))

    def _check(self) -> None:
        for name, value, most in (
            ("sequence", self.sequence, 0xFFFF),
            ("command", self.command, 0xFF),
            ("version", self.version[0], 0xFF),
            ("version", self.version[1], 0xFF),
            ("data length", len(self.data), MOST_DATA),
        ):
            if not 0 <= value <= most:
                raise ValueError(f"{name} {value} does not fit a frame → use 0 to {most}")
        for name, raw in (("time", self.time), ("source", self.source), ("destination", self.destination)):
            if len(raw) != 6:
                raise ValueError(f"{name} has {len(raw)} bytes → give six")


@dataclass(frozen=True, slots=True)
class Received:
    """A frame that passed every check, and its bytes."""

    frame: Frame
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Bytes that are no frame.

    ``frame`` is there when only the checksum or the end is wrong, so that a deny can be addressed.
    ``size`` is how many bytes this stands for; ``raw`` has them all, except of a long run of junk.
    """

    error: FrameError
    raw: bytes
    size: int
    frame: Frame | None = None


class Decoder:
    """Cuts one stream into frames; holds at most one unfinished frame (`MOST_FRAME` bytes) between calls."""

    def __init__(self, most_data: int = MOST_DATA) -> None:
        """``most_data``: the length limit of the device's profile, 1024 in the standard."""
        self._most_data = most_data
        self._buffer = bytearray()
        self._base = 0
        self._shown: dict[FrameError, int] = {}
        self._run = bytearray()
        self._run_size = 0
        self._found: list[Received | Rejected] = []

    @property
    def pending(self) -> int:
        """Bytes that wait for more: an unfinished frame, or a run of junk that has not ended."""
        return len(self._buffer) + self._run_size

    def feed(self, data: bytes) -> list[Received | Rejected]:
        """Take the next bytes of the stream and return what they complete, in order."""
        events, self._found = self._found, []
        self._buffer += data
        self._scan(events)
        return events

    def drop_half(self) -> Rejected | None:
        """Give up what is pending, after the caller's time-out; None when nothing is.

        An unfinished frame is left by one byte. Frames that were waiting behind it come with the next
        `feed`, so call ``feed(b"")`` after this; an unfinished frame inside it stays pending.
        """
        if self._buffer.startswith(START):
            half = Rejected(error=FrameError.HALF, raw=bytes(self._buffer), size=len(self._buffer))
            self._shown[FrameError.HALF] = self._base + len(self._buffer)
            self._forget(1)
            self._scan(self._found)
            return half
        flushed: list[Received | Rejected] = []
        self._skip(0, len(self._buffer), flushed)
        self._forget(len(self._buffer))
        self._end_run(flushed)
        return next((event for event in flushed if isinstance(event, Rejected)), None)

    def pass_false_start(self) -> list[Received | Rejected]:
        """Give up what stands before the first whole good frame behind an unfinished one; return what comes of it.

        For a stream that has fallen silent: bytes that only looked like a start must not keep a frame waiting
        that is there. Nothing is given up where no good frame is; call again for another false start behind it.
        """
        at = self._good_behind()
        if at is None:
            return []
        events, self._found = self._found, []
        events.append(Rejected(error=FrameError.HALF, raw=bytes(self._buffer[:at]), size=at))
        self._shown[FrameError.HALF] = self._base + at
        self._forget(at)
        self._scan(events)
        return events

    def _good_behind(self) -> int | None:
        """Return where in the buffer the first whole good frame begins; the one at its start is unfinished."""
        buffer, at = self._buffer, 0
        if not buffer.startswith(START):
            return None
        sums = list(accumulate(buffer, initial=0))
        while 0 < (at := buffer.find(START, at + 1)) <= len(buffer) - LEAST_FRAME:
            end = at + LEAST_FRAME + (buffer[at + 24] | buffer[at + 25] << 8)
            if end > len(buffer) or end - at > LEAST_FRAME + self._most_data or buffer[end - 2 : end] != END:
                continue
            if (sums[end - 3] - sums[at + 2]) & 0xFF == buffer[end - 3]:
                return at
        return None

    def _scan(self, events: list[Received | Rejected]) -> None:
        """Move through the buffer as far as it decides, and forget what is behind."""
        at, buffer = 0, self._buffer
        while (start := buffer.find(START, at)) >= 0:
            if start > at:
                self._skip(at, start, events)
            if self._run_size:
                self._end_run(events)
            size = self._judge(start, events)
            if size == 0:
                self._forget(start)
                return
            at = start + size
        rest = len(buffer) - buffer.endswith(START[:1], at)
        self._skip(at, rest, events)
        self._forget(rest)

    def _judge(self, at: int, events: list[Received | Rejected]) -> int:
        """Judge the frame that starts at ``at``; return how far to move on, 0 when more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < at + _UNTIL_LENGTH:
            return 0
        length = buffer[at + 24] | buffer[at + 25] << 8
        if length > self._most_data:
            error = FrameError.LENGTH if length > MOST_DATA else FrameError.OVERSIZE
            return self._refuse(error, at, _UNTIL_LENGTH, events)
        end = at + LEAST_FRAME + length
        if len(buffer) < end:
            return 0
        if buffer[end - 2 : end] != END:
            return self._refuse(FrameError.END, at, end - at, events)
        if sum(buffer[at + 2 : end - 3]) & 0xFF != buffer[end - 3]:
            return self._refuse(FrameError.CHECKSUM, at, end - at, events)
        raw = bytes(buffer[at:end])
        events.append(Received(frame_of(raw), raw))
        return end - at

    def _refuse(self, error: FrameError, at: int, size: int, events: list[Received | Rejected]) -> int:
        """Report a failed check unless the like was shown for these bytes; move on by one byte."""
        if self._base + at >= self._shown.get(error, 0):
            raw = bytes(self._buffer[at : at + size])
            addressed = error in (FrameError.END, FrameError.CHECKSUM)
            events.append(Rejected(error=error, raw=raw, size=size, frame=frame_of(raw) if addressed else None))
            self._shown[error] = self._base + at + size
        return 1

    def _skip(self, begin: int, end: int, events: list[Received | Rejected]) -> None:
        """Add the bytes that no refusal has shown to the present run."""
        covered = max(self._shown.values(), default=0) - self._base
        piece = bytes(self._buffer[max(begin, covered) : end])
        while piece:
            part = piece[: MOST_RUN - self._run_size]
            head = bytes(self._run + part[:2])
            line_end = part.find(b"\n") if head.startswith(b"TD") else -1
            part = part[: line_end + 1] or part
            self._run += part[: MOST_SHOWN - len(self._run)]
            self._run_size += len(part)
            piece = piece[len(part) :]
            if line_end >= 0 or self._run_size == MOST_RUN:
                self._end_run(events)

    def _end_run(self, events: list[Received | Rejected]) -> None:
        if self._run_size:
            raw = bytes(self._run)
            events.append(Rejected(error=_kind_of_junk(raw), raw=raw, size=self._run_size))
            self._run.clear()
            self._run_size = 0

    def _forget(self, count: int) -> None:
        del self._buffer[:count]
        self._base += count


def frame_of(raw: bytes) -> Frame:
    """Return the fields of a whole frame, start to end; its checks are the caller's."""
    sequence, main, user, time, source, destination, _, command = _CONTROL.unpack_from(raw, 2)
    return Frame(
        sequence=sequence,
        version=(main, user),
        time=time,
        source=source,
        destination=destination,
        command=command,
        data=raw[27:-3],
    )


def whole_frame(data: bytes) -> Received | None:
    """Return the good frame that bytes are, no more and no less: what nearly every read of a line gives.

    The same as a `Decoder` makes of them; None where it has to look closer.
    """
    size = len(data)
    if not LEAST_FRAME <= size <= MOST_FRAME or not data.startswith(START) or not data.endswith(END):
        return None
    if data[24] | data[25] << 8 != size - LEAST_FRAME or sum(data[2:-3]) & 0xFF != data[-3]:
        return None
    return Received(frame_of(data), data)


def _kind_of_junk(raw: bytes) -> FrameError:
    """Tell junk that is known in the field from other junk; none of it is decoded."""
    if raw.startswith(b"TD"):
        return FrameError.REGISTRATION
    return FrameError.HEX_TEXT if _HEX_TEXT.fullmatch(raw) else FrameError.START
