"""Tables of cells ↔ CSV and XLSX, with limits, and harmless for whoever opens them in a spreadsheet.

| matter | what happens |
|---|---|
| a text that a spreadsheet would run (``= + - @``, tab, return) | written with ``'`` first, which reading takes off |
| a formula in a file that is read | refused with its cell; nothing is ever calculated |
| CSV | written as UTF-8 with a mark, so that Excel shows Chinese; read as UTF-8, UTF-16 or GB 18030, with , ; or tab |
| XLSX | opened without macros, links or cached values; entities and swollen archives are refused |

| limit | value |
|---|---|
| a file | 16 MiB; unpacked 128 MiB |
| rows, columns | 50,000, 100 |
| a cell | 2,000 characters |
"""

from __future__ import annotations

import csv
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from domain.errors import ConfigurationError, Problem
from domain.wording import printable

MOST_BYTES, MOST_UNPACKED = 16 * 2**20, 128 * 2**20
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 50_000, 100, 2_000
SUFFIXES = (".csv", ".xlsx")

Cell = str | int | float | None
_BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    InvalidFileException, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What a damaged archive makes openpyxl, zipfile and the XML parser stumble over: they have no common error for it."""

_RUN = ("=", "+", "-", "@", "\t", "\r")


class Formula(str):
    """A cell that a spreadsheet would calculate; we do not."""

    __slots__ = ()


class DateCell(str):
    """A cell that a spreadsheet took for a date, as it does with 1-2."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: its number as people see it, and its cells."""

    number: int
    cells: tuple[Cell, ...]


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs; `meant` gives it back."""
    return f"'{text}" if text.lstrip("'").startswith(_RUN) else text


def meant(text: str) -> str:
    """Return a text without the mark that `harmless` put before it."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_RUN) else text


def write_sheet(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    """Write rows, the first of which are headings, in the format that the name ends in."""
    clean = [[_clean(cell) for cell in row] for row in rows]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(["" if cell is None else cell for cell in row] for row in clean)
    else:
        _write_workbook(path, clean)


def _clean(cell: Cell) -> Cell:
    """Return what is written: a harmless text, and 60 instead of 60.0."""
    if isinstance(cell, str):
        return harmless(printable(cell))
    return int(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else cell


def _write_workbook(path: Path, rows: Sequence[Sequence[Cell]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("points")
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=value)
            if isinstance(value, str):
                cell.data_type = "s"  # openpyxl takes a text that begins with = for a formula
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


def read_sheet(path: Path) -> list[Row]:
    """Return the rows that have anything in them; raises `ConfigurationError` for what is no such file."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refusal(path, 1, error.strerror or str(error), "check that the file exists and may be read") from error
    if len(raw) > MOST_BYTES:
        raise _refusal(path, 1, f"larger than {MOST_BYTES} bytes", "split the file")
    rows = _csv_rows(path, raw) if path.suffix.lower() == ".csv" else _workbook_rows(path, raw)
    found: list[Row] = []
    for number, padded in enumerate(rows, 1):
        cells = _trimmed(padded)
        if len(found) > MOST_ROWS:
            raise _refusal(path, number, f"more than {MOST_ROWS} rows", "split the file")
        if len(cells) > MOST_COLUMNS:
            raise _refusal(path, number, f"more than {MOST_COLUMNS} columns", "remove the columns that are not needed")
        if any(isinstance(cell, str) and len(cell) > MOST_CHARACTERS for cell in cells):
            raise _refusal(path, number, f"a cell has more than {MOST_CHARACTERS} characters", "shorten it")
        if cells:
            found.append(Row(number, cells))
    return found


def _trimmed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells up to the last one that has anything in it."""
    end = next((at for at in range(len(cells), 0, -1) if cells[at - 1] not in {None, ""}), 0)
    return tuple(cells[:end])


def _csv_rows(path: Path, raw: bytes) -> Iterator[list[Cell]]:
    text = _decoded(path, raw)
    first = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield [Formula(cell) if cell.startswith("=") else meant(cell) for cell in row]
    except csv.Error as error:
        mend = "save it again as CSV from the spreadsheet"
        raise _refusal(path, reader.line_num, f"not a CSV file: {error}", mend) from error


def _decoded(path: Path, raw: bytes) -> str:
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refusal(path, 1, "not UTF-8 text", "save the file as 'CSV UTF-8'")


def _workbook_rows(path: Path, raw: bytes) -> list[list[Cell]]:
    mend = "save it again as .xlsx from the spreadsheet"
    try:
        _check_archive(path, raw)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves out: colours, lists to choose from
            book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1)
            return [[_cell(one) for one in row] for row in rows]
    except ConfigurationError:
        raise
    except _BROKEN as error:
        raise _refusal(path, 1, "not an XLSX workbook", mend) from error


def _check_archive(path: Path, raw: bytes) -> None:
    """Refuse an archive that swells, and XML that defines entities."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(one.file_size for one in archive.infolist()) > MOST_UNPACKED:
            raise _refusal(path, 1, f"unpacks to more than {MOST_UNPACKED} bytes", "split the file")
        for one in archive.infolist():
            if one.filename.endswith((".xml", ".rels")):
                with archive.open(one) as part:
                    if _defines_entities(part):
                        raise _refusal(path, 1, "defines XML entities", "save it again as .xlsx from the spreadsheet")


def _defines_entities(part: IO[bytes]) -> bool:
    """Tell whether there is a document type in a part of the archive, in any encoding that its bytes may have."""
    before = b""
    while chunk := part.read(65_536):
        if b"<!DOCTYPE" in (before + chunk).replace(b"\0", b""):
            return True
        before = chunk[-32:]
    return False


def _cell(cell: Any) -> Cell:
    value = cell.value
    if cell.data_type == "f":
        return Formula(value)
    if isinstance(value, str):
        return Formula(value) if value.startswith("=") else meant(value)
    if isinstance(value, date | time | timedelta):
        return DateCell(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, int | float) else str(value)


def _refusal(path: Path, row: int, message: str, mend: str) -> ConfigurationError:
    problem = Problem(file=path.name, line=row, field="", value=None, message=message, mend=mend)
    return ConfigurationError([problem])
