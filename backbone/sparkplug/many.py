"""Many small DDATA payloads in one pass.

A transmitter sends one to three readings a message. Taking each payload apart by itself costs more than its
readings; so the fixed-layout metrics (`rows`) of all payloads are gathered into one matrix and read column by
column. A payload with anything else in it is *odd*: `data.decode_data` reads it, and says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbone.sparkplug import rows
from domain.clock import NS_PER_MS
from domain.quality import GOOD, HISTORICAL

SMALL = 1024
"""Largest payload in bytes that is worth it: some 40 readings. Of a larger one the columns are long by themselves."""

_METRIC, _TIMESTAMP, _SEQ = 0x12, 0x08, 0x18
_WIDTHS = {length: layout.width for length, layout in rows.BY_LENGTH.items()}
_LONGEST_VARINT = 10


@dataclass(frozen=True, slots=True)
class ManyData:
    """The columns of many payloads, shape ``(n,)`` each, in order; ``owner`` is the number of the payload.

    ``odd`` are the numbers of the payloads that are not in the columns.
    """

    owner: NDArray[np.intp]
    alias: NDArray[np.uint64]
    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]
    odd: tuple[int, ...]


def decode_many(payloads: Sequence[bytes]) -> ManyData:
    """Return the columns of all payloads that have only everyday readings; never raises."""
    starts: list[int] = []
    owners: list[int] = []
    odd: list[int] = []
    base = 0
    for number, payload in enumerate(payloads):
        found = _metrics_in(payload) if len(payload) <= SMALL else None
        if found is None:
            odd.append(number)
        else:
            starts += [base + at for at in found]
            owners += [number] * len(found)
        base += len(payload)
    data = np.frombuffer(b"".join(payloads), np.uint8)
    return _columns(data, np.array(starts, np.intp), np.array(owners, np.intp), odd)


def _metrics_in(payload: bytes) -> list[int] | None:
    """Return where metrics of a fixed layout begin, None when something else stands in the payload."""
    at, end = 0, len(payload)
    found: list[int] = []
    while at < end:
        tag = payload[at]
        if tag == _METRIC and at + 1 < end:
            found.append(at)
            width = _WIDTHS.get(payload[at + 1])
            if width is None:
                return None
            at += width
        elif tag in (_TIMESTAMP, _SEQ):
            after = _after_varint(payload, at + 1)
            if after is None:
                return None
            at = after
        else:
            return None
    return found if at == end and end else None


def _after_varint(payload: bytes, at: int) -> int | None:
    for end in range(at, min(at + _LONGEST_VARINT, len(payload))):
        if payload[end] < 0x80:
            return end + 1
    return None


def _columns(
    data: NDArray[np.uint8], starts: NDArray[np.intp], owner: NDArray[np.intp], odd: Sequence[int]
) -> ManyData:
    """Read the metrics that begin at ``starts``; payloads with one that does not fit its layout are odd."""
    alias = np.empty(len(starts), np.uint64)
    time_ms = np.empty(len(starts), np.int64)
    value = np.empty(len(starts))
    quality = np.empty(len(starts), np.uint16)
    fits = np.ones(len(starts), np.bool_)
    kind = data[starts + 1] if len(starts) else np.empty(0, np.uint8)
    for length, layout in rows.BY_LENGTH.items():
        chosen = np.flatnonzero(kind == length)
        if not len(chosen):
            continue
        matrix = data[starts[chosen, None] + np.arange(layout.width)]
        fits[chosen] = rows.fitting(layout, matrix)
        alias[chosen], time_ms[chosen], value[chosen] = rows.decode_rows(layout, matrix.reshape(-1), len(chosen))
        quality[chosen] = GOOD | (HISTORICAL if layout.historical else 0)
    strange = np.unique(owner[~fits])
    keep = ~np.isin(owner, strange) if len(strange) else slice(None)
    columns = (owner[keep], alias[keep], time_ms[keep] * NS_PER_MS, value[keep], quality[keep])
    return ManyData(*columns, tuple(sorted({*odd, *strange.tolist()})))
