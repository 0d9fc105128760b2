"""The menu: a link to each page that this person may open; the one that is open is marked."""

from __future__ import annotations

from dashboards.console.section import Desk, Section
from dashboards.console.view import box, dress, link


class Menu:
    """A row of links."""

    def __init__(self, desk: Desk, sections: tuple[Section, ...]) -> None:
        """Build for what the view's person may open now."""
        view = desk.view
        self._links = {}
        with box("menu", "menu").props(f'role=navigation aria-label="{view.text("menu")}"'):
            for section in sections:
                if section.in_menu and view.principal.may(section.right):
                    shown = link(view.text(f"nav_{section.name}"), section.path, "menu-link")
                    shown.props["data-nav"] = section.name
                    self._links[section.name] = shown

    def mark(self, name: str) -> None:
        """Mark the page that is open."""
        for other, shown in self._links.items():
            dress(shown, "chosen", "yes" if other == name else "no")
            shown.props["aria-current"] = "page" if other == name else "false"
