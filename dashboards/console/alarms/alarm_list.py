"""The alarm list, the screen people work with: first alarm on top, then class and time.

A storm is cut to what a person can read, highest class first; the rest is counted, never dropped in
silence.
"""

from __future__ import annotations

from typing import Any

from nicegui import ui

from dashboards.console.alarms.actions import AlarmActions
from dashboards.console.alarms.alarm_row import row
from dashboards.console.components import AlarmTable
from dashboards.console.frame.lamps import alarms_known, first_alarm, is_folded, ordered
from dashboards.console.view import View, box, change, line
from domain.alert import AlertView

MOST_SHOWN = 80
"""Rows; a person works on a handful, and a browser stays quick."""

COLUMNS = ("class", "text", "time", "state", "owner", "action")


class AlarmList:
    """The list with its head and the folded consequences."""

    def __init__(self, view: View, actions: AlarmActions) -> None:
        """Build empty; `refresh` fills it."""
        self._view = view
        self._drawn: tuple[int, bool] | None = None
        with box("panel alarms", "alarms"):
            with box("panel-head"):
                line(view.text("alarms"), "panel-title")
                self._count = line("", "panel-note")
            with box("alarm-grid alarm-head"):
                for column in COLUMNS:
                    line(view.text(f"column_{column}"))
            with box("alarm-scroll"):
                self._empty = line("", "alarm-empty").props("data-part=alarm-empty")
                self._rows = AlarmTable(actions.act).props("data-part=alarm-rows")
                self._hidden = line("", "alarm-hidden")
                with ui.expansion("").classes("folded").props("dense data-part=suppressed") as self._fold:
                    self._folded = AlarmTable(actions.act)

    def refresh(self, now_ns: int) -> None:
        """Redraw when alerts changed, or when it changed whether they can be believed."""
        console = self._view.console
        known = alarms_known(console.board, now_ns)
        drawn = (console.board.alerts_revision, known)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        alerts = list(console.board.alerts.values())
        open_ones = [alert for alert in alerts if not is_folded(alert)]
        folded = [alert for alert in alerts if is_folded(alert)]
        first = first_alarm(open_ones)
        rest = ordered([alert for alert in open_ones if alert is not first])
        wanted = ([first] if first else []) + rest
        self._rows.show(self._drawable(wanted, first))
        self._folded.show(self._drawable(ordered(folded), None))
        self._note(len(open_ones), len(folded), known=known)

    def _drawable(self, alerts: list[AlertView], first: AlertView | None) -> list[dict[str, Any]]:
        console, language = self._view.console, self._view.language
        return [
            row(console.registry, console.zone, alert, language, first=alert is first) for alert in alerts[:MOST_SHOWN]
        ]

    def _note(self, count: int, folded: int, *, known: bool) -> None:
        text, board = self._view.text, self._view.console.board
        change(self._count, text("alarms_open", count=count) if count else "")
        change(self._empty, text("alarms_none" if known else "alarms_unknown"))
        self._empty.set_visibility(not count)
        self._empty.classes(add="" if known else "unknown", remove="unknown" if known else "")
        notes = [text("alarms_hidden", count=count - MOST_SHOWN)] if count > MOST_SHOWN else []
        notes += [text("alarms_cut")] if board.alerts_cut is not None else []
        change(self._hidden, " · ".join(notes))
        self._hidden.set_visibility(bool(notes))
        self._fold.set_text(text("alarms_suppressed", count=folded))
        self._fold.set_visibility(bool(folded))
