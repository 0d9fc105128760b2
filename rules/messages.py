"""Texts of alarms: which fields a rule may use, and how values are written for people.

| field | zh | en |
|---|---|---|
| ``unit`` ``building`` ``zone`` ``device`` ``gateway`` ``point`` | labels of the registry | the same |
| ``floor`` | 1楼, 地下1层 | floor 1, basement 1 |
| ``value`` ``limit`` | with the quantity's symbol: 182.4 kPa | the same |
| ``text`` | the words that came with the reading, in brackets; nothing where there were none, | the same |
| | or where the point's label beside them ends with the very same | |
| ``count`` | how many, from the rule's ``count`` point; 若干 when nobody knows | the same; some |
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping

from domain.alarm import EntityKind, TransitionKind
from domain.quantity import Quantity, symbol
from rules.model import Rule

_PLACE = ("unit", "building", "floor", "zone")
_FIELDS: Mapping[EntityKind, tuple[str, ...]] = {
    EntityKind.GATEWAY: ("unit", "gateway"),
    EntityKind.UNIT: ("unit",),
    EntityKind.BUILDING: ("unit", "building"),
    EntityKind.ZONE: _PLACE,
    EntityKind.DEVICE: (*_PLACE, "device", "gateway"),
    EntityKind.POINT: (*_PLACE, "device", "gateway", "point", "value", "text"),
}
_PREFIXES: Mapping[TransitionKind, tuple[str, str]] = {
    TransitionKind.CLEARED: ("已恢复：", "Cleared: "),
    TransitionKind.UNKNOWN: ("数据中断，状态不明：", "No data, state unknown: "),
    TransitionKind.KNOWN: ("数据恢复：", "Data is back: "),
}
"""What stands before the rule's own text; raising and level changes are the text itself."""

MOST_WORDS = 160
"""Characters of a reading's own words within a message; the whole stands in the store."""

NOBODY_KNOWS: Mapping[str, str] = {"zh": "若干", "en": "some"}


def allowed_fields(rule: Rule) -> tuple[str, ...]:
    """Return the fields that a rule's messages may name."""
    sole = rule.sole_limit
    return (
        *_FIELDS[rule.entity],
        *(("limit",) if sole and sole.asks in ("above", "below") else ()),
        *(("count",) if rule.count else ()),
    )


def used_fields(template: str) -> list[str]:
    """Return the fields that a template names; raises ValueError when braces or forms are wrong."""
    found = []
    for _, name, form, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValueError(f"'{{{name}}}' is no plain field → write a field as {{name}}")
        found.append(name)
    return found


def render(template: str, fields: Mapping[str, str], kind: TransitionKind, language: str) -> str:
    """Fill in a template that `rules.loading` has checked."""
    before = _PREFIXES.get(kind, ("", ""))[0 if language == "zh" else 1]
    return before + template.format_map(fields)


def floor_text(floor: int, language: str) -> str:
    """Write a floor as signed in China: 1 is the ground floor, -1 the first basement."""
    if language == "zh":
        return f"{floor}楼" if floor > 0 else f"地下{-floor}层"
    return f"floor {floor}" if floor > 0 else f"basement {-floor}"


def number_text(value: float, quantity: Quantity = Quantity.NONE) -> str:
    """Write a number with its symbol: whole numbers and thousands as they are, others with four digits."""
    if not math.isfinite(value):
        return "—"
    digits = f"{value:.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    sign = symbol(quantity)
    return f"{digits} {sign}" if sign else digits


def words_text(words: str, language: str, label: str = "") -> str:
    """Write the words of a reading in brackets, shortened where they are long.

    Nothing when ``label``, which stands in the same message, ends with them: the label of a learned component does
    with the description that it had when it was learned.
    """
    words = words.strip()
    if f" {label}".endswith(f" {words}"):
        return ""
    words = words if len(words) <= MOST_WORDS else f"{words[: MOST_WORDS - 1]}…"
    return "" if not words else f"（{words}）" if language == "zh" else f" ({words})"  # Chinese brackets


def template_of(rule: Rule, language: str) -> str:
    """Return a rule's message in a language."""
    return rule.messages.zh if language == "zh" else rule.messages.en


def shows_words(rule: Rule) -> bool:
    """Tell whether a rule's messages show the words of a reading."""
    return any("text" in used_fields(template) for template in (rule.messages.zh, rule.messages.en))


def count_text(value: float, language: str) -> str:
    """Write how many; a number is never invented."""
    return f"{value:.0f}" if math.isfinite(value) else NOBODY_KNOWS[language]
