"""The page of the record: a search among all alerts, open and closed, newest first; a page at a time, or as a file.

It asks when it is opened. A filter that finds little may have looked at many alerts without a page full of what was
found: the page goes on looking a few times by itself, then says how far it came, and a button goes on from there.
"""

from __future__ import annotations

from nicegui import ui

from alerts.listing_face import AlertPage
from dashboards.api.alert_csv import MOST_CSV
from dashboards.api.alert_filters import list_request
from dashboards.api.alert_xlsx import MOST_XLSX
from dashboards.console.alarms.filters import address as written
from dashboards.console.components import DataTable
from dashboards.console.deeds import refused
from dashboards.console.history.export_buttons import ExportButtons
from dashboards.console.history.form import SearchForm
from dashboards.console.history.rows import columns, history_row
from dashboards.console.history.search import Search
from dashboards.console.history.units import unit_by_words
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box, change, line, link
from domain.alert import AlertView
from domain.errors import FengsuiError

PAGE = 50
LOOKS = 5
"""Pages of the service that one page here asks for at most, so that a rare finding costs no click for every 20,000."""

PATH = "/history"


class HistoryPage(Body):
    """One browser's search."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build, and ask for what the address says."""
        self._desk, self._view = desk, desk.view
        self._search = Search.read(address.query)
        text = self._view.text
        with box("panel history", "history"):
            with box("panel-head"):
                line(text("nav_history"), "panel-title").props("role=heading aria-level=1")
                self._count = line("", "panel-note").props("role=status data-part=history-count")
                self._exports()
            SearchForm(self._view, self._search, self._go)
            self._table = DataTable(columns(self._view), name="history-rows", words=text("nav_history"))
            self._turns = box("history-turns", "history-turns")
        ui.timer(0, self._ask, once=True)

    def refresh(self, now_ns: int) -> None:
        """Stay: the record is asked when somebody asks."""

    def _exports(self) -> None:
        zone, text = self._view.console.zone, self._view.text
        try:
            files = {
                "alerts.csv": (self._search.export("csv", zone, MOST_CSV), text("export_csv")),
                "alerts.xlsx": (self._search.export("xlsx", zone, MOST_XLSX), text("export_xlsx")),
            }
        except ValueError:
            return  # the search says what is wrong
        ExportButtons(self._view, files)

    def _go(self, answers: dict[str, str]) -> None:
        """Search for what the form says; a unit's name is looked up first."""
        registry = self._view.console.registry
        if answers.get("unit") and answers["unit"] not in registry.units:
            unit, names = unit_by_words(registry, answers["unit"])
            if unit is None:
                several = self._view.text("history_units", names=self._view.text("and").join(names))
                ui.notify(several if names else self._view.text("history_no_unit"), type="warning", position="bottom")
                return
            answers = {**answers, "unit": unit}
        self._desk.go(written(PATH, Search.read(answers).query()))

    async def _ask(self) -> None:
        try:
            found, cursor = await self._found()
        except ValueError as error:
            change(self._count, self._view.text("history_wrong", field=str(error)))
            return
        except FengsuiError as error:
            refused(self._view, error)
            change(self._count, self._view.text("unavailable"))
            return
        if self._table.is_deleted:
            return
        self._table.show([history_row(self._view, alert) for alert in found])
        self._say(found, cursor)

    async def _found(self) -> tuple[list[AlertView], str | None]:
        """Return a page, and where the next one begins."""
        view = self._view
        asked = self._search.asked(view.console.zone)
        request = list_request(view.console.registry, view.principal, asked, PAGE)
        found: list[AlertView] = []
        page = AlertPage(alerts=(), next_cursor=self._search.cursor or None)
        for _ in range(LOOKS):
            page = await view.console.link.alerts.page(request)
            found += page.alerts
            if len(found) >= PAGE or page.next_cursor is None:
                break
            request = request.model_copy(update={"cursor": page.next_cursor, "limit": PAGE - len(found)})
        return found, page.next_cursor

    def _say(self, found: list[AlertView], cursor: str | None) -> None:
        text = self._view.text
        more = "history_more" if cursor is not None else "history_all"
        nothing = "history_none_yet" if cursor is not None else "history_none"
        change(self._count, text(more, count=len(found)) if found else text(nothing))
        with self._turns:
            if self._search.cursor:
                link(text("history_first"), written(PATH, self._search.query()), "turn-link")
            if cursor is not None:
                onward = link(text("history_next"), written(PATH, self._search.query(cursor=cursor)), "turn-link")
                onward.props["data-action"] = "next"
