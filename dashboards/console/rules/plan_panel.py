"""What a rule reads on this site, with which limits, and its file as it was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from dashboards.console.components import Column, DataTable
from dashboards.console.point_words import key_words, named, site_names
from dashboards.console.texts import Language
from dashboards.console.view import View, box, change, line
from rules.trials_face import Explained, PlannedTest

SOURCES: Mapping[str, str] = {
    "rule": "rules_limit_from_rule",
    "max_silence_s": "rules_limit_from_silence",
    "point record: low": "rules_limit_from_low",
    "point record: high": "rules_limit_from_high",
}
"""Where limits come from → what it is called."""
WIDTHS: Mapping[str, str] = {
    "test": "minmax(0, 2fr)",
    "points": "4.5rem",
    "examples": "minmax(0, 3fr)",
    "limits": "minmax(0, 1.3fr)",
    "from": "minmax(0, 1.3fr)",
}


class PlanPanel:
    """Filled when the rules service has answered. The plan is of the whole site, so it is for who sees all of it."""

    def __init__(self, view: View) -> None:
        """Build waiting."""
        self._view = view
        self._everywhere = view.principal.units is None
        with box("panel rule-block", "rule-plan"):
            line(view.text("rules_plan"), "rule-heading")
            self._note = line(view.text("rules_asking"), "rule-note").props("role=status")
            self._again = box("rule-again")
            self._place = box("rule-plan-table")
        with box("panel rule-block", "rule-file"):
            self._file = line(view.text("rules_file"), "rule-heading")
            self._text = ui.label("").classes("rule-text")
            self._text.props["tabindex"] = "0"  # the keyboard must be able to scroll it
            self._text.props["aria-label"] = view.text("rules_file")

    def show(self, told: Explained) -> None:
        """Show plan and file."""
        view = self._view
        self._again.clear()
        self._place.clear()
        if self._everywhere:
            change(self._note, view.text("rules_plan_sums", alarms=told.alarms, terms=told.terms))
            with self._place:
                columns = [Column(name, view.text(f"rules_plan_{name}"), width=width) for name, width in WIDTHS.items()]
                table = DataTable(columns, name="rule-plan-rows", words=view.text("rules_plan"))
                table.show([self._row(at, one) for at, one in enumerate(told.tests)])
        else:
            change(self._note, view.text("rules_plan_whole"))
        change(self._file, f"{view.text('rules_file')} · {told.file}")
        change(self._text, told.text or view.text("rules_no_file"))

    def _row(self, at: int, one: PlannedTest) -> dict[str, Any]:
        view = self._view
        examples = [key_words(view.console.registry, key, view.language) for key in one.examples]
        return {
            "id": str(at),
            "cells": {
                "test": named(one.en if view.language is Language.EN else one.zh, site_names(view)),
                "points": one.points,
                "examples": ", ".join(examples) + (" …" if one.points > len(one.examples) else ""),
                "limits": one.limits or "—",
                "from": view.text(SOURCES[one.source]) if one.source in SOURCES else one.source,
            },
        }

    def fail(self, words: str, again: Callable[[], None]) -> None:
        """Say why there is no answer, and let people ask again."""
        change(self._note, words)
        self._again.clear()

        def ask() -> None:
            change(self._note, self._view.text("rules_asking"))
            again()

        with self._again:
            button = ui.button(self._view.text("rules_ask_again"), on_click=ask, color=None)
            button.classes("act").props("flat no-caps data-action=ask-again")
