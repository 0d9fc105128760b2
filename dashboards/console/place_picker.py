"""Choosing places in a form: a search, what it found, and what is chosen, each with a way to take it back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.console.places import Place, PlaceKind, find_places, place_words
from dashboards.console.view import View, box, line

MOST_CHOSEN = 100
MOST_SEARCH = 80


class PlacePicker:
    """``chosen`` in the order of choosing. With ``one`` a new choice replaces the last."""

    def __init__(
        self,
        view: View,
        kinds: Collection[PlaceKind],
        on_change: Callable[[], None],
        *,
        words: str,
        one: bool = False,
        name: str = "place",
    ) -> None:
        """Build; ``words`` is the label of the list, ``name`` what tests call the field."""
        self._view = view
        self._kinds = tuple(kinds)
        self._on_change = on_change
        self._one = one
        self._options: dict[str, str] = {}
        self.chosen: list[Place] = []
        with box("place-picker", f"pick-{name}"):
            find = ui.input(label=view.text("place_find"), on_change=self._search)
            find.props(f"outlined dense stack-label maxlength={MOST_SEARCH} debounce=250 data-field={name}-find")
            self._list = ui.select({}, label=words, on_change=self._take).classes("field")
            self._list.props(f"outlined dense stack-label data-field={name}")
            with box("chosen") as self._chosen:
                pass
        self._offer("")

    def put(self, place: Place) -> None:
        """Choose a place."""
        self._add(place)

    def _search(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._offer((event.value or "")[:MOST_SEARCH])

    def _offer(self, words: str) -> None:
        self._options = find_places(self._view.console.registry, words, self._kinds, self._view.language)
        self._list.set_options(self._options, value=None)

    def _take(self, event: ValueChangeEventArguments[str | None]) -> None:
        if event.value is None:
            return
        self._list.set_value(None)
        self._add(Place.read(event.value))

    def _add(self, place: Place) -> None:
        if self._one:
            self.chosen = [place]
        elif place not in self.chosen and len(self.chosen) < MOST_CHOSEN:
            self.chosen.append(place)
        self._show()

    def _drop(self, place: Place) -> None:
        self.chosen.remove(place)
        self._show()

    def _show(self) -> None:
        view = self._view
        self._chosen.clear()
        with self._chosen:
            for place in self.chosen:
                words = place_words(view.console.registry, place, view.language)
                with box("chip"):
                    line(f"{view.text(f'place_{place.kind}')} {words}")
                    drop = ui.button("✕", on_click=partial(self._drop, place), color=None).classes("act")
                    drop.props["flat"] = True
                    drop.props["aria-label"] = view.text("place_drop", place=words)
        self._on_change()
