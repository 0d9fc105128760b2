"""Data units as a transmitter builds them, and the requests that it reads.

Layouts are those of GB/T 26875.3-2011 (types 1-8, 21, 24-26, 28 up; 61-68, 81, 84-86, 88-91 down): type flag,
count of objects, objects. Numbers have their low byte first, texts are GB18030 padded with NUL.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulators.gb26875.dialect import Dialect
from simulators.gb26875.stamps import component_bytes, component_key, time_bytes, time_from

DESCRIPTION_BYTES = 31
MOST_OBJECTS = {1: 102, 2: 22, 3: 63, 4: 102, 5: 1, 6: 3, 7: 26, 8: 1, 21: 1, 24: 127, 25: 1, 26: 1, 28: 1}
"""Most objects in one data unit, by type (the standard's table of types)."""

SYSTEM_STATE, COMPONENT_STATE, COMPONENT_ANALOG, SYSTEM_OPERATION = 1, 2, 3, 4
SYSTEM_VERSION, SYSTEM_CONFIGURATION, COMPONENT_CONFIGURATION, SYSTEM_TIME = 5, 6, 7, 8
STATE, OPERATION, VERSION, CONFIGURATION, TIME = 21, 24, 25, 26, 28
READ_SYSTEM, READ_COMPONENT = (61, 64, 65, 66, 68), (62, 63, 67)
READ_OPERATIONS, INITIALISE, SET_CLOCK, ROLL_CALL = 84, 89, 90, 91
ANSWERS = {61: 1, 62: 2, 63: 3, 64: 4, 65: 5, 66: 6, 67: 7, 68: 8, 81: 21, 84: 24, 85: 25, 86: 26, 88: 28}
"""Type that answers a request, by the request's type."""

RESOLUTIONS = {1: 1.0, 2: 0.01, 3: 0.1, 4: 0.1, 5: 0.1, 6: 0.1, 7: 1.0, 8: 0.1, 9: 0.1, 10: 0.1, 11: 0.1, 12: 1.0}
"""Unit of the standard's table of analog values per count, by analog type (2: m, 3: °C, 4: MPa, 5: kPa…)."""

_SIZES = {SYSTEM_STATE: 10, COMPONENT_STATE: 46, COMPONENT_ANALOG: 16, SYSTEM_OPERATION: 10, OPERATION: 8}
"""Bytes of an object of the types that come in numbers."""

_REQUEST_BYTES = {
    61: 2,
    62: 6,
    63: 6,
    64: 9,
    65: 2,
    66: 2,
    67: 6,
    68: 2,
    81: 1,
    84: 7,
    85: 1,
    86: 1,
    88: 1,
    89: 1,
    90: 6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A component as frames name it: its system's type and address, its own type and address (``10-2``)."""

    system: int
    address: int
    type: int
    at: str

    def encode(self, dialect: Dialect) -> bytes:
        """Return the seven bytes; raises ValueError for an address that the dialect can't write."""
        return bytes((self.system, self.address, self.type)) + component_bytes(self.at, dialect.component)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one object of a request or command asks for; fields that its type lacks are None."""

    system: int | None = None
    address: int | None = None
    at: str | None = None
    records: int | None = None
    since: datetime | None = None
    minutes: int | None = None
    time: datetime | None = None


class RequestError(ValueError):
    """A request whose size does not fit its type."""


def unit(type_flag: int, objects: Sequence[bytes], dialect: Dialect) -> bytes:
    """Join objects into a data unit; raises ValueError for more than one may carry."""
    most = most_objects(type_flag, dialect)
    if not 1 <= len(objects) <= most:
        raise ValueError(f"type {type_flag} takes 1 to {most} objects, not {len(objects)} → send several frames")
    return bytes((dialect.types.get(type_flag, type_flag), len(objects))) + b"".join(objects)


def most_objects(type_flag: int, dialect: Dialect) -> int:
    """Return how many objects of a type fit a data unit: the standard's number, or what the maker's length allows."""
    most = MOST_OBJECTS.get(type_flag, 255)
    return min(most, (dialect.most_data - 2) // _SIZES[type_flag]) if type_flag in _SIZES else most


def system_state(system: int, address: int, state: int, at: datetime, dialect: Dialect) -> bytes:
    """Type 1."""
    return struct.pack("<BBH", system, address, dialect.state(state)) + _time(SYSTEM_STATE, at, dialect)


def component_state(target: Target, state: int, text: str, at: datetime, dialect: Dialect) -> bytes:
    """Type 2; ``text`` is cut to 31 bytes of GB18030."""
    state_bytes = dialect.state(state).to_bytes(2, "little")
    return target.encode(dialect) + state_bytes + description(text) + _time(COMPONENT_STATE, at, dialect)


def component_analog(target: Target, analog: int, count: int, at: datetime, dialect: Dialect) -> bytes:
    """Type 3; ``count`` is the raw number of resolution steps, kept within a signed 16-bit word."""
    held = max(-(2**15), min(2**15 - 1, count))
    return target.encode(dialect) + struct.pack("<Bh", analog, held) + _time(COMPONENT_ANALOG, at, dialect)


def system_operation(system: tuple[int, int], flags: int, operator: int, at: datetime, dialect: Dialect) -> bytes:
    """Type 4; ``system``: type and address."""
    return bytes((*system, flags, operator)) + _time(SYSTEM_OPERATION, at, dialect)


def component_configuration(target: Target, text: str, dialect: Dialect) -> bytes:
    """Type 7, no time."""
    return target.encode(dialect) + description(text)


def state(word: int, at: datetime, dialect: Dialect) -> bytes:
    """Type 21."""
    return bytes((dialect.state(word),)) + _time(STATE, at, dialect)


def operation(flags: int, operator: int, at: datetime, dialect: Dialect) -> bytes:
    """Type 24."""
    return bytes((flags, operator)) + _time(OPERATION, at, dialect)


def time_object(at: datetime, dialect: Dialect) -> bytes:
    """Type 28, and the end of type 8: a time even where the maker's other objects have none."""
    return time_bytes(at, dialect.time)


def configuration(text: str) -> bytes:
    """Length and text, of types 6 and 26."""
    raw = text.encode("gb18030")[:255]
    return bytes((len(raw),)) + raw


def description(text: str) -> bytes:
    """Write 31 bytes of GB18030; a character that would be cut in two is left out."""
    raw = text.encode("gb18030", errors="replace")
    while len(raw) > DESCRIPTION_BYTES:
        text = text[:-1]
        raw = text.encode("gb18030", errors="replace")
    return raw.ljust(DESCRIPTION_BYTES, b"\0")


def read_request(data: bytes, dialect: Dialect) -> tuple[int, list[Asked]]:
    """Read the data unit of a request or command: type and what each object asks.

    Raises `RequestError` when it is too short for its type; makers' extras behind the objects are left alone.
    """
    if len(data) < 2:
        raise RequestError("a data unit has a type and a count")
    type_flag, count = data[0], data[1]
    if type_flag == ROLL_CALL:
        return type_flag, [Asked(minutes=data[2] if len(data) > 2 else None)]
    size = _REQUEST_BYTES.get(type_flag)
    if size is None:
        raise RequestError(f"type {type_flag} is no request")
    if len(data) < 2 + size * count:
        raise RequestError(f"type {type_flag} with {count} objects needs {size * count} bytes")
    objects = [data[2 + size * at : 2 + size * (at + 1)] for at in range(count)]
    return type_flag, [_asked(type_flag, raw, dialect) for raw in objects]


def _asked(type_flag: int, raw: bytes, dialect: Dialect) -> Asked:
    if type_flag == SET_CLOCK:
        return Asked(time=time_from(raw, dialect.time))
    if type_flag == READ_OPERATIONS:
        return Asked(records=raw[0], since=time_from(raw[1:], dialect.time))
    if type_flag in READ_COMPONENT:
        return Asked(system=raw[0], address=raw[1], at=component_key(raw[2:], dialect.component))
    if type_flag in READ_SYSTEM:
        records, since = (raw[2], time_from(raw[3:], dialect.time)) if len(raw) > 2 else (None, None)
        return Asked(system=raw[0], address=raw[1], records=records, since=since)
    return Asked()


def _time(type_flag: int, at: datetime, dialect: Dialect) -> bytes:
    return b"" if type_flag in dialect.untimed else time_bytes(at, dialect.time)
