"""What is told of one rule, as pairs of a heading and words. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.console.rules.rows import origin
from dashboards.console.texts import Language, text
from dashboards.console.wording import source_text, span_text
from dashboards.live.rule_cards import RuleCard
from domain.alarm import EntityKind
from domain.glossary import label_of

ASIDES = ("unless", "level_when", "stays_while", "test")


def facts(card: RuleCard, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the facts of a rule that are no links: key of the heading, words."""
    yield "rules_fact_class", f"{text(f'class_{card.alarm_class}', language)} · {level_text(card, language)}"
    yield "rules_fact_entity", entity_text(card.entity, language)
    yield "rules_fact_watches", card.watches.of(language) or text("rules_watches_all", language)
    yield "rules_fact_on_delay", span_text(card.on_delay_s, language)
    yield "rules_fact_off_delay", span_text(card.off_delay_s, language)
    yield "rules_fact_latched", text("rules_latched" if card.latched else "rules_not_latched", language)
    yield "rules_fact_source", source_text(card.source, language)
    yield "rules_fact_origin", text(f"rules_origin_{origin(card)}", language)
    yield "rules_fact_owner", card.owner or text("rules_no_owner", language)
    yield "rules_fact_version", card.version
    yield "rules_fact_message", card.message.of(language)


def level_text(card: RuleCard, language: Language) -> str:
    """Write a rule's level, and the one that it may rise to."""
    levels = [card.level, *([card.raised_level] if card.raised_level else [])]
    return " → ".join(text(f"level_{one}", language) for one in levels)


def entity_text(kind: EntityKind, language: Language) -> str:
    """Write what one alarm is kept for."""
    return text("rules_each", language, entity=label_of(kind, language).lower())


def condition_blocks(card: RuleCard, language: Language) -> Iterator[tuple[str, str]]:
    """Yield key of the heading and lines of every condition of a rule."""
    if card.condition.of(language):
        yield "rules_true_when", card.condition.of(language)
    for aside in card.asides:
        if aside.name in ASIDES:
            yield f"rules_aside_{aside.name}", aside.words.of(language)
