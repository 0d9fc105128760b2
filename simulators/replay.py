"""A column of a CSV file → times and values, for `replay` steps. Limits: 8 MiB, 200,000 rows."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from domain.documents import nearest
from simulators.errors import SimulationError

MOST_BYTES = 8 * 2**20
MOST_ROWS = 200_000


class ReplayError(SimulationError, ValueError):
    """A file that can't be replayed; ``mend`` says what to do about it."""

    def __init__(self, reason: str, mend: str) -> None:
        """Keep both sentences."""
        super().__init__(f"{reason} → {mend}")
        self.reason = reason
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Series:
    """``values`` at ``times_s``, which rise strictly from 0; equal lengths, at least one."""

    times_s: tuple[float, ...]
    values: tuple[float, ...]


def read_series(path: Path, column: str, *, time: str | None = None, every_s: float = 1.0) -> Series:
    """Read one column; times from column ``time`` (s) or ``every_s`` apart. Raises `ReplayError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ReplayError("the file is too large", f"keep it under {MOST_BYTES} bytes")
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            for name in (column, *((time,) if time else ())):
                if name not in (reader.fieldnames or ()):
                    raise ReplayError(f"no column '{name}'", nearest(name, reader.fieldnames or ()))
            rows = list(islice(reader, MOST_ROWS + 1))
    except UnicodeDecodeError as error:
        raise ReplayError("the file is not UTF-8 text", "save it as UTF-8") from error
    except csv.Error as error:
        raise ReplayError(f"no CSV: {error}", "save it as comma-separated text") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ReplayError(f"can't be read: {reason}", "check the path, relative to the scenario file") from error
    return _series(rows, column, time, every_s)


def _series(rows: list[dict[str, str]], column: str, time: str | None, every_s: float) -> Series:
    if not rows:
        raise ReplayError("the file has no rows", "add rows below the header")
    if len(rows) > MOST_ROWS:
        raise ReplayError("the file has too many rows", f"keep it to {MOST_ROWS} rows")
    values = tuple(_number(row[column], at) for at, row in enumerate(rows, start=2))
    if time is None:
        return Series(tuple(at * every_s for at in range(len(values))), values)
    stamps = [_number(row[time], at) for at, row in enumerate(rows, start=2)]
    if any(later <= earlier for earlier, later in pairwise(stamps)):
        raise ReplayError(f"times in column '{time}' do not rise", "sort the rows and remove repeated times")
    return Series(tuple(stamp - stamps[0] for stamp in stamps), values)


def _number(text: str | None, line: int) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ReplayError(f"line {line}: {text!r} is no number", "write a number, or remove the row")
    return value
