"""Units on a map, and beside it those that have no location: an alarm in one is as visible as on the map."""

from __future__ import annotations

from itertools import islice
from typing import Any

from dashboards.console.overview.parts import Sheet, Tiles, tiles_written, written
from dashboards.console.overview.site_tiles import unit_tile
from dashboards.console.overview.wanted import NO_PLACE, Wanted
from dashboards.console.overview.words import counts, look_of, overview_path, state_text
from dashboards.console.preferences import OverviewForm
from dashboards.console.section import Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.live import geography
from dashboards.live.geography import SheetForm, lay_out
from dashboards.live.map_state import MarkState, mark_states, unheard_of
from dashboards.live.summary import Summary

MOST_BESIDE = 40
"""Units without a location that stand beside the map, the worst first; all of them are one click away."""


def has_map(view: View) -> bool:
    """Tell whether any unit that this browser may see has a location."""
    units = view.console.registry.units
    name = ("has-map", view.principal.units)
    return view.console.once.of(name, (units,), lambda: any(one.location is not None for one in units.values()))


class SiteMap:
    """A map with a list beside it."""

    def __init__(self, desk: Desk, wanted: Wanted) -> None:
        """Build, empty until the first refresh."""
        self._view = desk.view
        self._wanted = wanted
        self._form = SheetForm.DESK
        with box("map-columns"):
            with box("map-room", "map"):
                self._sheet = Sheet("sheet", self._fit)
            with box("map-beside", "unplaced") as self._beside:
                self._count = line("", "tile-title")
                with box("overview-scroll"):
                    self._tiles = Tiles("unplaced-tiles")
                path = wanted.path(part=NO_PLACE, view=OverviewForm.TILES)
                self._more = link("", path, "map-more")
                with self._more:
                    self._more_words = line("")

    def _fit(self, form: SheetForm) -> None:
        """Fit another size of the screen from the next beat on: only then it is known how things stand."""
        self._form = form

    def refresh(self, summary: Summary) -> int:
        """Redraw what changed; returns how many units are shown, on the map and beside it."""
        view, wanted = self._view, self._wanted
        name = ("map", wanted, self._form, view.language)
        self._sheet.put(view.shared(name, lambda: self._drawn(summary)))
        unplaced = self._unplaced()
        self._show_unplaced(summary, unplaced)
        return len(self._laid_out().mark_of) + len(unplaced)

    def _laid_out(self) -> geography.Sheet:
        """Return the sheet, made once for all browsers of a scope and size, anew when the site changed."""
        view, wanted = self._view, self._wanted.whole()
        units = view.console.registry.units

        def make() -> geography.Sheet:
            inside = (one for one in units.values() if wanted.has(one))
            return lay_out({one.id: one.location for one in inside if one.location is not None}, self._form)

        return view.console.once.of(("sheet", view.principal.units, wanted, self._form), (units,), make)

    def _unplaced(self) -> frozenset[str]:
        """Return the units of the site or area that have no location; a part of the map has none."""
        view, wanted = self._view, self._wanted
        units, area = view.console.registry.units, Wanted(area=wanted.area, part=NO_PLACE)
        if wanted.part:
            return frozenset()
        name = ("unplaced", view.principal.units, wanted.area)
        return view.console.once.of(name, (units,), lambda: frozenset(u for u, one in units.items() if area.has(one)))

    def _show_unplaced(self, summary: Summary, unplaced: frozenset[str]) -> None:
        view = self._view
        self._beside.set_visibility(bool(unplaced))
        if not unplaced:
            return
        name = ("unplaced-tiles", self._wanted.area, view.language)
        drawn, is_lit = view.shared(name, lambda: self._beside_drawn(summary, unplaced))
        self._tiles.put(drawn)
        dress(self._beside, "lit", "yes" if is_lit else "no")
        change(self._count, view.text("overview_unplaced", count=len(unplaced)))
        self._more.set_visibility(len(unplaced) > MOST_BESIDE)
        change(self._more_words, view.text("overview_unplaced_more", count=len(unplaced)))

    def _beside_drawn(self, summary: Summary, unplaced: frozenset[str]) -> tuple[str, bool]:
        view = self._view
        first = list(islice((unit for unit in summary.order if unit in unplaced), MOST_BESIDE))
        tiles = [unit_tile(view.console.registry, summary, unit, view.language) for unit in first]
        return tiles_written([("", "", tiles)], "tiles"), first[0] in summary.units

    def _drawn(self, summary: Summary) -> str:
        """Return the map as ``static/overview_map.js`` draws it."""
        view, sheet = self._view, self._laid_out()
        name = ("sheet-unheard", view.principal.units, self._wanted.whole(), self._form)
        unheard = view.console.once.of(name, (sheet, summary.unheard), lambda: unheard_of(sheet, summary))
        states = mark_states(sheet, summary, unheard)
        width, height = sheet.form.size
        return written(
            {
                "form": sheet.form,
                "size": [width, height],
                "words": view.text("overview_map"),
                "nothing": "" if sheet.marks else view.text("overview_map_empty"),
                "bar": {"length": round(sheet.bar_km * sheet.scale, 1), "words": _length(sheet.bar_km)},
                "marks": [self._mark(summary, one) for one in states],
            }
        )

    def _mark(self, summary: Summary, state: MarkState) -> dict[str, Any]:
        view, mark = self._view, state.mark
        heard = summary.known and not state.unknown
        tally, found = state.tally, counts(state.tally, view.language)
        open_now = " · ".join(f"{one['words']} {one['count']}" for one in found)
        return {
            "id": mark.units[0],
            "at": [mark.x, mark.y],
            "count": len(mark.units),
            "look": look_of(tally, heard=heard),
            "fresh": any(tally.fresh),
            "doubtful": not heard,
            "open": open_now,
            **(self._one(summary, mark.units[0]) if len(mark.units) == 1 else self._several(state)),
        }

    def _one(self, summary: Summary, unit: str) -> dict[str, Any]:
        view = self._view
        state = state_text(summary.unit(unit), summary.lines_of(unit), view.language, known=summary.known)
        name = view.console.registry.units[unit].labels.of(view.language)
        return {"name": name, "state": state, "go": overview_path(unit)}

    def _several(self, state: MarkState) -> dict[str, Any]:
        """Return a cluster's words, and where it leads: nearer, or to a list of what lies on one place."""
        view, mark = self._view, state.mark
        part = mark.box.written() if mark.box is not None else ""
        words = [view.text("overview_lit", count=state.lit)] if state.lit else []
        words += [view.text("overview_map_unknown", count=state.unknown)] if state.unknown else []
        words += [] if words else [view.text("overview_map_calm")]
        words.append(view.text("overview_map_here" if mark.is_one_place else "overview_map_open"))
        form = OverviewForm.TILES if mark.is_one_place else OverviewForm.MAP
        return {
            "name": view.text("overview_units", count=len(mark.units)),
            "state": " · ".join(words),
            "go": self._wanted.path(part=part, view=form),
        }


def _length(km: float) -> str:
    return f"{km:g} km" if km >= 1 else f"{km * 1000:g} m"
