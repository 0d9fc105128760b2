"""One alarm as the list shows it: what, where, since when, in which state, whose it is, what can be done.

Pure: an alert becomes words and flags; ``static/alarm_table.js`` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from dashboards.console.texts import Language, text
from dashboards.console.wording import clock_text, person_text, place_text
from domain.alert import AlertEvent, AlertView, SuppressionKind
from domain.clock import NS_PER_MS
from domain.glossary import label_of
from domain.site import Registry


def may_reset(alert: AlertView) -> bool:
    """Tell whether a reset makes sense: latched, answered, and the telemetry says that it is over."""
    waiting = alert.latched and alert.reset_at_ns is None and alert.acknowledged_at_ns is not None
    return waiting and not alert.active and not alert.data_unknown


def row(registry: Registry, zone: tzinfo, alert: AlertView, language: Language, *, first: bool) -> dict[str, Any]:
    """Return a row as plain data; times are ms UTC. ``first``: it is pinned on top.

    Every building has a first alarm of its own: the badge says which fire of its building this is.
    """
    owner = person_text(registry, alert.owner, language)
    return {
        "id": alert.id,
        "class": alert.alarm_class.value,
        "class_words": text(f"class_{alert.alarm_class}", language),
        "level": text(f"level_{alert.level}", language),
        "pinned": first,
        "first": _order_text(alert, language, first=first),
        "fresh": alert.acknowledged_at_ns is None,
        "text": alert.text_en if language is Language.EN else alert.text_zh,
        "place": place_text(registry, alert.place, language),
        "raised": clock_text(alert.raised_at_ns, zone),
        "since": alert.raised_at_ns // NS_PER_MS,
        "facts": list(facts(registry, alert, language)),
        "owner": owner or text("owner_none", language),
        "nobody": not owner,
        "responsible": _responsible(registry, alert, language),
        "next": None if alert.next_escalation_ns is None else alert.next_escalation_ns // NS_PER_MS,
        "next_words": f"↑ {text('escalates_in', language)}",
        "escalated": text("escalated", language, step=alert.escalation_step) if alert.escalation_step else "",
        "buttons": list(_buttons(alert, language)),
    }


def _order_text(alert: AlertView, language: Language, *, first: bool) -> str:
    if alert.fire_order is not None and alert.fire_order > 1:
        return text("nth_alarm", language, order=alert.fire_order)
    return text("first_alarm", language) if first or alert.fire_order == 1 else ""


def _responsible(registry: Registry, alert: AlertView, language: Language) -> str:
    """Write who answers for the place, whom an operator would call."""
    zone = registry.zones.get(f"{alert.place.unit}/{alert.place.zone}")
    name = person_text(registry, zone.settings.responsible if zone else None, language)
    return text("responsible", language, person=name) if name else ""


def _buttons(alert: AlertView, language: Language) -> Iterator[dict[str, Any]]:
    """Yield the actions; one that makes no sense now stays visible and pale, the service would refuse it too."""
    new = alert.acknowledged_at_ns is None
    enabled = {"acknowledge": new, "confirm": not new, "reset": may_reset(alert), "comment": True}
    for action, on in enabled.items():
        main = on and action == "acknowledge"
        yield {"action": action, "words": text(action, language), "on": on, "main": main}


def facts(registry: Registry, alert: AlertView, language: Language) -> Iterator[tuple[str, str, str]]:
    """Yield the facts of an alert as (mark, words, style); each is independent of the others."""
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
    if alert.latched and alert.reset_at_ns is None:
        yield "⊓", text("state_latched", language), "calm"
    yield from _silences(alert, language)
    if alert.rechecked_at_ns is not None:
        yield "✓", label_of(AlertEvent.RECHECKED, language), "calm"
    if alert.comments:
        yield "✎", text("state_commented", language, count=alert.comments), "calm"
    if alert.test:
        yield "T", text("state_test", language), "calm"
    if alert.historical:
        yield "↺", text("state_historical", language), "calm"


def _silences(alert: AlertView, language: Language) -> Iterator[tuple[str, str, str]]:
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
