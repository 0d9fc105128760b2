"""Who is on duty now, by the rosters of ``site.yaml``, as the frame says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from dashboards.console.texts import Language, text
from dashboards.console.wording import person_text
from domain.site import Registry, Roster
from domain.site.duty import OnDuty, deputies_of, on_duty
from domain.site.duty_times import local_time

MOST_ROSTERS = 2
MOST_PEOPLE = 3
"""Rosters, and people of one, that the frame names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What the frame says: ``words`` in short, ``all_words`` of every roster; ``gap``: one has nobody now."""

    words: str
    all_words: str
    gap: bool


def duty_now(registry: Registry, zone: tzinfo, now_ns: int, language: Language) -> Duty:
    """Return who is on duty; a roster without anybody says so, and a site without rosters says that."""
    rosters = registry.site.rosters
    if not rosters:
        return Duty(text("duty_no_roster", language), text("duty_no_roster_long", language), gap=False)
    told = [_roster(registry, roster, zone, now_ns, language) for roster in rosters]
    named = [f"{label} {who}" if len(rosters) > 1 else who for label, who, _ in told]
    more = [f"+{len(named) - MOST_ROSTERS}"] if len(named) > MOST_ROSTERS else []
    full = "; ".join(f"{label}: {who}" for label, who, _ in told)
    return Duty(" · ".join([*named[:MOST_ROSTERS], *more]), full, gap=any(gap for *_, gap in told))


def _roster(registry: Registry, roster: Roster, zone: tzinfo, now_ns: int, language: Language) -> tuple[str, str, bool]:
    local = local_time(now_ns, zone)
    there = on_duty(roster, registry.people, local, registry.calendar)
    found = there or deputies_of(roster, registry.people, local)
    names = list(_names(registry, found, language))
    more = [f"+{len(names) - MOST_PEOPLE}"] if len(names) > MOST_PEOPLE else []
    who = text("and", language).join([*names[:MOST_PEOPLE], *more])
    if not there:
        nobody = text("duty_nobody", language)
        who = f"{nobody} · {text('duty_deputy', language, who=who)}" if who else nobody
    return roster.labels.of(language), who, not there


def _names(registry: Registry, found: tuple[OnDuty, ...], language: Language) -> Iterator[str]:
    for duty in found:
        name = person_text(registry, duty.person, language)
        if duty.instead_of is None:
            yield name
        else:
            yield text("duty_instead", language, who=name, absent=person_text(registry, duty.instead_of, language))
