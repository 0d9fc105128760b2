"""The rows of a point list → typed entries; every wrong cell is told: row, column, value, what to write instead."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.point_columns import BY_NAME, COLUMNS, NEEDED, Column, Holds, column_named
from cli.sheets import Cell, DateCell, Formula, Row
from domain.documents import Document, Path, nearest
from domain.errors import Problem
from domain.ids import TOKEN_PATTERN
from domain.placeholders import COUNTED
from domain.wording import printable

_TOKEN = re.compile(TOKEN_PATTERN)
_WHOLE = re.compile(r"[0-9]{1,9}|0x[0-9a-fA-F]{1,8}")
_PAIR = re.compile(r"([A-Za-z0-9_-]{1,64}) *= *([^\s=;]{1,64})")
_YES = {"true": True, "yes": True, "1": True, "是": True, "false": False, "no": False, "0": False, "否": False}


class _WrongCellError(Exception):
    """What is wrong with a cell, and what to write instead."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message, self.mend = message, mend


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its number in the file, and what its cells mean; an empty cell is absent."""

    row: int
    values: Mapping[str, Any]
    cells: Mapping[str, Cell]

    def get(self, column: str) -> Any:
        """Return a value, None for an empty cell."""
        return self.values.get(column)


@dataclass(slots=True)
class Sheet:
    """A list as it was read: its name, headings by column, entries, and what is wrong so far."""

    name: str
    headings: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, row: int, column: str, value: Any, message: str, mend: str) -> None:
        """Note what is wrong with a cell; the column is named as the file names it."""
        heading = self.headings.get(column, BY_NAME[column].en if column in BY_NAME else column)
        self.problems.append(Problem(file=self.name, line=row, field=heading, value=value, message=message, mend=mend))


@dataclass(frozen=True, slots=True)
class ListedDocument(Document):
    """A document made of a list: what is wrong in it is told at the cell that it came from."""

    sheet: Sheet = field(default_factory=lambda: Sheet(""))
    cells: Mapping[Path, tuple[Entry, str]] = field(default_factory=dict)

    def problem(self, path: Path, message: str, mend: str) -> Problem:
        """Make a `Problem` for the cell that the value at ``path``, or the block around it, came from."""
        inner = self.in_file(path)
        for length in range(len(inner), -1, -1):
            found = self.cells.get(inner[:length])
            if found is not None:
                entry, column = found
                heading = self.sheet.headings.get(column, BY_NAME[column].en)
                return Problem(
                    file=self.sheet.name, line=entry.row, field=heading, value=entry.cells.get(column),
                    message=message, mend=mend,
                )  # fmt: skip
        return Document.problem(self, path, message, mend)


def read_entries(name: str, rows: Sequence[Row]) -> Sheet:
    """Return what the rows mean; the first one has the headings."""
    sheet = Sheet(name)
    if not rows:
        sheet.problem(1, "point", None, "the list is empty", "begin with a row of headings, as the export does")
        return sheet
    columns = _columns(sheet, rows[0])
    for missing in [one for one in NEEDED if one not in sheet.headings]:
        sheet.problem(rows[0].number, missing, None, "is missing", f"add a column '{BY_NAME[missing].en}'")
    if not sheet.problems:
        for row in rows[1:]:
            _read_row(sheet, columns, row)
    return sheet


def _columns(sheet: Sheet, row: Row) -> dict[int, Column]:
    columns: dict[int, Column] = {}
    for at, cell in enumerate(row.cells):
        heading = str(cell or "").strip()
        if not heading:
            continue
        name = column_named(heading)
        if name is None:
            known = [form for one in COLUMNS for form in (one.name, one.zh)]
            sheet.problem(row.number, heading, heading, "no such column", nearest(heading, known))
        elif name in sheet.headings:
            sheet.problem(row.number, name, heading, "this column stands twice", "remove one of the two")
        else:
            columns[at] = BY_NAME[name]
            sheet.headings[name] = heading
    return columns


def _read_row(sheet: Sheet, columns: Mapping[int, Column], row: Row) -> None:
    values: dict[str, Any] = {}
    cells: dict[str, Cell] = {}
    for at, column in columns.items():
        cell = row.cells[at] if at < len(row.cells) else None
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            if column.needed:
                sheet.problem(row.number, column.name, None, "is missing", "fill in the cell")
            continue
        cells[column.name] = cell
        try:
            values[column.name] = _value(column, cell)
        except _WrongCellError as error:
            sheet.problem(row.number, column.name, cell, error.message, error.mend)
    sheet.entries.append(Entry(row.number, values, cells))


def _value(column: Column, cell: Cell) -> Any:
    """Return what a cell means; raises `_WrongCellError`."""
    if isinstance(cell, Formula):
        raise _WrongCellError("a formula is not calculated", "copy the cell and paste it as a value")
    if isinstance(cell, DateCell):
        raise _WrongCellError("the spreadsheet made a date of it", "format the column as text and write it again")
    text = printable(_text(cell))
    if "${" in text:
        raise _WrongCellError("'${' would be filled in by the environment", "write it without '${'")
    if COUNTED.search(text):
        raise _WrongCellError("'{n}' counts nothing here", "a list has one row for each point: remove the braces")
    if column.words and text.strip() not in column.words:
        raise _WrongCellError("not one of the known words", nearest(text.strip(), column.words))
    return _READERS[column.holds](text if column.name in _LABELS else text.strip())


_LABELS = ("zh", "en", "device_zh", "device_en")


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)


def _id(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        mend = "use 1 to 64 of the characters A-Z a-z 0-9 _ -; names for people go into 'labels'"
        raise _WrongCellError("not an id", mend)
    return text


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise _WrongCellError("must be a number", "write a number such as 2.5") from None
    if not math.isfinite(found):
        raise _WrongCellError("must be a finite number", "write a number such as 2.5, or leave the line out")
    return found


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise _WrongCellError("must be a whole number", "write digits only, without a fraction")
    return int(text, 16 if text.startswith("0x") else 10)


def _yes(text: str) -> bool:
    found = _YES.get(text.lower())
    if found is None:
        raise _WrongCellError("must be true or false", "write true or false")
    return found


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _WrongCellError("not a JSON object", "write it as the export does, or leave the cell empty")
    return found


def _pairs(text: str) -> dict[str, str]:
    parts = [part.strip() for part in text.split(";") if part.strip()]
    found = [_PAIR.fullmatch(part) for part in parts]
    pairs = {one[1]: one[2] for one in found if one is not None}
    if len(pairs) != len(parts):
        raise _WrongCellError("not names with addresses", "write pump=7; tank=9+40")
    return pairs


_READERS: Mapping[Holds, Callable[[str], Any]] = {
    Holds.ID: _id,
    Holds.TEXT: str,
    Holds.NUMBER: _number,
    Holds.WHOLE: _whole,
    Holds.YES: _yes,
    Holds.JSON: _json,
    Holds.PAIRS: _pairs,
}


def same(sheet: Sheet, entries: Iterable[Entry], columns: Sequence[str], what: str) -> None:
    """Note each cell that differs from that of the first of ``entries``; an empty one agrees with everything."""
    first: dict[str, Entry] = {}
    for entry in entries:
        for column in columns:
            if entry.get(column) is None:
                continue
            other = first.setdefault(column, entry)
            if other.get(column) != entry.get(column):
                message = f"differs from row {other.row}, which is of the same {what}"
                sheet.problem(entry.row, column, entry.cells.get(column), message, "write the same in both rows")


def first_of(entries: Iterable[Entry], column: str) -> Any:
    """Return the first value of a column among entries that agree, None when all are empty."""
    return next((entry.get(column) for entry in entries if entry.get(column) is not None), None)
