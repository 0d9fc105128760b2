"""What a connector is: something that reads devices into a sink, and can say how it fares.

A connector raises `LinkError` out of `run` when its line, socket or broker goes away; the supervisor
calls `run` again after a back-off. Everything else that devices do wrong is a reading's quality or a
dead letter, never an exception. Cancelling `run` stops it; it must not swallow the cancellation.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from domain.batch import ReadingBatch
from domain.clock import Clock
from domain.documents import Path
from domain.points import Point, PointTable
from domain.site import Connection, Device, Transmitter
from domain.site.labels import Settings
from gateway.connectors.tap import Tap
from gateway.connectors.trips import UnitHealth

MOST_RAW_BYTES = 1024
"""How much of an offending message a dead letter keeps: enough to see what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that no reading could be made of, with the reason and the head of its bytes."""

    time_ns: int
    connection: str
    reason: str
    detail: str
    raw: bytes = b""


class Sink(Protocol):
    """Where a connector puts what it read."""

    async def emit(self, batch: ReadingBatch, *, names: Sequence[bytes] = ()) -> None:
        """Take readings; returns only after they are safe on disk, so that an ack may follow.

        ``names`` are those of the messages they came from, at most 32 bytes each: committed together with
        the readings, so that a second copy of a message is known as one, after a restart too.
        """

    async def dead_letter(self, letter: DeadLetter, *, names: Sequence[bytes] = ()) -> None:
        """Take a message that could not be used; returns only after it is safe on disk, its names with it."""


class Hosting(Protocol):
    """The nodes that a connector speaks for; a node is named ``unit/id``, as in `Registry.gateways`.

    Calls return at once; what must be said to the log about them is said in the background.
    """

    @property
    def table(self) -> PointTable:
        """The points of the whole gateway process as they are known now: build batches over this one."""

    def learn(self, points: Sequence[Point]) -> None:
        """Add points that were found: in ``table`` at once, on disk with the next emit, born before their data.

        Points that are known already are left out, and so are those of devices that are neither the gateway's own
        nor hosted here.
        """

    def is_taken(self, name: bytes) -> bool:
        """Tell whether a message of this name was committed, now or before a restart (newest 200,000 names)."""

    def last_ns(self, point: int) -> int:
        """Return the time of the newest reading of a point, 0 for none; of events and states it survives a restart."""

    def last_value(self, point: int) -> float:
        """Return the value of that reading, NaN for none."""

    def up(self, node: str) -> None:
        """Say that a node's link is up: it is born, with a new bdSeq."""

    def down(self, node: str) -> None:
        """Say that a node's link is away: NDEATH."""

    def heard(self, node: str) -> None:
        """Say that a node gave a sign of life: NDATA, at most every 60 s for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a connection fares. Counts are since the process started; ``lost`` are device ids.

    ``figures`` are numbers of the connector's own for the status document: ``{"up": 199, "strangers": 1}``.
    ``units`` are those of a line that is polled; ``in_flight`` how many of them it serves at once.
    """

    ok: bool
    polls: int = 0
    missed: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    figures: Mapping[str, float] = field(default_factory=dict)
    units: tuple[UnitHealth, ...] = ()
    in_flight: int = 1


class Connector(Protocol):
    """One owner of one connection; nothing wider than this."""

    async def run(self, sink: Sink) -> None:
        """Read until cancelled; raises LinkError when the link is away."""

    def health(self) -> Health:
        """Return the state now, without waiting."""


@runtime_checkable
class Commanded(Protocol):
    """A connector that people may ask for something, by ``svc.gateway.<unit>.<gateway>``."""

    async def command(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what ``request["command"]`` names and return its data.

        Raises RefusedError when it can't be done, ValueError for a request that makes no sense.
        """


@runtime_checkable
class Spelling(Protocol):
    """A connector that can say in words what a frame of its line is."""

    def spell(self, raw: bytes, peer: str, *, out: bool) -> tuple[str, str]:
        """Return it in Chinese and English; of whatever bytes, and never raises. ``peer`` is as the tap has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Everything a connector is built from. ``table`` holds the points of the whole gateway at start.

    ``state_dir`` is the process's own folder; ``timezone`` the site's (IANA name), which devices that send
    local time keep. ``hosting`` and ``transmitters`` are set for a connection that hosts nodes;
    ``hosted_devices`` are the devices of those nodes, themselves among them. ``tap`` takes the frames that pass, while
    somebody looks.
    """

    unit: str
    gateway: str
    connection: Connection
    devices: tuple[Device, ...]
    table: PointTable
    clock: Clock
    hosting: Hosting | None = None
    state_dir: pathlib.Path | None = None
    transmitters: tuple[Transmitter, ...] = ()
    hosted_devices: tuple[Device, ...] = ()
    timezone: str = "Asia/Shanghai"
    tap: Tap = field(default_factory=Tap)


class ReadSettings(Settings):
    """Base of every protocol's ``read``: what a point's value is measured in before conversion."""

    def symbols(self) -> tuple[str, ...]:
        """Return the quantity symbols that raw values may have; none means the point's own."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a protocol finds wrong, at a path within the part of the document it was given."""

    path: Path
    message: str
    mend: str
