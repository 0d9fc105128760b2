"""Settings of `modbus_tcp`: a connection's, a profile's, and how one point is read.

Addresses are 0-based PDU addresses, 0..65535. Registers are 16 bits, high byte first on the wire.
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

MOST_REGISTERS = 125
"""Registers in one read request (Modbus application protocol V1.1b3, 6.3)."""

LAST_ADDRESS = 0xFFFF

Register = Annotated[StrictInt, Field(ge=0, le=LAST_ADDRESS)]


class Function(StrEnum):
    """Which registers: holding (FC03) or input (FC04)."""

    HOLDING = "holding"
    INPUT = "input"

    @property
    def code(self) -> int:
        """Function code on the wire."""
        return 3 if self is Function.HOLDING else 4


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

    @property
    def registers(self) -> int:
        """Width in registers."""
        return int(self[1:]) // 16

    @property
    def is_float(self) -> bool:
        """Tell whether it is IEEE 754."""
        return self[0] == "f"

    @property
    def is_unsigned(self) -> bool:
        """Tell whether it is a plain word, which may have bit fields."""
        return self[0] == "u"


class WordOrder(StrEnum):
    """Order of the bytes of a value that is wider than a register; A is the most significant.

    ABCD as the standard sends words, CDAB low word first, BADC bytes swapped in each word, DCBA both.
    """

    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"


class ModbusTcpSettings(Settings):
    """``connections[].settings``."""

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=502, ge=1, le=65535)
    timeout_s: float = Field(default=0.5, gt=0, le=30, description="longest wait for one reply")
    connect_timeout_s: float = Field(default=3.0, gt=0, le=30)
    pause_s: float = Field(default=0.0, ge=0, le=10, description="silence between two requests, for slow lines")
    heartbeat_s: float = Field(default=10.0, gt=0, description="an unchanged state is reported this often")
    misses: int = Field(default=2, ge=1, le=100, description="time-outs in a row after which a unit is backed off")
    retry_s: float = Field(default=2.0, gt=0, description="first wait of a backed-off unit; doubles")
    longest_retry_s: float = Field(default=30.0, gt=0, le=3600)


class ModbusProfileOptions(Settings):
    """``options`` of a profile."""

    word_order: WordOrder = WordOrder.ABCD
    max_registers: int = Field(
        default=MOST_REGISTERS, ge=1, le=MOST_REGISTERS, description="a request, as the device allows"
    )
    gap_fill: int = Field(default=8, ge=0, le=MOST_REGISTERS, description="unused registers read rather than ask twice")


class QuantityFrom(Settings):
    """The quantity stands in a register of the device itself, as a code."""

    address: Register
    codes: dict[StrictInt, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        for symbol in self.codes.values():
            _check_symbol(symbol)
        return self


class ModbusRead(ReadSettings):
    """``read`` of a point: where its registers are and what they mean.

    value = (raw · scale / 10^decimals + offset), then from ``quantity`` to the point's own.
    """

    function: Function = Function.HOLDING
    address: Register
    type: RegisterType = RegisterType.U16
    order: WordOrder | None = None
    bits: tuple[int, int] | None = Field(default=None, description="first and last bit, 0 = lowest")
    scale: float = Field(default=1.0, allow_inf_nan=False)
    offset: float = Field(default=0.0, allow_inf_nan=False)
    quantity: str | None = None
    quantity_from: QuantityFrom | None = None
    decimals_from: Register | None = None
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
        if self.address + self.type.registers - 1 > LAST_ADDRESS:
            raise ValueError(f"a {self.type} at {self.address} would end after register {LAST_ADDRESS}")
        if self.sentinels and self.type.is_float:
            raise ValueError("sentinels are for integer types; a float says NaN by itself")
        self._check_bits()
        return self

    def _check_bits(self) -> None:
        if self.bits is None:
            return
        first, last = self.bits
        if not self.type.is_unsigned:
            raise ValueError("bits are taken from u16, u32 or u64")
        if not 0 <= first <= last < self.type.registers * 16:
            raise ValueError(f"bits of a {self.type} go from 0 to {self.type.registers * 16 - 1}, first before last")

    @property
    def span(self) -> tuple[int, int]:
        """First and last register that one reply must hold to give this value."""
        registers = [self.address, self.address + self.type.registers - 1]
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


def _check_symbol(symbol: str) -> None:
    if symbol not in known_symbols():
        raise ValueError(f"'{symbol}' is no known quantity: use one of {', '.join(known_symbols())}")
