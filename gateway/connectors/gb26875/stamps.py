"""Time tags: six bytes, in the forms that devices write them.

The standard: second, minute, hour, day, month, year since 2000, one plain binary byte each, local time
without a zone (GB/T 26875.3-2011, time tag). Some devices write two decimal digits (BCD) in each byte,
some begin with the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache


class TimeForm(StrEnum):
    """How a device writes its six bytes of time."""

    BINARY = "binary"
    BCD = "bcd"
    BINARY_YEAR_FIRST = "binary_year_first"
    BCD_YEAR_FIRST = "bcd_year_first"

    @property
    def is_bcd(self) -> bool:
        """Whether each byte is two decimal digits."""
        return self in (TimeForm.BCD, TimeForm.BCD_YEAR_FIRST)

    @property
    def is_year_first(self) -> bool:
        """Whether the order is year to second; second to year otherwise."""
        return self in (TimeForm.BINARY_YEAR_FIRST, TimeForm.BCD_YEAR_FIRST)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Six bytes of time as sent, and how to read them."""

    raw: bytes
    form: TimeForm = TimeForm.BINARY

    @property
    def value(self) -> datetime | None:
        """Local time without a zone, whole seconds; None when the bytes are no time (all zero included)."""
        return time_in(self.raw, self.form)


@lru_cache(maxsize=1024)
def time_in(raw: bytes, form: TimeForm) -> datetime | None:
    """Return the naive local time in six bytes; None for all zero and for what no calendar has.

    Remembered, for many frames and their objects share a second.
    """
    digits = raw[::-1] if form.is_year_first else raw
    if form.is_bcd:
        if any(byte & 0x0F > 9 or byte >> 4 > 9 for byte in digits):
            return None
        digits = bytes((byte >> 4) * 10 + (byte & 0x0F) for byte in digits)
    if len(digits) != 6 or digits[5] > 99:
        return None
    second, minute, hour, day, month, year = digits
    try:
        return datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 - the wire has no zone
    except ValueError:
        return None


def is_likely_time(raw: bytes) -> bool:
    """Tell whether six bytes may be a device's time in any form, or the zeros that stand for none.

    A clock says 2010 (the year before the standard) or later, or 2000 when it was never set; assumption. Other
    years are numbers that happen to make a date. Days are not counted by month: this must be quick.
    """
    if not any(raw):
        return True
    back, digits = raw[::-1], raw.translate(_TWO_DIGITS)
    return _is_in_range(raw) or _is_in_range(back) or _is_in_range(digits) or _is_in_range(digits[::-1])


_TWO_DIGITS = bytes(
    (byte >> 4) * 10 + (byte & 0x0F) if byte >> 4 <= 9 and byte & 0x0F <= 9 else 0xFF for byte in range(256)
)
"""Byte -> the number that its two decimal digits are, 255 where they are none."""


def _is_in_range(digits: bytes) -> bool:
    second, minute, hour, day, month, year = digits
    is_clock = second <= 59 and minute <= 59 and hour <= 23
    return is_clock and 1 <= day <= 31 and 1 <= month <= 12 and (year == 0 or 10 <= year <= 99)


@lru_cache(maxsize=64)
def time_raw(moment: datetime, form: TimeForm) -> bytes:
    """Return the six bytes of a local time; raises ValueError outside 2000 to 2099."""
    if not 2000 <= moment.year <= 2099:
        raise ValueError(f"year {moment.year} does not fit a time tag → use 2000 to 2099")
    fields = (moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.year - 2000)
    ordered = fields[::-1] if form.is_year_first else fields
    if form.is_bcd:
        return bytes(field // 10 << 4 | field % 10 for field in ordered)
    return bytes(ordered)
