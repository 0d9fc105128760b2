"""The fixed layouts of a data metric, as byte matrices.

Our aliases are five bytes long as varints (`domain.ids.ALIAS_FLOOR`) and milliseconds between 1971
and 2109 are six, so an everyday metric has one of two layouts, and n of them are an (n, width)
matrix of bytes that numpy fills or reads column by column (Sparkplug 3.0.0 §6.4.6, protobuf wire)::

    live        12 16  10 a a a a a  18 t t t t t t         69 d d d d d d d d     24 bytes
    historical  12 18  10 a a a a a  18 t t t t t t  28 01  69 d d d d d d d d     26 bytes

Field 2 of the payload (metric), then alias (2), timestamp (3), is_historical (5), double_value (13).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

ALIAS_AT, ALIAS_BYTES = 3, 5
TIME_AT, TIME_BYTES = 9, 6
MS_FLOOR, MS_CEILING = 1 << 35, 1 << 42
"""Milliseconds whose varint is six bytes long."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One fixed layout: its bytes with zeros where alias, time and value go."""

    template: Bytes
    value_at: int
    historical: bool

    @property
    def width(self) -> int:
        """Bytes of one metric, its tag and length included."""
        return len(self.template)

    @property
    def fixed(self) -> NDArray[np.intp]:
        """Columns that are the same in every row."""
        tags = [0, 1, ALIAS_AT - 1, TIME_AT - 1, self.value_at - 1]
        return np.array(tags + ([15, 16] if self.historical else []), np.intp)


def _layout(middle: bytes) -> Layout:
    body = b"\x10" + bytes(ALIAS_BYTES) + b"\x18" + bytes(TIME_BYTES) + middle + b"\x69" + bytes(8)
    row = np.frombuffer(b"\x12" + bytes([len(body)]) + body, np.uint8)
    return Layout(row, len(row) - 8, bool(middle))


LIVE = _layout(b"")
HISTORICAL = _layout(b"\x28\x01")
BY_LENGTH = {layout.template[1]: layout for layout in (LIVE, HISTORICAL)}


def encode_rows(
    layout: Layout, alias: NDArray[np.uint32], time_ms: NDArray[np.int64], value: NDArray[np.float64]
) -> bytes:
    """Return n metrics as bytes; all columns have shape (n,), times are in [MS_FLOOR, MS_CEILING)."""
    rows = np.empty((len(alias), layout.width), np.uint8)
    rows[:] = layout.template
    _put_varint(rows[:, ALIAS_AT : ALIAS_AT + ALIAS_BYTES], alias.astype(np.uint64))
    _put_varint(rows[:, TIME_AT : TIME_AT + TIME_BYTES], time_ms.astype(np.uint64))
    rows[:, layout.value_at :] = np.ascontiguousarray(value, "<f8").view(np.uint8).reshape(-1, 8)
    return rows.tobytes()


def run_length(layout: Layout, data: Bytes) -> int:
    """Return how many metrics of ``layout`` stand at the start of ``data`` without interruption."""
    fits = fitting(layout, data[: len(data) // layout.width * layout.width].reshape(-1, layout.width))
    return len(fits) if fits.all() else int(np.argmin(fits))


def fitting(layout: Layout, rows: Bytes) -> NDArray[np.bool_]:
    """Tell which rows of a byte matrix ``(n, width)`` are metrics of ``layout``, shape ``(n,)``."""
    fits: NDArray[np.bool_] = (rows[:, layout.fixed] == layout.template[layout.fixed]).all(axis=1)
    fits &= _is_varint(rows[:, ALIAS_AT : ALIAS_AT + ALIAS_BYTES])
    fits &= _is_varint(rows[:, TIME_AT : TIME_AT + TIME_BYTES])
    return fits


def decode_rows(
    layout: Layout, data: Bytes, count: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
    """Return alias, time in ms and value of ``count`` metrics at the start of ``data``."""
    rows = data[: count * layout.width].reshape(count, layout.width)
    alias = _get_varint(rows[:, ALIAS_AT : ALIAS_AT + ALIAS_BYTES])
    time_ms = _get_varint(rows[:, TIME_AT : TIME_AT + TIME_BYTES]).astype(np.int64)
    value = np.ascontiguousarray(rows[:, layout.value_at :]).view("<f8").reshape(count).astype(np.float64)
    return alias, time_ms, value


def _put_varint(columns: Bytes, number: NDArray[np.uint64]) -> None:
    last = columns.shape[1] - 1
    for at in range(last + 1):
        seven = (number >> np.uint64(7 * at)).astype(np.uint8) & 0x7F
        columns[:, at] = seven if at == last else seven | 0x80


def _get_varint(columns: Bytes) -> NDArray[np.uint64]:
    number = np.zeros(len(columns), np.uint64)
    for at in range(columns.shape[1]):
        number |= (columns[:, at] & 0x7F).astype(np.uint64) << np.uint64(7 * at)
    return number


def _is_varint(columns: Bytes) -> NDArray[np.bool_]:
    """Per row: continuation bits on all bytes but the last."""
    return np.asarray((columns[:, :-1] >= 0x80).all(axis=1) & (columns[:, -1] < 0x80))
