"""The menu: a link to each page that this person may open; the one that is open is marked. On a phone it folds."""

from __future__ import annotations

from nicegui import ui

from dashboards.console.section import Desk, Section
from dashboards.console.view import box, dress, link


class Menu:
    """A row of links."""

    def __init__(self, desk: Desk, sections: tuple[Section, ...]) -> None:
        """Build for what the view's person may open now."""
        view = desk.view
        self._links = {}
        with box("menu", "menu").props(f'role=navigation aria-label="{view.text("menu")}" data-open=no') as self._box:
            self._fold = ui.button(f"☰ {view.text('menu')}", on_click=self._toggle, color=None)
            self._fold.classes("act menu-fold").props("flat no-caps data-part=menu-fold aria-expanded=false")
            for section in sections:
                if section.in_menu and view.principal.may(section.right):
                    shown = link(view.text(f"nav_{section.name}"), section.path, "menu-link")
                    shown.props["data-nav"] = section.name
                    self._links[section.name] = shown
            link(view.text("nav_phone"), "/phone", "menu-link menu-phone")

    def mark(self, name: str) -> None:
        """Mark the page that is open, and fold."""
        for other, shown in self._links.items():
            dress(shown, "chosen", "yes" if other == name else "no")
            shown.props["aria-current"] = "page" if other == name else "false"
        self._unfold(on=False)

    def _toggle(self) -> None:
        self._unfold(on=self._box.props.get("data-open") != "yes")

    def _unfold(self, *, on: bool) -> None:
        dress(self._box, "open", "yes" if on else "no")
        self._fold.props["aria-expanded"] = "true" if on else "false"
