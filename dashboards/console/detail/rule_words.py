"""What a rule says of itself, in one language: its name, what it watches, what an operator does about it."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.console.texts import Language
from dashboards.live.rule_cards import RuleCard


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule that runs now. ``condition``: a line with a hyphen and an indent for each level."""

    label: str
    version: str
    watches: str
    condition: str
    procedure: str
    source: str


def rule_words(card: RuleCard | None, language: Language) -> RuleWords | None:
    """Return the words of a rule by its card; None where none is known."""
    if card is None:
        return None
    about = (card.description.of(language), card.watches.of(language))
    return RuleWords(
        label=card.labels.of(language),
        version=card.version,
        watches="\n".join(part for part in about if part),
        condition=card.condition.of(language),
        procedure=card.procedure.of(language).strip(),
        source=card.source,
    )
