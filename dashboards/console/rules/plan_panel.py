"""What a rule reads on this site, with which limits, and its file as it was written."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from dashboards.console.components import Column, DataTable
from dashboards.console.view import View, box, change, line
from rules.trials_face import Explained


class PlanPanel:
    """Filled when the rules service has answered."""

    def __init__(self, view: View) -> None:
        """Build waiting."""
        self._view = view
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
        change(self._note, view.text("rules_plan_sums", alarms=told.alarms, terms=told.terms))
        self._place.clear()
        with self._place:
            names = {"test": "2fr", "points": "5em", "examples": "3fr", "limits": "1.4fr", "from": "1.4fr"}
            columns = [
                Column(name, view.text(f"rules_plan_{name}"), width=width if "em" in width else f"minmax(0, {width})")
                for name, width in names.items()
            ]
            table = DataTable(columns, name="rule-plan-rows", words=view.text("rules_plan"))
            table.show(
                [
                    {
                        "id": str(at),
                        "cells": {
                            "test": one.test,
                            "points": one.points,
                            "examples": ", ".join(one.examples) + (" …" if one.points > len(one.examples) else ""),
                            "limits": one.limits or "—",
                            "from": one.source,
                        },
                    }
                    for at, one in enumerate(told.tests)
                ]
            )
        change(self._file, f"{view.text('rules_file')} · {told.file}")
        change(self._text, told.text or view.text("rules_no_file"))

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
