"""The second level: a unit with whom to call, and its buildings, each as a section: a bar a floor, the top first."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.console.detail.contacts import masked
from dashboards.console.overview.parts import Tiles
from dashboards.console.overview.states import premises, state_of
from dashboards.console.overview.words import (
    PATH,
    Tile,
    address,
    counts,
    floor_name,
    look_of,
    overview_path,
    state_text,
)
from dashboards.console.section import Desk
from dashboards.console.view import box, change, line, link
from dashboards.console.wording import area_text
from dashboards.live.floor import floors_of
from dashboards.live.summary import Summary
from dashboards.live.tally import CALM, Lines
from domain.accounts import Right
from domain.site import Building, Person, Registry, UnitSettings


class Unit:
    """A unit's buildings as sections."""

    def __init__(self, desk: Desk, unit: UnitSettings, building: str = "") -> None:
        """Build; ``building``: only this one."""
        self._view = desk.view
        self._unit = unit
        self._only = building
        with box("panel overview-main", "unit"):
            with box("panel-head"):
                self._crumbs()
                self._state = line("", "panel-note").props("data-part=unit-state")
            with box("contacts", "contacts"):
                self._contacts()
            with box("overview-scroll"):
                self._tiles = Tiles("floors")

    def _crumbs(self) -> None:
        view = self._view
        registry = view.console.registry
        if len(registry.units) > 1:
            link(view.text("overview_title"), PATH, "crumb")
            line("›", "crumb-step")
            if self._unit.area is not None:
                words = area_text(registry, self._unit.area, view.language)
                link(words, address(PATH, area=self._unit.area), "crumb")
                line("›", "crumb-step")
        line(self._unit.labels.of(view.language), "panel-title")

    def _contacts(self) -> None:
        """Show whom to call, each with a number that a telephone takes."""
        view = self._view
        for role, person in _people(view.console.registry, self._unit):
            with box("contact"):
                line(view.text(role), "contact-role")
                line(person.labels.of(view.language), "contact-name")
                if person.phone and not view.principal.may(Right.ACT):
                    line(masked(person.phone), "contact-phone")
                elif person.phone:
                    call = link(person.phone, f"tel:{person.phone.replace(' ', '')}", "contact-phone")
                    del call.props["data-go"]
        devices = sum(len(found) for found in premises(view, self._unit.id).devices.values())
        shown = link(view.text("overview_devices", count=devices), address("/devices", unit=self._unit.id), "contact")
        shown.props["data-part"] = "unit-devices"

    def refresh(self, summary: Summary, now_ns: int) -> None:
        """Redraw what changed."""
        view, unit = self._view, self._unit.id
        lines = summary.lines_of(unit)
        change(self._state, state_text(summary.unit(unit), lines, view.language, known=summary.known))
        groups = view.shared(
            ("overview-unit", unit, self._only, view.language), lambda: list(self._groups(summary, now_ns))
        )
        self._tiles.show(groups, "bars")

    def _groups(self, summary: Summary, now_ns: int) -> Iterator[tuple[str, str, list[Tile]]]:
        """Yield each building with its floors, the highest first."""
        registry = self._view.console.registry
        for building in self._unit.buildings:
            if not self._only or building.id == self._only:
                floors = floors_of(registry, self._unit.id, building.id)
                tiles = [self._bar(summary, building, floor, now_ns) for floor in floors]
                yield building.labels.of(self._view.language), "", tiles

    def _bar(self, summary: Summary, building: Building, floor: int, now_ns: int) -> Tile:
        view, key = self._view, (self._unit.id, building.id, floor)
        language, tally = view.language, summary.floors.get(key, CALM)
        state = state_of(view, key, now_ns, known=summary.known)
        things = len(state.things)
        heard = summary.known and things > 0 and not state.silent
        look = look_of(tally, heard=heard)
        return {
            "id": f"{building.id}/{floor}",
            "go": overview_path(*key),
            "name": floor_name(building, floor, language),
            "look": "bare" if look == "unknown" and summary.known and not things else look,
            "state": state_text(tally, Lines(things, state.silent), language, known=summary.known),
            "fresh": any(tally.fresh),
            "note": self._note(building, floor, things, has_plan=key in view.console.registry.floor_plans),
            "counts": counts(tally, language, unit=self._unit.id, building=f"{self._unit.id}/{building.id}"),
        }

    def _note(self, building: Building, floor: int, devices: int, *, has_plan: bool) -> str:
        view = self._view
        zones = [zone.labels.of(view.language) for zone in building.zones if zone.floor == floor]
        plan = [view.text("overview_plan")] if has_plan else []
        return " · ".join([*plan, view.text("overview_devices", count=devices), *dict.fromkeys(zones)])


def _people(registry: Registry, unit: UnitSettings) -> Iterator[tuple[str, Person]]:
    """Yield who answers for a unit: the safety manager, the maintenance firm, then those of its zones."""
    named = [("overview_safety_manager", unit.safety_manager), ("overview_maintenance", unit.maintenance_firm)]
    zones = [zone.responsible for building in unit.buildings for zone in building.zones]
    named += [("overview_responsible", person) for person in dict.fromkeys(zones)]
    told: set[str] = set()
    for role, name in named:
        person = registry.people.get(name or "")
        if person is not None and person.id not in told:
            told.add(person.id)
            yield role, person
