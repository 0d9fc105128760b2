"""How the marks of a sheet stand now: what is open in their units, and of how many nothing is known. Pure.

Only units with alerts and units that are not heard are looked at, so calm ones cost nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dashboards.live.geography import Mark, Sheet
from dashboards.live.summary import Summary
from dashboards.live.tally import CALM, Tally


@dataclass(frozen=True, slots=True)
class MarkState:
    """A mark with what is open in its units; ``lit`` of them have an alert, ``unknown`` of them are not heard."""

    mark: Mark
    tally: Tally
    lit: int
    unknown: int


def unheard_of(sheet: Sheet, summary: Summary) -> Counter[int]:
    """Return how many units of each mark are not heard; keep it as long as ``summary.unheard`` is the same."""
    marks = (sheet.mark_of.get(unit) for unit in summary.unheard)
    return Counter(at for at in marks if at is not None)


def mark_states(sheet: Sheet, summary: Summary, unheard: Counter[int]) -> list[MarkState]:
    """Return all marks, those that need nobody first: what is drawn last lies on top, and that is a fire."""
    tallies: dict[int, Tally] = {}
    lit: Counter[int] = Counter()
    for unit, tally in summary.units.items():
        at = sheet.mark_of.get(unit)
        if at is not None:
            tallies[at] = tallies.get(at, CALM).plus(tally)
            lit[at] += 1
    states = [
        MarkState(mark, tallies.get(at, CALM), lit[at], unheard[at] if summary.known else len(mark.units))
        for at, mark in enumerate(sheet.marks)
    ]
    return sorted(states, key=lambda one: (one.tally.order, -one.unknown), reverse=True)
