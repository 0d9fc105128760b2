r"""InfluxDB line protocol from columns: pure, no sockets.

``measurement,tag=value,… field=value,… time``: measurement = device kind; tags ``unit``, ``gateway``,
``device``, ``zone``, ``building``; fields of a reading of point ``p``:

| field | type | written |
|---|---|---|
| ``p`` | float | when the reading has a finite value |
| ``p.quality`` | integer | when the quality is not good (the historical flag alone does not count) |
| ``p.text`` | string | when words came with it |

Ids are tokens without dots, so these names never meet. Readings of one device and one time that
follow each other share a line. A line needs a field: a reading without value whose quality claims to
be good is written with quality 0 (bad).

Escapes, as InfluxDB 1 and 2 read them: comma and space in measurements; comma, equals and space in
tags and field keys; quote and backslash in strings. Two things can't be escaped (1.6.7 reads tags and
fields by different rules): a line feed, which becomes a space, and a backslash that ends a name or
stands before a character that is escaped, which becomes ``/``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.batch import ReadingBatch
from domain.quality import BAD, GOOD, HISTORICAL

_NAME = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})
_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})
_TO_BLANK = str.maketrans({"\n": " ", "\r": " ", "\t": " "})
_AMBIGUOUS = re.compile(r"\\(?=[,= ]|\Z)")


@dataclass(frozen=True, slots=True)
class PointNames:
    """What stands before a point's values, escaped: ``measurement,tags`` and the field's key."""

    series: str
    field: str


def point_names(measurement: str, tags: Mapping[str, str], point: str) -> PointNames:
    """Escape the names of one point; tags without value are left out, the others sorted by key."""
    pairs = [f",{_name(key)}={_name(value)}" for key, value in sorted(tags.items()) if value]
    return PointNames(_plain(measurement).translate(_MEASUREMENT) + "".join(pairs), _name(point))


@dataclass(frozen=True, slots=True)
class Lines:
    """Encoded lines without line feeds; readings ``first_row[i]`` up to ``first_row[i + 1]`` are in line i."""

    lines: list[bytes]
    first_row: list[int]


def encode(rows: ReadingBatch, names: Sequence[PointNames]) -> Lines:
    """Return n readings as lines; ``names`` is by point index."""
    lines: list[bytes] = []
    first_row: list[int] = []
    fields: list[str] = []
    open_series, open_time = "", 0
    columns = (rows.point.tolist(), rows.time_ns.tolist(), rows.value.tolist(), rows.quality.tolist())
    for row, (point, time_ns, value, quality) in enumerate(zip(*columns, strict=True)):
        name = names[point]
        if time_ns != open_time or name.series != open_series or not row:
            if fields:
                lines.append(f"{open_series} {','.join(fields)} {open_time}".encode())
            fields = []
            first_row.append(row)
            open_series, open_time = name.series, time_ns
        if quality == GOOD and math.isfinite(value) and not rows.text:
            fields.append(f"{name.field}={value!r}")
        else:
            fields += _unusual(name.field, value, quality, rows.text.get(row))
    if fields:
        lines.append(f"{open_series} {','.join(fields)} {open_time}".encode())
    first_row.append(len(rows))
    return Lines(lines, first_row)


def _unusual(field: str, value: float, quality: int, text: str | None) -> list[str]:
    """Return the fields of a reading that is not good, has no value, or came with words."""
    found = [f"{field}={value!r}"] if math.isfinite(value) else []
    if quality & ~HISTORICAL != GOOD:
        found.append(f"{field}.quality={quality}i")
    elif not found:
        found.append(f"{field}.quality={BAD}i")
    if text is not None:
        found.append(f'{field}.text="{text.translate(_TO_BLANK).translate(_STRING)}"')
    return found


def _plain(text: str) -> str:
    """Make a name that can be escaped."""
    return _AMBIGUOUS.sub("/", text.translate(_TO_BLANK))


def _name(text: str) -> str:
    return _plain(text).translate(_NAME)
