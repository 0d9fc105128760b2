"""Every text of the console and of the receipt page, in both languages: one module a part, one catalogue.

Chinese first. ``{name}`` places are the same in both; a test checks that, and that each key is used.
Texts of alerts are the rules' own; labels of places and devices are the registry's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from dashboards.console.texts import (
    admin,
    alarms,
    answer,
    audited,
    detail,
    devices,
    door,
    frame,
    gateways,
    handover,
    history,
    installer,
    kpi,
    overview,
    phone,
    roll_calls,
    rules,
    second_person,
    settings,
    shared,
    suppression,
)


class Language(StrEnum):
    """Languages of the screen."""

    ZH = "zh"
    EN = "en"

    @property
    def other(self) -> Language:
        """The one that the switch leads to."""
        return Language.EN if self is Language.ZH else Language.ZH


PARTS = (
    shared,
    frame,
    alarms,
    history,
    detail,
    overview,
    devices,
    gateways,
    suppression,
    roll_calls,
    kpi,
    rules,
    installer,
    admin,
    settings,
    handover,
    phone,
    door,
    second_person,
    audited,
    answer,
)


def joined(parts: Iterable[Mapping[str, tuple[str, str]]]) -> dict[str, tuple[str, str]]:
    """Return all texts together; raises ValueError for a key that two parts have."""
    found: dict[str, tuple[str, str]] = {}
    for texts in parts:
        twice = found.keys() & texts.keys()
        if twice:
            raise ValueError(f"texts that two parts have: {sorted(twice)}")
        found |= texts
    return found


TEXTS: Mapping[str, tuple[str, str]] = joined(part.TEXTS for part in PARTS)


def text(key: str, language: Language, **values: object) -> str:
    """Return a text; raises KeyError for a key that the catalogue has not."""
    zh, en = TEXTS[key]
    template = en if language is Language.EN else zh
    return template.format(**values) if values else template
