"""Where each field of each type flag stands on the wire (GB/T 26875.3-2011, layout of information objects).

One table says everything that the decoder, the encoder and the explanation need: type flag, class,
largest number of objects, fields in order. Each field has its size here, once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from domain.site.labels import Labels
from gateway.connectors.gb26875 import shapes
from gateway.connectors.gb26875.profile import DeviceProfile, RollCallForm
from gateway.connectors.gb26875.stamps import Stamp

STAMP = "stamp"
LONG_TEXT = "long_text"
TIME_SIZE = 6

FORMS: Mapping[str, str] = MappingProxyType(
    {
        "system_type": "B",
        "system_address": "B",
        "component_type": "B",
        "component": "4s",
        "state": "H",
        "short_state": "B",
        "text": f"{shapes.DESCRIPTION_SIZE}s",
        "analog_type": "B",
        "value": "h",
        "flags": "B",
        "operator": "B",
        "major": "B",
        "minor": "B",
        "records": "B",
        "reserved": "B",
        "timeout_min": "B",
    }
)
"""Field -> its form in the words of `struct`, little-endian. A long text has a length byte before it."""

FIELD_LABELS: Mapping[str, Labels] = MappingProxyType(
    {
        name: Labels(zh=zh, en=en)
        for name, zh, en in (
            ("system_type", "系统类型", "system type"),
            ("system_address", "系统地址", "system address"),
            ("component_type", "部件类型", "component type"),
            ("component", "部件地址", "component address"),
            ("state", "状态", "state"),
            ("short_state", "状态", "state"),
            ("text", "部件说明", "component description"),
            (LONG_TEXT, "配置说明", "configuration text"),
            ("analog_type", "模拟量类型", "analog type"),
            ("value", "模拟量值", "analog value"),
            ("flags", "操作标志", "operation flags"),
            ("operator", "操作员编号", "operator number"),
            ("major", "主版本号", "main version"),
            ("minor", "次版本号", "minor version"),
            ("records", "操作记录数目", "number of records"),
            ("reserved", "预留", "reserved"),
            ("timeout_min", "应答超时时间", "answer timeout"),
            (STAMP, "时间标签", "time tag"),
        )
    }
)


ATTRIBUTES: Mapping[str, str] = MappingProxyType({"short_state": "state", "text": "text_raw", LONG_TEXT: "text_raw"})
"""Field -> the attribute that holds it, where the names differ."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the objects of one type flag are laid out.

    ``most`` is the largest number of them in a frame, ``absent`` what fills the attributes that this layout
    has no field for.
    """

    shape: type[Any]
    most: int
    fields: tuple[str, ...]
    body: struct.Struct
    timed: bool
    has_long_text: bool
    absent: tuple[None, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of one object with its time, without the characters of a long text."""
        return self.body.size + TIME_SIZE * self.timed + self.has_long_text

    def read(self, data: bytes, count: int, profile: DeviceProfile) -> tuple[shapes.InformationObject, ...] | None:
        """Return ``count`` objects; None when they do not fill ``data`` exactly, or are none."""
        if self.has_long_text:
            return self._read_long(data, count)
        size = self.size
        if len(data) != size * count or count == 0:
            return None
        shape, values = self.shape, self.body.unpack_from
        if not self.timed:
            return tuple(shape(*values(data, index * size), *self.absent) for index in range(count))
        width, form = self.body.size, profile.times
        if count == 1:  # what nearly every frame has
            return (shape(*values(data, 0), Stamp(data[width:], form)),)
        return tuple(
            shape(*values(data, at), Stamp(data[at + width : at + size], form)) for at in range(0, len(data), size)
        )

    def _read_long(self, data: bytes, count: int) -> tuple[shapes.InformationObject, ...] | None:
        objects: list[shapes.InformationObject] = []
        at = 0
        while at + self.size <= len(data) and len(objects) < count:
            begin, length = at + self.size, data[at + self.size - 1]
            objects.append(self.shape(*self.body.unpack_from(data, at), data[begin : begin + length]))
            at = begin + length
        return tuple(objects) if at == len(data) and len(objects) == count > 0 else None

    def write(self, item: shapes.InformationObject) -> bytes:
        """Return one object's bytes; raises ValueError for a wrong class or a field that does not fit."""
        if not isinstance(item, self.shape):
            raise ValueError(  # noqa: TRY004 - one error class for all that does not fit
                f"{type(item).__name__} is not the object of this type → give {self.shape.__name__}"
            )
        return b"".join(raw for _, raw in self.pieces(item))

    def pieces(self, item: shapes.InformationObject) -> Iterator[tuple[str, bytes]]:
        """Yield each field of an object in wire order with its bytes; raises ValueError for what does not fit."""
        for name in self.fields:
            yield name, _field_bytes(name, getattr(item, ATTRIBUTES.get(name, name)))


def _field_bytes(name: str, value: Any) -> bytes:
    """Return a field's bytes; `struct` would cut or pad bytes in silence, and names no field in its message."""
    if name == STAMP:
        if value is None or len(value.raw) != TIME_SIZE:
            raise ValueError("an object of this type needs its time → give a stamp of six bytes")
        return bytes(value.raw)
    if name == LONG_TEXT:
        if len(value) > 0xFF:
            raise ValueError(f"text has {len(value)} bytes → write at most 255")
        return bytes((len(value), *value))
    form = struct.Struct(f"<{FORMS[name]}")
    if isinstance(value, bytes):
        if len(value) != form.size:
            raise ValueError(f"{name} has {len(value)} bytes → give {form.size}")
        return value
    low, high = (-0x8000, 0x7FFF) if name == "value" else (0, (1 << 8 * form.size) - 1)
    if value is None or not low <= value <= high:
        raise ValueError(f"{name} {value} does not fit → write {low} to {high}")
    return form.pack(value)


def _layout(shape: type[Any], most: int, *fields: str, absent: tuple[None, ...] = ()) -> Layout:
    body = struct.Struct("<" + "".join(FORMS[name] for name in fields if name in FORMS))
    return Layout(shape, most, fields, body, STAMP in fields, LONG_TEXT in fields, absent)


_SYSTEM = ("system_type", "system_address")
_COMPONENT = (*_SYSTEM, "component_type", "component")
_ASKED = (*_SYSTEM, "component")

LAYOUTS: Mapping[int, Layout] = MappingProxyType(
    {
        1: _layout(shapes.SystemState, 102, *_SYSTEM, "state", STAMP),
        2: _layout(shapes.ComponentState, 22, *_COMPONENT, "state", "text", STAMP),
        3: _layout(shapes.AnalogValue, 63, *_COMPONENT, "analog_type", "value", STAMP),
        4: _layout(shapes.SystemOperation, 102, *_SYSTEM, "flags", "operator", STAMP),
        5: _layout(shapes.SystemVersion, 1, *_SYSTEM, "major", "minor"),
        6: _layout(shapes.SystemConfiguration, 3, *_SYSTEM, LONG_TEXT),
        7: _layout(shapes.ComponentConfiguration, 26, *_COMPONENT, "text"),
        8: _layout(shapes.SystemTime, 1, *_SYSTEM, STAMP),
        21: _layout(shapes.TransmitterState, 1, "short_state", STAMP),
        24: _layout(shapes.TransmitterOperation, 127, "flags", "operator", STAMP),
        25: _layout(shapes.TransmitterVersion, 1, "major", "minor"),
        26: _layout(shapes.TransmitterConfiguration, 1, LONG_TEXT),
        28: _layout(shapes.TransmitterTime, 1, STAMP),
        61: _layout(shapes.ReadSystem, 102, *_SYSTEM),
        62: _layout(shapes.ReadComponent, 22, *_ASKED),
        63: _layout(shapes.ReadComponent, 63, *_ASKED),
        64: _layout(shapes.ReadSystemOperations, 1, *_SYSTEM, "records", STAMP),
        65: _layout(shapes.ReadSystem, 1, *_SYSTEM),
        66: _layout(shapes.ReadSystem, 3, *_SYSTEM),
        67: _layout(shapes.ReadComponent, 26, *_ASKED),
        68: _layout(shapes.ReadSystem, 1, *_SYSTEM),
        81: _layout(shapes.ReadTransmitter, 1, "reserved"),
        84: _layout(shapes.ReadTransmitterOperations, 1, "records", STAMP),
        85: _layout(shapes.ReadTransmitter, 1, "reserved"),
        86: _layout(shapes.ReadTransmitter, 1, "reserved"),
        88: _layout(shapes.ReadTransmitter, 1, "reserved"),
        89: _layout(shapes.Initialise, 1, "reserved"),
        90: _layout(shapes.SetClock, 1, STAMP),
        91: _layout(shapes.RollCall, 1, "timeout_min"),
    }
)
"""Type flag -> layout in the standard; n of the tables of uplink and downlink types."""

TIMELESS: Mapping[int, Layout] = MappingProxyType(
    {
        flag: _layout(known.shape, known.most, *known.fields[:-1], absent=(None,))
        for flag, known in LAYOUTS.items()
        if known.timed and len(known.fields) > 1
    }
)
"""Type flag -> its layout without the time: of profiles that allow it, and of frames whose size fits nothing else."""

_ROLL_CALLS: Mapping[RollCallForm, Layout] = MappingProxyType(
    {
        RollCallForm.TIMEOUT: LAYOUTS[91],
        RollCallForm.TIMEOUT_TIME: _layout(shapes.RollCall, 1, "timeout_min", STAMP),
        RollCallForm.EMPTY: _layout(shapes.RollCall, 1, absent=(None,)),
    }
)


def layouts_of(flag: int, profile: DeviceProfile) -> tuple[Layout, ...]:
    """Return the layouts that a type flag may have under a profile, the usual one first; empty when unknown."""
    flag = profile.shapes.get(flag, flag)
    if flag == 91:
        return (_ROLL_CALLS[profile.roll_call],)
    if flag not in LAYOUTS:
        return ()
    timeless = flag in profile.timeless and flag in TIMELESS
    return (LAYOUTS[flag], TIMELESS[flag]) if timeless else (LAYOUTS[flag],)


def layout_of(item: shapes.InformationObject, flag: int, profile: DeviceProfile) -> Layout:
    """Return the layout of an object that was read as type ``flag``, with or without its time."""
    known = profile.shapes.get(flag, flag)
    if known in TIMELESS and getattr(item, "stamp", None) is None:
        return TIMELESS[known]
    return layouts_of(flag, profile)[0]
