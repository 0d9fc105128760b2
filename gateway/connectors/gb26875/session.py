"""What is kept of one registered transmitter: its line, its way of speaking, its counts, its newest frames.

Ten thousand of these live in a process, most of them idle: everything that an idle one can do without
is made when it is first needed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from domain.site import Transmitter
from gateway.connectors.gb26875.detection import Evidence
from gateway.connectors.gb26875.limits import Cut
from gateway.connectors.gb26875.mapping import Mapper
from gateway.connectors.gb26875.objects import Unit
from gateway.connectors.gb26875.profile import DeviceProfile
from gateway.connectors.gb26875.protocol import Frame

MOST_KEPT, MOST_KEPT_BYTES = 32, 2048
"""Newest frames of a transmitter that people can look at; assumption: both directions of some minutes."""

FRAMES_THAT_DECIDE = 20
"""Frames after which the detection of a device's profile has settled; assumption."""


class Line(Protocol):
    """A way to a peer: a TCP connection, or the address that datagrams come from.

    ``opened`` is its number in order of opening. ``sessions`` are the transmitters that speak on it: one, or
    those behind a relay.
    """

    ip: str
    port: int
    opened: int
    sessions: set[Session]

    @property
    def is_open(self) -> bool:
        """Tell whether something can be sent."""

    def send(self, raw: bytes) -> None:
        """Send a frame; does nothing on a line that has gone."""

    def cut(self, reason: Cut) -> None:
        """End it, and count why."""

    def recognised(self) -> None:
        """Note that a registered transmitter has spoken on it."""


@dataclass(slots=True, eq=False)
class Waiting:
    """An uploaded frame on its way to the disk. ``name`` is empty where it needs none (a heartbeat)."""

    session: Session
    line: Line
    frame: Frame
    unit: Unit
    received_ns: int
    received_s: float
    name: bytes
    lasting: bool
    """Whether its name is committed with it; that of a frame without a believable time tag holds for a minute."""
    confirm: bool
    may_answer: bool
    """Whether it came by a line from which an answer to a roll-call counts."""
    fire: bool
    answers: bool
    """Whether it answers a roll-call."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command under way, on the line that it went out on; None where there was none to send it on."""

    line: Line | None
    answer: asyncio.Future[Frame]


@dataclass(frozen=True, slots=True)
class Kept:
    """A frame as it passed; ``out`` says that we sent it."""

    time_ns: int
    out: bool
    raw: bytes


@dataclass(slots=True, eq=False)
class Session:
    """One registered transmitter; times ``_s`` are the loop's.

    - ``source``, ``centre``, ``user_version``: its address, ours and its version, as its last frame had them.
    - ``since_ns``: when ``is_up`` became what it is. ``lost_s``: when ``line`` went, 0 while there is one.
    - ``inspect_s``, ``clock_due_s``: not before then is it inspected, is its clock set.
    - ``overrun``: frames that were not taken because too many waited; ``settling``: frames of ``evidence``.
    - ``asked``: our commands under way, by number; ``called``: the line that the newest roll-call went out on.
    - ``line`` holds it, and ``line_s`` is when its address spoke there last; ``rivals`` are lines of other IP
      addresses that use its address too, ``conflicts`` how many came, ``conflict_told_s`` when one was told.
    """

    registered: Transmitter
    profile: DeviceProfile
    evidence: Evidence | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    mapper: Mapper | None = None
    centre: bytes = bytes(6)
    source: bytes = b""
    user_version: int = 0
    line: Line | None = None
    is_up: bool = False
    since_ns: int = 0
    last_ns: int = 0
    heard_s: float = 0.0
    lost_s: float = 0.0
    inspect_s: float = 0.0
    clock_due_s: float = 0.0
    clock_error_s: float | None = None
    inspection: str = ""
    inspected_ns: int = 0
    sequence: int = 0
    frames: int = 0
    refused: int = 0
    duplicates: int = 0
    unexpected: int = 0
    overrun: int = 0
    settling: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    line_s: float = 0.0
    rivals: tuple[Line, ...] = ()
    called: Line | None = None
    conflicts: int = 0
    conflict_told_s: float = 0.0
    asked: dict[int, Asked] = field(default_factory=dict)
    _kept: list[tuple[int, bool, bytes]] = field(default_factory=list)
    """What `Kept` is made of: of 10,000 transmitters these are many, and plain tuples cost the least."""
    _kept_bytes: int = 0
    key: str = field(init=False)
    """``unit/id``: the node, and the device that stands for the transmitter itself."""

    def __post_init__(self) -> None:
        """Make the key once: each frame asks for it."""
        self.key = self.registered.key

    def next_sequence(self) -> int:
        """Return the number of our next command: from 0, by 1 (GB/T 26875.3-2011, business sequence number)."""
        number, self.sequence = self.sequence, (self.sequence + 1) & 0xFFFF
        return number

    def keep(self, time_ns: int, raw: bytes, *, out: bool) -> None:
        """Remember a frame that passed; the oldest go."""
        self._kept.append((time_ns, out, raw))
        self._kept_bytes += len(raw)
        while len(self._kept) > MOST_KEPT or self._kept_bytes > MOST_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.pop(0)[2])

    def kept(self, most: int) -> list[Kept]:
        """Return the newest frames, oldest first."""
        return [Kept(*one) for one in self._kept[-most:]] if most > 0 else []

    def learn_profile(self, frame: Frame) -> None:
        """Let a frame decide how the device speaks, where the site leaves it to the frames."""
        if self.evidence is None or self.settling >= FRAMES_THAT_DECIDE:
            return
        self.settling += 1
        self.evidence.add(frame)
        profile, reasons = self.evidence.verdict()
        self.reasons = tuple(reasons)
        if profile is not self.profile:
            self.profile, self.mapper = profile, None
        if self.settling == FRAMES_THAT_DECIDE:
            self.evidence = None

    @property
    def is_settled(self) -> bool:
        """Tell whether it is known how the device writes times: what is sent to it depends on that."""
        return self.evidence is None
