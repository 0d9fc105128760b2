"""The first level: areas, and the units of a site or an area, the worst first; found by name, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nicegui import ui

from dashboards.console.overview.parts import Tiles
from dashboards.console.overview.words import (
    PATH,
    Tile,
    address,
    area_text,
    counts,
    look_of,
    overview_path,
    state_text,
)
from dashboards.console.section import Desk
from dashboards.console.texts import Language, text
from dashboards.console.view import box, change, line, link
from dashboards.live.summary import AreaState, Summary
from domain.site import Registry

PAGE = 60
"""Tiles of one page."""

MOST_WITHOUT_AREAS = 2
"""Areas from which on they are shown: one area says nothing."""

NO_AREA = "-"
"""What an address calls the units that have none; no area can be called so by chance, and nothing breaks if one is."""

MOST_WORDS = 60


class Sites:
    """Tiles of areas or units."""

    def __init__(self, desk: Desk, query: Mapping[str, str]) -> None:
        """Build what the address asks for: ``area``, ``q`` (part of a name or id), ``page``."""
        self._desk = desk
        self._view = desk.view
        self._area = query.get("area", "")[:MOST_WORDS]
        self._words = query.get("q", "").strip()[:MOST_WORDS]
        self._page = _number(query.get("page", ""))
        self._wall = query.get("wall", "")
        with box("panel overview-main", "sites"):
            with box("panel-head"):
                self._title()
                self._note = line("", "panel-note").props("data-part=sites-note")
                self._find()
            with box("overview-scroll"):
                self._tiles = Tiles("tiles")
            with box("pages") as self._pages:
                self._before = link(self._view.text("overview_before"), PATH)
                self._where = line("", "panel-note")
                self._after = link(self._view.text("overview_after"), PATH)

    def _title(self) -> None:
        view = self._view
        if self._area:
            link(view.text("overview_all_areas"), address(PATH, wall=self._wall), "crumb")
            line("›", "crumb-step")
            area = "" if self._area == NO_AREA else self._area
            line(area_text(view.console.registry, area, view.language), "panel-title")
        else:
            line(view.text("overview_title"), "panel-title")

    def _find(self) -> None:
        words = self._view.text("overview_find")
        found = ui.input(placeholder=words, value=self._words).classes("overview-find")
        found.props(f'dense outlined clearable maxlength={MOST_WORDS} data-part=find-unit aria-label="{words}"')
        found.on("keydown.enter", lambda: self._go(str(found.value or "").strip()))
        found.on("clear", lambda: self._go(""))

    def _go(self, words: str) -> None:
        self._desk.go(address(PATH, area=self._area, q=words[:MOST_WORDS], wall=self._wall))

    def refresh(self, summary: Summary) -> None:
        """Redraw what changed."""
        view = self._view
        registry, language = view.console.registry, view.language
        name = ("overview-units", self._area, self._words)
        units = view.shared(name, lambda: list(self._wanted(registry, summary)))
        last = max(0, (len(units) - 1) // PAGE)
        page = min(self._page, last)
        shown = units[page * PAGE : (page + 1) * PAGE]
        tiles = [unit_tile(registry, summary, unit, language) for unit in shown]
        notes = [view.text("overview_units", count=len(units)), *([view.text("overview_cut")] if summary.cut else [])]
        change(self._note, " · ".join(notes))
        groups = [] if self._area or self._words or page else self._areas(summary)
        title = view.text("overview_by_unit") if groups else ""
        self._tiles.show([*groups, (title, "" if tiles else view.text("overview_nothing"), tiles)], "tiles")
        self._turn(page, last)

    def _areas(self, summary: Summary) -> list[tuple[str, str, list[Tile]]]:
        """Return the tiles of areas, where the site has several."""
        view = self._view
        if len(summary.areas) < MOST_WITHOUT_AREAS:
            return []
        areas = [_area_tile(view.console.registry, summary, one, view.language, self._wall) for one in summary.areas]
        return [(view.text("overview_by_area"), "", areas[:PAGE])]

    def _turn(self, page: int, last: int) -> None:
        self._pages.set_visibility(last > 0)
        change(self._where, self._view.text("overview_page", page=page + 1, pages=last + 1))
        for shown, to in ((self._before, page - 1), (self._after, page + 1)):
            shown.set_visibility(0 <= to <= last)
            query = {"area": self._area, "q": self._words, "wall": self._wall}
            path = address(PATH, **query, page=str(to) if to > 0 else "")
            if shown.props["href"] != path:
                shown.props["href"] = shown.props["data-go"] = path

    def _wanted(self, registry: Registry, summary: Summary) -> Iterable[str]:
        sought = self._words.casefold()
        for unit in summary.order:
            settings = registry.units[unit]
            if self._area and (settings.area or NO_AREA) != self._area:
                continue
            names = (unit, settings.labels.zh, settings.labels.en)
            if not sought or any(sought in name.casefold() for name in names):
                yield unit


def unit_tile(registry: Registry, summary: Summary, unit: str, language: Language) -> Tile:
    """Return the tile of a unit."""
    tally, lines = summary.unit(unit), summary.lines_of(unit)
    return {
        "id": unit,
        "go": overview_path(unit),
        "name": registry.units[unit].labels.of(language),
        "look": look_of(tally, heard=summary.is_heard(unit)),
        "state": state_text(tally, lines, language, known=summary.known),
        "fresh": any(tally.fresh),
        "counts": counts(tally, language, unit=unit),
    }


def _area_tile(registry: Registry, summary: Summary, area: AreaState, language: Language, wall: str) -> Tile:
    return {
        "id": f"area-{area.area}",
        "go": address(PATH, area=area.area or NO_AREA, wall=wall),
        "name": area_text(registry, area.area, language),
        "look": look_of(area.tally, heard=summary.known and not area.unknown),
        "state": state_text(area.tally, area.lines, language, known=summary.known),
        "fresh": any(area.tally.fresh),
        "counts": counts(area.tally, language, area=area.area) if area.area else _bare(area, language),
        "note": _area_note(area, language),
    }


def _bare(area: AreaState, language: Language) -> list[dict[str, Any]]:
    """Return the counts of the units without an area, whose rows nobody can ask for by it."""
    return [{**one, "go": address(PATH, area=NO_AREA)} for one in counts(area.tally, language)]


def _area_note(area: AreaState, language: Language) -> str:
    parts = [text("overview_units", language, count=area.units)]
    parts += [text("overview_lit", language, count=area.lit)] if area.lit else []
    return " · ".join(parts)


def _number(words: str) -> int:
    return min(int(words), 100_000) if words.isascii() and words.isdigit() and len(words) < 7 else 0
