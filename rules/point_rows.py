"""The points of a plan, row by row; some rows are *spare*: room for a point that nobody has told of yet.

A spare row bears the name of the point that it was modelled on and a number, ``c40-1-2~3``, which is no id
that a point can have. To rules it is like that point, and never speaks: a learned point before its first
reading. When a point comes that is like it to all rules, it *claims* the row, and nothing else changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from domain.points import Point

_NUMBER = re.compile(r"~\d+")


def spare_name(model: str, number: int) -> str:
    """Return the name of a spare row."""
    return f"{model}~{number}"


def is_spare(point: Point) -> bool:
    """Tell whether a point stands for a spare row."""
    return "~" in point.name


def name_for_rules(point: Point) -> str:
    """Return the name that selectors see: a spare row's is that of its model."""
    return _NUMBER.sub("", point.name) if is_spare(point) else point.name


class PointRows:
    """Points by row and by key."""

    def __init__(self, points: Sequence[Point]) -> None:
        """Take the points in the order of their rows."""
        self._points = list(points)
        self.keys = [point.key for point in self._points]
        self._row = {key: row for row, key in enumerate(self.keys)}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._points)

    def __iter__(self) -> Iterator[Point]:
        """Iterate in order of rows."""
        return iter(self._points)

    def __getitem__(self, row: int) -> Point:
        """Return the point of a row."""
        return self._points[row]

    def get(self, key: str) -> int | None:
        """Return the row of ``unit/device/point``, None when there is none."""
        return self._row.get(key)

    def index(self, key: str) -> int:
        """Return the row of a key; raises KeyError when there is none."""
        return self._row[key]

    def claim(self, row: int, point: Point) -> None:
        """Give a spare row to a point."""
        del self._row[self.keys[row]]
        self._points[row], self.keys[row] = point, point.key
        self._row[point.key] = row
