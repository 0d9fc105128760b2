"""Rows of the list as JSON: what, where, since when, in which state, whose it is, what can be done.

A row is written once for each alarm, as it is, and language; all browsers are given the same text. It has a number that
no other row has, and that changes when the alarm does: so a browser is told the order as a list of numbers, and rows
only that it has not got. ``static/alarm_table.js`` draws them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from dashboards.console.alarms.arranging import CONSEQUENCES, Entry, Group
from dashboards.console.alarms.facts import FLOOD_RULE, facts
from dashboards.console.alarms.offers import sensible
from dashboards.console.alarms.places import building_words, place_columns
from dashboards.console.texts import Language, text
from dashboards.console.wording import clock_text, moment_text, person_text
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_MS
from domain.site import Registry

MOST_KEPT = 20_000
"""Rows that are remembered: four times the open alarms that a list is measured with, in one language."""


_NUMBERS = itertools.count(1)
"""Of this process, so that a book that is made anew gives no number that a browser has for another row."""


class RowBook:
    """Numbers and texts of rows, for one scope."""

    def __init__(self) -> None:
        """Begin empty."""
        self._known: dict[str, tuple[Entry, int]] = {}
        self._texts: dict[tuple[int, Language], str] = {}

    def number(self, entry: Entry) -> int:
        """Return the number of an entry as it is now."""
        known = self._known.get(entry.id)
        if known is not None and (known[0] is entry or known[0] == entry):
            return known[1]
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
            self._texts.clear()
        if known is not None:
            for language in Language:
                self._texts.pop((known[1], language), None)
        number = next(_NUMBERS)
        self._known[entry.id] = (entry, number)
        return number

    def text(self, entry: Entry, registry: Registry, zone: tzinfo, language: Language) -> str:
        """Return an entry's row as JSON."""
        key = (self.number(entry), language)
        found = self._texts.get(key)
        if found is None:
            if isinstance(entry, Group):
                made = group_row(registry, entry, language)
            else:
                made = row(registry, zone, entry, language)
            found = self._texts[key] = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        return found


def row(registry: Registry, zone: tzinfo, alert: AlertView, language: Language) -> dict[str, Any]:
    """Return a row as plain data; times are ms UTC.

    Every building has a first alarm of its own: the badge says which fire of its building this is.
    """
    place = place_columns(registry, alert.place, language)
    owner = person_text(registry, alert.owner, language)
    return {
        "id": alert.id,
        "class": alert.alarm_class.value,
        "class_words": text(f"class_{alert.alarm_class}", language),
        "level": text(f"level_{alert.level}", language),
        "first": order_words(alert, language),
        "fresh": alert.acknowledged_at_ns is None,
        "flood": alert.rule == FLOOD_RULE,
        "bulk": alert.alarm_class is not AlarmClass.FIRE,
        "text": alert.text_en if language is Language.EN else alert.text_zh,
        "place": list(place),
        "raised": clock_text(alert.raised_at_ns, zone),
        "moment": moment_text(alert.raised_at_ns, zone),
        "since": alert.raised_at_ns // NS_PER_MS,
        "facts": list(facts(registry, alert, language)),
        "owner": owner,
        "responsible": _responsible(registry, alert, language),
        "next": None if alert.next_escalation_ns is None else alert.next_escalation_ns // NS_PER_MS,
        "next_words": text("escalates_in" if alert.acknowledged_at_ns is None else "lapses_in", language),
        "escalated": text("escalated", language, step=alert.escalation_step) if alert.escalation_step else "",
        "can": [action.value for action in sensible(alert)],
    }


def group_row(registry: Registry, group: Group, language: Language) -> dict[str, Any]:
    """Return the row that stands for a group."""
    unit, _, building = group.id.partition("/")
    title = text("alarms_consequences", language)
    if group.id != CONSEQUENCES:
        title = building_words(registry, unit, building or None, language)
    return {
        "id": f"group:{group.id}",
        "group": group.id,
        "open": group.is_open,
        "title": title,
        "counts": [[one.value, text(f"class_{one}", language), count] for one, count in group.counts],
        "size": group.size,
        "fresh": group.fresh,
        "since": group.since_ns // NS_PER_MS,
        "bulk": group.id != CONSEQUENCES,
    }


def order_words(alert: AlertView, language: Language) -> str:
    """Write which fire of its building it is."""
    if alert.fire_order is None:
        return ""
    if alert.fire_order > 1:
        return text("nth_alarm", language, order=alert.fire_order)
    return text("first_alarm", language)


def _responsible(registry: Registry, alert: AlertView, language: Language) -> str:
    """Write who answers for the place, whom an operator would call."""
    zone = registry.zones.get(f"{alert.place.unit}/{alert.place.zone}")
    name = person_text(registry, zone.settings.responsible if zone else None, language)
    return text("responsible", language, person=name) if name else ""


def joined(rows: Mapping[int, str]) -> str:
    """Return rows by number as one JSON object."""
    return "{" + ",".join(f'"{number}":{written}' for number, written in rows.items()) + "}"
