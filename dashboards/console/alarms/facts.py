"""The facts of an alarm as marks with words, each independent of the others (ISA-18.2). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.console.texts import Language, text
from dashboards.console.wording import person_text
from domain.alert import AlertEvent, AlertView, SuppressionKind
from domain.glossary import label_of
from domain.site import Registry

FLOOD_RULE = "alarm_flood"
"""The alerts service's own alarm that there are more alarms than people can work on (docs/alarm-performance.md)."""

Fact = tuple[str, str, str]
"""Mark, words, style."""


def facts(registry: Registry, alert: AlertView, language: Language) -> Iterator[Fact]:
    """Yield the facts, what matters most first: rows show as many as fit, their title all of them."""
    if alert.active:
        yield "●", text("state_active", language), "active"
    else:
        yield "○", text("state_cleared", language), "calm"
    if alert.data_unknown:
        yield "?", text("state_unknown", language), "unknown"
    if alert.acknowledged_at_ns is None:
        yield "!", text("state_unacknowledged", language), "fresh"
    else:
        by = person_text(registry, alert.acknowledged_by, language)
        yield "✓", text("state_acknowledged", language, by=by), "calm"
    if alert.confirmed is not None:
        yield "◎", text(f"state_confirmed_{alert.confirmed}", language), "calm"
    yield from _silences(alert, language)
    if alert.latched and alert.reset_at_ns is None:
        yield "⊓", text("state_latched", language), "calm"
    yield from _remarks(alert, language)


def _silences(alert: AlertView, language: Language) -> Iterator[Fact]:
    """Yield why nobody is told of it."""
    if alert.shelved_until_ns is not None:
        yield "⊘", label_of(AlertEvent.SHELVED, language), "calm"
    if alert.suppressed_kind is not None and alert.suppressed_kind is not SuppressionKind.CAUSE:
        yield "⊘", label_of(alert.suppressed_kind, language), "calm"
    elif alert.suppressed_by is not None:
        yield "⊘", text("state_suppressed", language), "calm"
    if alert.held:
        yield "⊘", text("state_held", language), "calm"
    if alert.out_of_service is not None:
        yield "⊘", text("state_out_of_service", language), "calm"


def _remarks(alert: AlertView, language: Language) -> Iterator[Fact]:
    if alert.rule == FLOOD_RULE:
        yield "≋", text("state_flood", language), "calm"
    if alert.reopened:
        yield "↻", text("state_reopened", language, count=alert.reopened), "calm"
    if alert.rechecked_at_ns is not None:
        yield "✓", label_of(AlertEvent.RECHECKED, language), "calm"
    if alert.comments:
        yield "✎", text("state_commented", language, count=alert.comments), "calm"
    if alert.test:
        yield "T", text("state_test", language), "calm"
    if alert.historical:
        yield "↺", text("state_historical", language), "calm"
