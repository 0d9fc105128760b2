"""``/overview[/<unit>[/<building>[/<floor>]]]``: from everything to one device in three clicks.

``wall=1`` is the form for a wall: no menu, larger, and nothing that turns by itself.
"""

from __future__ import annotations

from dashboards.console.overview.floor import Floor
from dashboards.console.overview.offer import Offer
from dashboards.console.overview.side import Side
from dashboards.console.overview.sites import Sites
from dashboards.console.overview.unit import Unit
from dashboards.console.overview.wanted import Wanted
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box, line
from dashboards.live.floor import floors_of
from dashboards.live.summary import SiteCount, Summary
from dashboards.live.tally import FloorKey
from domain.site import Building, UnitSettings


class OverviewPage(Body):
    """One of the three levels, with the figures beside the upper two."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build what the address names."""
        self._view = desk.view
        self._sites: Sites | None = None
        self._unit: Unit | None = None
        self._floor: Floor | None = None
        self._side: Side | None = None
        found = self._found(address.rest)
        with box("overview", "overview") as root:
            root.props["data-wall"] = "yes" if address.query.get("wall") == "1" else "no"
            self._offer = Offer(desk, _floor_key(found))
            with box("overview-columns"):
                self._fill(desk, address, found)

    def _found(self, rest: tuple[str, ...]) -> tuple[UnitSettings | None, Building | None, int | None]:
        """Return unit, building and floor that an address names, as far as the site has them."""
        registry = self._view.console.registry
        only = next(iter(registry.units)) if len(registry.units) == 1 else ""
        unit = registry.units.get(rest[0] if rest else only)
        building = next((one for one in unit.buildings if one.id == rest[1]), None) if unit and len(rest) > 1 else None
        if unit is None or building is None or len(rest) < len(("unit", "building", "floor")):
            return unit, building, None
        floors = {str(floor): floor for floor in floors_of(registry, unit.id, building.id)}
        return unit, building, floors.get(rest[2])

    def _fill(
        self, desk: Desk, address: Address, found: tuple[UnitSettings | None, Building | None, int | None]
    ) -> None:
        unit, building, floor = found
        named = sum(part is not None for part in found)
        if named < len(address.rest):
            line(self._view.text("overview_nowhere"), "body-note").props("role=alert")
        elif unit is None:
            self._sites = Sites(desk, Wanted.read(address.query))
            self._side = Side(desk)
        elif building is None or floor is None:
            self._unit = Unit(desk, unit, building.id if building else "")
            self._side = Side(desk, unit.id if len(self._view.console.registry.units) > 1 else "")
        else:
            self._floor = Floor(desk, unit, building, floor)

    def refresh(self, now_ns: int) -> None:
        """Redraw what changed; everything is counted once for all browsers."""
        view, console = self._view, self._view.console
        count = console.once.of(("site-count", view.principal.units), "", SiteCount)
        summary: Summary = view.shared("summary", lambda: count.take(console.board, console.registry, now_ns))
        self._offer.refresh()
        if self._sites is not None:
            self._sites.refresh(summary)
        if self._unit is not None:
            self._unit.refresh(summary, now_ns)
        if self._floor is not None:
            self._floor.refresh(summary, now_ns)
        if self._side is not None:
            self._side.refresh(summary, now_ns)


def _floor_key(found: tuple[UnitSettings | None, Building | None, int | None]) -> FloorKey | None:
    unit, building, floor = found
    return (unit.id, building.id, floor) if unit and building and floor is not None else None
