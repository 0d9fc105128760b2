"""Application data units: type flag, object count, objects; read without ever failing, written with the limits.

| application data | what is returned |
|---|---|
| known type, objects fill the data exactly | the objects |
| known type, any other size; count 0 | what `misfits` reads, then one `Raw`; confirmed: a deny brings it again |
| reserved, user-defined or undefined type | one `Raw` that says which |
| none, or what the profile calls a heartbeat | nothing, or one `Heartbeat` |

More objects than the standard's n are read when they fill the data, and refused when written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.connectors.gb26875.layouts import LAYOUTS, layouts_of
from gateway.connectors.gb26875.misfits import read_misfit
from gateway.connectors.gb26875.profile import DeviceProfile, HeartbeatKind
from gateway.connectors.gb26875.protocol import Command, Frame
from gateway.connectors.gb26875.shapes import (
    AnalogValue,
    ComponentConfiguration,
    ComponentState,
    Heartbeat,
    InformationObject,
    Initialise,
    Raw,
    RawReason,
    ReadComponent,
    ReadSystem,
    ReadSystemOperations,
    ReadTransmitter,
    ReadTransmitterOperations,
    RollCall,
    SetClock,
    SystemConfiguration,
    SystemOperation,
    SystemState,
    SystemTime,
    SystemVersion,
    TransmitterConfiguration,
    TransmitterOperation,
    TransmitterState,
    TransmitterTime,
    TransmitterVersion,
    text_bytes,
)
from gateway.connectors.gb26875.stamps import Stamp
from gateway.connectors.gb26875.tables import FIRST_OF_MAKER

__all__ = [
    "AnalogValue",
    "ComponentConfiguration",
    "ComponentState",
    "Heartbeat",
    "InformationObject",
    "Initialise",
    "Raw",
    "RawReason",
    "ReadComponent",
    "ReadSystem",
    "ReadSystemOperations",
    "ReadTransmitter",
    "ReadTransmitterOperations",
    "RollCall",
    "SetClock",
    "Stamp",
    "SystemConfiguration",
    "SystemOperation",
    "SystemState",
    "SystemTime",
    "SystemVersion",
    "TransmitterConfiguration",
    "TransmitterOperation",
    "TransmitterState",
    "TransmitterTime",
    "TransmitterVersion",
    "Unit",
    "decode_unit",
    "encode_unit",
    "text_bytes",
]


@dataclass(frozen=True, slots=True)
class Unit:
    """An application data unit; ``type`` and ``count`` are None when the data has no room for them."""

    type: int | None
    count: int | None
    objects: tuple[InformationObject, ...]

    @property
    def fits(self) -> bool:
        """Whether all of the data was read as its type and count say; times of objects in other data are doubtful."""
        return not (self.objects and isinstance(self.objects[-1], Raw))


def decode_unit(frame: Frame, profile: DeviceProfile) -> Unit:
    """Return what a frame's application data says; never raises, whatever the bytes."""
    data = frame.data
    if (kind := _heartbeat(frame, profile)) is not None:
        return Unit(None, None, (Heartbeat(kind, data),))
    if len(data) < 2:
        return Unit(None, None, (Raw(None, RawReason.NO_TYPE, data),) if data else ())
    flag, count, body = data[0], data[1], data[2:]
    layouts = layouts_of(flag, profile)
    for layout in layouts:
        if (objects := layout.read(body, count, profile)) is not None:
            return Unit(flag, count, objects)
    return Unit(flag, count, read_misfit(flag, body, count, profile) if layouts else (Raw(flag, _unknown(flag), body),))


def encode_unit(objects: Sequence[InformationObject], profile: DeviceProfile, flag: int | None = None) -> bytes:
    """Return the application data of objects of one type.

    ``flag``, the type flag, may be left out where the class belongs to one only. Raises ValueError for
    mixed classes, for more objects than the standard's n, and for a field that does not fit.
    """
    if not objects:
        raise ValueError("an application data unit needs an object → give at least one")
    if len(objects) == 1 and isinstance(objects[0], Heartbeat):
        return objects[0].data
    if any(isinstance(item, Raw) for item in objects):
        raise ValueError("raw data has no layout → put its bytes into the frame as they are")
    flag = _flag_of(objects[0]) if flag is None else flag
    layouts = layouts_of(flag, profile)
    if not layouts:
        raise ValueError(f"type {flag} has no layout under profile {profile.name} → use one of {sorted(LAYOUTS)}")
    if len(objects) > layouts[0].most:
        raise ValueError(f"type {flag} takes at most {layouts[0].most} objects → send {len(objects)} in more frames")
    layout = layouts[-1] if all(getattr(item, "stamp", None) is None for item in objects) else layouts[0]
    return bytes((flag, len(objects))) + b"".join(layout.write(item) for item in objects)


def _heartbeat(frame: Frame, profile: DeviceProfile) -> HeartbeatKind | None:
    """Return which of the profile's heartbeats a frame is."""
    kind: HeartbeatKind | None = None
    match frame.command, len(frame.data):
        case Command.SEND, 0:
            kind = HeartbeatKind.EMPTY
        case Command.SEND, 1:
            kind = HeartbeatKind.ONE_BYTE
        case 7, 0:
            kind = HeartbeatKind.COMMAND_7
        case 254, _:
            kind = HeartbeatKind.COMMAND_254
        case _:
            pass
    return kind if kind in profile.heartbeats else None


def _unknown(flag: int) -> RawReason:
    if flag == 0xFF:
        return RawReason.UNDEFINED
    return RawReason.OF_MAKER if flag >= FIRST_OF_MAKER else RawReason.RESERVED


def _flag_of(item: InformationObject) -> int:
    """Return the only type flag of a class."""
    flags = [flag for flag, layout in LAYOUTS.items() if layout.shape is type(item)]
    if len(flags) != 1:
        raise ValueError(f"{type(item).__name__} belongs to types {flags or 'unknown'} → say which")
    return flags[0]
