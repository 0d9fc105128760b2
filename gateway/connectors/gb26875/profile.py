"""How one make of transmitter deviates from GB/T 26875.3-2011, and the times and addresses read by it.

A profile is data: the same decoder serves every make. What can be read in two ways (time digits, addresses,
the polarity of bit 0) is decided here and nowhere else. Addresses and times never fail to decode: bytes
that don't fit the form are shown as hexadecimal, or as no time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Literal

from domain.site.labels import Labels
from gateway.connectors.gb26875.protocol import MOST_DATA, Command
from gateway.connectors.gb26875.stamps import TimeForm, time_in, time_raw
from gateway.connectors.gb26875.tables import ANALOG_TYPES, AnalogType


class AddressForm(StrEnum):
    """How the six bytes of an address are written."""

    U48_LE = "u48_le"
    U48_BE = "u48_be"
    BCD_LE = "bcd_le"
    IPV4_PORT = "ipv4_port"


class ComponentForm(StrEnum):
    """How the four bytes of a component's address are written."""

    ZONE_POINT = "zone_point"
    POINT_ZONE = "point_zone"
    U32_LE = "u32_le"
    BIG_ENDIAN = "big_endian"
    DOTTED = "dotted"


class BitZero(StrEnum):
    """What bit 0 of a state word says when it is 1."""

    NORMAL = "normal"
    TEST = "test"
    IGNORED = "ignored"


class RollCallForm(StrEnum):
    """What stands in a roll-call (type 91)."""

    TIMEOUT = "timeout"
    TIMEOUT_TIME = "timeout_time"
    EMPTY = "empty"


class HeartbeatKind(StrEnum):
    """Signs of life that carry nothing else; none of them is in the standard."""

    EMPTY = "empty"
    ONE_BYTE = "one_byte"
    STATE = "state"
    COMMAND_7 = "command_7"
    COMMAND_254 = "command_254"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProfile:
    """One make's way; every default is the standard's.

    - ``timeless``: type flags whose objects may come without their time.
    - ``shapes``: a maker's type flag -> the standard's type with the same layout.
    - ``analogs``: analog types that are scaled otherwise, or added.
    - ``component_bits``: what reserved bits of a component's state mean here.
    - ``heartbeats``: what to take as a sign of life. `STATE` says only that type 21 comes unasked as one: it
      stays a state. ``heartbeat_answers``: application data of a heartbeat -> of its confirm.
    - ``control_command``: the command that carries types 89 to 91, 1 in the standard.
    """

    name: str
    labels: Labels
    source: str
    times: TimeForm = TimeForm.BINARY
    addresses: AddressForm = AddressForm.U48_LE
    components: ComponentForm = ComponentForm.ZONE_POINT
    bit_zero: BitZero = BitZero.NORMAL
    timeless: frozenset[int] = frozenset()
    shapes: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    analogs: Mapping[int, AnalogType] = field(default_factory=lambda: MappingProxyType({}))
    component_bits: Mapping[int, Labels] = field(default_factory=lambda: MappingProxyType({}))
    heartbeats: frozenset[HeartbeatKind] = frozenset({HeartbeatKind.EMPTY, HeartbeatKind.ONE_BYTE})
    heartbeat_answers: Mapping[bytes, bytes] = field(default_factory=lambda: MappingProxyType({}))
    control_command: int = Command.CONTROL
    most_data: int = MOST_DATA
    roll_call: RollCallForm = RollCallForm.TIMEOUT

    def analog(self, code: int) -> AnalogType | None:
        """Return how to read an analog type; None when neither the profile nor the standard knows it."""
        return self.analogs.get(code) or ANALOG_TYPES.get(code)


def time_of(raw: bytes, profile: DeviceProfile) -> datetime | None:
    """Return the naive local time in a six-byte tag; None for all zero and for what no calendar has."""
    return time_in(raw, profile.times)


def time_bytes(moment: datetime, profile: DeviceProfile) -> bytes:
    """Return the tag of a local time; raises ValueError outside 2000 to 2099."""
    return time_raw(moment, profile.times)


def standard_state(state: int, profile: DeviceProfile) -> int:
    """Return a state word with the standard's bit 0 (1 = normal running); all other bits as sent.

    Where bit 0 is to be ignored it stays as sent too: it never suppresses anything.
    """
    return state ^ 1 if profile.bit_zero is BitZero.TEST else state


def is_test(state: int, profile: DeviceProfile) -> bool | None:
    """Tell whether a state word claims to be a test; None where the profile ignores bit 0."""
    if profile.bit_zero is BitZero.IGNORED:
        return None
    return not standard_state(state, profile) & 1


_HEX = re.compile(r"0x([0-9a-fA-F]{12})")
_IPV4_PORT = re.compile(r"([0-9.]{7,15}):([0-9]{1,5})")


def address_text(raw: bytes, profile: DeviceProfile) -> str:
    """Return an address as people write it: ``889``, ``192.168.1.4:7533``, ``013800001234``.

    Bytes that don't fit the form are ``0x`` and their twelve hexadecimal digits in the order of the wire.
    """
    match profile.addresses:
        case AddressForm.U48_LE:
            return str(int.from_bytes(raw, "little"))
        case AddressForm.U48_BE:
            return str(int.from_bytes(raw, "big"))
        case AddressForm.BCD_LE:
            digits = raw[::-1].hex()
            return digits if digits.isdecimal() else f"0x{raw.hex()}"
        case AddressForm.IPV4_PORT:
            return f"{IPv4Address(raw[:4])}:{int.from_bytes(raw[4:], 'little')}"


def address_bytes(address: int | str, profile: DeviceProfile) -> bytes:
    """Return the six bytes of an address.

    ``192.168.1.4:7533`` and ``0x`` with twelve digits are what they say under every profile; a number is
    written in the profile's form. Raises ValueError that says what to write instead.
    """
    text = str(address).strip()
    if found := _HEX.fullmatch(text):
        return bytes.fromhex(found[1])
    if found := _IPV4_PORT.fullmatch(text):
        return _host_and_port(text, found[1], int(found[2]))
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"'{text}' is no address → write {_expected(profile)}")
    return _number_bytes(int(text), profile)


def _number_bytes(number: int, profile: DeviceProfile) -> bytes:
    if profile.addresses is AddressForm.BCD_LE:
        if number >= 10**12:
            raise ValueError(f"'{number}' has more than 12 digits → write {_expected(profile)}")
        return bytes.fromhex(f"{number:012d}")[::-1]
    if number >= 1 << 48:
        raise ValueError(f"'{number}' does not fit six bytes → write {_expected(profile)}")
    return number.to_bytes(6, "big" if profile.addresses is AddressForm.U48_BE else "little")


def _host_and_port(text: str, host: str, port: int) -> bytes:
    try:
        return IPv4Address(host).packed + port.to_bytes(2, "little")
    except (ValueError, OverflowError):
        raise ValueError(f"'{text}' is no IPv4 address with a port → write it as 192.168.1.4:7533") from None


def _expected(profile: DeviceProfile) -> str:
    match profile.addresses:
        case AddressForm.BCD_LE:
            return "up to 12 digits, such as 013800001234"
        case AddressForm.IPV4_PORT:
            return "an IPv4 address and a port, such as 192.168.1.4:7533"
        case _:
            return "a number from 0 to 281474976710655"


def component_numbers(raw: bytes, profile: DeviceProfile) -> tuple[int, ...]:
    """Return the numbers in a component's four bytes: zone and point, one number, or the four bytes."""
    first, second = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[2:], "little")
    match profile.components:
        case ComponentForm.ZONE_POINT:
            return first, second
        case ComponentForm.POINT_ZONE:
            return second, first
        case ComponentForm.U32_LE:
            return (int.from_bytes(raw, "little"),)
        case ComponentForm.BIG_ENDIAN:
            return int.from_bytes(raw[:2], "big"), int.from_bytes(raw[2:], "big")
        case ComponentForm.DOTTED:
            return tuple(raw)


def component_key(raw: bytes, profile: DeviceProfile) -> str:
    """Return a component's address as sites write it (``at:``), safe in a point id: ``10-2`` is zone 10, point 2."""
    return "-".join(map(str, component_numbers(raw, profile)))


def component_bytes(key: str, profile: DeviceProfile) -> bytes:
    """Return the four bytes of ``10-2`` (zone-point), ``655362`` or ``10-0-2-0``, as the profile writes them.

    Raises ValueError that says what to write instead.
    """
    parts = key.split("-")
    count, most, example = _COMPONENT_PARTS[profile.components]
    if len(parts) != count or not all(p.isascii() and p.isdecimal() and int(p) <= most for p in parts):
        raise ValueError(f"'{key}' is no component address here → write it as {example}, each number 0 to {most}")
    numbers = [int(part) for part in parts]
    match profile.components:
        case ComponentForm.POINT_ZONE:
            numbers.reverse()
        case ComponentForm.DOTTED:
            return bytes(numbers)
        case ComponentForm.U32_LE:
            return numbers[0].to_bytes(4, "little")
        case _:
            pass
    order: Literal["big", "little"] = "big" if profile.components is ComponentForm.BIG_ENDIAN else "little"
    return b"".join(number.to_bytes(2, order) for number in numbers)


_COMPONENT_PARTS: Mapping[ComponentForm, tuple[int, int, str]] = MappingProxyType(
    {
        ComponentForm.ZONE_POINT: (2, 0xFFFF, "zone-point, such as 10-2"),
        ComponentForm.POINT_ZONE: (2, 0xFFFF, "zone-point, such as 10-2"),
        ComponentForm.U32_LE: (1, 0xFFFF_FFFF, "one number, such as 393433"),
        ComponentForm.BIG_ENDIAN: (2, 0xFFFF, "zone-point, such as 10-2"),
        ComponentForm.DOTTED: (4, 0xFF, "four bytes, such as 10-0-2-0"),
    }
)
"""Form -> how many numbers a key has, how large each may be, an example."""
