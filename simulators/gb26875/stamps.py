"""Times and addresses in the forms that makers write them; the first of each enum is the standard's."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from enum import StrEnum
from typing import Literal

FIRST_YEAR = 2000


class TimeForm(StrEnum):
    """How the six bytes of a time are written."""

    BINARY = "binary"
    BCD = "bcd"
    YEAR_FIRST = "year_first"


class AddressForm(StrEnum):
    """How a transmitter writes its own number into six bytes."""

    NUMBER = "number"
    NUMBER_BIG_ENDIAN = "number_big_endian"
    BCD = "bcd"
    IPV4_PORT = "ipv4_port"


class ComponentForm(StrEnum):
    """How the two numbers of a component's address are written into four bytes."""

    ZONE_POINT = "zone_point"
    POINT_ZONE = "point_zone"
    NUMBER = "number"
    BIG_ENDIAN = "big_endian"
    DOTTED = "dotted"


def time_bytes(moment: datetime, form: TimeForm) -> bytes:
    """Write a local time: second, minute, hour, day, month, year - 2000 unless the maker differs."""
    parts = [moment.second, moment.minute, moment.hour, moment.day, moment.month, (moment.year - FIRST_YEAR) % 100]
    match form:
        case TimeForm.BCD:
            return bytes(part // 10 << 4 | part % 10 for part in parts)
        case TimeForm.YEAR_FIRST:
            return bytes(reversed(parts))
        case TimeForm.BINARY:
            return bytes(parts)


def time_from(raw: bytes, form: TimeForm) -> datetime | None:
    """Read a local time back; None for six bytes that are none."""
    parts = list(raw)
    if form is TimeForm.YEAR_FIRST:
        parts.reverse()
    elif form is TimeForm.BCD:
        if any(part >> 4 > 9 or part & 15 > 9 for part in parts):
            return None
        parts = [(part >> 4) * 10 + (part & 15) for part in parts]
    second, minute, hour, day, month, year = parts
    try:
        return datetime(FIRST_YEAR + year, month, day, hour, minute, second)  # noqa: DTZ001 -- the wire has no zone
    except ValueError:
        return None


def address_bytes(address: int | str, form: AddressForm) -> bytes:
    """Write a device address into six bytes.

    ``address``: a number; digits for BCD; ``192.168.1.4:7533`` for an IPv4 address and port. Raises
    ValueError saying what to write.
    """
    if form is AddressForm.IPV4_PORT:
        host, colon, port = str(address).rpartition(":")
        if not colon or not port.isdigit() or int(port) > 0xFFFF:
            raise ValueError(f"address {address!r} → write it as 192.168.1.4:7533")
        return ipaddress.IPv4Address(host).packed + int(port).to_bytes(2, "little")
    digits = str(address)
    if not digits.isdecimal():
        raise ValueError(f"address {address!r} → write a whole number")
    if form is AddressForm.BCD:
        if len(digits) > 12:
            raise ValueError(f"address {address!r} → write at most 12 digits")
        return bytes.fromhex(digits.zfill(12))[::-1]
    number = int(digits)
    if number >= 1 << 48:
        raise ValueError(f"address {address!r} → write a number below 2^48")
    return number.to_bytes(6, "big" if form is AddressForm.NUMBER_BIG_ENDIAN else "little")


def component_at(zone: int, point: int, form: ComponentForm) -> str:
    """Return the key of a zone's point in a maker's form: ``1-2``, one number ``1002``, or four bytes ``1-0-2-0``."""
    match form:
        case ComponentForm.NUMBER:
            return str(1000 * zone + point)
        case ComponentForm.DOTTED:
            return f"{zone % 256}-{zone // 256}-{point % 256}-{point // 256}"
    return f"{zone}-{point}"


def component_bytes(key: str, form: ComponentForm) -> bytes:
    """Write a component's address, such as ``10-2`` (zone 10, point 2), into four bytes.

    One number where the maker counts through; four with points or hyphens for dotted bytes. Raises ValueError saying
    what to write.
    """
    parts = re.split(r"[-.:]", key)
    wanted, most = {ComponentForm.NUMBER: (1, 2**32), ComponentForm.DOTTED: (4, 2**8)}.get(form, (2, 2**16))
    if len(parts) != wanted or not all(part.isdecimal() and int(part) < most for part in parts):
        form_shown = {1: "one number, such as 1203", 4: "four numbers, such as 1-1-2-0"}.get(wanted, "such as 10-2")
        raise ValueError(f"component address {key!r} → write it as {form_shown}")
    numbers = [int(part) for part in parts]
    match form:
        case ComponentForm.NUMBER:
            return numbers[0].to_bytes(4, "little")
        case ComponentForm.DOTTED:
            return bytes(numbers)
        case ComponentForm.POINT_ZONE:
            numbers.reverse()
    order: Literal["big", "little"] = "big" if form is ComponentForm.BIG_ENDIAN else "little"
    return b"".join(number.to_bytes(2, order) for number in numbers)


def component_key(raw: bytes, form: ComponentForm) -> str:
    """Read a component's address back into the form that `component_bytes` takes."""
    if form is ComponentForm.NUMBER:
        return str(int.from_bytes(raw, "little"))
    if form is ComponentForm.DOTTED:
        return "-".join(str(byte) for byte in raw)
    order: Literal["big", "little"] = "big" if form is ComponentForm.BIG_ENDIAN else "little"
    numbers = [int.from_bytes(raw[:2], order), int.from_bytes(raw[2:], order)]
    if form is ComponentForm.POINT_ZONE:
        numbers.reverse()
    return "-".join(str(number) for number in numbers)
