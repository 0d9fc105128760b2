"""One payload of a few everyday readings, byte by byte: below a dozen readings that costs less than columns do.

Only payloads that we made are meant (`data.encode_data`, without a seq), and only runs of the two fixed layouts of
`rows`. Whatever else stands in one is answered with None: `data.decode_data` reads it.
"""

from __future__ import annotations

import struct

from backbone.sparkplug import rows
from domain.clock import NS_PER_MS
from domain.quality import GOOD, HISTORICAL

FEW_BYTES = 320
"""Largest payload worth it, a dozen readings; measured: of one it takes a tenth of what columns do, of ten a third."""

_TAG = 0x12
_ALIAS_TAG, _TIME_TAG, _VALUE_TAG = 0x10, 0x18, 0x69
_LIVE, _LATE = rows.LIVE.width, rows.HISTORICAL.width
_LIVE_LENGTH, _LATE_LENGTH = _LIVE - 2, _LATE - 2
_MARK_AT = rows.TIME_AT + rows.TIME_BYTES
_MARK = b"\x28\x01"
_LATE_START = bytes((_TAG, _LATE_LENGTH))
_GOES_ON = int.from_bytes(b"\x80" * rows.ALIAS_BYTES + b"\xff" + b"\x80" * rows.TIME_BYTES, "big")
_MIDDLE = int.from_bytes(b"\x80\x80\x80\x80\x00" + b"\x18" + b"\x80\x80\x80\x80\x80\x00", "big")
"""Alias, tag and time: the bits that say that a varint goes on, and how they stand in five bytes and in six."""
_VALUE = struct.Struct("<d")

Few = tuple[list[int], list[int], list[float], list[int]]
"""Alias, time in ns, value and quality of each reading, in order."""


def read_few(payload: bytes) -> Few | None:
    """Return the readings of a payload; None for one that is large or has anything unusual in it."""
    at, end = _first_metric(payload), len(payload)
    alias: list[int] = []
    time_ns: list[int] = []
    value: list[float] = []
    quality: list[int] = []
    if at is None or end > FEW_BYTES:
        return None
    while at < end:
        after = _end_of(payload, at, end)
        if after is None:
            return None
        alias.append(_varint(payload, at + rows.ALIAS_AT, rows.ALIAS_BYTES))
        time_ns.append(_varint(payload, at + rows.TIME_AT, rows.TIME_BYTES) * NS_PER_MS)
        value.append(_VALUE.unpack_from(payload, after - 8)[0])
        quality.append(GOOD if after - at == _LIVE else GOOD | HISTORICAL)
        at = after
    return alias, time_ns, value, quality


def few_as_historical(payload: bytes) -> bytes | None:
    """Return a payload with each reading marked as delivered late; None for one that `read_few` does not read."""
    at, end = _first_metric(payload), len(payload)
    if at is None or end > FEW_BYTES:
        return None
    parts = [payload[:at]]
    while at < end:
        after = _end_of(payload, at, end)
        if after is None:
            return None
        if after - at == _LIVE:
            parts += (_LATE_START, payload[at + 2 : at + _MARK_AT], _MARK, payload[at + _MARK_AT : after])
        else:
            parts.append(payload[at:after])
        at = after
    return b"".join(parts)


def _first_metric(payload: bytes) -> int | None:
    """Return where the metrics begin, behind the payload's time (`data.head`); None where none is found."""
    at = payload.find(_TAG, 0, 12)  # a byte of the time may look like the tag: then the layout does not fit
    if at < 2 or payload[0] != 0x08 or payload[at - 1] >= 0x80:
        return None
    return at if at == 2 or min(payload[1 : at - 1]) >= 0x80 else None


def _end_of(payload: bytes, at: int, end: int) -> int | None:
    """Return where the metric of a fixed layout that begins here ends; None for anything else."""
    if end - at < _LIVE or payload[at] != _TAG:
        return None
    length = payload[at + 1]
    if length == _LATE_LENGTH and payload[at + _MARK_AT : at + _MARK_AT + 2] != _MARK:
        return None
    after = at + 2 + length
    if length not in (_LIVE_LENGTH, _LATE_LENGTH) or after > end:
        return None
    tags = payload[at + rows.ALIAS_AT - 1], payload[at + rows.TIME_AT - 1], payload[after - 9]
    if tags != (_ALIAS_TAG, _TIME_TAG, _VALUE_TAG):
        return None
    middle = int.from_bytes(payload[at + rows.ALIAS_AT : at + _MARK_AT], "big")
    return after if middle & _GOES_ON == _MIDDLE else None


def _varint(payload: bytes, at: int, size: int) -> int:
    """Return a varint of ``size`` bytes: the number whose groups of seven bits they are."""
    number = 0
    for shift, byte in enumerate(payload[at : at + size]):
        number |= (byte & 0x7F) << 7 * shift
    return number
