"""Floor plans of a site: each drawing read and checked once, and the coordinates that people wrote on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.documents import Document, Path
from domain.errors import Problem
from domain.site.findings import Findings
from domain.site.floors import At
from domain.site.models import Building, SiteSettings, ZoneSettings
from domain.site.svg import Drawing, SvgError, read_svg

FloorKey = tuple[str, str, int]
"""Unit, building, floor."""

ReadPlan = Callable[[str], bytes | None]
"""Bytes of a plan by its name in the site folder (at most a little more than may be read); None where there is none."""


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """A floor's drawing. Coordinates of devices are those of its ``viewBox``."""

    file: str
    drawing: Drawing


def no_plan_file(_name: str) -> bytes | None:
    """Return nothing: for sites without a folder."""
    return None


class FloorPlans:
    """The plans of a site, filled from ``site.yaml``; `check_at` is asked for each coordinate."""

    def __init__(self, read: ReadPlan, findings: Findings) -> None:
        """``read`` gives the bytes of a plan's file."""
        self.found: dict[FloorKey, FloorPlan] = {}
        self._read = read
        self._findings = findings
        self._drawings: dict[str, Drawing | None] = {}

    def add_site(self, doc: Document, site: SiteSettings) -> None:
        """Read every plan that the site names; check the coordinates of its zones."""
        areas: list[tuple[Path, str]] = [(("areas", at, "id"), area.id) for at, area in enumerate(site.areas)]
        self._findings.unique(doc, areas, "area")
        for u, unit in enumerate(site.units):
            for b, building in enumerate(unit.buildings):
                path: Path = ("units", u, "buildings", b)
                self._add_floors(doc, path, unit.id, building)
                for z, zone in enumerate(building.zones):
                    for inner, at in _coordinates(zone):
                        where = (*path, "zones", z, *inner)
                        self.check_at(doc, where, (unit.id, building.id, zone.floor), at)

    def _add_floors(self, doc: Document, path: Path, unit: str, building: Building) -> None:
        seen: set[int] = set()
        for f, floor in enumerate(building.floors):
            where: Path = (*path, "floors", f)
            if floor.floor in seen:
                self._findings.add(doc, (*where, "floor"), "this floor is defined twice", "keep one of them")
            seen.add(floor.floor)
            drawing = None if floor.plan is None else self._drawing(doc, (*where, "plan"), floor.plan)
            if floor.plan is not None and drawing is not None:
                self.found[unit, building.id, floor.floor] = FloorPlan(floor.plan, drawing)

    def _drawing(self, doc: Document, path: Path, name: str) -> Drawing | None:
        """Return a drawing, read once however many floors are alike; None where it can't be used."""
        if name not in self._drawings:
            self._drawings[name] = self._fresh(doc, path, name)
        return self._drawings[name]

    def _fresh(self, doc: Document, path: Path, name: str) -> Drawing | None:
        raw = self._read(name)
        if raw is None:
            self._findings.add(doc, path, "no such file in the site folder", f"save the plan as {name}")
            return None
        try:
            return read_svg(raw)
        except SvgError as error:
            problem = Problem(file=name, line=error.line, field="", value=None, message=error.reason, mend=error.mend)
            self._findings.take(problem)
            return None

    def check_at(self, doc: Document, path: Path, floor: FloorKey, at: At | None) -> None:
        """Note a coordinate beside its floor's plan; one on a floor without a plan waits for it."""
        plan = self.found.get(floor)
        if plan is None or at is None or at in plan.drawing:
            return
        box = plan.drawing
        right, bottom = box.x + box.width, box.y + box.height
        message = f"beside the floor plan {plan.file}"
        mend = f"write [x, y] with x from {box.x:g} to {right:g} and y from {box.y:g} to {bottom:g}"
        self._findings.add(doc, path, message, mend)


def _coordinates(zone: ZoneSettings) -> Iterator[tuple[Path, At]]:
    if zone.at is not None:
        yield ("at",), zone.at
    for corner, at in enumerate(zone.outline or ()):
        yield ("outline", corner), at
