"""The words of the platform in both languages, from ``glossary.csv``.

Ids are ``group.word``. For a member of an enum the group is the enum's name in snake case and the word
its value (for numbered enums: its name in lower case), so every enum member has its label here::

    label("alarm_class.fire", "zh")      # 火警
    label_of(ZoneKind.EXIT, "en")        # Exit

The ``source`` names the standard and clause that a word comes from; ``Fengsui`` marks our own words. A
note ``secondary source`` says that the standard's own text was not at hand: check it before quoting it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One entry of the glossary."""

    id: str
    en: str
    zh: str
    source: str
    note: str

    def of(self, language: str) -> str:
        """Return the label in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


@cache
def terms() -> Mapping[str, Term]:
    """Return all terms by id, in the order of the file."""
    text = files("domain").joinpath("glossary.csv").read_text(encoding="utf-8")
    found = [Term(**row) for row in csv.DictReader(text.splitlines())]
    return MappingProxyType({term.id: term for term in found})


def label(term: str, language: str) -> str:
    """Return the label of a term in ``zh`` or ``en``; raises KeyError for an unknown term."""
    return terms()[term].of(language)


def label_of(member: Enum, language: str) -> str:
    """Return the label of an enum member; raises KeyError when the glossary lacks it."""
    return label(id_of(member), language)


def id_of(member: Enum) -> str:
    """Return the term id of an enum member: ``ZoneKind.PUMP_ROOM`` -> ``zone_kind.pump_room``."""
    group = re.sub(r"(?<!^)(?=[A-Z])", "_", type(member).__name__).lower()
    word = member.value if isinstance(member.value, str) else member.name.lower()
    return f"{group}.{word}"
