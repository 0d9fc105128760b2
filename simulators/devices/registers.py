"""Values by point name → register words: the encoders of the simulated Modbus devices.

Written from the devices' own maps, apart from the gateway's decoders, so that an error on one side
can't cancel out an error on the other. Addresses are 0-based, registers big-endian, f32 high word first.

| device | table | map | source |
|---|---|---|---|
| fire panel | holding | 0 system word; loop 1 point p at 0x0100 + p | addresses: a public Jade Bird driver; bits: GB/T 26875.3 types 1 and 2 (assumption: the maker publishes no values) |
| QDY30A | holding | 2 unit code, 3 decimals, 4 value i16 | public driver of the QDY30A family |
| DDSU666 | holding | f32 at 0x2000… and 0x4000 | public register list of the meter |
| residual-current breaker | input | u16 at 0x0004…0x0026 | public driver; scales of f, mA and A are assumptions |

Addresses between a device's values exist and read 0, as on the real ones: block reads go through.
"""  # noqa: E501 -- a table row can't be broken

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

from simulators.devices.modbus_pdu import Table

Values = Mapping[str, float]

PANEL_LOOP_1 = 0x0100
PANEL_MOST_REGISTERS = 50

QDY30A_UNIT_CODES = {"MPa": 9, "kPa": 10, "Pa": 11, "bar": 12, "mbar": 13}
_KPA_PER = {"MPa": 1e3, "kPa": 1.0, "Pa": 1e-3, "bar": 100.0, "mbar": 0.1}

_DDSU666 = {
    "voltage": (0x2000, 1.0),
    "current": (0x2002, 1.0),
    "power": (0x2004, 1e-3),
    "reactive_power": (0x2006, 1e-3),
    "power_factor": (0x200A, 1.0),
    "frequency": (0x200E, 1.0),
    "energy": (0x4000, 1.0),
}
_DDSU666_LAST = {0x2000: 0x2010, 0x4000: 0x4002}

_BREAKER = {
    "frequency": (0x0004, 10.0),
    "residual_current": (0x0005, 1.0),
    "temperature_a": (0x0007, 1.0),
    "voltage_a": (0x0008, 1.0),
    "current_a": (0x0009, 10.0),
    "power_a": (0x000B, 1.0),
    "temperature_b": (0x0010, 1.0),
    "temperature_c": (0x0019, 1.0),
    "power_total": (0x0022, 1.0),
}
_BREAKER_LAST = 0x0026


def u16(value: float) -> int:
    """Round into 0..65535; a device shows its end of scale rather than wrapping round."""
    return 0 if math.isnan(value) else min(max(round(value), 0), 0xFFFF)


def i16(value: float) -> int:
    """Round into -32768..32767 and return the two's-complement word."""
    return 0 if math.isnan(value) else min(max(round(value), -0x8000), 0x7FFF) & 0xFFFF


def f32(value: float) -> tuple[int, int]:
    """Return the words of an IEEE 754 single, high word first; what is too large becomes infinity."""
    try:
        high, low = struct.unpack(">HH", struct.pack(">f", value))
    except OverflowError:
        high, low = struct.unpack(">HH", struct.pack(">f", math.copysign(math.inf, value)))
    return int(high), int(low)


def fire_panel(values: Values) -> Table:
    """Encode ``state`` and ``l1p01``…: holding registers of a fire panel."""
    words = {0: u16(values["state"])}
    for name, value in values.items():
        if name.startswith("l1p"):
            words[PANEL_LOOP_1 + int(name[3:])] = u16(value)
    return words


def qdy30a(values: Values, *, unit: str = "kPa", decimals: int = 1) -> Table:
    """Encode ``pressure`` (kPa) as the transmitter is set: ``unit`` and 0..3 ``decimals``."""
    shown = values["pressure"] / _KPA_PER[unit] * 10**decimals
    return dict.fromkeys(range(0x0D), 0) | {2: QDY30A_UNIT_CODES[unit], 3: decimals, 4: i16(shown)}


def ddsu666(values: Values) -> Table:
    """Encode V, A, W, var, power factor, Hz and kWh; the meter itself speaks kW and kvar."""
    words = {at: 0 for first, end in _DDSU666_LAST.items() for at in range(first, end)}
    for name, (address, factor) in _DDSU666.items():
        words[address], words[address + 1] = f32(values[name] * factor)
    return words


def residual_current_breaker(values: Values) -> Table:
    """Encode Hz, mA, °C, V, A and W: input registers of the breaker, unsigned words all."""
    words = dict.fromkeys(range(_BREAKER_LAST + 1), 0)
    for name, (address, factor) in _BREAKER.items():
        words[address] = u16(values[name] * factor)
    return words
