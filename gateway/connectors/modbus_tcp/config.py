"""Settings of `modbus_tcp`: a connection's, a profile's, and a device's address on it.

The protocol's name is historical: it is Modbus over TCP, TLS, a serial line, or a serial line behind TCP.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, StrictInt, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from domain.site.labels import Settings
from gateway.connectors.modbus_tcp.reads import LAST_ADDRESS, WordOrder
from gateway.connectors.serial_port import Parity

MOST_REGISTERS, MOST_BITS = 125, 2000
"""In one read request (Modbus application protocol V1.1b3, 6.3 and 6.1)."""

LAST_UNIT = 255
"""Unit ids are a byte: 1-247 on a serial line, 0 and 255 for the server itself."""

MOST_IN_FLIGHT = 64
BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)


class Transport(StrEnum):
    """How the bytes travel."""

    TCP = "tcp"
    TLS = "tls"
    RTU_OVER_TCP = "rtu_over_tcp"
    SERIAL = "serial"

    @property
    def is_rtu(self) -> bool:
        """Tell whether frames have a checksum and no transaction id: one request at a time."""
        return self in (Transport.RTU_OVER_TCP, Transport.SERIAL)


class ModbusTcpSettings(Settings):
    """``connections[].settings``."""

    transport: Transport = Transport.TCP
    host: str = Field(default="", max_length=253, validate_default=True)
    port: int = Field(default=502, ge=1, le=65535)
    device: str = Field(
        default="", max_length=255, validate_default=True, description="serial port, by its stable name"
    )
    baud: int | None = Field(default=None, description="of the serial line, also of one behind a converter")
    parity: Parity = Parity.NONE
    stop_bits: Literal[1, 2] = 1
    ca_file: Path | None = Field(default=None, description="TLS: who may have signed the server's certificate")
    cert_file: Path | None = Field(default=None, description="TLS: our own certificate")
    key_file: Path | None = Field(default=None, description="TLS: its key")
    server_name: str | None = Field(default=None, description="TLS: the name in the certificate, if not the host")
    in_flight: int = Field(default=1, ge=1, le=MOST_IN_FLIGHT, description="requests sent before an answer came")
    timeout_s: float = Field(default=0.5, gt=0, le=30, description="longest wait for one reply")
    connect_timeout_s: float = Field(default=3.0, gt=0, le=30)
    pause_s: float = Field(default=0.0, ge=0, le=10, description="silence between two requests, for slow lines")
    heartbeat_s: float = Field(default=10.0, gt=0, description="an unchanged state is reported this often")
    misses: int = Field(default=2, ge=1, le=100, description="time-outs in a row after which a unit is backed off")
    retry_s: float = Field(default=2.0, gt=0, description="first wait of a backed-off unit; doubles")
    longest_retry_s: float = Field(default=30.0, gt=0, le=3600)

    @field_validator("host", "device")
    @classmethod
    def _needed(cls, value: str, info: ValidationInfo) -> str:
        serial = info.data.get("transport") is Transport.SERIAL
        wanted = (info.field_name == "device") is serial
        if wanted and not value:
            raise PydanticCustomError("missing", "Field required")
        if value and not wanted:
            raise ValueError(f"not for transport '{info.data.get('transport')}': leave it out")
        return value

    @field_validator("baud")
    @classmethod
    def _usual(cls, value: int | None) -> int | None:
        if value is not None and value not in BAUDS:
            raise ValueError(f"no such speed: use one of {', '.join(map(str, BAUDS))}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.transport.is_rtu and self.in_flight > 1:
            raise ValueError("'in_flight' above 1 needs transaction ids, which only tcp and tls have: leave it out")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("'cert_file' and 'key_file' go together: give both, or neither")
        named = [name for name in ("ca_file", "cert_file", "server_name") if getattr(self, name) is not None]
        if named and self.transport is not Transport.TLS:
            raise ValueError(f"'{named[0]}' is for transport 'tls': leave it out, or write transport: tls")
        return self

    @property
    def where(self) -> str:
        """The line as messages name it."""
        return self.device or f"{self.host}:{self.port}"

    @property
    def line_baud(self) -> int | None:
        """Speed of the serial line there is, None where all is TCP: 9600 unless something else is written."""
        return self.baud or (9600 if self.transport is Transport.SERIAL else None)

    @property
    def bits_a_character(self) -> int:
        """Start, eight data, parity and stop bits."""
        return 9 + (self.parity is not Parity.NONE) + self.stop_bits


class ModbusProfileOptions(Settings):
    """``options`` of a profile."""

    word_order: WordOrder = WordOrder.ABCD
    max_registers: int = Field(
        default=MOST_REGISTERS, ge=1, le=MOST_REGISTERS, description="a request, as the device allows"
    )
    max_bits: int = Field(default=MOST_BITS, ge=1, le=MOST_BITS, description="coils or inputs a request")
    gap_fill: int | None = Field(
        default=None, ge=0, le=MOST_BITS, description="most unused registers read along; left out: whatever is cheapest"
    )
    pause_s: float = Field(default=0.0, ge=0, le=10, description="between two requests to this device")
    bad: tuple[StrictInt | tuple[StrictInt, StrictInt], ...] = Field(
        default=(), description="addresses, or first and last of a range, that must never be read"
    )

    @property
    def bad_ranges(self) -> tuple[tuple[int, int], ...]:
        """First and last of each."""
        return tuple((one, one) if isinstance(one, int) else one for one in self.bad)


_SHIFTED = re.compile(r"(\d{1,3})\+(\d{1,5})")


def unit_and_shift(address: int | str) -> tuple[int, int]:
    """Return unit id and register shift of a device's address: ``3``, or ``"3+40"`` for one 40 registers on.

    A shift lets one unit feed many devices of one profile. Raises ValueError for anything else.
    """
    found = _SHIFTED.fullmatch(address) if isinstance(address, str) else None
    unit, shift = (int(found[1]), int(found[2])) if found else (address, 0)
    if not isinstance(unit, int) or not 0 <= unit <= LAST_UNIT or shift > LAST_ADDRESS:
        raise ValueError("a Modbus unit id is a number from 0 to 255")
    return unit, shift
