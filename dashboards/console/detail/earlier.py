"""Panels of other alerts: what happened at this point before, and what is like this alarm."""

from __future__ import annotations

from nicegui import ui

from dashboards.console.asking import Asking
from dashboards.console.components import DataTable
from dashboards.console.detail import past
from dashboards.console.detail.parts import Part
from dashboards.console.view import View, change, line, link
from dashboards.live.dossiers import AROUND_S, Around
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.errors import FengsuiError


class Earlier:
    """Asked for when the page opens and every half minute, once for all browsers."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        self._alert: AlertView | None = None
        self._due_ns = 0
        self._past, self._past_line = _table(view, "past")
        self._similar, self._similar_line = _table(view, "similar")
        self._asking: Asking[Around] = Asking(self._show, self._failed)
        self._has_links = False

    def follow(self, alert: AlertView) -> None:
        """Show what was before this alert."""
        self._alert = alert
        if not self._has_links:
            self._has_links = True
            for (part, _), by in ((self._past, "place"), (self._similar, "rule")):
                with part.head:
                    link(f"{self._view.text('detail_search')} ›", past.search(alert, by=by))

    def refresh(self, now_ns: int) -> None:
        """Ask when it is time."""
        alert = self._alert
        if alert is None or now_ns < self._due_ns or self._asking.is_busy:
            return
        self._due_ns = now_ns + round(AROUND_S * NS_PER_S)
        self._asking.ask(lambda: self._view.console.dossiers.around(alert))

    def close(self) -> None:
        """Draw nothing any more."""
        self._asking.close()

    def _show(self, around: Around) -> None:
        view, console = self._view, self._view.console
        change(self._past_line, past.past_line(around.past, view.language))
        change(self._similar_line, past.similar_line(around, view.language))
        for (_, table), alerts in ((self._past, around.past.alerts), (self._similar, past.similar(around))):
            table.show(past.rows(console.registry, console.zone, alerts, view.now_ns(), view.language))

    def _failed(self, error: FengsuiError) -> None:
        del error
        words = self._view.text("detail_around_away")
        change(self._past_line, words)
        change(self._similar_line, words)


def _table(view: View, name: str) -> tuple[tuple[Part, DataTable], ui.label]:
    part = Part(view, name)
    with part.body:
        words = line(view.text("detail_asking"), "detail-said")
        table = DataTable(past.columns(view.language), name=f"detail-{name}-rows", words=view.text(f"detail_{name}"))
    return (part, table), words
