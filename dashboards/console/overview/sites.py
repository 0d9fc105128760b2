"""The first level: areas and units, the worst first, as tiles or on a map; found by name, page by page."""

from __future__ import annotations

from dataclasses import replace

from nicegui import ui

from dashboards.console.alarms.filters import NO_AREA
from dashboards.console.overview.site_map import SiteMap, has_map
from dashboards.console.overview.site_tiles import SiteTiles
from dashboards.console.overview.wanted import MOST_WORDS, NO_PLACE, Wanted
from dashboards.console.overview.words import PATH, address
from dashboards.console.preferences import OverviewForm
from dashboards.console.section import Desk
from dashboards.console.view import box, change, line, link
from dashboards.console.wording import area_text
from dashboards.live.summary import Summary


class Sites:
    """The units of a site or of a part of it."""

    def __init__(self, desk: Desk, wanted: Wanted) -> None:
        """Build what the address asks for."""
        self._desk = desk
        self._view = desk.view
        self._wanted = wanted
        self._form = self._chosen()
        with box("panel overview-main", "sites"):
            with box("panel-head"):
                self._title()
                self._note = line("", "panel-note").props("data-part=sites-note")
                self._switch()
                self._find()
            self._shown = SiteMap(desk, wanted) if self._form is OverviewForm.MAP else SiteTiles(desk, wanted)

    def _chosen(self) -> OverviewForm:
        """Return what the address says, else what this browser keeps; names are found in tiles only."""
        wanted = self._wanted
        if wanted.words or wanted.part == NO_PLACE or not has_map(self._view):
            return OverviewForm.TILES
        return OverviewForm(wanted.view) if wanted.view else self._view.preferences.overview

    def _title(self) -> None:
        view, wanted = self._view, self._wanted
        steps = [(view.text("overview_title"), address(PATH, wall=wanted.wall))]
        if wanted.area:
            area = "" if wanted.area == NO_AREA else wanted.area
            steps[0] = (view.text("overview_all_areas"), steps[0][1])
            steps.append((area_text(view.console.registry, area, view.language), wanted.path()))
        if wanted.part:
            steps.append((self._part_text(), ""))
        for words, path in steps[:-1]:
            link(words, path, "crumb")
            line("›", "crumb-step")
        line(steps[-1][0], "panel-title")

    def _part_text(self) -> str:
        if self._wanted.part == NO_PLACE:
            return self._view.text("overview_unplaced_title")
        return self._view.text("overview_map_part" if self._form is OverviewForm.MAP else "overview_here_title")

    def _switch(self) -> None:
        """Offer the other form; which one is chosen is remembered in this browser."""
        view = self._view
        if not has_map(view):
            return
        with box("view-switch", "view-switch").props(f'role=group aria-label="{view.text("overview_view")}"'):
            for form in OverviewForm:
                words = view.text(f"overview_view_{form}")
                button = ui.button(words, on_click=lambda _, chosen=form: self._choose(chosen), color=None)
                pressed = "true" if form is self._form else "false"
                button.classes("act").props(f"flat no-caps data-view={form} aria-pressed={pressed}")

    def _choose(self, form: OverviewForm) -> None:
        if self._view.hand is not None:
            self._view.hand.prefer(replace(self._view.preferences, overview=form))
        part = "" if self._wanted.part == NO_PLACE else self._wanted.part
        self._desk.go(self._wanted.path(part=part))

    def _find(self) -> None:
        words = self._view.text("overview_find")
        found = ui.input(placeholder=words, value=self._wanted.words).classes("overview-find")
        found.props(f'dense outlined clearable maxlength={MOST_WORDS} data-part=find-unit aria-label="{words}"')
        found.on("keydown.enter", lambda: self._go(str(found.value or "").strip()))
        found.on("clear", lambda: self._go(""))

    def _go(self, words: str) -> None:
        self._desk.go(self._wanted.path(words=words[:MOST_WORDS]))

    def refresh(self, summary: Summary) -> None:
        """Redraw what changed."""
        view = self._view
        count = self._shown.refresh(summary)
        notes = [view.text("overview_units", count=count), *([view.text("overview_cut")] if summary.cut else [])]
        change(self._note, " · ".join(notes))
