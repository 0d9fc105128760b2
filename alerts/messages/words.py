"""The words of one message, ready for any channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads or hears, in both languages; ``language`` says which comes first.

    ``short`` is the one-line form for short messages and calls: place and matter, without the link. ``link`` is the
    answer link; empty where nothing can be answered (a test).
    """

    language: str = "zh"
    title_zh: str = ""
    title_en: str = ""
    text_zh: str = ""
    text_en: str = ""
    short_zh: str = ""
    short_en: str = ""
    place_zh: str = ""
    place_en: str = ""
    link: str = ""

    @property
    def title(self) -> str:
        """The title in the person's language."""
        return self.title_en if self.language == "en" else self.title_zh

    @property
    def text(self) -> str:
        """The text in the person's language."""
        return self.text_en if self.language == "en" else self.text_zh

    @property
    def other_text(self) -> str:
        """The text in the other language."""
        return self.text_zh if self.language == "en" else self.text_en

    @property
    def short(self) -> str:
        """The one-line form in the person's language."""
        return self.short_en if self.language == "en" else self.short_zh

    @property
    def place(self) -> str:
        """The place in the person's language."""
        return self.place_en if self.language == "en" else self.place_zh
