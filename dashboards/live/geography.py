"""Where units lie, laid out on a sheet: from degrees to places on the screen, near ones together. Pure.

Equirectangular around the middle of what is shown, with the cosine of its latitude: within a province lengths are
right to a few per cent, and north is up. There are no tiles and nobody outside is asked. A sheet depends on the site
alone, so it is made once for all browsers; how its marks stand is `dashboards.live.map_state`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.site.floors import Location

KM_A_DEGREE = 6371.0088 * math.pi / 180
"""Kilometres a degree of latitude (mean radius of the earth, IUGG)."""

REACH = 46.0
"""Marks that are nearer than that, in units of the sheet, become one."""

MARGIN = 58.0
LEAST_KM = 0.25
"""The sheet is never wider apart than this over its length: one unit alone has surroundings, too."""

SAME_KM = 0.02
"""Units within that lie on one another, however near one looks (assumption: one gate, one yard)."""

DIGITS = 6
"""Of degrees in an address: 0.1 m."""

Point = tuple[float, float]


class SheetForm(StrEnum):
    """How large a sheet is drawn; its units are about pixels of such a screen."""

    PHONE = "phone"
    DESK = "desk"
    WALL = "wall"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return {SheetForm.PHONE: (380.0, 460.0), SheetForm.DESK: (940.0, 600.0), SheetForm.WALL: (1400.0, 860.0)}[self]


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the earth, degrees; both edges belong to it."""

    south: float
    west: float
    north: float
    east: float

    @classmethod
    def read(cls, said: str) -> Box | None:
        """Read what `written` wrote; None for anything else."""
        try:
            south, west, north, east = (float(one) for one in said.split(","))
        except ValueError:
            return None
        in_order = -90 <= south <= north <= 90 and -180 <= west <= east <= 180
        return cls(south, west, north, east) if in_order else None

    @classmethod
    def around(cls, places: Sequence[Location]) -> Box:
        """Return the smallest that has all of some places, rounded outwards."""
        lats, lons = [one.lat for one in places], [one.lon for one in places]
        step = 10.0**DIGITS
        return cls(
            max(-90.0, math.floor(min(lats) * step) / step),
            max(-180.0, math.floor(min(lons) * step) / step),
            min(90.0, math.ceil(max(lats) * step) / step),
            min(180.0, math.ceil(max(lons) * step) / step),
        )

    def written(self) -> str:
        """Return it for an address."""
        return ",".join(f"{one:.{DIGITS}f}" for one in (self.south, self.west, self.north, self.east))

    def has(self, place: Location) -> bool:
        """Tell whether a place lies in it."""
        return self.south <= place.lat <= self.north and self.west <= place.lon <= self.east


@dataclass(frozen=True, slots=True)
class Mark:
    """One unit, or several that lie too close to be drawn apart. ``box`` is all that they take up, None of one."""

    x: float
    y: float
    units: tuple[str, ...]
    box: Box | None = None
    is_one_place: bool = False
    """However near one looks, they stay together: a list of them is what helps."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A map without its states. ``scale``: units of the sheet a kilometre; ``mark_of``: unit → index of its mark."""

    form: SheetForm
    scale: float
    marks: tuple[Mark, ...]
    mark_of: Mapping[str, int]

    @property
    def bar_km(self) -> float:
        """A round length that takes a fifth of the sheet at most."""
        most = self.form.size[0] / 5 / self.scale
        step = 10.0 ** math.floor(math.log10(most))
        return max(step * factor for factor in (1, 2, 5) if step * factor <= most)


def lay_out(places: Mapping[str, Location], form: SheetForm) -> Sheet:
    """Lay units out, so that all of them are on the sheet."""
    flat = _flattened(places)
    width, height = form.size
    xs, ys = [x for x, _ in flat.values()] or [0.0], [y for _, y in flat.values()] or [0.0]
    wide, high = max(LEAST_KM, max(xs) - min(xs)), max(LEAST_KM, max(ys) - min(ys))
    scale = min((width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high)
    mid_x, mid_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    on_sheet = {
        unit: (width / 2 + (x - mid_x) * scale, height / 2 - (y - mid_y) * scale) for unit, (x, y) in flat.items()
    }
    whole = Box.around(list(places.values())) if places else None
    marks = tuple(_mark(group, on_sheet, places, whole) for group in _grouped(on_sheet))
    return Sheet(form, scale, marks, {unit: at for at, mark in enumerate(marks) for unit in mark.units})


def _flattened(places: Mapping[str, Location]) -> dict[str, Point]:
    """Return places as kilometres east and north of the middle; a site across the date line is one piece."""
    if not places:
        return {}
    lons = [one.lon for one in places.values()]
    turn = 360.0 if max(lons) - min(lons) > 180 else 0.0
    lats = [one.lat for one in places.values()]
    shrunk = KM_A_DEGREE * max(0.01, math.cos(math.radians((max(lats) + min(lats)) / 2)))
    return {
        unit: ((one.lon + (turn if one.lon < 0 else 0.0)) * shrunk, one.lat * KM_A_DEGREE)
        for unit, one in places.items()
    }


def _grouped(points: Mapping[str, Point]) -> list[list[str]]:
    """Put together what is nearer than `REACH`: first by squares, then squares whose middles are too close."""
    squares: dict[tuple[int, int], list[str]] = defaultdict(list)
    for unit, at in points.items():
        squares[_square(at)].append(unit)
    groups = [(_middle(units, points), units) for units in squares.values()]
    while True:
        merged = _merged(groups)
        if len(merged) == len(groups):
            return [units for _, units in merged]
        groups = merged


def _merged(groups: Iterable[tuple[Point, list[str]]]) -> list[tuple[Point, list[str]]]:
    """Join each group to a larger one that is too close."""
    taken: dict[tuple[int, int], list[int]] = defaultdict(list)
    merged: list[tuple[Point, list[str]]] = []
    for middle, units in sorted(groups, key=lambda one: (-len(one[1]), one[0])):
        column, row = _square(middle)
        around = (at for x in (-1, 0, 1) for y in (-1, 0, 1) for at in taken[column + x, row + y])
        near = next((at for at in around if math.dist(merged[at][0], middle) < REACH), None)
        if near is None:
            taken[column, row].append(len(merged))
            merged.append((middle, units))
        else:
            there, others = merged[near]
            share = len(units) / (len(units) + len(others))
            between = (there[0] + (middle[0] - there[0]) * share, there[1] + (middle[1] - there[1]) * share)
            merged[near] = (between, [*others, *units])
    return merged


def _square(at: Point) -> tuple[int, int]:
    return math.floor(at[0] / REACH), math.floor(at[1] / REACH)


def _middle(units: Sequence[str], points: Mapping[str, Point]) -> Point:
    return sum(points[unit][0] for unit in units) / len(units), sum(points[unit][1] for unit in units) / len(units)


def _mark(units: list[str], points: Mapping[str, Point], places: Mapping[str, Location], whole: Box | None) -> Mark:
    """Return a mark; one that takes up the ``whole`` sheet would lead to this very sheet, so it is one place."""
    x, y = _middle(units, points)
    if len(units) == 1:
        return Mark(round(x, 1), round(y, 1), tuple(units))
    box = Box.around([places[unit] for unit in units])
    north = (box.north - box.south) * KM_A_DEGREE
    east = (box.east - box.west) * KM_A_DEGREE * math.cos(math.radians(box.north))
    return Mark(round(x, 1), round(y, 1), tuple(units), box, box == whole or math.hypot(north, east) < SAME_KM)
