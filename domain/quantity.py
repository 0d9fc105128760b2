"""Quantities: the canonical measure of each dimension, and how to get there from a device's own.

Inside the platform one dimension has one symbol (kPa, °C, mA…); conversion happens in connectors.
Factors are exact definitions (SI brochure; 1 psi = 6.894757293168 kPa; mH2O conventional at 4 °C).
"""

from __future__ import annotations

from enum import StrEnum


class Quantity(StrEnum):
    """Canonical symbols, one for each dimension that a fire gateway meets."""

    NONE = "none"
    COUNT = "count"
    KPA = "kPa"
    CELSIUS = "degC"
    METRE = "m"
    MILLIAMPERE = "mA"
    AMPERE = "A"
    VOLT = "V"
    WATT = "W"
    VAR = "var"
    KILOWATT_HOUR = "kWh"
    HERTZ = "Hz"
    RATIO = "ratio"
    PERCENT = "percent"
    PERCENT_LEL = "percent_LEL"
    PPM = "ppm"
    OBSCURATION = "dB_per_m"
    SECOND = "s"
    LITRE_PER_SECOND = "L_per_s"
    METRE_PER_SECOND = "m_per_s"


SYMBOLS: dict[Quantity, str] = {
    Quantity.NONE: "",
    Quantity.COUNT: "",
    Quantity.CELSIUS: "°C",
    Quantity.RATIO: "",
    Quantity.PERCENT: "%",
    Quantity.PERCENT_LEL: "%LEL",
    Quantity.OBSCURATION: "dB/m",
    Quantity.LITRE_PER_SECOND: "L/s",
    Quantity.METRE_PER_SECOND: "m/s",
}

_CANONICAL: dict[str, tuple[Quantity, float, float]] = {quantity.value: (quantity, 1.0, 0.0) for quantity in Quantity}

_FOREIGN: dict[str, tuple[Quantity, float, float]] = {
    "Pa": (Quantity.KPA, 1e-3, 0.0),
    "MPa": (Quantity.KPA, 1e3, 0.0),
    "bar": (Quantity.KPA, 100.0, 0.0),
    "mbar": (Quantity.KPA, 0.1, 0.0),
    "psi": (Quantity.KPA, 6.894757293168, 0.0),
    "kgf_per_cm2": (Quantity.KPA, 98.0665, 0.0),
    "mH2O": (Quantity.KPA, 9.80665, 0.0),
    "mmH2O": (Quantity.KPA, 9.80665e-3, 0.0),
    "degF": (Quantity.CELSIUS, 5 / 9, -160 / 9),
    "cm": (Quantity.METRE, 1e-2, 0.0),
    "mm": (Quantity.METRE, 1e-3, 0.0),
    "kW": (Quantity.WATT, 1e3, 0.0),
    "kvar": (Quantity.VAR, 1e3, 0.0),
    "Wh": (Quantity.KILOWATT_HOUR, 1e-3, 0.0),
}


def symbol(quantity: Quantity) -> str:
    """Return what a screen shows behind a number."""
    return SYMBOLS.get(quantity, quantity.value)


def to_canonical(source: str) -> tuple[Quantity, float, float]:
    """Return ``(quantity, factor, offset)`` with ``canonical = raw * factor + offset``.

    ``source`` is a canonical or a known foreign symbol; raises KeyError for any other.
    """
    return _CANONICAL.get(source) or _FOREIGN[source]


def known_symbols() -> list[str]:
    """Return every symbol that a profile may use, sorted."""
    return sorted([*(quantity.value for quantity in Quantity), *_FOREIGN])
