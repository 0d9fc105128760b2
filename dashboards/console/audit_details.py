"""The details of an entry of the audit, in a line that people read: every name and every word of ours translated. Pure.

What somebody typed, ids and labels of a site stay as they are. A name that nobody has words for stays its own word:
the chain keeps it, so it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from dashboards.console.texts import TEXTS, Language, text
from dashboards.console.wording import moment_text, person_text
from domain.glossary import terms
from domain.site import Registry

MOST_DETAILS = 400
MOST_NS = 2**62
"""In the year 2116: what is later is no time."""

NOTHING = "—"
PREFIX, VALUE = "audited_", "audited_as_"

DETAILS = tuple(key.removeprefix(PREFIX) for key in TEXTS if key.startswith(PREFIX))
"""Details, and their values (``as_…``), that the catalogue has words for."""

ACTORS = ("acknowledged_by", "beside", "by", "given_by", "owner", "person", "second_by", "to")
TOLD = ("away", "gone", "instead", "later", "told")
PEOPLE = frozenset({*ACTORS, *TOLD, "acknowledgement_withdrawn", "before"})
"""Details that name people."""

FAMILIES = {
    "answer": ("answer_",),
    "before": ("level_", "finding_"),
    "finding": ("finding_",),
    "level": ("level_",),
    "targets": ("audited_as_target_",),
}
"""Where the catalogue has the words of a detail's values, other than below the detail's own name."""

TERMS = {
    "kind": "suppression_kind",
    "right": "right",
    "rights": "right",
    "roles": "user_role",
    "suppressed_kind": "suppression_kind",
}
"""Where the glossary has them."""


@dataclass(frozen=True, slots=True)
class DetailWords:
    """What the words depend on."""

    registry: Registry
    zone: tzinfo
    language: Language

    def line(self, details: Mapping[str, Any]) -> str:
        """Write details in one line: what is empty is left out, what is long is cut, times are the site's."""
        if "kind" in details and "by" in details:  # a suppression is not by a person: it names what suppresses
            details = {"suppressed_by" if name == "by" else name: value for name, value in details.items()}
        parts = [
            f"{self.name(name)}: {self._value(name, value)}"
            for name, value in details.items()
            if value not in (None, "", [], {}) and f"{name}_ns" not in details
        ]
        whole = " · ".join(parts)
        return whole if len(whole) <= MOST_DETAILS else f"{whole[:MOST_DETAILS]}…"

    def name(self, name: str) -> str:
        """Write what a detail is called; nobody's name stays its own."""
        key = f"{PREFIX}{name.removesuffix('_ns')}"
        return text(key, self.language) if key in TEXTS else name.removesuffix("_ns")

    def _value(self, name: str, value: Any) -> str:
        if name.endswith("_ns") and type(value) is int and 0 <= value < MOST_NS:
            return moment_text(value, self.zone)
        if isinstance(value, bool):
            return text(f"{VALUE}{'true' if value else 'false'}", self.language)
        if isinstance(value, list | tuple):
            return ", ".join(self._value(name, one) for one in value)
        if isinstance(value, Mapping):
            return ", ".join(self._pair(name, key, one) for key, one in value.items() if one not in ("", [], {}))
        if value is None:
            return NOTHING
        return self._word(name, value) if isinstance(value, str) else json.dumps(value)

    def _pair(self, name: str, key: str, value: Any) -> str:
        if name == "instead":  # who stands in, and for whom
            return f"{self._word(name, key)} ({self._value(name, value)})"
        return f"{self.name(key)} {self._value(key, value)}"

    def _word(self, name: str, value: str) -> str:
        for prefix in FAMILIES.get(name, (f"{VALUE}{name}_",)):
            key = f"{prefix}{value.replace(' ', '_')}"
            if key in TEXTS:
                return text(key, self.language)
        term = terms().get(f"{TERMS[name]}.{value}") if name in TERMS else None
        if term is not None:
            return term.of(self.language)
        return person_text(self.registry, value, self.language) if name in PEOPLE else value
