"""Rows of people and rosters: who is told how, who is on duty now and who comes next. Read only: site.yaml says it."""

from __future__ import annotations

from datetime import timedelta

from dashboards.console.admin.rows import Row, Wording
from dashboards.console.components import Cell
from dashboards.console.wording import person_text
from domain.clock import NS_PER_S
from domain.glossary import label_of
from domain.site import OnDuty, Person, Roster
from domain.site.duty_times import Stretch, Surroundings, stretches

AHEAD = timedelta(days=2)
"""How far "next" is looked for."""


def roster_row(roster: Roster, words: Wording) -> Row:
    """Return who is on duty now, until when, and who comes next; nobody is an unknown that is shown as such."""
    known = Surroundings(words.registry.people, words.registry.calendar, words.zone)
    end_ns = words.now_ns + int(AHEAD.total_seconds()) * NS_PER_S
    parts = stretches(roster, known, words.now_ns, end_ns)
    now, following = next(parts, None), next(parts, None)
    return {
        "id": roster.id,
        "look": "",
        "cells": {
            "roster": roster.labels.of(words.language),
            "now": _people(now, words),
            "until": words.moment(None if now is None or following is None else now.end_ns),
            "next": "" if following is None else _people(following, words),
        },
        "buttons": [],
    }


def _people(stretch: Stretch | None, words: Wording) -> Cell:
    if stretch is None or not stretch.people:
        return Cell(words.text("admin_nobody_there"), mark="?", look="unknown")
    names = words.text("and").join(_name(one, words) for one in stretch.people)
    return Cell(names, mark="▲" if stretch.gap else "", look="caution" if stretch.gap else "")


def _name(one: OnDuty, words: Wording) -> str:
    name = person_text(words.registry, one.person, words.language)
    if one.instead_of is None:
        return name
    return words.text("admin_stands_in", name=name, other=person_text(words.registry, one.instead_of, words.language))


def person_row(person: Person, words: Wording) -> Row:
    """Return how somebody is told; neither phone number nor address: those are of the site's files."""
    quiet = "" if person.quiet is None else f"{person.quiet.start} – {person.quiet.end}"
    return {
        "id": person.id,
        "look": "",
        "cells": {
            "person": person.labels.of(words.language),
            "role": label_of(person.role, words.language),
            "channels": " → ".join(person.channels) or Cell(words.text("admin_no_channel"), mark="▲", look="caution"),
            "quiet": quiet,
        },
        "buttons": [],
    }
