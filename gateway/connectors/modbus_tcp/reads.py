"""How one value is read: its table, address, type, order, scale, and what must be written before.

Addresses are 0-based PDU addresses, 0..65535. Registers are 16 bits, high byte first on the wire.
Coils and discrete inputs are bits with addresses of their own; their value is 0 or 1.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, model_validator

from domain.quality import Reason
from domain.quantity import known_symbols
from domain.site.labels import Settings
from gateway.connectors.contract import ReadSettings

LAST_ADDRESS = 0xFFFF

MOST_TEXT_REGISTERS = 60
"""Registers of a text: 120 characters are more than any name plate has (assumption)."""

Register = Annotated[StrictInt, Field(ge=0, le=LAST_ADDRESS)]
Word = Annotated[StrictInt, Field(ge=0, le=0xFFFF)]


class Function(StrEnum):
    """Which table: holding (FC03) or input registers (FC04), coils (FC01) or discrete inputs (FC02)."""

    HOLDING = "holding"
    INPUT = "input"
    COIL = "coil"
    DISCRETE = "discrete"

    @property
    def code(self) -> int:
        """Function code on the wire."""
        return _CODES[self]

    @property
    def is_bits(self) -> bool:
        """Tell whether the table holds bits."""
        return self in (Function.COIL, Function.DISCRETE)


_CODES = {Function.HOLDING: 3, Function.INPUT: 4, Function.COIL: 1, Function.DISCRETE: 2}


class RegisterType(StrEnum):
    """How the bytes of a value are read once they are in order."""

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    BCD16 = "bcd16"
    BCD32 = "bcd32"
    TEXT = "text"

    @property
    def registers(self) -> int:
        """Width in registers; 0 for a text, which has its own."""
        return 0 if self is RegisterType.TEXT else int(self.lstrip("uifbcd")) // 16

    @property
    def is_float(self) -> bool:
        """Tell whether it is IEEE 754."""
        return self[0] == "f"

    @property
    def is_unsigned(self) -> bool:
        """Tell whether it is a plain word, which may have bit fields."""
        return self[0] == "u"

    @property
    def is_decimal(self) -> bool:
        """Tell whether each four bits are a decimal digit."""
        return self[0] == "b"


class WordOrder(StrEnum):
    """Order of the bytes of a value that is wider than a register; A is the most significant.

    ABCD as the standard sends words, CDAB low word first, BADC bytes swapped in each word, DCBA both.
    """

    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"


class QuantityFrom(Settings):
    """The quantity stands in a register of the device itself, as a code; ``bits`` picks a part of it."""

    address: Register
    codes: dict[StrictInt, str] = Field(min_length=1)
    bits: tuple[int, int] | None = Field(default=None, description="first and last bit, 0 = lowest")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for symbol in self.codes.values():
            _check_symbol(symbol)
        if self.bits is not None and not 0 <= self.bits[0] <= self.bits[1] <= 15:
            raise ValueError("bits of a register go from 0 to 15, first before last")
        return self


class Select(Settings):
    """What is written (FC06, or FC05 for a coil) before the read, in one step with it.

    For devices with a mailbox: write which zone, then read its state. This is the only thing that the
    gateway ever writes, and only where a profile says so.
    """

    address: Register
    value: Word
    function: Literal["holding", "coil"] = "holding"
    settle_s: float = Field(default=0.0, ge=0, le=5, description="how long the device needs to fill its mailbox")

    @model_validator(mode="after")
    def _coil(self) -> Self:
        if self.function == "coil" and self.value not in {0, 1}:
            raise ValueError("a coil is written 0 or 1")
        return self


class ModbusRead(ReadSettings):
    """``read`` of a point: where its registers are and what they mean.

    value = (raw · scale / 10^decimals + offset), then from ``quantity`` to the point's own.
    """

    function: Function = Function.HOLDING
    address: Register
    type: RegisterType = RegisterType.U16
    registers: int | None = Field(default=None, ge=1, le=MOST_TEXT_REGISTERS, description="length of a text")
    order: WordOrder | None = None
    bits: tuple[int, int] | None = Field(default=None, description="first and last bit, 0 = lowest")
    scale: float = Field(default=1.0, allow_inf_nan=False)
    offset: float = Field(default=0.0, allow_inf_nan=False)
    quantity: str | None = None
    quantity_from: QuantityFrom | None = None
    decimals_from: Register | None = None
    select: Select | None = None
    sentinels: dict[
        StrictInt, Literal["not_installed", "timeout", "busy", "bad_value", "out_of_range", "substituted"]
    ] = Field(default_factory=dict, description="raw values that are no measurement, and what they say")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if math.isclose(self.scale, 0.0):
            raise ValueError("a scale of 0 makes every reading 0: write the real one, or leave it out")
        if self.quantity is not None:
            _check_symbol(self.quantity)
        if self.quantity is not None and self.quantity_from is not None:
            raise ValueError("keep one of 'quantity' and 'quantity_from'")
        if self.sentinels and (self.type.is_float or self.type is RegisterType.TEXT):
            raise ValueError("sentinels are for integer types; a float says NaN by itself")
        self._check_width()
        self._check_bits()
        return self

    def _check_width(self) -> None:
        if (self.type is RegisterType.TEXT) != (self.registers is not None):
            raise ValueError("a text needs 'registers', its length; other types have their own")
        if self.function.is_bits and (self.type is not RegisterType.U16 or self.bits or self.order):
            raise ValueError("a coil or discrete input is one bit: leave out type, order and bits")
        if self.address + self.width - 1 > LAST_ADDRESS:
            raise ValueError(f"a {self.type} at {self.address} would end after register {LAST_ADDRESS}")

    def _check_bits(self) -> None:
        if self.bits is None:
            return
        first, last = self.bits
        if not self.type.is_unsigned:
            raise ValueError("bits are taken from u16, u32 or u64")
        if not 0 <= first <= last < self.type.registers * 16:
            raise ValueError(f"bits of a {self.type} go from 0 to {self.type.registers * 16 - 1}, first before last")

    @property
    def width(self) -> int:
        """How many registers (or bits) the value itself takes."""
        return self.registers or self.type.registers

    @property
    def span(self) -> tuple[int, int]:
        """First and last register that one reply must hold to give this value."""
        registers = [self.address, self.address + self.width - 1]
        registers += [self.quantity_from.address] if self.quantity_from else []
        registers += [self.decimals_from] if self.decimals_from is not None else []
        return min(registers), max(registers)

    def symbols(self) -> tuple[str, ...]:
        """Return what the raw value may be measured in."""
        if self.quantity_from is not None:
            return tuple(self.quantity_from.codes.values())
        return (self.quantity,) if self.quantity is not None else ()

    def reasons(self) -> dict[int, Reason]:
        """Return the sentinels with the quality reason of each."""
        return {raw: Reason[word.upper()] for raw, word in self.sentinels.items()}

    def shifted(self, by: int) -> ModbusRead:
        """Return the same read ``by`` registers further on; raises ValueError past the last register.

        A select is left where it is: it is a register of the whole device.
        """
        if by == 0:
            return self
        moved = self.model_dump(exclude_unset=True)
        moved["address"] += by
        if self.decimals_from is not None:
            moved["decimals_from"] += by
        if self.quantity_from is not None:
            moved["quantity_from"]["address"] += by
        return ModbusRead.model_validate(moved)


def _check_symbol(symbol: str) -> None:
    if symbol not in known_symbols():
        raise ValueError(f"'{symbol}' is no known quantity: use one of {', '.join(known_symbols())}")
