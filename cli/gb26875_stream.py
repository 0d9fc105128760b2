"""A recorded stream taken apart: every frame and every refusal with the place where it stands, and its profile.

A recording holds both halves of a conversation, often of several devices. A frame is read by the profile
of the device that sent it or, when the centre sent it, of the device it is meant for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.connectors.gb26875.detection import Evidence, Reason
from gateway.connectors.gb26875.profile import DeviceProfile
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import MOST_DATA, Command, Decoder, Frame, FrameError, Received, Rejected

Event = Received | Rejected

_OF_CENTRE = frozenset({Command.CONTROL, Command.CONFIRM, Command.REQUEST, Command.DENY})
"""Commands that mostly a centre sends; a device confirms a control too, which proves nothing about it."""

_WHOLE = frozenset({FrameError.LENGTH, FrameError.OVERSIZE, FrameError.END, FrameError.CHECKSUM, FrameError.HALF})
"""Refusals after which the search goes on one byte further: a good frame may begin inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A frame or a refusal. ``offset`` is that of its first byte in the stream."""

    event: Event
    offset: int


def take_apart(data: bytes, most_data: int = MOST_DATA) -> list[Found]:
    """Return all that a stream holds, in order; what it breaks off in is a refusal too."""
    decoder = Decoder(most_data)
    events = decoder.feed(data)
    broken_off = b""
    while decoder.pending:
        half = decoder.drop_half()
        if half is not None and not (half.error is FrameError.HALF and broken_off.endswith(half.raw)):
            events.append(half)
            broken_off = half.raw if half.error is FrameError.HALF else broken_off
        events += decoder.feed(b"")
    return list(_placed(events, data))


def _placed(events: Sequence[Event], data: bytes) -> list[Found]:
    """Find where each event begins: the decoder tells them in the order of the stream."""
    found, floor = [], 0
    for event in events:
        at = data.find(event.raw, floor)
        offset = at if at >= 0 else floor
        found.append(Found(event=event, offset=offset))
        if isinstance(event, Received):
            floor = offset + len(event.raw)
        else:
            floor = offset + (1 if event.error in _WHOLE else event.size)
    return found


@dataclass(slots=True)
class Profiles:
    """Which profile reads a frame: the one that was asked for, or what each device's own frames prove."""

    chosen: DeviceProfile | None = None
    """None: decided by the frames."""
    evidence: dict[bytes, Evidence] = field(default_factory=dict)

    def add(self, frame: Frame) -> None:
        """Take a frame as evidence about the device that sent it; frames of a centre prove nothing."""
        if frame.command not in _OF_CENTRE:
            self.evidence.setdefault(frame.source, Evidence()).add(frame)

    def of(self, frame: Frame) -> DeviceProfile:
        """Return the profile to read a frame by."""
        if self.chosen is not None:
            return self.chosen
        evidence = self.evidence.get(frame.source) or self.evidence.get(frame.destination)
        return evidence.verdict()[0] if evidence else STANDARD

    def of_event(self, event: Event) -> DeviceProfile:
        """Return the profile to read an event by; without a frame the chosen one, or the standard."""
        return self.of(event.frame) if event.frame is not None else self.chosen or STANDARD

    def verdicts(self) -> dict[bytes, tuple[DeviceProfile, list[Reason]]]:
        """Return what is proven about each device, by its raw address."""
        return {source: evidence.verdict() for source, evidence in self.evidence.items()}
