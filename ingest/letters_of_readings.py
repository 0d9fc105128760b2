"""Readings that a store refused, as letters and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from domain.batch import ReadingBatch
from domain.points import PointTable
from ingest.dead_letters import DeadLetter, LetterKind
from ingest.store import Refused


def letter_of(refused: Refused, rows: ReadingBatch) -> DeadLetter:
    """Return the letter of a refused reading of ``rows``."""
    at = refused.row
    value = float(rows.value[at])
    reading = {
        "point": rows.table[int(rows.point[at])].key,
        "time_ns": int(rows.time_ns[at]),
        "value": value if math.isfinite(value) else None,
        "quality": int(rows.quality[at]),
        "text": rows.text.get(at),
    }
    return DeadLetter(
        kind=LetterKind.REFUSED_BY_STORE, reason=refused.reason, evidence=refused.evidence, reading=reading
    )


def rows_of(readings: Sequence[Mapping[str, Any]], table: PointTable) -> tuple[ReadingBatch, list[int]]:
    """Return the readings of letters as a batch, and which of them those are: some may be of no point that we know.

    The file is ours, but people have editors: what is no reading is passed over as well.
    """
    columns: list[tuple[int, int, float, int]] = []
    taken: list[int] = []
    text: dict[int, str] = {}
    for at, reading in enumerate(readings):
        try:
            point = table.get(str(reading["point"]))
            value = math.nan if reading["value"] is None else float(reading["value"])
            time_ns, quality = int(reading["time_ns"]), int(reading["quality"])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if point is None or not 0 <= quality < 1 << 16 or not 0 <= time_ns < 1 << 63:
            continue
        if isinstance(reading.get("text"), str):
            text[len(columns)] = reading["text"]
        columns.append((time_ns, point, value, quality))
        taken.append(at)
    if not columns:
        return ReadingBatch.empty(table), []
    times, points, values, qualities = zip(*columns, strict=True)
    return ReadingBatch.build(table, times, points, values, qualities, text=text), taken
