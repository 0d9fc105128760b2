"""The parts of the overview that run in the browser, and figures that open their rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui.element import Element

from dashboards.console.overview.words import Tile
from dashboards.console.view import box, change, dress, line
from dashboards.live.geography import SheetForm


class Drawn(Element):
    """An element that draws one JSON text; the same text costs nothing."""

    def __init__(self, name: str) -> None:
        """Start empty. ``name`` is what tests call it."""
        super().__init__()
        self.props["drawn"] = "null"
        self.props["data-part"] = name

    def draw(self, data: Any) -> None:
        """Draw this."""
        self.put(written(data))

    def put(self, drawn: str) -> None:
        """Draw what `written` made, once for many browsers."""
        if drawn != self.props["drawn"]:
            self.props["drawn"] = drawn


def written(data: Any) -> str:
    """Return data as `Drawn.put` takes it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def tiles_written(groups: Sequence[tuple[str, str, Sequence[Tile]]], form: str) -> str:
    """Return groups of (title, note, tiles) in the ``form`` of tiles or bars, as `Tiles` draws them."""
    return written({"form": form, "groups": [{"title": t, "note": n, "tiles": list(tiles)} for t, n, tiles in groups]})


class Tiles(Drawn, component="../static/overview_tiles.js"):
    """Groups of tiles (`dashboards.console.overview.words`): areas, units, or the floors of buildings."""

    def show(self, groups: Sequence[tuple[str, str, Sequence[Tile]]], form: str) -> None:
        """Draw groups of (title, note, tiles)."""
        self.put(tiles_written(groups, form))


class Sheet(Drawn, component="../static/overview_map.js"):
    """The map of a site's units."""

    def __init__(self, name: str, on_form: Callable[[SheetForm], None]) -> None:
        """``on_form`` is told which form fits this browser's screen, at first and whenever that changes."""
        super().__init__(name)
        self.on("form", lambda event: on_form(_form(event.args)))


def _form(told: Any) -> SheetForm:
    return SheetForm(told) if told in set(SheetForm) else SheetForm.DESK


class Hours(Drawn, component="../static/overview_hours.js"):
    """A bar an hour of the day, and where the day is now."""

    def show(self, hours: Sequence[int], now: float, words: str) -> None:
        """Draw 24 numbers; ``now`` in hours."""
        self.draw({"hours": list(hours), "now": round(now, 1), "words": words})


class Plan(Drawn, component="../static/overview_plan.js"):
    """A floor plan with what is on it."""

    def show(self, plan: Mapping[str, Any]) -> None:
        """Draw a plan as `dashboards.console.overview.floor` makes it."""
        self.draw(plan)


class Figure:
    """A number with its word; a click opens the rows that it counts."""

    def __init__(self, words: str, go: str, name: str) -> None:
        """Build; unknown until `show`."""
        with Element("a").classes("figure") as self._link:
            self._link.props["href"] = self._link.props["data-go"] = go
            self._link.props["data-figure"] = name
            self._number = line("?", "figure-number")
            line(words, "figure-words")

    def show(self, number: str, look: str = "calm", go: str | None = None) -> None:
        """Write the number."""
        change(self._number, number)
        dress(self._link, "look", look)
        if go is not None and self._link.props["href"] != go:
            self._link.props["href"] = self._link.props["data-go"] = go


class Counted:
    """A line of words that opens its rows, absent while there are none."""

    def __init__(self, go: str, name: str) -> None:
        """Build, absent."""
        with Element("a").classes("counted") as self._link:
            self._link.props["href"] = self._link.props["data-go"] = go
            self._link.props["data-figure"] = name
            self._words = line("")
        self._link.set_visibility(False)

    def show(self, words: str, count: int) -> None:
        """Write words and number."""
        self._link.set_visibility(count > 0)
        change(self._words, f"{words} {count}")


def panel(title: str, name: str) -> Element:
    """Return the body of a panel with a title."""
    with box("panel side-panel", name):
        with box("panel-head"):
            line(title, "panel-title")
        return box("side-body")
