"""What a connector is: something that reads devices into a sink, and can say how it fares.

A connector raises `LinkError` out of `run` when its line, socket or broker goes away; the supervisor
calls `run` again after a back-off. Everything else that devices do wrong is a reading's quality or a
dead letter, never an exception. Cancelling `run` stops it; it must not swallow the cancellation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.batch import ReadingBatch
from domain.clock import Clock
from domain.documents import Path
from domain.points import PointTable
from domain.site import Connection, Device
from domain.site.labels import Settings

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

    async def emit(self, batch: ReadingBatch) -> None:
        """Take readings; returns only after they are safe on disk, so that an ack may follow."""

    async def dead_letter(self, letter: DeadLetter) -> None:
        """Take a message that could not be used; returns only after it is safe on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a connection fares. Counts are since the process started; ``lost`` are device ids."""

    ok: bool
    polls: int = 0
    missed: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()


class Connector(Protocol):
    """One owner of one connection; nothing wider than this."""

    async def run(self, sink: Sink) -> None:
        """Read until cancelled; raises LinkError when the link is away."""

    def health(self) -> Health:
        """Return the state now, without waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Everything a connector is built from. ``table`` holds the points of the whole gateway."""

    unit: str
    gateway: str
    connection: Connection
    devices: tuple[Device, ...]
    table: PointTable
    clock: Clock


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
