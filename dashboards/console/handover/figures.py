"""The figures of a shift as a page shows them: words, number, and the address of the rows behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alerts.shifts_face import ShiftFigures
from dashboards.console.texts import Language, text
from domain.alarm import AlarmClass
from domain.alert import Confirmation
from domain.glossary import label_of

SHOWN_ALWAYS = frozenset({AlarmClass.FIRE, AlarmClass.FAULT})
"""Classes whose nought is news, too: "no fire in this shift" is what the next one wants to read."""


QUIET = ("shelved", "out_of_service", "silences", "maintenance")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``look`` is the class whose colour it has while it is not nought; ``go`` its rows, if any."""

    key: str
    words: str
    count: int
    look: str = ""
    go: str = ""


def standing(figures: ShiftFigures, language: Language) -> list[Figure]:
    """Return what stands at the end of the shift."""
    found = list(_classes("open", figures.open, language, rows="/?class={}"))
    quiet = dict(
        zip(QUIET, (figures.shelved, figures.out_of_service, figures.silences, figures.maintenance), strict=True)
    )
    found.append(Figure("fresh", text("handover_fresh", language), figures.fresh, "fresh", "/"))
    return found + [
        Figure(name, text(f"handover_{name}", language), count, "", "/suppression") for name, count in quiet.items()
    ]


def happened(figures: ShiftFigures, language: Language) -> list[Figure]:
    """Return what happened in the shift."""
    found = list(_classes("raised", figures.raised, language))
    for finding in Confirmation:
        words = text(f"handover_confirmed_{finding}", language)
        found.append(Figure(f"confirmed_{finding}", words, figures.confirmed.get(finding, 0)))
    found.append(Figure("acknowledged", text("handover_acknowledged", language), figures.acknowledged))
    found.append(Figure("closed", text("handover_closed", language), figures.closed))
    return found


def brief(figures: ShiftFigures, language: Language) -> str:
    """Say in one line what stood open."""
    counts = [f"{label_of(one, language.value)} {count}" for one, count in figures.open.items()]
    return " · ".join(counts) or text("handover_nothing_open", language)


def _classes(name: str, counts: dict[AlarmClass, int], language: Language, *, rows: str = "") -> Iterator[Figure]:
    for one in AlarmClass:
        count = counts.get(one, 0)
        if count or one in SHOWN_ALWAYS:
            yield Figure(f"{name}_{one}", label_of(one, language.value), count, one.value, rows.format(one))
