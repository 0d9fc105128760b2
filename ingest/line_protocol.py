r"""InfluxDB line protocol from columns: pure, no sockets.

``measurement,tag=value,… field=value,… time``: measurement = device kind; tags ``unit``, ``gateway``,
``device``, ``zone``, ``building``; fields of a reading of point ``p``:

| field | type | written |
|---|---|---|
| ``p`` | float | when the reading has a finite value |
| ``p.quality`` | integer | when the quality is not good (the historical flag alone does not count) |
| ``p.text`` | string | when words came with it |

Ids are tokens without dots, so these names never meet. Readings of one device and one time that
follow each other share a line, as long as their points rise: none is in a line twice. A line needs a
field: a reading without value whose quality claims to be good is written with quality 0 (bad).

What repeats is prepared once (`Names`), numbers are written by the thousand, and everything is joined
once: a reading costs three look-ups and no call of its own unless something is unusual about it.

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
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from domain.batch import ReadingBatch
from domain.quality import BAD, GOOD, HISTORICAL

_NAME = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})
_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})
_TO_BLANK = str.maketrans({"\n": " ", "\r": " ", "\t": " "})
_AMBIGUOUS = re.compile(r"\\(?=[,= ]|\Z)")

_LINE_FEED = 10

Pieces = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class PointNames:
    """What stands before a point's values, escaped: ``measurement,tags`` and the field's key."""

    series: str
    field: str


def point_names(measurement: str, tags: Mapping[str, str], point: str) -> PointNames:
    """Escape the names of one point; tags without value are left out, the others sorted by key."""
    pairs = [f",{_name(key)}={_name(value)}" for key, value in sorted(tags.items()) if value]
    return PointNames(_plain(measurement).translate(_MEASUREMENT) + "".join(pairs), _name(point))


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The names of all points as columns, shape (points,): what stands before a value, ready to be joined.

    ``series`` numbers the series; ``first`` begins a line (``series field=``), ``next`` goes on (``,field=``);
    ``bare`` begins a line whose fields are written one by one (``series ``); ``field`` are the keys alone.
    ``numbers`` is by series; it only ever grows, so those that grew out of one another share it.
    """

    series: NDArray[np.int64]
    first: Pieces
    next: Pieces
    bare: Pieces
    field: tuple[str, ...]
    numbers: dict[str, int]

    @classmethod
    def of(cls, points: Sequence[PointNames], numbers: dict[str, int] | None = None) -> Self:
        """Prepare the names of points, in the order of their indexes."""
        numbers = {} if numbers is None else numbers
        series = [numbers.setdefault(name.series, len(numbers)) for name in points]
        return cls(
            np.array(series, np.int64),
            _pieces([f"{name.series} {name.field}=".encode() for name in points]),
            _pieces([f",{name.field}=".encode() for name in points]),
            _pieces([f"{name.series} ".encode() for name in points]),
            tuple(name.field for name in points),
            numbers,
        )

    def grown(self, points: Sequence[PointNames]) -> Names:
        """Return the names of these and of more points; what is known is not made again."""
        more = Names.of(points, self.numbers)
        return Names(
            np.concatenate([self.series, more.series]),
            np.concatenate([self.first, more.first]),
            np.concatenate([self.next, more.next]),
            np.concatenate([self.bare, more.bare]),
            self.field + more.field,
            self.numbers,
        )

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.field)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Encoded lines, each with its line feed.

    Line i is bytes ``first_byte[i]`` up to ``first_byte[i + 1]`` of ``body`` and holds readings ``first_row[i]``
    up to ``first_row[i + 1]``; both columns have shape (lines + 1,).
    """

    body: bytes
    first_byte: NDArray[np.int64]
    first_row: NDArray[np.int64]

    @classmethod
    def of(cls, lines: Sequence[bytes]) -> Self:
        """Take lines without line feeds that were made elsewhere, a reading each."""
        ends = np.cumsum([0, *(len(line) + 1 for line in lines)])
        return cls(b"".join(line + b"\n" for line in lines), ends, np.arange(len(lines) + 1))

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.first_byte) - 1

    def line(self, at: int) -> bytes:
        """Return one line, without its line feed."""
        return self.body[self.first_byte[at] : self.first_byte[at + 1] - 1]

    def lines(self) -> list[bytes]:
        """Return all lines, without line feeds."""
        return [self.line(at) for at in range(len(self))]

    def chosen(self, at: NDArray[np.int64]) -> bytes:
        """Return the lines at rising positions as one body, without the last line feed."""
        if len(at) and at[-1] - at[0] + 1 == len(at):
            return self.body[self.first_byte[at[0]] : self.first_byte[at[-1] + 1] - 1]
        return b"\n".join(map(self.line, at.tolist()))


def encode(rows: ReadingBatch, names: Names) -> Lines:
    """Return n readings as lines; ``names`` is by point index."""
    if not len(rows):
        return Lines(b"", np.zeros(1, np.int64), np.zeros(1, np.int64))
    begins = _begins(rows, names)
    first_row = np.append(np.flatnonzero(begins), len(rows))
    pieces = np.empty((len(rows), 3), object)
    pieces[:, 0] = np.where(begins, names.first[rows.point], names.next[rows.point])
    pieces[:, 1] = _numbers(rows.value)
    pieces[:, 2] = b""
    pieces[first_row[1:] - 1, 2] = _times(rows.time_ns[first_row[:-1]])
    for row in _unusual(rows).tolist():
        point = int(rows.point[row])
        pieces[row, 0] = names.bare[point] if begins[row] else b","
        pieces[row, 1] = _fields(
            names.field[point], float(rows.value[row]), int(rows.quality[row]), rows.text.get(row)
        ).encode()
    body = b"".join(pieces.ravel().tolist())
    feeds = np.flatnonzero(np.frombuffer(body, np.uint8) == _LINE_FEED)  # names and words have none of their own
    return Lines(body, np.append(0, feeds + 1), first_row)


def _begins(rows: ReadingBatch, names: Names) -> NDArray[np.bool_]:
    """Tell which readings begin a line, shape (n,)."""
    series, begins = names.series[rows.point], np.ones(len(rows), np.bool_)
    begins[1:] = (
        (series[1:] != series[:-1]) | (rows.time_ns[1:] != rows.time_ns[:-1]) | (rows.point[1:] <= rows.point[:-1])
    )
    return begins


def _numbers(values: NDArray[np.float64]) -> list[bytes]:
    """Write finite values so that they read back as the very same; the others as words that nobody sends."""
    return to_json(values.tolist())[1:-1].split(b",")


def _times(times_ns: NDArray[np.int64]) -> list[bytes]:
    """Write the end of each line."""
    return (b" " + to_json(times_ns.tolist())[1:-1].replace(b",", b"\n, ") + b"\n").split(b",")


def _unusual(rows: ReadingBatch) -> NDArray[np.intp]:
    """Return the rows that are not good, have no value, or came with words."""
    unusual = ((rows.quality & ~np.uint16(HISTORICAL)) != GOOD) | ~np.isfinite(rows.value)
    if rows.text:
        unusual[list(rows.text)] = True
    return np.flatnonzero(unusual)


def _fields(field: str, value: float, quality: int, text: str | None) -> str:
    """Return the fields of one reading about which something is unusual."""
    found = [f"{field}={value!r}"] if math.isfinite(value) else []
    if quality & ~HISTORICAL != GOOD:
        found.append(f"{field}.quality={quality}i")
    elif not found:
        found.append(f"{field}.quality={BAD}i")
    if text is not None:
        found.append(f'{field}.text="{text.translate(_TO_BLANK).translate(_STRING)}"')
    return ",".join(found)


def _pieces(texts: Sequence[bytes]) -> Pieces:
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


def _plain(text: str) -> str:
    """Make a name that can be escaped."""
    return _AMBIGUOUS.sub("/", text.translate(_TO_BLANK))


def _name(text: str) -> str:
    return _plain(text).translate(_NAME)
