"""Rules → cards for people: the words of the documentation pages, in both languages."""

from __future__ import annotations

from domain.glossary import LANGUAGES
from rules.backtest import without_gateways
from rules.cards_face import Aside, RuleCard, Words
from rules.conditions import Condition
from rules.consequences import causes
from rules.model import Rule, RuleSet
from rules.pages import condition_lines
from rules.pages.words import subject


def cards_of(ruleset: RuleSet) -> tuple[RuleCard, ...]:
    """Return the cards of all rules, in order of their ids."""
    hidden_by = causes(ruleset.rules)
    stored = {rule.id for rule in without_gateways(ruleset)}
    return tuple(_card(rule, ruleset, hidden_by.get(rule.id, ()), rule.id not in stored) for rule in ruleset)


def _card(rule: Rule, ruleset: RuleSet, hidden_by: tuple[str, ...], needs_log: bool) -> RuleCard:  # noqa: FBT001  # private
    watches = subject(rule.watches, spoken=True)
    return RuleCard(
        name=rule.id,
        version=rule.version,
        owner=rule.owner,
        source=rule.source,
        own=rule.id in ruleset.own,
        own_procedure=rule.id in ruleset.own | ruleset.own_procedures,
        alarm_class=rule.alarm_class,
        level=rule.level,
        raised_level=rule.level_when.level if rule.level_when else None,
        entity=rule.entity,
        latched=rule.is_latched,
        labels=Words(zh=rule.labels.zh, en=rule.labels.en),
        description=_words(rule.reason),
        procedure=_words(rule.procedure),
        watches=Words(zh=watches[0], en=watches[1]),
        condition=_lines(rule.condition),
        asides=_asides(rule),
        on_delay_s=rule.on_delay_s,
        off_delay_s=rule.off_delay_s,
        hides=rule.hides,
        hidden_by=hidden_by,
        message=Words(zh=rule.messages.zh, en=rule.messages.en),
        needs_log=needs_log,
    )


def _words(told: object) -> Words:
    """Return what has ``zh`` and ``en`` as words; nothing for None."""
    return Words() if told is None else Words(zh=getattr(told, "zh", ""), en=getattr(told, "en", ""))


def _lines(condition: Condition) -> Words:
    """Return a condition as lines of plain text: its sentences are written for Markdown."""
    zh, en = ("\n".join(condition_lines(condition, at, spoken=True)).replace("`", "") for at in LANGUAGES)
    return Words(zh=zh, en=en)


def _asides(rule: Rule) -> tuple[Aside, ...]:
    level = rule.level_when.condition if rule.level_when else None
    named = (
        ("unless", rule.unless),
        ("level_when", level),
        ("stays_while", rule.stays_while),
        ("test", rule.test),
    )
    return tuple(Aside(name=name, words=_lines(one)) for name, one in named if one is not None)
