"""GB/T 26875.3 frames: read, understood, confirmed, and what hostile bytes cost; one core, no sockets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from gateway.connectors.gb26875.centre import confirm
from gateway.connectors.gb26875.objects import (
    AnalogValue,
    ComponentState,
    InformationObject,
    Stamp,
    decode_unit,
    encode_unit,
    text_bytes,
)
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Decoder, Frame, Received
from gateway.connectors.gb26875.stamps import TimeForm, time_raw

SECONDS = 1.0
FRAMES = 200
HOSTILE_BYTES = 300_000
NOW = datetime(2026, 9, 26, 9, 58, 35)  # noqa: DTZ001 - the wire has no zone
HOSTILE = {
    "'@' only": b"@",
    "starts with a legal length": b"@@" + bytes(22) + b"\x00\x04",
    "ends that fit, wrong sums": b"@" * 12 + bytes(16) + b"#" * 12,
    "no start at all": b"x",
}


def rows() -> list[tuple[str, str, str]]:
    """Return frame rates for small and full frames, and bytes a second of hostile streams."""
    fire, full = _frame([_component(0)]), _frame([_analog(point) for point in range(63)])
    small, large = fire.encode() * FRAMES, full.encode() * FRAMES
    return [
        ("GB/T 26875.3: 1 fire a frame, checked", _per_second(lambda: Decoder().feed(small), FRAMES), "-"),
        ("  … read into objects", _per_second(lambda: _understand(small), FRAMES), "-"),
        (
            "  … and confirmed (encoded)",
            _per_second(lambda: _confirm(small), FRAMES),
            "3,000 / 10,000 with sockets and disk",
        ),
        ("  63 analog values a frame, read into objects", _per_second(lambda: _understand(large), FRAMES), "-"),
        ("  one fire written", _per_second(lambda: _frame([_component(0)]).encode(), 1), "-"),
        *((f"  hostile: {name}", _hostile(pattern), "linear") for name, pattern in HOSTILE.items()),
    ]


def _understand(stream: bytes) -> None:
    for event in Decoder().feed(stream):
        if isinstance(event, Received):
            decode_unit(event.frame, STANDARD)


def _confirm(stream: bytes) -> None:
    for event in Decoder().feed(stream):
        if isinstance(event, Received):
            decode_unit(event.frame, STANDARD)
            confirm(event.frame, NOW).encode()


def _per_second(work: Callable[[], object], frames: int) -> str:
    work()
    count, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        work()
        count += frames
    return f"{count / elapsed:,.0f} frames/s"


def _hostile(pattern: bytes) -> str:
    """Return the rate at one size, and that twice the size takes about twice as long."""
    once, twice = (min(_seconds(pattern, size) for _ in range(3)) for size in (HOSTILE_BYTES, 2 * HOSTILE_BYTES))
    return f"{HOSTILE_BYTES / once / 1e6:.2f} MB/s (twice the bytes: {twice / once:.1f} × the time)"


def _seconds(pattern: bytes, size: int) -> float:
    stream = (pattern * (size // len(pattern) + 1))[:size]
    decoder, start = Decoder(), time.perf_counter()
    for at in range(0, size, 8192):
        decoder.feed(stream[at : at + 8192])
    return time.perf_counter() - start


def _frame(objects: list[InformationObject]) -> Frame:
    return Frame(
        sequence=1,
        version=(1, 1),
        time=time_raw(NOW, TimeForm.BINARY),
        source=bytes(6),
        destination=bytes(6),
        command=2,
        data=encode_unit(objects, STANDARD),
    )


def _component(point: int) -> ComponentState:
    address = (1).to_bytes(2, "little") + point.to_bytes(2, "little")
    return ComponentState(1, 1, 42, address, 2, text_bytes("一层走廊烟感", 31), _stamp())


def _analog(point: int) -> AnalogValue:
    return AnalogValue(1, 1, 92, (1).to_bytes(2, "little") + point.to_bytes(2, "little"), 5, 4805, _stamp())


def _stamp() -> Stamp:
    return Stamp(time_raw(NOW, TimeForm.BINARY))
