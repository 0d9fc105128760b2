"""What registers could mean: every type in every order, and which of them looks like a measurement.

A hint is a guess from the numbers alone (assumption): floats between 0.001 and 1,000,000 hardly come about by
chance, since that is an eleventh of all exponents; small integers are what most registers hold.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from gateway.connectors.modbus_tcp.protocol import byte_order
from gateway.connectors.modbus_tcp.reads import WordOrder

_FLOAT_LOW, _FLOAT_HIGH = 1e-3, 1e6
_COUNTER_HIGH = 100_000_000
_CODES = {2: (("u32", ">I"), ("i32", ">i"), ("f32", ">f")), 4: (("u64", ">Q"), ("i64", ">q"), ("f64", ">d"))}

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """One register, alone and with those behind it.

    ``orders``: type → number, by word order, for the widths that the registers behind it allow. Floats that are
    no number are None. ``bcd`` is None where a digit is above 9, ``text`` where a byte is not printable.
    """

    address: int
    word: int
    i16: int
    bcd: int | None
    text: str | None
    orders: dict[WordOrder, dict[str, Number | None]]
    hints: tuple[str, ...]


def meanings(address: int, payload: bytes) -> list[Meanings]:
    """Return what each register of a reply from ``address`` could mean."""
    words = struct.unpack(f">{len(payload) // 2}H", payload)
    return [_meaning(address + at, words[at:], payload[2 * at : 2 * at + 8]) for at in range(len(words))]


def _meaning(address: int, words: Sequence[int], ahead: bytes) -> Meanings:
    word = words[0]
    two = ahead[:2]
    orders = {order: _numbers(ahead, order) for order in WordOrder}
    digits = f"{word:04x}"
    return Meanings(
        address=address,
        word=word,
        i16=word - 0x10000 if word & 0x8000 else word,
        bcd=int(digits) if digits.isdecimal() else None,
        text=two.decode("ascii") if all(32 <= byte < 127 for byte in two) else None,
        orders=orders,
        hints=_hints(word, words[1] if len(words) > 1 else None, orders),
    )


def _numbers(ahead: bytes, order: WordOrder) -> dict[str, Number | None]:
    numbers: dict[str, Number | None] = {}
    for width, codes in _CODES.items():
        if len(ahead) < 2 * width:
            continue
        ordered = bytes(ahead[at] for at in byte_order(width, order))
        for name, code in codes:
            number = struct.unpack(code, ordered)[0]
            numbers[name] = number if isfinite(number) else None
    return numbers


def _hints(word: int, following: int | None, orders: dict[WordOrder, dict[str, Number | None]]) -> tuple[str, ...]:
    """Return the likeliest meanings: floats and counters of two registers; else what one register alone says."""
    floats = [
        f"{name} {order}"
        for name in ("f32", "f64")
        for order, numbers in orders.items()
        if (number := numbers.get(name)) is not None and _FLOAT_LOW <= abs(number) <= _FLOAT_HIGH
    ]
    counters = []
    if following is not None and word != following:
        for order in (WordOrder.ABCD, WordOrder.CDAB):
            number = orders[order]["u32"]
            if number is not None and 0x10000 <= number < _COUNTER_HIGH:
                counters.append(f"u32 {order}")
    alone = (
        ["0 or not installed"]
        if word in {0, 0xFFFF, 0x8000}
        else ["u16"]
        if word < 10_000
        else ["i16"] * (word > 55_536)
    )
    return tuple((floats[:3] + counters) or alone)
