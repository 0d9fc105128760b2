"""From messages of TELEMETRY and BACKFILL to readings: pure, and never raising.

Of TELEMETRY the whole stream is taken, ticks, births and deaths too: they hold nothing to store, but
a consumer that leaves them out would end with a gap in its sequences every second (see
`ingest.applied`). Messages are taken apart by the hundred: those of transmitters are small, and one pass over
all of them costs less than a pass over each. Readings of points that nobody told of are counted; their
message stays in the stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backbone.messages import LogMessage
from backbone.sparkplug import decode_batch
from backbone.sparkplug.many import decode_many
from backbone.subjects import TelemetrySubject, parse
from domain.batch import ReadingBatch, concat
from domain.errors import WireError
from domain.points import PointTable
from domain.quality import BAD, Reason, good_mask, pack
from ingest.dead_letters import DeadLetter, LetterKind
from ingest.store import Mark

BAD_VALUE = pack(BAD, Reason.BAD_VALUE)
SUBJECTS_KEPT = 1 << 16
"""Subjects that are not taken apart again: devices of a large site, with room."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One message: its place, what it held, and the letter when it was poison.

    ``source`` is whose readings it has, None for messages that have none.
    """

    message: LogMessage
    stream: str
    source: TelemetrySubject | None = None
    unknown_points: int = 0
    letter: DeadLetter | None = None

    @property
    def is_device_data(self) -> bool:
        """Tell whether it had, or should have had, readings."""
        return self.source is not None or self.letter is not None

    @property
    def mark(self) -> Mark:
        """Where it stands in its stream."""
        return Mark(self.message.seq, self.message.time_ns)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages that were taken apart together: ``owner`` says which of ``items`` a row came in, shape (n,)."""

    items: list[Decoded]
    rows: ReadingBatch
    owner: NDArray[np.intp]

    @property
    def device_messages(self) -> int:
        """Number of messages that had, or should have had, readings."""
        return sum(item.is_device_data for item in self.items)

    def rows_of(self, wanted: NDArray[np.bool_]) -> ReadingBatch:
        """Return the rows of the items that are wanted, shape (items,), in order."""
        mask = wanted[self.owner]
        return self.rows if mask.all() else self.rows.take(mask)


def decode(stream: str, messages: Sequence[LogMessage], table: PointTable) -> Chunk:
    """Take messages of one stream apart."""
    items = [_placed(stream, message) for message in messages]
    data = [at for at, item in enumerate(items) if item.source is not None]
    many = decode_many([items[at].message.data for at in data])
    parts: list[tuple[int, ReadingBatch]] = []
    for number in many.odd:
        at = data[number]
        items[at], batch = _odd(items[at], table)
        parts.append((at, batch))
    owner = np.array(data, np.intp)[many.owner] if data else many.owner
    point = _points(items, owner.tolist(), many.alias.tolist(), table)
    known = point >= 0
    for at in owner[~known].tolist():
        items[at] = replace(items[at], unknown_points=items[at].unknown_points + 1)
    owner = owner[known]
    rows = ReadingBatch.build(table, many.time_ns[known], point[known], many.value[known], many.quality[known])
    return _joined(items, rows, owner, parts)


def _placed(stream: str, message: LogMessage) -> Decoded:
    try:
        return Decoded(message, stream, source_of(message.subject))
    except WireError as error:
        return Decoded(message, stream, letter=_letter(LetterKind.BAD_SUBJECT, stream, message, error))


def _odd(item: Decoded, table: PointTable) -> tuple[Decoded, ReadingBatch]:
    """Take one message apart that is not everyday."""
    assert item.source is not None  # noqa: S101  # only data messages come here
    try:
        batch, unknown = decode_batch(item.message.data, table, item.source.unit, item.source.gateway)
    except WireError as error:
        letter = _letter(LetterKind.BAD_PAYLOAD, item.stream, item.message, error)
        return replace(item, source=None, letter=letter), ReadingBatch.empty(table)
    return replace(item, unknown_points=unknown), batch


def _points(items: Sequence[Decoded], owner: list[int], alias: list[int], table: PointTable) -> NDArray[np.int64]:
    """Return the point of each row, -1 where the table has none."""
    found = np.empty(len(owner), np.int64)
    for row, (at, wire) in enumerate(zip(owner, alias, strict=True)):
        source = items[at].source
        point = None if source is None else table.by_alias(source.unit, source.gateway, wire)
        found[row] = -1 if point is None else point
    return found


def _joined(
    items: list[Decoded], rows: ReadingBatch, owner: NDArray[np.intp], parts: Sequence[tuple[int, ReadingBatch]]
) -> Chunk:
    """Put the rows of odd messages between the others, in the order of the messages."""
    if parts:
        owners = [owner, *(np.full(len(batch), at, np.intp) for at, batch in parts)]
        owner = np.concatenate(owners)
        order = np.argsort(owner, kind="stable")
        owner, rows = owner[order], concat([rows, *(batch for _, batch in parts)]).take(order)
    return Chunk(items, numbers_or_reasons(rows), owner)


@lru_cache(maxsize=SUBJECTS_KEPT)
def source_of(subject: str) -> TelemetrySubject | None:
    """Return whose readings a message has, None for others; raises WireError for foreign ones."""
    head, *rest = subject.split(".")
    if head == "backfill" and len(rest) == 3:
        return TelemetrySubject(rest[0], "DDATA", rest[1], rest[2])
    if head == "tick":
        return None
    found = parse(subject)
    return found if found.type == "DDATA" else None


def numbers_or_reasons(batch: ReadingBatch) -> ReadingBatch:
    """Return the batch with every value a finite number, or NaN with a quality that says why.

    A foreign edge may call "not a number" good, or send infinity; neither is a measured value.
    """
    strange = ~np.isfinite(batch.value) & (good_mask(batch.quality) | np.isinf(batch.value))
    if not strange.any():
        return batch
    quality = np.where(strange & good_mask(batch.quality), np.uint16(BAD_VALUE), batch.quality)
    value = np.where(strange, np.nan, batch.value)
    return ReadingBatch(batch.table, batch.time_ns, batch.point, value, quality, batch.text)


def _letter(kind: LetterKind, stream: str, message: LogMessage, error: WireError) -> DeadLetter:
    return DeadLetter(
        kind=kind,
        reason=error.reason,
        evidence=message.data[:256].hex(),
        stream=stream,
        seq=message.seq,
        received_ns=message.time_ns,
        subject=message.subject[:256],
    )
