"""Causes and consequences: what hides what, seen from both ends, and what may not be written.

``hides`` stands with the cause and names its consequences. A fire is nobody's consequence, and a circle would hide all
that is in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.alarm import AlarmClass
from domain.documents import Document
from domain.errors import Problem
from rules.model import Rule


def causes(rules: Mapping[str, Rule]) -> dict[str, tuple[str, ...]]:
    """Return for every rule the rules that hide it: the reverse of ``hides``."""
    found: dict[str, list[str]] = {name: [] for name in rules}
    for rule in rules.values():
        for hidden in rule.hides:
            found.setdefault(hidden, []).append(rule.id)
    return {name: tuple(sorted(by)) for name, by in found.items()}


def consequence_problems(rules: Mapping[str, Rule], documents: Mapping[str, Document]) -> list[Problem]:
    """Return a problem for each fire that somebody hides, and for each circle."""
    problems = []
    for rule in rules.values():
        for at, hidden in enumerate(rule.hides):
            if hidden in rules and rules[hidden].alarm_class is AlarmClass.FIRE:
                what, mend = "a fire is nobody's consequence and is never hidden", "hide other rules, or none"
                problems.append(documents[rule.id].problem(("hides", at), what, mend))
    for circle in _circles(rules):
        mend = "remove one of the links: what is a cause can't be a consequence"
        what = f"rules hide each other in a circle: {' > '.join((*circle, circle[0]))}"
        problems.append(documents[circle[0]].problem(("hides",), what, mend))
    return problems


def _circles(rules: Mapping[str, Rule]) -> list[tuple[str, ...]]:
    """Return each circle once, from the rule whose id comes first; a rule that hides itself is told elsewhere."""
    found = []
    for start in sorted(rules):
        way = _way_back(start, rules)
        if way is not None and start == min(way):
            found.append(way)
    return found


def _way_back(start: str, rules: Mapping[str, Rule]) -> tuple[str, ...] | None:
    """Return a shortest way from a rule to itself, None when there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:  # grows while it is walked: breadth first
        for hidden in rules[way[-1]].hides if way[-1] in rules else ():
            if hidden == start and len(way) > 1:
                return way
            if hidden not in seen:
                seen.add(hidden)
                ways.append((*way, hidden))
    return None
