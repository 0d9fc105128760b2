"""What a message says to a person, taken from a push: a title, a text and the link, in both languages.

Texts come from rules, registries and devices, so nothing is trusted: every piece is cut to a length, and a
title is one printable line (`domain.wording.printable`), which can't hold a line break, a NUL or half a surrogate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.channels.contract import Push
from domain.alarm import AlarmClass, Level
from domain.glossary import label_of
from domain.wording import printable

MOST_TITLE = 120
"""Characters of a title in one language (assumption: mail programs show 60 to 100)."""

MOST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """Words for people; ``link`` is where they answer, absent where there is nothing to answer."""

    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    link: str | None

    @property
    def title(self) -> str:
        """The title in both languages, one line."""
        return f"{self.title_zh} | {self.title_en}"


def told(push: Push) -> Told:
    """Return the words of a push: those of its templates (``words``) where it has them, else made of its body."""
    body, words = push.body, push.words
    link = str(words.link or body.get("answer_url") or "")
    return Told(
        title_zh=line(words.title_zh or f"【{_kind(body, 'zh')}】{_place(body, 'zh')}", MOST_TITLE),
        title_en=line(words.title_en or f"[{_kind(body, 'en')}] {_place(body, 'en')}", MOST_TITLE),
        text_zh=block(words.text_zh or str(body.get("text_zh") or "")),
        text_en=block(words.text_en or str(body.get("text_en") or "")),
        link=line(link, MOST_TEXT) if link.startswith(("http://", "https://")) else None,
    )


def line(text: str, most: int) -> str:
    """Return one printable line of at most ``most`` characters."""
    short = printable(text).strip()
    return short if len(short) <= most else f"{short[: most - 1]}…"


def block(text: str, most: int = MOST_TEXT) -> str:
    """Return printable lines of at most ``most`` characters together."""
    return line("\n".join(text.splitlines()).replace("\n", "⏎"), most).replace("⏎", "\n")


def class_of(body: Mapping[str, Any]) -> AlarmClass | None:
    """Return the class that a body names, None for none that we know."""
    return next((one for one in AlarmClass if one.value == body.get("class")), None)


def level_of(body: Mapping[str, Any]) -> Level | None:
    """Return the level that a body names, None for none that we know."""
    return next((one for one in Level if one.value == body.get("level")), None)


def _kind(body: Mapping[str, Any], language: str) -> str:
    alarm_class = class_of(body)
    word = label_of(alarm_class, language) if alarm_class else ("告警" if language == "zh" else "Alert")
    test = {"zh": "测试·", "en": "TEST, "}[language] if body.get("test") else ""
    return test + word


def _place(body: Mapping[str, Any], language: str) -> str:
    place = body.get("place")
    return str(place.get(language) or place.get("unit") or "") if isinstance(place, Mapping) else ""
