"""Where the readings of the embedded store lie: tables of new readings, and one Parquet part for each closed day.

| place | holds |
|---|---|
| the hot table | what came since the last compaction, in order of arrival |
| sealed tables | what a compaction is turning into parts; nothing is added to them |
| parts | closed UTC days, sorted by point and time; a part is never changed, a later generation replaces it |

Values only: nothing here opens a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

DAY_NS = 86_400 * 10**9
COLUMNS = "point, time_ns, value, quality"
EPOCH = date(1970, 1, 1)
SUFFIX = ".parquet"
HOT_NAME = re.compile(r"hot_\d{1,9}")
_PART_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,9})\.parquet")


class Part(NamedTuple):
    """One closed day in one file.

    ``day`` counts from 1970; ``different`` is the number of different (point, time); ``checksum`` is the sum of all
    rows' hashes as DuckDB reckons them (of one version: it proves a copy, not an age); times are ns UTC.
    """

    day: int
    generation: int
    rows: int
    different: int
    checksum: str
    bytes: int
    sha256: str
    first_ns: int
    last_ns: int
    made_ns: int

    @property
    def name(self) -> str:
        """Name of the file."""
        return part_name(self.day, self.generation)


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of all readings at one moment. Replaced as a whole, never changed."""

    folder: Path
    hot: str
    hot_made_ns: int
    sealed: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table of readings that are not compacted."""
        return (*self.sealed, self.hot)

    def part_of(self, day: int) -> Part | None:
        """Return the part of a day, None without one."""
        return next((part for part in self.parts if part.day == day), None)

    def source(self, start_ns: int | None = None, end_ns: int | None = None) -> str:
        """Return SQL that stands for the readings (a table expression); parts outside ``start..end`` are left out.

        Rows outside the span may still come: the span chooses files.
        """
        chosen = [
            part
            for part in self.parts
            if (end_ns is None or part.first_ns < end_ns) and (start_ns is None or part.last_ns >= start_ns)
        ]
        return union(self.tables, [self.folder / part.name for part in chosen])


def union(tables: Iterable[str], files: Iterable[Path]) -> str:
    """Return SQL for the rows of tables and Parquet files together."""
    selects = [f"SELECT {COLUMNS} FROM {table}" for table in tables]
    names = ", ".join(quoted(path) for path in files)
    if names:
        selects.append(f"SELECT {COLUMNS} FROM read_parquet([{names}])")
    return f"({' UNION ALL '.join(selects)})"


def quoted(path: Path) -> str:
    """Return a path as a string of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def part_name(day: int, generation: int) -> str:
    """Return the name of a day's file: ``2027-01-15.1.parquet``."""
    return f"{date_of(day).isoformat()}.{generation}{SUFFIX}"


def parse_part_name(name: str) -> tuple[int, int] | None:
    """Return day and generation of a file's name, None for any other name."""
    found = _PART_NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return (date.fromisoformat(found[1]) - EPOCH).days, int(found[2])
    except ValueError:
        return None


def date_of(day: int) -> date:
    """Return the date of a day that is counted from 1970."""
    return EPOCH + timedelta(days=day)


def day_of(time_ns: int) -> int:
    """Return the UTC day of a time, counted from 1970."""
    return time_ns // DAY_NS


def moment(time_ns: int) -> datetime:
    """Return a time as a datetime in UTC, to the microsecond."""
    return datetime.fromtimestamp(time_ns / 10**9, UTC)
