"""The form of the search: what is asked, in one line or two; every search is another address."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui import ui

from dashboards.console.history.search import FIELDS, TIMES, Search
from dashboards.console.view import View, box
from domain.alarm import AlarmClass
from domain.alert import Confirmation

MOST_CHOICES = 300
"""Units or areas that a choice holds; at a larger site their id or name is typed."""

SHOWN = ("class", "since", "until", "area", "unit", "rule", "confirmed", "person", "text")
MOST: Mapping[str, int] = {"text": 100, "person": 64, "rule": 600, "unit": 120, "area": 64}

Answered = Callable[[dict[str, str]], None]


class SearchForm:
    """The fields of one browser."""

    def __init__(self, view: View, search: Search, on_search: Answered) -> None:
        """Build with what was searched for; ``on_search`` gets the fields that are filled in."""
        self._view = view
        now = search.query()
        self._kept = {name: value for name, value in now.items() if name in FIELDS and name not in SHOWN}
        self._inputs: dict[str, ui.select | ui.input] = {}
        with box("search-form", "search-form").props("role=search"):
            for name in SHOWN:
                if name != "area" or self._choices("area"):
                    self._inputs[name] = self._field(name, now.get(name, ""))
                    self._inputs[name].on("keydown.enter", lambda: on_search(self.answers()))
            button = ui.button(view.text("history_search"), on_click=lambda: on_search(self.answers()), color=None)
            button.classes("act act-main").props("flat no-caps data-action=search")

    def answers(self) -> dict[str, str]:
        """Return what is filled in."""
        given = {name: str(field.value or "").strip() for name, field in self._inputs.items()}
        return {name: value for name, value in {**self._kept, **given}.items() if value}

    def _field(self, name: str, value: str) -> ui.select | ui.input:
        words, some = self._view.text(f"history_{name}"), self._choices(name)
        field: ui.select | ui.input
        if some:
            field = ui.select(
                {"": "—", **some}, label=words, value=value if value in some else "", with_input=len(some) > 12
            )
        else:
            field = ui.input(label=words, value=value)
            if name in TIMES:
                field.props("type=datetime-local")
        field.props(f"outlined dense stack-label maxlength={MOST.get(name, 64)} data-field={name}")
        return field.classes(f"search-field search-{name}")

    def _choices(self, name: str) -> dict[str, str]:
        """Return what a field can be chosen from; empty: it is typed."""
        view, registry = self._view, self._view.console.registry
        if name == "class":
            return {one.value: view.text(f"class_{one}") for one in AlarmClass}
        if name == "confirmed":
            return {one.value: view.text(f"finding_{one}") for one in Confirmation}
        if name == "unit" and len(registry.units) <= MOST_CHOICES:
            return {one.id: one.labels.of(view.language) for one in registry.units.values()}
        if name == "area":
            areas = sorted({one.area for one in registry.units.values() if one.area})
            return {area: area for area in areas[:MOST_CHOICES]}
        return {}
