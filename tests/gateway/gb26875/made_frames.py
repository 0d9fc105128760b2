"""Frames and objects for tests: one builder, and strategies for any frame, object and profile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hypothesis import strategies as st

from gateway.connectors.gb26875.layouts import LAYOUTS, layouts_of
from gateway.connectors.gb26875.objects import InformationObject, RollCall, Stamp
from gateway.connectors.gb26875.profile import DeviceProfile, RollCallForm
from gateway.connectors.gb26875.profiles import PROFILES
from gateway.connectors.gb26875.protocol import Decoder, Frame, Received, Rejected

NOW = datetime(2026, 9, 26, 9, 58, 35)  # noqa: DTZ001 - the wire has no zone
TAG = bytes((32, 58, 9, 26, 9, 12))
DEVICE, CENTRE = (889).to_bytes(6, "little"), (88888).to_bytes(6, "little")


def frame(data: bytes = b"", *, command: int = 2, sequence: int = 1, time: bytes = TAG) -> Frame:
    return Frame(
        sequence=sequence,
        version=(1, 1),
        time=time,
        source=DEVICE,
        destination=CENTRE,
        command=command,
        data=data,
    )


def heard(*pieces: bytes) -> list[Received | Rejected]:
    decoder = Decoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


raws6 = st.binary(min_size=6, max_size=6)
bytes1 = st.integers(0, 255)

frames = st.builds(
    Frame,
    sequence=st.integers(0, 0xFFFF),
    version=st.tuples(bytes1, bytes1),
    time=raws6,
    source=raws6,
    destination=raws6,
    command=bytes1,
    data=st.binary(max_size=80) | st.binary(min_size=1000, max_size=1024),
)

profiles = st.sampled_from(sorted(PROFILES.values(), key=lambda profile: profile.name))

_FIELDS: dict[str, Callable[[], st.SearchStrategy[object]]] = {
    "component": lambda: st.binary(min_size=4, max_size=4),
    "state": lambda: st.integers(0, 0xFFFF),
    "value": lambda: st.integers(-0x8000, 0x7FFF),
    "text": lambda: st.binary(min_size=31, max_size=31),
    "long_text": lambda: st.binary(max_size=255),
}


def objects_of(flag: int, profile: DeviceProfile) -> st.SearchStrategy[InformationObject]:
    """Any object of a type, with all bytes possible in each field."""
    if flag == 91 and profile.roll_call is RollCallForm.EMPTY:
        return st.just(RollCall(None))
    layout = layouts_of(flag, profile)[0]
    stamps = raws6.map(lambda raw: Stamp(raw, profile.times))
    fields = [stamps if name == "stamp" else _FIELDS.get(name, lambda: bytes1)() for name in layout.fields]
    return st.tuples(*fields).map(lambda values: layout.shape(*values))


FLAGS = sorted(LAYOUTS)
