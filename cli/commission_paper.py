"""A paper: sections of facts and tables in two languages, which HTML and PDF render alike.

Texts come from people and from devices: they are cleaned here, once (`clean`), and escaped by the renderer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from domain.wording import printable

MOST_TEXT = 400
"""Characters of a cell; a device's text may have a thousand."""


class Speech(StrEnum):
    """What a paper speaks: Chinese with English beside it, or one of them."""

    BOTH = "both"
    ZH = "zh"
    EN = "en"


class Tone(StrEnum):
    """How a cell looks; on paper without colours the words say the same."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    DIM = "dim"


def clean(told: object) -> str:
    """Return a text fit for a paper: printable, of a length that a cell can hold."""
    text = printable(str(told)).strip()
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages; the same word twice is said once."""

    zh: str
    en: str

    @classmethod
    def same(cls, told: object) -> Words:
        """Return a text that has no language: an id, a number, a time."""
        text = clean(told)
        return cls(text, text)

    def parts(self, speech: Speech) -> tuple[str, str]:
        """Return the main text, and the one that stands beside it (empty for none)."""
        if speech is Speech.EN:
            return clean(self.en), ""
        zh, en = clean(self.zh), clean(self.en)
        return (zh, "") if speech is Speech.ZH or zh == en else (zh, en)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, or a fact."""

    words: Words
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and how wide it is beside the others."""

    words: Words
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; ``title`` stands above, ``notes`` are facts about all of it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: Words | None = None
    notes: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the paper."""

    title: Words
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[Words, Cell], ...] = ()
    notes: tuple[Cell, ...] = ()
    signatures: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole; ``tiles`` are the figures that a reader wants first."""

    title: Words
    subtitle: Words
    facts: tuple[tuple[Words, Cell], ...]
    tiles: tuple[tuple[Words, Cell], ...]
    sections: tuple[Section, ...]
    language: Speech = Speech.BOTH
    footer: Words = field(default_factory=lambda: Words("", ""))

    @property
    def rows(self) -> int:
        """Rows of all tables: what rendering takes its time for."""
        return sum(len(table.rows) for section in self.sections for table in section.tables)

    def texts(self) -> Iterable[str]:
        """Yield every text that is printed, for fonts."""
        for words in self._words():
            yield from words.parts(self.language)

    def _words(self) -> Iterable[Words]:
        yield from (self.title, self.subtitle, self.footer)
        for name, cell in (*self.facts, *self.tiles):
            yield from (name, cell.words)
        for section in self.sections:
            yield section.title
            yield from section.signatures
            yield from (cell.words for cell in section.notes)
            for name, cell in section.facts:
                yield from (name, cell.words)
            for table in section.tables:
                yield from table.notes
                yield from (column.words for column in table.columns)
                yield from (cell.words for row in table.rows for cell in row)
                if table.title is not None:
                    yield table.title


def cell(zh: object, en: object | None = None, tone: Tone = Tone.PLAIN) -> Cell:
    """Return a cell; without English it is one without a language."""
    return Cell(Words(str(zh), str(en)) if en is not None else Words.same(zh), tone)


def spoken(say: Callable[[str], object], tone: Tone = Tone.PLAIN) -> Cell:
    """Return a cell of what ``say`` says in ``zh`` and in ``en``."""
    return cell(say("zh"), say("en"), tone)


def columns(*described: tuple[str, str, float]) -> tuple[Column, ...]:
    """Return columns from (Chinese, English, width)."""
    return tuple(Column(Words(zh, en), width) for zh, en, width in described)
