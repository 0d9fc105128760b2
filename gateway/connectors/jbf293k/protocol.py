"""Telegrams of the JBF293K interface card as bytes: found, checked, and what each of their twelve bytes is.

| part | bytes on the wire | source |
|---|---|---|
| start | ``82`` | JBF293K 通讯接口卡 RS232/485 通讯协议 V1.1 |
| D1 … D12 | two characters each, ``30`` to ``3F``: high nibble first | the same |
| D12 | sum of D1 … D11, modulo 256 | the same |
| extension | five more bytes where D5 is FF: part type, channel, value low, value high, CRC | the same |
| end | ``83`` | the same |

Start and end never occur between them, so a telegram needs no length. The CRC of the extension is not checked: the
one that the maker printed could not be reproduced. What a command means is told by `tables`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

START, END = 0x82, 0x83
PLAIN_BYTES, EXTENDED_BYTES = 12, 17
MOST_BYTES = 2 * EXTENDED_BYTES + 2
"""Of one telegram with its start and end."""

EXTENDED_PART = 0xFF
"""D5 of a telegram that says its part type, and a value, in five more bytes."""

POLL = bytes([START, *b"0" * 24, END])
"""What the panel is asked with: all zero, sum zero."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What stands behind D12: ``value`` is a count of tenths or hundredths, its top bit a minus."""

    part: int
    channel: int
    value: int


@dataclass(frozen=True, slots=True)
class Telegram:
    """One telegram. ``raw`` are its data bytes, 12 or 17; ``time`` is local, None where it is no time."""

    raw: bytes

    @property
    def command(self) -> int:
        """D1."""
        return self.raw[0]

    @property
    def controller(self) -> int:
        """D2: the panel that it is about."""
        return self.raw[1]

    @property
    def loop(self) -> int:
        """D3: the loop; in some commands what happened."""
        return self.raw[2]

    @property
    def point(self) -> int:
        """D4: the point of the loop."""
        return self.raw[3]

    @property
    def part(self) -> int:
        """D5 or, where that says so, the part type of the extension."""
        return self.extension.part if self.extension else self.raw[4]

    @property
    def time(self) -> datetime | None:
        """D6 … D11: year since 2000, month, day, hour, minute, second, in the panel's local time."""
        year, month, day, hour, minute, second = self.raw[5:11]
        try:
            return datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001  # the wire has no zone
        except ValueError:
            return None

    @property
    def extension(self) -> Extension | None:
        """What stands behind D12, if anything does."""
        if len(self.raw) != EXTENDED_BYTES:
            return None
        return Extension(self.raw[12], self.raw[13], int.from_bytes(self.raw[14:16], "little"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Bytes that are no telegram. ``error``: ``junk``, ``length``, ``character`` or ``checksum``."""

    error: str
    raw: bytes


class Decoder:
    """Finds telegrams in a stream that arrives in pieces; holds at most one unfinished telegram."""

    def __init__(self) -> None:
        """Begin with nothing received."""
        self._held = bytearray()

    @property
    def is_inside(self) -> bool:
        """Tell whether a telegram has begun and not ended."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Telegram | Refusal]:
        """Return the telegrams that ``data`` completes, and what is none, in their order."""
        return list(self._take(data))

    def give_up(self) -> list[Refusal]:
        """Drop a telegram that nobody finishes; the caller decides when."""
        held, self._held = bytes(self._held), bytearray()
        return [Refusal("length", held)] if held else []

    def _take(self, data: bytes) -> Iterator[Telegram | Refusal]:
        begin = 0
        for at, byte in enumerate(data):
            if byte == START:
                yield from self._passed(data[begin:at])
                yield from self.give_up()
                self._held.append(byte)
            elif self._held:
                self._held.append(byte)
                if byte == END or len(self._held) >= MOST_BYTES:
                    held, self._held = bytes(self._held), bytearray()
                    yield _read(held)
            else:
                continue
            begin = at + 1
        yield from self._passed(data[begin:])

    @staticmethod
    def _passed(junk: bytes) -> list[Refusal]:
        return [Refusal("junk", junk)] if junk else []


def _read(frame: bytes) -> Telegram | Refusal:
    """Return what stands between a start and an end."""
    if frame[-1] != END:
        return Refusal("length", frame)
    characters = frame[1:-1]
    if any(not 0x30 <= character <= 0x3F for character in characters):
        return Refusal("character", frame)
    if len(characters) not in (2 * PLAIN_BYTES, 2 * EXTENDED_BYTES):
        return Refusal("length", frame)
    nibbles = [character - 0x30 for character in characters]
    raw = bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))
    if (raw[4] == EXTENDED_PART) != (len(raw) == EXTENDED_BYTES):
        return Refusal("length", frame)
    if sum(raw[:11]) % 256 != raw[11]:
        return Refusal("checksum", frame)
    return Telegram(raw)
