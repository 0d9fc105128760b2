"""Panels of the alarm's page: each is drawn anew only when what it shows has changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from nicegui import ui
from nicegui.element import Element

from dashboards.console.view import View, box, change, line

PARTS = (
    "why",
    "beside",
    "trend",
    "contacts",
    "procedure",
    "pictures",
    "comments",
    "notifications",
    "past",
    "similar",
    "audit",
)
"""Every panel; ``detail_<name>`` is its title."""


class Part:
    """A panel with a title, a note beside it, and a body that is rebuilt when its state changes."""

    def __init__(self, view: View, name: str, *, classes: str = "") -> None:
        """``name``: of the panel, and of its title's text ``detail_<name>``."""
        title = view.text(f"detail_{name}")
        with box(f"panel detail-part {classes}".rstrip(), f"detail-{name}") as panel:
            panel.props["role"], panel.props["aria-label"] = "region", title
            with box("panel-head"):
                line(title, "panel-title")
                self._note = line("", "panel-note detail-note")
                self.head = box("detail-head-actions")
            self.body = box("detail-body")
        self._state: Hashable = object()

    def show(self, state: Hashable, build: Callable[[], None], note: str = "") -> None:
        """Rebuild the body unless ``state`` is that of the last time."""
        change(self._note, note)
        if state == self._state:
            return
        self._state = state
        self.body.clear()
        with self.body:
            build()

    def say(self, words: str, *, unknown: bool = False) -> None:
        """Show a sentence instead of the body."""
        look = "detail-said detail-unknown" if unknown else "detail-said"
        self.show(("said", words, unknown), lambda: _ignore(line(words, look)))


def _ignore(element: Element) -> None:
    """Take what a builder returns; the element stands on the page."""
    del element


def facts(rows: list[tuple[str, str]]) -> None:
    """Draw names and words in two columns."""
    with box("detail-facts"):
        for name, words in rows:
            line(name, "field-label")
            line(words, "detail-fact")


def outside(words: str, url: str) -> ui.link:
    """Return a link to somewhere else: in a tab of its own, which learns nothing of us."""
    return ui.link(words, url, new_tab=True).props("rel='noopener noreferrer'")
