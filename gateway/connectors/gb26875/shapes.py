"""The information objects of GB/T 26875.3-2011 as values, one class for each layout, fields in wire order.

A value holds what the wire says: numbers, raw address bytes, raw text bytes, a `Stamp`; so it goes back to
the same bytes. ``time``, ``text`` and ``text_flawed`` are views of them. All times are naive local time;
``stamp`` is None where a profile lets the time be left out. Raw addresses are read by `profile`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.connectors.gb26875.profile import HeartbeatKind
from gateway.connectors.gb26875.stamps import Stamp

DESCRIPTION_SIZE = 31
"""Bytes of a component's description, types 2 and 7."""


class RawReason(StrEnum):
    """Why bytes were not read."""

    RESERVED = "reserved"
    OF_MAKER = "of_maker"
    UNDEFINED = "undefined"
    SIZE = "size"
    CUT = "cut"
    NO_TYPE = "no_type"


class Timed:
    """What has a time of its own."""

    __slots__ = ()
    stamp: Stamp | None

    @property
    def time(self) -> datetime | None:
        """The object's time; None when it was left out or is no time."""
        return self.stamp.value if self.stamp else None


class Texted:
    """What carries text in GB18030, padded with NUL or spaces."""

    __slots__ = ()
    text_raw: bytes

    @property
    def text(self) -> str:
        """The text without its padding; what is no printable character is ``�``."""
        return _read_text(self.text_raw)[0]

    @property
    def text_flawed(self) -> bool:
        """Whether bytes had to be replaced, for example a character cut in two."""
        return _read_text(self.text_raw)[1]


@dataclass(frozen=True, slots=True)
class SystemState(Timed):
    """Type 1."""

    system_type: int
    system_address: int
    state: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class ComponentState(Timed, Texted):
    """Type 2; ``component`` is the four raw bytes of its address."""

    system_type: int
    system_address: int
    component_type: int
    component: bytes
    state: int
    text_raw: bytes
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class AnalogValue(Timed):
    """Type 3; ``value`` is the signed count, `DeviceProfile.analog` brings it to its quantity."""

    system_type: int
    system_address: int
    component_type: int
    component: bytes
    analog_type: int
    value: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class SystemOperation(Timed):
    """Type 4."""

    system_type: int
    system_address: int
    flags: int
    operator: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class SystemVersion:
    """Type 5."""

    system_type: int
    system_address: int
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class SystemConfiguration(Texted):
    """Type 6; the text has at most 255 bytes."""

    system_type: int
    system_address: int
    text_raw: bytes


@dataclass(frozen=True, slots=True)
class ComponentConfiguration(Texted):
    """Type 7."""

    system_type: int
    system_address: int
    component_type: int
    component: bytes
    text_raw: bytes


@dataclass(frozen=True, slots=True)
class SystemTime(Timed):
    """Type 8."""

    system_type: int
    system_address: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class TransmitterState(Timed):
    """Type 21."""

    state: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class TransmitterOperation(Timed):
    """Type 24; bit 5 answers a roll-call."""

    flags: int
    operator: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class TransmitterVersion:
    """Type 25."""

    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class TransmitterConfiguration(Texted):
    """Type 26; the text has at most 255 bytes."""

    text_raw: bytes


@dataclass(frozen=True, slots=True)
class TransmitterTime(Timed):
    """Type 28."""

    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class ReadSystem:
    """Types 61, 65, 66 and 68: state, version, configuration or time of a facility system."""

    system_type: int
    system_address: int


@dataclass(frozen=True, slots=True)
class ReadComponent:
    """Types 62, 63 and 67: state, analog value or configuration of a component; its type is not asked for."""

    system_type: int
    system_address: int
    component: bytes


@dataclass(frozen=True, slots=True)
class ReadSystemOperations(Timed):
    """Type 64: ``records`` (at most 102) from ``stamp`` on."""

    system_type: int
    system_address: int
    records: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class ReadTransmitter:
    """Types 81, 85, 86 and 88: state, version, configuration or time of the transmitter."""

    reserved: int = 0


@dataclass(frozen=True, slots=True)
class ReadTransmitterOperations(Timed):
    """Type 84: ``records`` (at most 102) from ``stamp`` on."""

    records: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class Initialise:
    """Type 89."""

    reserved: int = 0


@dataclass(frozen=True, slots=True)
class SetClock(Timed):
    """Type 90."""

    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class RollCall(Timed):
    """Type 91; ``timeout_min`` is None where the profile's roll-call is empty, ``stamp`` None where it has no time."""

    timeout_min: int | None
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A frame that says only that its sender lives; ``data`` is its whole application data."""

    kind: HeartbeatKind
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Raw:
    """Application data that was not read: what is behind type, count and the objects before it, and why it was not."""

    type: int | None
    reason: RawReason
    data: bytes


InformationObject = (
    SystemState
    | ComponentState
    | AnalogValue
    | SystemOperation
    | SystemVersion
    | SystemConfiguration
    | ComponentConfiguration
    | SystemTime
    | TransmitterState
    | TransmitterOperation
    | TransmitterVersion
    | TransmitterConfiguration
    | TransmitterTime
    | ReadSystem
    | ReadComponent
    | ReadSystemOperations
    | ReadTransmitter
    | ReadTransmitterOperations
    | Initialise
    | SetClock
    | RollCall
    | Heartbeat
    | Raw
)


def text_bytes(text: str, size: int | None = None) -> bytes:
    """Return text in GB18030, padded with NUL to ``size``; raises ValueError when it is longer.

    ``size`` None is a text with a length byte before it: at most 255 bytes, no padding.
    """
    raw = text.encode("gb18030", "replace")
    most = 0xFF if size is None else size
    if len(raw) > most:
        raise ValueError(f"text '{text}' has {len(raw)} bytes in GB18030 → write at most {most}")
    return raw if size is None else raw.ljust(size, b"\0")


def _read_text(raw: bytes) -> tuple[str, bool]:
    """Return the text before the first NUL (behind it stand remains of longer texts), and whether it is flawed."""
    read = raw.lstrip(b"\0 ").split(b"\0", 1)[0].decode("gb18030", "replace").strip()
    clean = "".join(one if one.isprintable() else "�" for one in read)
    return clean, "�" in clean
