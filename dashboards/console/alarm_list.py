"""The alarm list, the screen people work with: first alarm on top, then class and time.

Rows are kept and moved, only what changed is sent. A storm is cut to what a person can read, highest
class first, and the rest is counted, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui
from nicegui.element import Element

from dashboards.console.alarm_actions import AlarmActions
from dashboards.console.alarm_row import AlarmRow
from dashboards.console.lamps import alarms_known, first_alarm, is_folded, ordered
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
        self._actions = actions
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
                self._rows = _Rows(box("alarm-rows", "alarm-rows"), view, actions)
                self._hidden = line("", "alarm-hidden")
                with ui.expansion("").classes("folded").props("dense data-part=suppressed") as self._fold:
                    self._folded = _Rows(box("alarm-rows"), view, actions)

    def refresh(self, now_ns: int) -> None:
        """Redraw when alerts changed, or when it changed whether they can be believed."""
        console = self._view.console
        known = alarms_known(console.board, console.registry, now_ns)
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
        self._rows.show(wanted[:MOST_SHOWN], first=first)
        self._folded.show(ordered(folded)[:MOST_SHOWN], first=None)
        self._note(len(open_ones), len(folded), known=known)

    def _note(self, count: int, folded: int, *, known: bool) -> None:
        text, board = self._view.text, self._view.console.board
        change(self._count, text("alarms_open", count=count) if count else "")
        change(self._empty, text("alarms_none" if known else "alarms_unknown"))
        self._empty.set_visibility(not count)
        self._empty.classes(add="" if known else "unknown", remove="unknown" if known else "")
        notes = [text("alarms_hidden", count=count - MOST_SHOWN)] if count > MOST_SHOWN else []
        notes += [text("alarms_cut")] if board.alerts_cut else []
        change(self._hidden, " · ".join(notes))
        self._hidden.set_visibility(bool(notes))
        self._fold.set_text(text("alarms_suppressed", count=folded))
        self._fold.set_visibility(bool(folded))


class _Rows:
    """Rows by alert in a container."""

    def __init__(self, container: Element, view: View, actions: AlarmActions) -> None:
        self._container = container
        self._view = view
        self._actions = actions
        self._rows: dict[str, AlarmRow] = {}

    def show(self, alerts: Sequence[AlertView], first: AlertView | None) -> None:
        """Make the container hold these alerts in this order."""
        wanted = {alert.id: alert for alert in alerts}
        for gone in [alert_id for alert_id in self._rows if alert_id not in wanted]:
            self._rows.pop(gone).element.delete()
        for at, alert in enumerate(alerts):
            row = self._rows.get(alert.id)
            if row is None:
                with self._container:
                    row = self._rows[alert.id] = AlarmRow(self._view, self._actions)
            row.show(alert, first=alert is first)
            if self._container.default_slot.children[at] is not row.element:
                row.element.move(target_index=at)
