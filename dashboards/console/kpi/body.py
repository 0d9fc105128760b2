"""The page of figures. They are asked for when it opens and once a minute, one question for all browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from alerts.kpi_face import Figures
from dashboards.console.asking import Asking
from dashboards.console.components import DataTable
from dashboards.console.kpi import charts, marks
from dashboards.console.kpi.chooser import Chooser, whose_words
from dashboards.console.kpi.rows import COLUMNS, TABLES, Where
from dashboards.console.kpi.spans import Question, seen, whose_choices
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import View, box, change, line
from dashboards.console.wording import clock_text, refusal_text, zoned_text
from dashboards.live.load import KEPT_S, Whose
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, RefusedError

AGAIN_S = 5
"""How soon a question that failed is asked again."""


class KpiPage(Body):
    """Figures over the span and of whom the address says."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build empty, and ask."""
        self._desk, self._view = desk, desk.view
        view = desk.view
        choices = whose_choices(view.console.registry, view.principal.units)
        self._question = seen(Question.read(address.query, view.console.zone), choices)
        self._due_ns = 0
        self._panels: _Panels | None = None
        self._asking: Asking[Figures] = Asking(self._answered, self._failed)
        with box("kpi-page", "kpi") as self._root:
            if self._question is None:
                line(view.text("kpi_nobody"), "body-note").props("role=alert")
                return
            Chooser(view, self._question, choices, desk.go)
            self._said = line(view.text("kpi_counting"), "kpi-said").props("role=status data-part=kpi-said")
            self._place = box("kpi-place")

    def refresh(self, now_ns: int) -> None:
        """Ask again when a minute has passed; a span that is over has one answer."""
        question = self._question
        if question is None or now_ns < self._due_ns or self._asking.is_busy:
            return
        if self._panels is not None and not question.goes_on:
            return
        self._due_ns = now_ns + round(KEPT_S * NS_PER_S)
        begin_ns, end_ns = question.period(now_ns)
        self._asking.ask(lambda: self._view.console.load.figures(question.whose, begin_ns, end_ns))

    def leave(self) -> None:
        """Ask for nothing any more."""
        self._asking.close()

    def _answered(self, found: Figures) -> None:
        if self._panels is None:
            with self._place:
                self._panels = _Panels(self._desk)
        self._panels.show(found)
        change(self._said, self._about(found))

    def _about(self, found: Figures) -> str:
        """Say from when to when, whose, how many alarms were counted, and when."""
        view, zone = self._view, self._view.console.zone
        return view.text(
            "kpi_about",
            whose=whose_words(view, Whose(found.unit, found.position)),
            begin=zoned_text(found.from_ns, zone),
            end=zoned_text(found.until_ns, zone),
            count=found.alarms,
            at=clock_text(view.now_ns(), zone),
        )

    def _failed(self, error: FengsuiError) -> None:
        """Say why there are no newer figures; those that stand there stay."""
        self._due_ns = self._view.now_ns() + AGAIN_S * NS_PER_S
        words = self._view.text("kpi_away")
        if isinstance(error, RefusedError):
            words = self._view.text("kpi_refused", reason=refusal_text(error.reason, self._view.language))
        change(self._said, f"? {words}")


class _Panels:
    """All figures, drawn anew with each answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._view = desk, desk.view
        view = desk.view
        self._found: Figures | None = None
        with box("kpi-columns"):
            with _panel(view, "marks"):
                self._marks = DataTable(
                    marks.columns(view.language), self._open_rows, name="kpi-marks", words=view.text("kpi_marks")
                )
            with box("kpi-column"):
                self._load = _Chart(view, "load")
                self._classes = _Chart(view, "classes")
        self._tables: Mapping[str, _Table] = {}
        with box("kpi-tables"):
            self._tables = {name: _Table(view, name) for name in TABLES}

    def show(self, found: Figures) -> None:
        """Draw these figures."""
        if found == self._found:
            return
        self._found = found
        view, console = self._view, self._view.console
        self._marks.show(marks.rows(found, view.language))
        self._load.show(
            charts.load_options(found, console.zone, view.language), charts.load_words(found, view.language)
        )
        self._classes.show(charts.class_options(found, view.language), charts.class_words(found, view.language))
        where = Where(console.registry, console.zone, view.now_ns(), view.language)
        for name, table in self._tables.items():
            table.show(COLUMNS[name].rows(found, where))

    def _open_rows(self, name: str, action: str) -> None:
        """Show the rows that a figure is made of: a table further down, or another page."""
        del action
        if self._found is None:
            return
        address = marks.rows_at(self._found, name, self._view.console.zone)
        if address:
            self._desk.go(address)
        elif name in marks.TABLES:
            self._tables[marks.TABLES[name]].look_at()


def _panel(view: View, name: str) -> Any:
    """Return a panel with its title, as the context to build in."""
    title = view.text(f"kpi_{name}")
    panel = box(f"panel kpi-panel kpi-panel-{name}", f"kpi-{name}-panel")
    panel.props["role"], panel.props["aria-label"], panel.props["tabindex"] = "region", title, "-1"
    with panel, box("panel-head"):
        line(title, "panel-title")
    return panel


class _Chart:
    """A plot with its words."""

    def __init__(self, view: View, name: str) -> None:
        with _panel(view, name):
            self._words = line("", "kpi-words")
            self._chart = ui.echart({}).classes(f"kpi-chart kpi-chart-{name}").props("role=img")

    def show(self, options: dict[str, Any], words: str) -> None:
        change(self._words, words)
        self._chart.props["aria-label"] = words
        self._chart.options.clear()
        self._chart.options.update(options)
        self._chart.update()


class _Table:
    """A table that says when it has no rows."""

    def __init__(self, view: View, name: str) -> None:
        with _panel(view, name) as self._panel:
            self._none = line(view.text("kpi_none"), "kpi-words")
            heads = COLUMNS[name].heads(view.language)
            self._table = DataTable(heads, name=f"kpi-{name}", words=view.text(f"kpi_{name}"))

    def show(self, rows: list[dict[str, Any]]) -> None:
        self._none.set_visibility(not rows)
        self._table.set_visibility(bool(rows))
        self._table.show(rows)

    def look_at(self) -> None:
        """Bring it into sight, and let the keyboard go on there."""
        element = f"document.getElementById('c{self._panel.id}')"
        ui.run_javascript(f"{element}.scrollIntoView({{block: 'start'}}); {element}.focus({{preventScroll: true}})")
