"""From messages of TELEMETRY and BACKFILL to readings: pure, and never raising.

Of TELEMETRY the whole stream is taken, ticks, births and deaths too: they hold nothing to store, but
a consumer that leaves them out would end with a gap in its sequences every second (see
`ingest.applied`). Readings of points that the registry does not know are counted; their message
stays in the stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from backbone.messages import LogMessage
from backbone.sparkplug import decode_batch
from backbone.subjects import parse
from domain.batch import ReadingBatch
from domain.errors import WireError
from domain.points import PointTable
from domain.quality import BAD, Reason, good_mask, pack
from ingest.dead_letters import DeadLetter, LetterKind
from ingest.store import Mark

BAD_VALUE = pack(BAD, Reason.BAD_VALUE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """One message: its place, what it held, and the letter when it was poison."""

    message: LogMessage
    stream: str
    batch: ReadingBatch | None = None
    unknown_points: int = 0
    letter: DeadLetter | None = None

    @property
    def is_device_data(self) -> bool:
        """Tell whether it had, or should have had, readings."""
        return self.batch is not None or self.letter is not None

    @property
    def mark(self) -> Mark:
        """Where it stands in its stream."""
        return Mark(self.message.seq, self.message.time_ns)


@dataclass(slots=True)
class Pile:
    """Messages that are stored together."""

    items: list[Decoded] = field(default_factory=list)
    readings: int = 0

    def add(self, item: Decoded) -> None:
        """Put one more on it."""
        self.items.append(item)
        self.readings += len(item.batch) if item.batch is not None else 0


def decode(stream: str, message: LogMessage, table: PointTable) -> Decoded:
    """Take one message apart."""
    try:
        source = source_of(message.subject)
    except WireError as error:
        return Decoded(message, stream, letter=_letter(LetterKind.BAD_SUBJECT, stream, message, error))
    if source is None:
        return Decoded(message, stream)
    try:
        batch, unknown = decode_batch(message.data, table, *source)
    except WireError as error:
        return Decoded(message, stream, letter=_letter(LetterKind.BAD_PAYLOAD, stream, message, error))
    return Decoded(message, stream, numbers_or_reasons(batch), unknown)


def source_of(subject: str) -> tuple[str, str] | None:
    """Return ``(unit, gateway)`` of a message with readings, None for others; raises WireError for foreign ones."""
    head, *rest = subject.split(".")
    if head == "backfill" and len(rest) == 3:
        return rest[0], rest[1]
    if head == "tick":
        return None
    found = parse(subject)
    return (found.unit, found.gateway) if found.type == "DDATA" else None


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
