"""Units as tiles, page by page, with the tiles of areas before them."""

from __future__ import annotations

from dashboards.console.alarms.filters import NO_AREA
from dashboards.console.overview.parts import Tiles, tiles_written
from dashboards.console.overview.wanted import Wanted
from dashboards.console.overview.words import (
    PATH,
    Tile,
    address,
    counts,
    look_of,
    overview_path,
    state_text,
)
from dashboards.console.section import Desk
from dashboards.console.texts import Language, text
from dashboards.console.view import box, change, line, link
from dashboards.console.wording import area_text
from dashboards.live.summary import AreaState, Summary
from domain.site import Registry

PAGE = 60
"""Tiles of one page."""

MOST_WITHOUT_AREAS = 2
"""Areas from which on they are shown: one area says nothing."""


class SiteTiles:
    """Tiles of areas and units."""

    def __init__(self, desk: Desk, wanted: Wanted) -> None:
        """Build, empty until the first refresh."""
        self._view = desk.view
        self._wanted = wanted
        with box("overview-scroll"):
            self._tiles = Tiles("tiles")
        with box("pages") as self._pages:
            self._before = link(self._view.text("overview_before"), PATH)
            self._where = line("", "panel-note")
            self._after = link(self._view.text("overview_after"), PATH)

    def refresh(self, summary: Summary) -> int:
        """Redraw what changed; returns how many units there are, on all pages."""
        view, wanted = self._view, self._wanted
        registry = view.console.registry
        units = view.shared(("overview-units", wanted.whole()), lambda: tuple(wanted.of(registry, summary)))
        last = max(0, (len(units) - 1) // PAGE)
        page = min(wanted.page, last)
        shown = units[page * PAGE : (page + 1) * PAGE]
        name = ("overview-tiles", wanted, view.language)
        self._tiles.put(view.shared(name, lambda: self._drawn(summary, shown, page)))
        self._turn(page, last)
        return len(units)

    def _drawn(self, summary: Summary, units: tuple[str, ...], page: int) -> str:
        view, wanted = self._view, self._wanted
        tiles = [unit_tile(view.console.registry, summary, unit, view.language) for unit in units]
        groups = [] if wanted.area or wanted.words or wanted.part or page else self._areas(summary)
        title = view.text("overview_by_unit") if groups else ""
        nothing = "" if tiles else view.text("overview_nothing")
        return tiles_written([*groups, (title, nothing, tiles)], "tiles")

    def _areas(self, summary: Summary) -> list[tuple[str, str, list[Tile]]]:
        """Return the tiles of areas, where the site has several."""
        view = self._view
        if len(summary.areas) < MOST_WITHOUT_AREAS:
            return []
        wall = self._wanted.wall
        areas = [_area_tile(view.console.registry, summary, one, view.language, wall) for one in summary.areas]
        return [(view.text("overview_by_area"), "", areas[:PAGE])]

    def _turn(self, page: int, last: int) -> None:
        self._pages.set_visibility(last > 0)
        change(self._where, self._view.text("overview_page", page=page + 1, pages=last + 1))
        for shown, to in ((self._before, page - 1), (self._after, page + 1)):
            shown.set_visibility(0 <= to <= last)
            path = self._wanted.turned(to)
            if shown.props["href"] != path:
                shown.props["href"] = shown.props["data-go"] = path


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
        "counts": counts(area.tally, language, area=area.area or NO_AREA),
        "note": _area_note(area, language),
    }


def _area_note(area: AreaState, language: Language) -> str:
    parts = [text("overview_units", language, count=area.units)]
    parts += [text("overview_lit", language, count=area.lit)] if area.lit else []
    return " · ".join(parts)
