"""The test cases of a rule: what came of them when they were last run, and a button that runs them now."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from dashboards.console.components import Cell, Column, DataTable
from dashboards.console.deeds import do
from dashboards.console.section import Desk
from dashboards.console.view import box, change, dress, line
from dashboards.console.wording import moment_text
from dashboards.live.rule_cards import RuleCard
from domain.accounts import Right
from rules.trials_face import CaseOutcome, CasesRun


class CasesPanel:
    """Runs what production would do, on the test's own little site: nothing on this site changes."""

    def __init__(self, desk: Desk, card: RuleCard) -> None:
        """Build without a result."""
        self._desk, self._view, self._card = desk, desk.view, card
        view = desk.view
        with box("panel rule-block", "rule-cases"):
            with box("rule-tools"):
                line(view.text("rules_cases"), "rule-heading")
                self._button = ui.button(view.text("rules_run_cases"), on_click=self._run, color=None)
                self._button.classes("act act-main").props("flat no-caps data-action=run-cases")
            self._note = line(view.text("rules_cases_not_run"), "rule-note").props(
                "role=status data-part=rule-cases-note"
            )
            columns = [
                Column("case", view.text("rules_case"), width="minmax(0, 3fr)"),
                Column("result", view.text("rules_result"), width="minmax(0, 2fr)"),
            ]
            self._table = DataTable(columns, name="rule-cases-rows", words=view.text("rules_cases"))
            self._table.set_visibility(False)
        if not view.principal.may(Right.CONFIGURE):
            self._button.disable()
            self._button.props["title"] = view.text("rules_needs_configure")

    async def _run(self) -> None:
        view = self._view
        self._button.disable()
        before = self._note.text
        change(self._note, view.text("rules_running_cases"))
        found: list[CasesRun] = []

        async def act() -> None:
            found.append(await view.console.link.rules.test(self._card.name))

        done = await do(self._desk, Right.CONFIGURE, view.text("rules_run_cases"), act)
        if self._button.is_deleted:
            return
        self._button.enable()
        if done:
            self.show(found[0])
        else:
            change(self._note, before)

    def show(self, run: CasesRun) -> None:
        """Show what came of the cases."""
        view = self._view
        if not run.outcomes:
            change(self._note, view.text("rules_no_cases"))
            return
        counts = {"count": len(run.outcomes), "failed": run.failed, "when": moment_text(run.at_ns, view.console.zone)}
        change(self._note, view.text("rules_cases_failed" if run.failed else "rules_cases_passed", **counts))
        dress(self._note, "look", "alarm" if run.failed else "soft")
        self._table.set_visibility(True)
        self._table.show([self._row(at, one) for at, one in enumerate(run.outcomes)])

    def _row(self, at: int, outcome: CaseOutcome) -> dict[str, Any]:
        words = "\n".join(outcome.failures) or self._view.text("rules_passed")
        failed = bool(outcome.failures)
        result = Cell(words, mark="✕" if failed else "✓", look="alarm" if failed else "soft")
        return {"id": str(at), "cells": {"case": outcome.name, "result": result}}
