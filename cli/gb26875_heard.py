"""What was heard while listening: each frame with its moment, and a record of every address that spoke."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cli.gb26875_stream import Event, Profiles
from domain.clock import NS_PER_S
from gateway.connectors.gb26875.detection import Reason
from gateway.connectors.gb26875.objects import decode_unit
from gateway.connectors.gb26875.profile import DeviceProfile, address_text, time_of
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Frame, Received

MOST_SPEAKERS = 1000
"""Addresses that are remembered (assumption): a peer that makes addresses up must not fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A frame or a refusal on a line; ``out`` when we sent it."""

    time_ns: int
    peer: str
    event: Event
    out: bool = False


@dataclass(slots=True, kw_only=True)
class Speaker:
    """One source address, and what it said."""

    source: bytes
    peers: set[str] = field(default_factory=set)
    frames: int = 0
    types: Counter[str] = field(default_factory=Counter)
    clock_error_s: float | None = None


@dataclass(slots=True)
class Record:
    """Everything heard, by address; refusals by IP address, because bytes that are no frame name nobody."""

    profiles: Profiles
    speakers: dict[bytes, Speaker] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    """IP addresses that connected and never sent a good frame."""
    frames: int = 0

    def take(self, heard: Heard) -> None:
        """Count what a device sent; our own answers are not counted."""
        if heard.out:
            return
        if not isinstance(heard.event, Received):
            self.refused[heard.peer.rpartition(":")[0] or heard.peer] += 1
            return
        frame = heard.event.frame
        self.frames += 1
        speaker = self.speakers.get(frame.source)
        if speaker is None:
            if len(self.speakers) >= MOST_SPEAKERS:
                return
            speaker = self.speakers[frame.source] = Speaker(source=frame.source)
        self.profiles.add(frame)
        profile = self.profiles.of(frame)
        speaker.peers.add(heard.peer)
        speaker.frames += 1
        speaker.types[_type_of(frame, profile)] += 1
        told = time_of(frame.time, profile)
        speaker.clock_error_s = None if told is None else (told - local_now(heard.time_ns)).total_seconds()

    def verdicts(self) -> Iterator[tuple[Speaker, str, DeviceProfile, list[Reason]]]:
        """Yield each speaker with its address as its profile writes it, that profile, and why it was taken."""
        proven = self.profiles.verdicts()
        for source, speaker in self.speakers.items():
            detected, reasons = proven.get(source, (STANDARD, []))
            profile = self.profiles.chosen or detected
            yield speaker, address_text(source, profile), profile, reasons


def local_now(time_ns: int) -> datetime:
    """Return this machine's local time without a zone, as devices keep it."""
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone().replace(tzinfo=None)


def _type_of(frame: Frame, profile: DeviceProfile) -> str:
    """Return the type flag, or the command of a frame without one."""
    unit = decode_unit(frame, profile)
    return f"cmd{frame.command}" if unit.type is None else str(unit.type)
