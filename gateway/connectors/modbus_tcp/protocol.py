"""Registers → values: a block of registers becomes numbers with qualities, without a loop per point.

Every value is a *byte gather*: the word order of a field says from which bytes of the reply its
big-endian bytes come, so that all fields of one type are taken from the reply in one indexing step.
Never a false 0: what can't be decoded is NaN with a quality that says why.

| input | result |
|---|---|
| sentinel of the profile | NaN, bad + its reason |
| float NaN, infinity or the largest there is (±3.4e38: "no value" of many meters) | NaN, bad + BAD_VALUE |
| unknown quantity code, decimals > 9, a BCD digit above 9 | NaN, bad + BAD_VALUE |
| text | its CRC-32, so that a change is seen as one; the words stand beside it |
| outside floor..ceiling of the point | the number, bad + OUT_OF_RANGE |
| anything else | number in the canonical quantity, good |

u64 and i64 are exact up to 2**53. Framing, exceptions and time-outs belong to `link` and `connector`.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from domain.errors import WireError
from domain.quality import BAD, GOOD, Reason, pack
from domain.quantity import Quantity, to_canonical
from gateway.connectors.modbus_tcp.reads import ModbusRead, RegisterType, WordOrder

MOST_DECIMALS = 9

_SAFE = 1e100
"""A scale or an offset below this makes no infinity of any integer."""

_BAD_VALUE = pack(BAD, Reason.BAD_VALUE)
_OUT_OF_RANGE = pack(BAD, Reason.OUT_OF_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value in the registers: how it is read, its canonical quantity and its possible range.

    ``is_event``: it is a state or an event, which is read before measures.
    """

    read: ModbusRead
    order: WordOrder = WordOrder.ABCD
    quantity: Quantity = Quantity.NONE
    floor: float = -np.inf
    ceiling: float = np.inf
    is_event: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """``canonical = raw · numerator / denominator + offset``; dividing by 10 is exacter than times 0.1."""

    numerator: float
    denominator: float
    offset: float

    @classmethod
    def of(cls, read: ModbusRead, symbol: str) -> Conversion:
        """Combine the profile's scale and offset with the way from ``symbol`` to its canonical quantity."""
        _, factor, shift = to_canonical(symbol)
        scale = Fraction(str(read.scale)) * Fraction(str(factor))
        return cls(float(scale.numerator), float(scale.denominator), read.offset * factor + shift)


@dataclass(frozen=True, slots=True)
class _Group:
    """All fields of one type in a block, as arrays: ``rows`` into the result, ``gather`` (n, width).

    ``start`` is set where the gather is no more than all bytes from there on: then nothing has to be gathered.
    """

    rows: NDArray[np.intp]
    gather: NDArray[np.intp]
    start: int | None
    dtype: np.dtype[np.generic]
    shift: NDArray[np.uint64] | None
    mask: NDArray[np.uint64] | None
    sentinels: tuple[tuple[int, int, int], ...]
    decimal: bool


@dataclass(frozen=True, slots=True)
class _Text:
    """A text: where its bytes stand in the reply, in reading order."""

    row: int
    gather: tuple[int, ...]

    def words(self, payload: bytes) -> str:
        """Return the text up to its end, without padding; bytes that are no UTF-8 are shown as such."""
        raw = bytes(payload[at] for at in self.gather).split(b"\0", 1)[0]
        return "".join(one for one in raw.decode("utf-8", "replace") if one.isprintable()).strip()


@dataclass(frozen=True, slots=True)
class _Sibling:
    """A field whose decimals or quantity code stand in other registers of the same reply."""

    row: int
    decimals_at: int | None
    code_at: int | None
    code_bits: tuple[int, int]
    plain: Conversion
    conversions: Mapping[int, Conversion]

    def conversion(self, payload: bytes) -> Conversion | None:
        """Return how to convert this reply's value, None when the siblings make no sense."""
        chosen: Conversion | None = self.plain
        if self.code_at is not None:
            first, last = self.code_bits
            code = _word(payload, self.code_at) >> first & (1 << last - first + 1) - 1
            chosen = self.conversions.get(code)
        if self.decimals_at is None or chosen is None:
            return chosen
        decimals = _word(payload, self.decimals_at)
        if decimals > MOST_DECIMALS:
            return None
        return Conversion(chosen.numerator, chosen.denominator * 10**decimals, chosen.offset)


class BlockDecoder:
    """Decodes the reply to one read of ``count`` registers from ``address``."""

    def __init__(self, address: int, count: int, fields: Sequence[Field]) -> None:
        """Compile ``fields``; every field's span must lie inside the block."""
        self._bytes = 2 * count
        self._fields = len(fields)
        groups: dict[RegisterType, list[int]] = defaultdict(list)
        for row, item in enumerate(fields):
            if item.read.type is not RegisterType.TEXT:
                groups[item.read.type].append(row)
        self._texts = [
            _Text(row, tuple(_gather(item, address)))
            for row, item in enumerate(fields)
            if item.read.type is RegisterType.TEXT
        ]
        self._groups = [_group(kind, rows, fields, address) for kind, rows in groups.items()]
        conversions = [Conversion.of(item.read, _symbol(item)) for item in fields]
        self._numerator = np.array([c.numerator for c in conversions], np.float64)
        self._denominator = np.array([c.denominator for c in conversions], np.float64)
        self._offset = np.array([c.offset for c in conversions], np.float64)
        self._floor = np.array([item.floor for item in fields], np.float64)
        self._ceiling = np.array([item.ceiling for item in fields], np.float64)
        self._bounded = bool(np.isfinite(self._floor).any() or np.isfinite(self._ceiling).any())
        self._siblings = [
            _sibling(row, item, address)
            for row, item in enumerate(fields)
            if item.read.decimals_from is not None or item.read.quantity_from is not None
        ]
        largest = np.abs([self._numerator, self._offset]).max(initial=0.0)
        plain = all(_is_plain(item.read) for item in fields) and not self._siblings
        self._always_finite = plain and bool(largest < _SAFE)

    def decode(self, payload: bytes) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
        """Return ``(value, quality)``, one per field, from the register bytes of a reply.

        Raises WireError when the reply is shorter or longer than what was asked for.
        """
        if len(payload) != self._bytes:
            raise WireError(f"asked for {self._bytes} bytes of registers, got {len(payload)}", payload)
        value = np.empty(self._fields, np.float64)
        quality = np.empty(self._fields, np.uint16)
        quality.fill(GOOD)
        for group in self._groups:
            _decode_group(group, payload, value, quality)
        for text in self._texts:
            value[text.row] = zlib.crc32(text.words(payload).encode())
        numerator, denominator, offset = self._conversions_for(payload)
        value *= numerator
        value /= denominator
        value += offset
        if not self._always_finite and not (finite := np.isfinite(value)).all():
            quality[~finite & (quality == GOOD)] = _BAD_VALUE
            value[~finite] = np.nan
        if self._bounded:
            quality[((value < self._floor) | (value > self._ceiling)) & (quality == GOOD)] = _OUT_OF_RANGE
        return value, quality

    def texts(self, payload: bytes) -> dict[int, str]:
        """Return the words of each text field, by its position; ``payload`` has been decoded before."""
        return {text.row: text.words(payload) for text in self._texts}

    def _conversions_for(self, payload: bytes) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return numerators, denominators and offsets, with those that this reply itself decides."""
        if not self._siblings:
            return self._numerator, self._denominator, self._offset
        arrays = self._numerator.copy(), self._denominator.copy(), self._offset.copy()
        for sibling in self._siblings:
            found = sibling.conversion(payload) or Conversion(np.nan, 1.0, 0.0)
            for array, number in zip(arrays, (found.numerator, found.denominator, found.offset), strict=True):
                array[sibling.row] = number
        return arrays


def _is_plain(read: ModbusRead) -> bool:
    """Tell whether every pattern of bits is a number."""
    return not (read.type.is_float or read.type.is_decimal or read.sentinels)


def byte_order(registers: int, order: WordOrder) -> list[int]:
    """Return where each byte of a big-endian value stands in the reply: ``[2, 3, 0, 1]`` for CDAB."""
    words = list(range(registers))
    if order in (WordOrder.CDAB, WordOrder.DCBA):
        words.reverse()
    swapped = order in (WordOrder.BADC, WordOrder.DCBA)
    return [2 * word + (1 - half if swapped else half) for word in words for half in (0, 1)]


def _symbol(item: Field) -> str:
    return item.read.quantity or item.quantity.value


def _gather(item: Field, address: int) -> list[int]:
    """Return where each byte of a field stands in the reply to a read from ``address``.

    A text is read word by word: an order that puts the low word first does not turn it round.
    """
    start = 2 * (item.read.address - address)
    order = item.order
    if item.read.type is RegisterType.TEXT:
        order = WordOrder.BADC if order in (WordOrder.BADC, WordOrder.DCBA) else WordOrder.ABCD
    return [start + at for at in byte_order(item.read.width, order)]


def _group(kind: RegisterType, rows: list[int], fields: Sequence[Field], address: int) -> _Group:
    chosen = [fields[row] for row in rows]
    width = kind.registers
    gather = np.array([_gather(item, address) for item in chosen], np.intp)
    start = int(gather[0, 0])
    letter = "u" if kind.is_decimal else kind[0]
    has_bits = any(f.read.bits for f in chosen)
    bits = [f.read.bits or (0, width * 16 - 1) for f in chosen]
    return _Group(
        rows=np.array(rows, np.intp),
        gather=gather,
        start=start if np.array_equal(gather.ravel(), np.arange(start, start + gather.size)) else None,
        dtype=np.dtype(f">{letter}{2 * width}"),
        shift=np.array([first for first, _ in bits], np.uint64) if has_bits else None,
        mask=np.array([(1 << (last - first + 1)) - 1 for first, last in bits], np.uint64) if has_bits else None,
        sentinels=tuple(
            (at, raw, pack(BAD, reason)) for at, f in enumerate(chosen) for raw, reason in f.read.reasons().items()
        ),
        decimal=kind.is_decimal,
    )


def _decode_group(group: _Group, payload: bytes, value: NDArray[np.float64], quality: NDArray[np.uint16]) -> None:
    if group.start is not None:
        raw = np.frombuffer(payload, group.dtype, len(group.rows), group.start)
    else:
        raw = np.frombuffer(payload, np.uint8)[group.gather].view(group.dtype)[:, 0]
    if group.shift is not None and group.mask is not None:
        numbers = ((raw.astype(np.uint64) >> group.shift) & group.mask).astype(np.float64)
    elif group.decimal:
        numbers = _decimal(raw)
    else:
        numbers = raw.astype(np.float64)
        if group.dtype.kind == "f":
            largest = float(np.finfo(np.float32 if group.dtype.itemsize == 4 else np.float64).max)
            numbers[np.abs(numbers) >= largest] = np.nan
    for at, sentinel, why in group.sentinels:
        if int(raw[at]) == sentinel:
            numbers[at] = np.nan
            quality[group.rows[at]] = why
    value[group.rows] = numbers


def _decimal(raw: NDArray[np.generic]) -> NDArray[np.float64]:
    """Read BCD: each four bits are a digit; NaN where one is above 9."""
    words = raw.astype(np.uint64)
    digits = words[:, None] >> np.arange(0, 32, 4, dtype=np.uint64) & np.uint64(15)
    numbers: NDArray[np.float64] = digits.astype(np.float64) @ 10.0 ** np.arange(8)
    numbers[(digits > 9).any(axis=1)] = np.nan
    return numbers


def _sibling(row: int, item: Field, address: int) -> _Sibling:
    read = item.read
    codes = read.quantity_from.codes if read.quantity_from else {}
    return _Sibling(
        row=row,
        decimals_at=None if read.decimals_from is None else 2 * (read.decimals_from - address),
        code_at=None if read.quantity_from is None else 2 * (read.quantity_from.address - address),
        code_bits=(read.quantity_from.bits if read.quantity_from else None) or (0, 15),
        plain=Conversion.of(read, _symbol(item)),
        conversions={code: Conversion.of(read, symbol) for code, symbol in codes.items()},
    )


def _word(payload: bytes, at: int) -> int:
    return int.from_bytes(payload[at : at + 2], "big")
