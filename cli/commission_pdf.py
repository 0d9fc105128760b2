"""A paper as a PDF: A4, an embedded font with Chinese in it, headings repeated on every page of a table."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout, WrapMode, XPos, YPos

from cli.commission_fonts import Face, face_behind, find_face, writable
from cli.commission_html import SIGNATURE_LINES
from cli.commission_paper import Cell, Paper, Section, Speech, Table, Tone, Words

Color = tuple[int, int, int]

FAMILY, BEHIND = "paper", "behind"
MARGIN_MM = 14.0
INK: Color = (27, 36, 48)
SOFT: Color = (91, 103, 117)
RULE: Color = (200, 208, 216)
HEAD: Color = (232, 238, 244)
RED: Color = (163, 18, 42)
PAPER: Color = (255, 255, 255)
TONES: dict[Tone, Color] = {
    Tone.PLAIN: INK,
    Tone.GOOD: (23, 105, 58),
    Tone.WARN: (138, 90, 0),
    Tone.BAD: RED,
    Tone.DIM: SOFT,
}
CELL_PT, LINE_MM = 8.0, 4.0


def write_pdf(
    paper: Paper,
    file: Path,
    made: datetime,
    *,
    font: Path | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> None:
    """Write the paper; ``advance`` is told how many rows were drawn. Raises RefusedError without a font for it."""
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    pdf = _Pdf(paper, find_face(font), face_behind(), advance)
    pdf.set_creation_date(made)
    pdf.draw()
    pdf.output(str(file))


class _Pdf(FPDF):
    def __init__(self, paper: Paper, face: Face, behind: Face | None, advance: Callable[[int], object]) -> None:
        super().__init__(orientation="P", unit="mm", format="A4")
        self._paper = paper
        self._faces = [one for one in (face, behind) if one is not None]
        self._advance = advance
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=16)
        self.add_font(FAMILY, fname=face.path, collection_font_number=face.number)
        if behind is not None:
            self.add_font(BEHIND, fname=behind.path, collection_font_number=behind.number)
            self.set_fallback_fonts([BEHIND])
        self.set_title(self._one(paper.title))
        self.set_author(self._one(paper.subtitle))
        self.set_lang("en" if paper.language is Speech.EN else "zh-CN")
        self.set_draw_color(*RULE)

    def draw(self) -> None:
        """Draw all pages."""
        self.add_page()
        self._title()
        for number, section in enumerate(self._paper.sections, start=1):
            self._section(number, section)

    def footer(self) -> None:
        """Write whose paper it is and which page; called by the library at the end of each page."""
        self.set_y(-12)
        self._font(7.5, SOFT)
        both = self._paper.language is not Speech.EN
        page = f"第 {self.page_no()} / {{nb}} 页" if both else f"page {self.page_no()} of {{nb}}"
        self.cell(0, 5, self._one(self._paper.footer), align="L", new_x=XPos.LMARGIN)
        self.cell(0, 5, page, align="R")

    def _title(self) -> None:
        self._line(self._paper.title, 20, 9)
        self._line(self._paper.subtitle, 13, 7, SOFT)
        self.set_fill_color(*RED)
        self.rect(self.l_margin, self.get_y() + 1, self.epw, 1.2, style="F")
        self.ln(6)
        for name, cell in self._paper.facts:
            self._fact(name, cell)
        self.ln(2)
        self._tiles()

    def _fact(self, name: Words, cell: Cell) -> None:
        top = self.get_y()
        self._font(9, SOFT)
        self.multi_cell(62, 5, self._joined(name), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        below = self.get_y()
        self.set_xy(self.l_margin + 64, top)
        self._font(9, TONES[cell.tone])
        self.multi_cell(0, 5, self._joined(cell.words), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_y(max(self.get_y(), below) + 0.5)

    def _tiles(self) -> None:
        width = self.epw / max(1, len(self._paper.tiles))
        top = self.get_y()
        for at, (name, cell) in enumerate(self._paper.tiles):
            left = self.l_margin + at * width
            self.rect(left, top, width - 2, 17)
            self.set_xy(left + 2, top + 2)
            self._font(14, TONES[cell.tone])
            self.cell(width - 6, 7, self._one(cell.words))
            self.set_xy(left + 2, top + 10)
            self._font(7.5, SOFT)
            self.cell(width - 6, 4, self._joined(name))
        self.set_xy(self.l_margin, top + 20)

    def _section(self, number: int, section: Section) -> None:
        self._room(30)
        self.ln(3)
        self._line(section.title, 14, 7, number=number)
        self.set_draw_color(*INK)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.epw, self.get_y())
        self.set_draw_color(*RULE)
        self.ln(2)
        for cell in section.notes:
            self._note(cell)
        for table in section.tables:
            self._table(table)
        if section.signatures:
            self._signatures(section.signatures)

    def _note(self, cell: Cell) -> None:
        self._font(9, TONES[cell.tone])
        mark = {Tone.BAD: "×", Tone.GOOD: "√", Tone.WARN: "!"}.get(cell.tone, "")
        self.cell(5, 5, self._drawable(mark))
        self._two_lines(cell.words, 9, TONES[cell.tone])
        self.ln(0.8)

    def _two_lines(self, words: Words, size: float, color: Color) -> None:
        """Write a sentence, and its English smaller below it."""
        left = self.get_x()
        main, beside = words.parts(self._paper.language)
        for text, points, shade in ((main, size, color), (beside, size * 0.85, SOFT)):
            if text:
                self.set_x(left)
                self._font(points, shade)
                height = points * 0.5
                self.multi_cell(0, height, self._drawable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _table(self, table: Table) -> None:
        self._room(28)
        if table.title is not None:
            self.ln(2)
            self._line(table.title, 10, 5)
        for note in table.notes:
            self._two_lines(note, 8.5, SOFT)
        self.ln(1)
        self._font(CELL_PT, INK)
        with self.table(
            borders_layout=TableBordersLayout.ALL,
            col_widths=[round(column.width * 100) for column in table.columns],
            headings_style=FontFace(color=INK, fill_color=HEAD, emphasis=""),
            line_height=LINE_MM,
            text_align="L",
            v_align="T",
            padding=(0.6, 1.2, 0.6, 1.2),
            wrapmode=WrapMode.WORD,
            first_row_as_headings=True,
        ) as drawn:
            head = drawn.row()
            for column in table.columns:
                head.cell(self._stacked(column.words))
            for row in table.rows:
                line = drawn.row()
                for cell in row:
                    line.cell(self._stacked(cell.words), style=FontFace(color=TONES[cell.tone], fill_color=PAPER))
        self._advance(len(table.rows))
        self.ln(1.5)

    def _signatures(self, people: tuple[Words, ...]) -> None:
        height = 14 + 12 * len(SIGNATURE_LINES)
        self._room(height + 4)
        width = self.epw / len(people)
        top = self.get_y() + 2
        self.set_draw_color(*INK)
        for at, who in enumerate(people):
            left = self.l_margin + at * width
            self.rect(left, top, width - 4, height)
            self.set_xy(left + 4, top + 4)
            self._font(10, INK)
            self.cell(width - 12, 5, self._joined(who))
            for number, name in enumerate(SIGNATURE_LINES):
                below = top + 18 + 12 * number
                self.set_xy(left + 4, below - 4)
                self._font(9, SOFT)
                self.cell(44, 5, self._joined(name))
                self.line(left + 50, below + 1, left + width - 8, below + 1)
        self.set_xy(self.l_margin, top + height + 2)

    def _line(self, words: Words, size: float, height: float, color: Color = INK, number: int | None = None) -> None:
        """Write a heading, its English smaller beside it, or below where the line is full."""
        main, beside = words.parts(self._paper.language)
        self._font(size, color)
        self.write(height, self._drawable(main if number is None else f"{number}. {main}"))
        if beside:
            self._font(size * 0.72, SOFT)
            self.write(height, self._drawable(f"   {beside}"))
        self.ln(height)

    def _room(self, height_mm: float) -> None:
        """Begin a new page where less is left: a heading never stands alone at the foot."""
        if self.will_page_break(height_mm):
            self.add_page()

    def _font(self, size: float, color: Color) -> None:
        self.set_font(FAMILY, size=size)
        self.set_text_color(*color)

    def _drawable(self, text: str) -> str:
        return writable(text, self._faces)

    def _one(self, words: Words) -> str:
        return self._drawable(words.parts(self._paper.language)[0])

    def _joined(self, words: Words) -> str:
        return self._drawable("  ".join(part for part in words.parts(self._paper.language) if part))

    def _stacked(self, words: Words) -> str:
        return "\n".join(self._drawable(part) for part in words.parts(self._paper.language) if part)
