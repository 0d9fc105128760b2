"""Frames of GB/T 26875.3-2011 as a device writes and reads them.

| bytes | field | form |
|---|---|---|
| 1-2 | start | ``@@`` |
| 3-4 | sequence number | u16, low byte first, as all numbers |
| 5-6 | main and user version | a byte each |
| 7-12 | time tag | as the maker's dialect writes it |
| 13-18, 19-24 | source, destination | as the maker's dialect writes them |
| 25-26 | length N of the data | 0..1024 |
| 27 | command | `Command` |
| 28..27+N | data | |
| 28+N | sum of bytes 3..27+N, modulo 256 | |
| then | end | ``##`` |

A device trusts its centre more than the reverse: what does not fit is skipped byte by byte and counted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

START, END = b"@@", b"##"
MOST_DATA = 1024
LEAST_FRAME = 30
_CONTROL = struct.Struct("<HBB6s6s6sHB")


class Command(IntEnum):
    """Command bytes of the standard's table."""

    CONTROL = 1
    SEND = 2
    CONFIRM = 3
    REQUEST = 4
    RESPONSE = 5
    DENY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame; ``time``, ``source`` and ``destination`` are six raw bytes each."""

    sequence: int
    command: int
    source: bytes
    destination: bytes
    time: bytes = bytes(6)
    version: tuple[int, int] = (1, 1)
    data: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes on the wire; raises ValueError for more than 1024 bytes of data."""
        if len(self.data) > MOST_DATA:
            msg = f"a frame carries at most {MOST_DATA} bytes of data, not {len(self.data)}"
            raise ValueError(msg)
        head = _CONTROL.pack(
            self.sequence, *self.version, self.time, self.source, self.destination, len(self.data), self.command
        )
        body = head + self.data
        return START + body + bytes([sum(body) % 256]) + END

    @property
    def type_flag(self) -> int | None:
        """Type of the data unit; None for empty data."""
        return self.data[0] if self.data else None


class FrameReader:
    """Bytes from the centre → frames; ``skipped`` counts the bytes that belonged to none."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they came, return the frames that are whole now."""
        self._buffer += data
        frames: list[Frame] = []
        at = 0
        while (start := self._buffer.find(START, at)) >= 0:
            self.skipped += start - at
            at = start
            if len(self._buffer) - at < LEAST_FRAME:
                break
            length = int.from_bytes(self._buffer[at + 24 : at + 26], "little")
            if length <= MOST_DATA and len(self._buffer) - at < LEAST_FRAME + length:
                break
            frame = _frame_at(self._buffer, at, length)
            if frame is not None:
                frames.append(frame)
            else:
                self.skipped += 1
            at += LEAST_FRAME + length if frame is not None else 1
        else:
            keep = 1 if self._buffer[at:].endswith(b"@") else 0
            self.skipped += len(self._buffer) - at - keep
            at = len(self._buffer) - keep
        del self._buffer[:at]
        return frames


def _frame_at(buffer: bytearray, at: int, length: int) -> Frame | None:
    """Return the frame at a start mark, or None when its checks fail."""
    if length > MOST_DATA:
        return None
    raw = bytes(buffer[at : at + LEAST_FRAME + length])
    body = raw[2:-3]
    if raw[-2:] != END or sum(body) % 256 != raw[-3]:
        return None
    sequence, main, user, time, source, destination, _, command = _CONTROL.unpack_from(body)
    return Frame(
        sequence=sequence,
        command=command,
        source=source,
        destination=destination,
        time=time,
        version=(main, user),
        data=body[_CONTROL.size :],
    )
