"""Cells to files and back: harmless for a spreadsheet, Chinese in Excel, limits, and whatever people hand in."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import sheets
from cli.sheets import Formula, harmless, meant, read_sheet, write_sheet
from domain.errors import ConfigurationError

SUFFIXES = [".csv", ".xlsx"]
DANGEROUS = ["=1+1", "+1", "-1 层", "@SUM(A1)", "\t=1", "=cmd|'/c calc'!A0", "'=1", "''@x"]


@given(st.text(max_size=10))
def test_what_is_made_harmless_comes_back(text: str) -> None:
    assert meant(harmless(text)) == text
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_cell_runs_and_numbers_stay_numbers(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_sheet(path, [["text", "number"], *((text.replace("\t", ""), -5.5) for text in DANGEROUS), ["-5", -60.0]])
    if suffix == ".xlsx":
        cells = [cell for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(min_row=2) for cell in row]
        assert {cell.data_type for cell in cells} == {"s", "n"}
        assert {cell.value for cell in cells if cell.data_type == "n"} == {-5.5, -60}
        assert all(str(cell.value).startswith("'") for cell in cells if cell.data_type == "s")
    else:
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        lines = raw.decode("utf-8-sig").splitlines()[1:]
        assert all(line.lstrip('"').startswith("'") for line in lines)
        assert all(line.endswith(("-5.5", "-60")) for line in lines)
    back = [row.cells for row in read_sheet(path)][1:]
    assert [cells[0] for cells in back] == [*(text.replace("\t", "") for text in DANGEROUS), "-5"]
    assert [float(cells[1] or 0) for cells in back] == [-5.5] * len(DANGEROUS) + [-60]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_line_breaks_and_control_characters_become_harmless_too(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_sheet(path, [["a"], ["烟\n感\x00\u202e"]])
    assert read_sheet(path)[1].cells == ("烟 感��",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_of_any_spreadsheet_is_read(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"单位{delimiter}测点\r\n客栈{delimiter}压力\r\n\r\n".encode(encoding))
    assert [(row.number, row.cells) for row in read_sheet(path)] == [(1, ("单位", "测点")), (2, ("客栈", "压力"))]


def test_formulas_dates_and_truths_of_a_workbook_are_told_apart_and_never_calculated(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["=1+1", 257.0, True, 0.1, None, "1-2"])
    sheet["F1"].value = date(2026, 1, 2)  # what Excel makes of 1-2
    book.save(tmp_path / "a.xlsx")
    formula, whole, truth, part, empty, day = read_sheet(tmp_path / "a.xlsx")[0].cells
    assert isinstance(formula, Formula)
    assert (whole, truth, part, empty) == (257, "true", 0.1, None)
    assert isinstance(day, sheets.DateCell)
    (tmp_path / "a.csv").write_text('=1+1,=HYPERLINK("x")\n', "utf-8")
    assert all(isinstance(cell, Formula) for cell in read_sheet(tmp_path / "a.csv")[0].cells)


def refused(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_sheet(path)
    return str(caught.value)


def test_files_that_are_too_large_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n" * 30, "utf-8")
    monkeypatch.setattr(sheets, "MOST_ROWS", 10)
    assert "more than 10 rows → split the file" in refused(path)
    monkeypatch.setattr(sheets, "MOST_BYTES", 20)
    assert "larger than 20 bytes" in refused(path)
    path.write_text("," * 120 + "x", "utf-8")
    monkeypatch.undo()
    assert "more than 100 columns" in refused(path)
    path.write_text("x" * 2001, "utf-8")
    assert "more than 2000 characters" in refused(path)


def test_a_workbook_that_swells_or_defines_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (sheets.MOST_UNPACKED + 1))
    assert "unpacks to more than" in refused(path)
    write_sheet(path, [["a"]])
    bomb = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bomb, "w") as new:
        for one in old.infolist():
            data = old.read(one)
            if one.filename.endswith("sheet1.xml"):
                head, _, tail = data.partition(b"?>")
                data = (head + b"?>" if tail else b"") + b'<!DOCTYPE x [<!ENTITY a "b">]>' + (tail or head)
            new.writestr(one.filename, data)
    path.write_bytes(bomb.getvalue())
    assert "defines XML entities" in refused(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_refusal(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for suffix in SUFFIXES:
        path = folder / f"fuzz{suffix}"
        path.write_bytes(raw)
        try:
            read_sheet(path)
        except ConfigurationError:
            continue


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_rows_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, at: int, junk: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    good = folder / "good.xlsx"
    if not good.exists():
        write_sheet(good, [["unit", "point"], ["inn", 5.0]])
    raw = bytearray(good.read_bytes())
    at %= len(raw)
    raw[at : at + len(junk)] = junk
    path = folder / "damaged.xlsx"
    path.write_bytes(bytes(raw))
    try:
        read_sheet(path)
    except ConfigurationError:
        return
