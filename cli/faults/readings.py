"""What the log and a spool file hold, as an outsider counts it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbone.client import Backbone
from backbone.layout import BACKFILL, TELEMETRY
from backbone.sparkplug import decode_batch
from backbone.subjects import parse
from domain.errors import WireError
from domain.points import PointTable
from domain.quality import Reason, good_mask, reason_of


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one point in order of their time, shape (readings,) each."""

    time_s: NDArray[np.float64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]

    @property
    def good(self) -> Series:
        """Those that are usable as a value."""
        kept = good_mask(self.quality)
        return Series(self.time_s[kept], self.value[kept], self.quality[kept])

    @property
    def reasons(self) -> Counter[Reason]:
        """How often each reason stands there."""
        return Counter(reason_of(int(one)) for one in self.quality)

    def __len__(self) -> int:
        """Count them."""
        return len(self.time_s)


@dataclass(frozen=True, slots=True)
class Message:
    """A data message as it stands in the log: its stream, its id, and how many readings it has."""

    stream: str
    id: str
    readings: int


@dataclass(slots=True)
class Readings:
    """All readings that the log has of some points, in its order, live and then backfill; shape (readings,) each.

    ``history``: how many came by backfill, at the end of the columns; ``messages``: what they came in.
    """

    table: PointTable
    point: NDArray[np.int32]
    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint16]
    history: int
    messages: list[Message] = field(default_factory=list)

    def __len__(self) -> int:
        """Count them, copies as well."""
        return len(self.point)

    @property
    def distinct(self) -> int:
        """How many different (point, time) there are."""
        return len(self._keys())

    @property
    def copies(self) -> int:
        """How many stand there in vain."""
        return len(self) - self.distinct

    @property
    def delivered(self) -> int:
        """How many readings were delivered, a message that was sent again by its id not counted again."""
        return sum({message.id: message.readings for message in self.messages}.values())

    def rows_of(self, key: str) -> NDArray[np.intp]:
        """Return where a point's readings stand, by ``device/point``."""
        at = next(at for at, point in enumerate(self.table) if point.key.partition("/")[2] == key)
        return np.flatnonzero(self.point == at)

    def of(self, key: str) -> Series:
        """Return a point's readings by ``device/point``, each time once."""
        chosen = self.rows_of(key)
        _, first = np.unique(self.time_ns[chosen], return_index=True)
        rows = chosen[first]
        return Series(self.time_ns[rows] / 1e9, self.value[rows], self.quality[rows])

    def _keys(self) -> NDArray[np.int64]:
        return np.unique(np.stack((self.point.astype(np.int64), self.time_ns)), axis=1).T


async def readings(backbone: Backbone, table: PointTable, unit: str, gateway: str) -> Readings:
    """Read what the log has of a gateway's points; raises WireError for a metric that no birth names."""
    columns: list[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint16]]] = []
    history, messages = 0, list[Message]()
    async for stream, data, name in _messages(backbone, unit, gateway):
        batch, unknown = decode_batch(data, table, unit, gateway)
        if unknown:
            raise WireError(f"{unknown} metrics of {name} in {stream} are in no birth", data)
        columns.append((batch.point, batch.time_ns, batch.value, batch.quality))
        history += len(batch) if stream == BACKFILL else 0
        messages.append(Message(stream, name, len(batch)))
    if not columns:
        columns.append((np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint16)))
    point, time_ns, value, quality = (np.concatenate(column) for column in zip(*columns, strict=True))
    return Readings(table, point, time_ns, value, quality, history, messages)


async def _messages(backbone: Backbone, unit: str, gateway: str) -> AsyncIterator[tuple[str, bytes, str]]:
    """Yield stream, payload and message id of each data message of a gateway."""
    for stream, subject in ((TELEMETRY, f"tel.*.{unit}.DDATA.{gateway}.*"), (BACKFILL, f"backfill.{unit}.{gateway}.*")):
        for message in await backbone.messages(stream, subjects=[subject]):
            yield stream, message.data, message.message_id or ""


async def kinds(backbone: Backbone, unit: str, gateway: str) -> Counter[tuple[str, str]]:
    """Return how often each message type stands in the log for each device; node messages for the device ""."""
    found: Counter[tuple[str, str]] = Counter()
    for message in await backbone.messages(TELEMETRY):
        if not message.subject.startswith("tick."):
            subject = parse(message.subject)
            if (subject.unit, subject.gateway) == (unit, gateway):
                found[subject.type, subject.device or ""] += 1
    return found


@dataclass(frozen=True, slots=True)
class SpoolCounts:
    """A spool file of a gateway that does not run, read without our own code: counters for ever, and what waits."""

    counters: Counter[str]
    waiting: int

    @property
    def produced(self) -> int:
        """Readings that connectors made and that were committed."""
        return self.counters["produced"]

    @property
    def published(self) -> int:
        """Readings that the log acknowledged."""
        return self.counters["published"]

    @property
    def dropped(self) -> int:
        """Readings that were given up, and reported as such."""
        return sum(count for name, count in self.counters.items() if name.startswith("dropped."))


def spool_counts(path: Path) -> SpoolCounts:
    """Count a spool file's rows."""
    database = sqlite3.connect(path)
    try:
        counters = Counter(dict(database.execute("SELECT name, value FROM counters")))
        waiting = database.execute("SELECT coalesce(sum(readings), 0) FROM batches").fetchone()[0]
    finally:
        database.close()
    return SpoolCounts(counters, waiting)
