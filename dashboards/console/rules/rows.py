"""Rules as rows of the list, and which of them a filter lets through. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from dashboards.console.components import Cell, Column
from dashboards.console.texts import Language, text
from dashboards.console.wording import moment_text
from dashboards.live.board import Board
from dashboards.live.rule_cards import RuleCard, RuleState

COLUMNS = ("rule", "class", "level", "origin", "entities", "alarm", "unknown", "last")
WIDTHS = {
    "rule": "minmax(0, 3fr)",
    "class": "6.2rem",
    "level": "5rem",
    "origin": "minmax(0, 1.2fr)",
    "entities": "5.5rem",
    "alarm": "5.5rem",
    "unknown": "5.5rem",
    "last": "10.5rem",
}
MOST_ROWS = 400
MOST_SEARCH = 64


class Show(StrEnum):
    """Which rules are shown."""

    ALL = "all"
    ALARM = "alarm"
    UNKNOWN = "unknown"
    IDLE = "idle"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to; empty: everything."""

    search: str = ""
    alarm_class: str = ""
    show: Show = Show.ALL

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filter:
        """Read the filter of an address; what can't be one is left out."""
        show = query.get("show", "")
        return cls(
            query.get("q", "")[:MOST_SEARCH],
            query.get("class", "")[:MOST_SEARCH],
            Show(show) if show in set(Show) else Show.ALL,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of rules now. ``states`` None: who looks has a scope, and counts of the site are not theirs.

    ``current``: the rules process said so a moment ago; without it states are what was known last.
    """

    cards: Mapping[str, RuleCard]
    states: Mapping[str, RuleState] | None
    raised: Mapping[str, int]
    current: bool

    @classmethod
    def of(cls, board: Board, *, everywhere: bool, current: bool) -> Known:
        """Take it from a board."""
        raised = Counter(alert.rule for alert in board.alerts.values()) if not everywhere else {}
        states = board.rule_book.states if everywhere else None
        return cls(board.rules, states, raised, current)

    def state(self, rule: str) -> RuleState | None:
        """Return how the alarms of a rule stand; of who has a scope the open alerts that they see."""
        if self.states is None:
            return RuleState(0, self.raised.get(rule, 0))
        return self.states.get(rule, RuleState(0))


def columns(language: Language, *, everywhere: bool) -> list[Column]:
    """Return the heads of the list; counts of the whole site are for who sees all of it."""
    hidden = () if everywhere else ("entities", "unknown", "last")
    return [
        Column(name, text(f"rules_column_{name}", language), width=WIDTHS[name])
        for name in COLUMNS
        if name not in hidden
    ]


def chosen(known: Known, wanted: Filter) -> Iterator[RuleCard]:
    """Yield the rules that a filter lets through, by class and then by id."""
    order = sorted(known.cards.values(), key=lambda card: (card.alarm_class.priority, card.name))
    return (card for card in order if _fits(card, known.state(card.name), wanted, counted=known.states is not None))


def _fits(card: RuleCard, state: RuleState | None, wanted: Filter, *, counted: bool) -> bool:
    if wanted.alarm_class and card.alarm_class.value != wanted.alarm_class:
        return False
    sought = wanted.search.casefold()
    named = (card.name, card.labels.zh, card.labels.en, card.description.zh, card.description.en)
    if sought and not any(sought in one.casefold() for one in named):
        return False
    now = state or RuleState(0)
    match wanted.show:
        case Show.ALARM:
            return now.alarm > 0
        case Show.UNKNOWN:
            return now.unknown > 0
        case Show.IDLE:
            return counted and now.entities == 0
        case Show.OWN:
            return card.own or card.own_procedure
        case _:
            return True


def rows(cards: Iterable[RuleCard], known: Known, language: Language, zone: tzinfo) -> list[dict[str, Any]]:
    """Return what a `DataTable` draws."""
    return [_row(card, known, language, zone) for card in cards]


def _row(card: RuleCard, known: Known, language: Language, zone: tzinfo) -> dict[str, Any]:
    state = known.state(card.name) or RuleState(0)
    return {
        "id": card.name,
        "cells": {
            "rule": Cell(f"{card.labels.of(language)} · {card.name}", go=f"/rules/{card.name}"),
            "class": text(f"class_{card.alarm_class}", language),
            "level": text(f"level_{card.level}", language),
            "origin": text(f"rules_origin_{origin(card)}", language),
            "entities": Cell(state.entities)
            if state.entities
            else Cell(text("rules_none_here", language), look="soft"),
            "alarm": _count(state.alarm, "▲", "alarm", known, go=f"/?rule={card.name}"),
            "unknown": _count(state.unknown, "?", "unknown", known),
            "last": Cell(moment_text(state.last_ns, zone) if state.last_ns else "—", look="soft"),
        },
    }


def origin(card: RuleCard) -> str:
    """Return where a rule comes from: ``own``, ``library``, or ``mixed`` with the site's own procedure."""
    return "own" if card.own else "mixed" if card.own_procedure else "library"


def _count(count: int, mark: str, look: str, known: Known, go: str = "") -> Cell:
    """Return a count; one that is not of now is unknown, whatever it says."""
    if not known.current:
        return Cell(count or "—", mark="?", look="unknown")
    return Cell(count, mark=mark, look=look, go=go) if count else Cell(0, look="soft")
